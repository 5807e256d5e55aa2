//! How much one client address may have at once.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::Client;

/// What a site may have, in shares of an address.
const OF_A_SITE: usize = 2;

/// Counts by [`Client::network`], and of IPv6 also by site; cheap to clone. Who has nothing
/// takes no memory.
#[derive(Debug, Clone)]
pub struct PerAddress {
    most: usize,
    taken: Taken,
}

/// By kind as well: a /48 and its first /64 are the same address.
type Taken = Arc<Mutex<HashMap<(Kind, IpAddr), usize>>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Address,
    Site,
}

/// One of what an address may have, until it is dropped.
#[derive(Debug)]
pub struct Share {
    of: Vec<(Kind, IpAddr)>,
    taken: Taken,
}

impl PerAddress {
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Taken::default(),
        }
    }

    /// `None` where the address or its site has all that it may have.
    #[must_use]
    pub fn take(&self, client: Client) -> Option<Share> {
        let address = (Kind::Address, client.network());
        let site = client.site().map(|site| (Kind::Site, site));
        let of: Vec<_> = [Some(address), site].into_iter().flatten().collect();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |of: &(Kind, IpAddr)| {
            let most = match of.0 {
                Kind::Address => self.most,
                Kind::Site => self.most * OF_A_SITE,
            };
            taken.get(of).is_some_and(|count| *count >= most)
        };
        if of.iter().any(is_full) {
            return None;
        }
        for network in &of {
            *taken.entry(*network).or_default() += 1;
        }
        drop(taken);
        Some(Share {
            of,
            taken: self.taken.clone(),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for network in &self.of {
            if let Entry::Occupied(mut count) = taken.entry(*network) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share_and_gives_it_back() {
        let client = |address: &str| Client::direct(address.parse().unwrap());
        let sockets = PerAddress::new(2);
        let first = sockets.take(client("2001:db8::1")).unwrap();
        let second = sockets.take(client("2001:db8::2")).unwrap();
        assert!(sockets.take(client("2001:db8::3")).is_none());
        let other = sockets.take(client("192.0.2.1")).unwrap();
        drop(first);
        let third = sockets.take(client("2001:db8::3")).unwrap();
        assert_eq!(sockets.taken.lock().unwrap().len(), 3);
        drop((second, third, other));
        assert!(sockets.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn a_site_has_two_shares_however_many_networks_it_has() {
        let client = |address: &str| Client::direct(address.parse().unwrap());
        let sockets = PerAddress::new(2);
        let held: Vec<_> = (0..8)
            .map(|network| sockets.take(client(&format!("2001:db8:7:{network}::1"))))
            .collect();
        assert_eq!(held.iter().flatten().count(), 4);
        assert!(sockets.take(client("2001:db8:8::1")).is_some());
        drop(held);
        assert!(sockets.taken.lock().unwrap().is_empty());
    }
}
