//! Where a clearance holds: in the network where it was given, in one network of the other address family — the first
//! that it is used from — and for a bounded number of requests anywhere else, because phones change networks on the way.
//! A stolen one is soon none.
//!
//! What is remembered are counts: bounded in memory, and forgotten with the clearance. A restart forgets them too, and
//! then the next network of the other family is the first.

use spigot_challenge::{Clearance, Place};
use spigot_decision::{Count, CountKind, Evidence, Subject};
use spigot_state::State;

use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::purpose::Purpose;

impl<S: State> Gateway<S> {
    /// Whether a clearance holds where it is presented from. When the state is away it holds at home only.
    ///
    /// # Errors
    /// How often it was used away from home, against how often it may be.
    pub(crate) async fn belongs(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        clearance: &Clearance,
        from: Place,
    ) -> Result<(), Evidence> {
        let network = seen.binding().network();
        let life = clearance.expires_millis.saturating_sub(clearance.issued_millis);
        let count = |purpose: Purpose, place: &[u8], limit, add| Count {
            key: self.keys.hash(purpose.counter(), &[Subject::Clearance(clearance.id), Subject::Text(place)]),
            window_millis: u64::try_from(life).unwrap_or(0).max(1),
            limit,
            kind: CountKind::Quota,
            add,
        };
        if from == Place::Home {
            return Ok(());
        }
        if from == Place::OtherFamily {
            let its = |add| count(Purpose::OtherNetwork, network.bytes(), 1, add);
            if self.state.count(&its(false), seen.now).await.is_some_and(|known| known > 0) {
                return Ok(());
            }
            if self.state.count(&count(Purpose::OtherFamily, network.family(), 1, true), seen.now).await
                == Some(1)
            {
                return self.state.count(&its(true), seen.now).await.map(|_| ()).ok_or(Evidence::None);
            }
        }
        let most = snapshot.policy.challenge.roaming;
        let abroad = count(Purpose::Abroad, &[], most, true);
        match self.state.count(&abroad, seen.now).await {
            Some(used) if used <= most => Ok(()),
            Some(used) => {
                Err(Evidence::Count { count: used, limit: most, window_millis: abroad.window_millis })
            }
            None => Err(Evidence::None),
        }
    }
}
