//! How many connections there may be: of one client, and in all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use spigot_decision::Prefix;

use crate::settings::Bounds;

/// The map's memory is given back when a flood is over and this many places would lie empty.
const SPARE_MAX: usize = 4096;

/// The connections of all threads.
#[derive(Default)]
pub(crate) struct Admission {
    /// Clients that have connections. As many entries as connections at most, and those are bounded.
    clients: Mutex<HashMap<Prefix, u32>>,
    open: AtomicU32,
}

/// A place among all connections; given back when dropped, which is after the end of a tunnel, too.
pub(crate) struct Place {
    admission: Arc<Admission>,
    client: Option<Prefix>,
}

impl Admission {
    /// A place for a connection whose client is not known yet.
    pub(crate) fn place(self: &Arc<Self>, most: u32) -> Option<Place> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= most {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Place { admission: self.clone(), client: None })
    }

    fn leave(&self, client: Prefix) {
        let mut clients = self.clients.lock();
        if let Some(count) = clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&client);
                let (used, room) = (clients.len(), clients.capacity());
                if room > SPARE_MAX && used < room / 8 {
                    clients.shrink_to(room / 4);
                }
            }
        }
    }
}

impl Place {
    /// Makes it a place of this client's. Whether it may have one more; `trusted` brings many clients over connections
    /// of its own.
    pub(crate) fn for_client(&mut self, client: IpAddr, trusted: bool, bounds: &Bounds) -> bool {
        let most = if trusted { bounds.connections } else { bounds.connections_per_address };
        let prefix = Prefix::client(client);
        let mut clients = self.admission.clients.lock();
        let count = clients.get(&prefix).copied().unwrap_or(0);
        if count >= most {
            return false;
        }
        clients.insert(prefix, count + 1);
        drop(clients);
        self.client = Some(prefix);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(client) = self.client {
            self.admission.leave(client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let admission = Arc::new(Admission::default());
        let bounds = Bounds { connections: 6, connections_per_address: 2, ..Bounds::default() };
        let take = |client: &str| {
            let mut place = admission.place(6)?;
            let trusted = client == "192.0.2.9";
            place.for_client(client.parse().unwrap(), trusted, &bounds).then_some(place)
        };
        let mut places: Vec<_> = (0..2).map(|_| take("192.0.2.1").unwrap()).collect();
        assert!(take("192.0.2.1").is_none(), "two of one client");
        assert!(take("::ffff:192.0.2.1").is_none(), "however it is written");
        places.extend((0..3).map(|_| take("192.0.2.9").unwrap()));
        places.push(take("2001:db8::1").unwrap());
        assert!(take("192.0.2.2").is_none(), "six in all");
        places.remove(0);
        places.push(take("192.0.2.1").unwrap());
        drop(places);
        assert_eq!(admission.clients.lock().len(), 0);
        assert_eq!(admission.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_flood_leaves_no_memory_behind() {
        let admission = Arc::new(Admission::default());
        let bounds = Bounds::default();
        let places: Vec<_> = (0..100_000u32)
            .map(|n| {
                let mut place = admission.place(u32::MAX).unwrap();
                let client = IpAddr::from((u128::from(n) << 64).to_be_bytes());
                assert!(place.for_client(client, false, &bounds));
                place
            })
            .collect();
        drop(places);
        assert!(admission.clients.lock().capacity() <= 2 * SPARE_MAX);
    }
}
