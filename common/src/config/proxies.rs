//! Which proxies are trusted to name the client's address.

use std::net::IpAddr;

use serde::Deserialize;

/// Networks of proxies that stand before a daemon: a comma-separated list such as
/// `10.0.0.0/8, 127.0.0.1, ::1`. Empty trusts nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    /// Its bits behind the prefix are 0.
    base: u128,
    prefix: u32,
}

impl Proxies {
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

impl TryFrom<String> for Proxies {
    type Error = &'static str;

    fn try_from(list: String) -> Result<Self, Self::Error> {
        let networks = list.split(',').map(str::trim).filter(|one| !one.is_empty());
        let networks: Option<_> = networks.map(Network::read).collect();
        networks
            .map(Self)
            .ok_or("must be addresses or networks such as 10.0.0.0/8, comma-separated")
    }
}

impl Network {
    /// `None` for what isn't one, and for bits behind the prefix: a typing mistake.
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(bits), |prefix| {
            prefix.parse().ok().filter(|prefix| *prefix <= bits)
        })?;
        let network = Self {
            base: as_v6(address),
            prefix: prefix + 128 - bits,
        };
        (network.base & network.mask() == network.base).then_some(network)
    }

    fn mask(self) -> u128 {
        u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0)
    }

    fn holds(self, address: IpAddr) -> bool {
        as_v6(address) & self.mask() == self.base
    }
}

/// One kind of numbers for both: IPv4 where IPv6 has mapped it.
fn as_v6(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(list: &str, address: &str) -> bool {
        let proxies = Proxies::try_from(list.to_owned()).unwrap();
        proxies.trust(address.parse().unwrap())
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let list = "10.0.0.0/8, 192.0.2.7,fd00::/8 ,::1, ";
        for inside in [
            "10.255.0.1",
            "192.0.2.7",
            "fd12::3",
            "::1",
            "::ffff:10.1.1.1",
        ] {
            assert!(trust(list, inside), "{inside}");
        }
        for outside in ["11.0.0.0", "192.0.2.8", "fe80::1", "::2", "::", "0.0.0.1"] {
            assert!(!trust(list, outside), "{outside}");
        }
        assert!(trust("0.0.0.0/0", "8.8.8.8") && !trust("0.0.0.0/0", "2001:db8::1"));
        assert!(trust("::/0", "2001:db8::1"));
        assert!(!trust("", "127.0.0.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "localhost",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.1/8",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/8 10.0.0.1",
        ] {
            assert!(Proxies::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
