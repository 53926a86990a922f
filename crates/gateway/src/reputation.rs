//! What is known of a client's address, without waiting for anything.

use spigot_decision::Reputation;
use spigot_intel::{Named, Place};

use crate::pipeline::{Gateway, Seen, Snapshot};

impl<S> Gateway<S> {
    /// The lists that a client is on, and whether it is the crawler that it says it is.
    pub(crate) fn reputation(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        place: Place,
        layers: &[u64; 3],
    ) -> Reputation {
        let (client, reputations) = (seen.client, &snapshot.reputations);
        let lists = reputations.find(client, layers, place);
        let Some(id) = seen.software.crawler else { return Reputation { lists, crawler: None } };
        // A proxy that names no client is not the client.
        if snapshot.settings.trusted_proxies.find(client).is_some() {
            return Reputation { lists, crawler: None };
        }
        let on = lists | snapshot.policy.lists_of(client, layers, place.network, place.country);
        let known = !snapshot.networks.is_empty();
        let named = || match &snapshot.settings.crawlers {
            Some(dns) => self.proofs.named(dns, id, client, seen.now),
            None => Named::Off,
        };
        let crawler = reputations.crawler(id, client, on, place, known, named);
        Reputation { lists, crawler }
    }
}
