//! How much one client address may have at once.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::Client;

/// Counts by [`Client::network`]; cheap to clone. Idle addresses take no memory.
#[derive(Debug, Clone)]
pub struct PerAddress {
    most: usize,
    taken: Taken,
}

type Taken = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// One of what an address may have, until it is dropped.
#[derive(Debug)]
pub struct Share {
    network: IpAddr,
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

    /// `None` where the address has all that it may have.
    #[must_use]
    pub fn take(&self, client: Client) -> Option<Share> {
        let network = client.network();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Share {
            network,
            taken: self.taken.clone(),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = taken.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
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
        assert_eq!(sockets.taken.lock().unwrap().len(), 2);
        drop((second, third, other));
        assert!(sockets.taken.lock().unwrap().is_empty());
    }
}
