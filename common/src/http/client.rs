//! The address of the client: the peer, or the address that a trusted proxy names.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

use crate::config::Proxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
/// Proxies in a row, at most.
const MAX_HOPS: usize = 16;

/// An extension of every request that comes by [`super::serve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Of the peer; where that is a trusted proxy, the last hop before the trusted ones.
    pub address: IpAddr,
    /// A trusted proxy says that it was asked over TLS.
    pub is_https: bool,
}

impl Client {
    pub(super) fn direct(peer: IpAddr) -> Self {
        Self {
            address: peer.to_canonical(),
            is_https: false,
        }
    }

    /// The client behind `peer`. Only a trusted peer may name another address.
    pub(super) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let peer = peer.to_canonical();
        if !proxies.trust(peer) {
            return Self::direct(peer);
        }
        let listed = listed(headers, &FORWARDED_FOR);
        let listed: Vec<_> = listed.iter().map(|hop| address(hop)).collect();
        let elements = listed_elements(headers);
        let told: Vec<_> = elements.iter().map(|element| named(element)).collect();
        let address = match (listed.as_slice(), told.as_slice()) {
            ([], told) => before_trusted(peer, told, proxies),
            (listed, []) => before_trusted(peer, listed, proxies),
            (listed, told) => {
                // A proxy writes one of them and passes the other on as the client sent it:
                // where they differ, nobody knows which.
                let first = before_trusted(peer, listed, proxies);
                let second = before_trusted(peer, told, proxies);
                if first == second { first } else { peer }
            }
        };
        Self {
            address,
            is_https: is_https(headers, &elements),
        }
    }

    /// What one client has to itself, for limits: the address, of IPv6 its /64.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => network(address, 64),
        }
    }

    /// What providers give to one customer: of IPv6 a /48, in which many clients may be.
    pub(super) fn site(self) -> Option<IpAddr> {
        match self.address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(network(address, 48)),
        }
    }
}

fn network(address: Ipv6Addr, prefix: u32) -> IpAddr {
    let mask = u128::MAX << (128 - prefix);
    IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
}

/// From the nearest hop outward: the first that isn't trusted. Behind one that can't be read,
/// nobody trusted vouches for anything.
fn before_trusted(peer: IpAddr, hops: &[Option<IpAddr>], proxies: &Proxies) -> IpAddr {
    let mut nearest = peer;
    for hop in hops.iter().rev().take(MAX_HOPS) {
        let Some(hop) = *hop else { break };
        nearest = hop;
        if !proxies.trust(hop) {
            break;
        }
    }
    nearest
}

/// All members of a header that is a list, in order, over all of its lines.
fn listed<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    let lines = headers.get_all(name).iter();
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect()
}

fn listed_elements(headers: &HeaderMap) -> Vec<&str> {
    listed(headers, &FORWARDED)
}

/// The value of a parameter in an element of `Forwarded` (RFC 7239).
fn parameter<'e>(element: &'e str, name: &str) -> Option<&'e str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

fn named(element: &str) -> Option<IpAddr> {
    parameter(element, "for").and_then(address)
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    let address = bare.unwrap_or(hop).parse().ok().or_else(with_port);
    address.map(|address: IpAddr| address.to_canonical())
}

/// What the nearest proxy says.
fn is_https(headers: &HeaderMap, elements: &[&str]) -> bool {
    let schemes = listed(headers, &FORWARDED_PROTO);
    let told = elements.last().and_then(|last| parameter(last, "proto"));
    let scheme = schemes.last().copied().or(told);
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &'static str)]) -> Client {
        let proxies = Proxies::try_from("10.0.0.0/8, ::1".to_owned()).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Client::of(peer.parse().unwrap(), &headers, &proxies)
    }

    fn address_of(peer: &str, lines: &[(&'static str, &'static str)]) -> String {
        client(peer, lines).address.to_string()
    }

    const XFF: &str = "x-forwarded-for";

    #[test]
    fn only_trusted_proxies_name_a_client() {
        let claim = [(XFF, "192.0.2.9"), ("x-forwarded-proto", "https")];
        assert_eq!(
            client("192.0.2.1", &claim),
            Client::direct("192.0.2.1".parse().unwrap())
        );
        let told = client("10.0.0.1", &claim);
        assert_eq!(
            (told.address.to_string().as_str(), told.is_https),
            ("192.0.2.9", true)
        );
        assert_eq!(address_of("::ffff:10.0.0.1", &claim), "192.0.2.9");
        assert_eq!(address_of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_untrusted_hop_counts() {
        // What a client invents stands on the left of what the proxies append.
        let long = [(XFF, "1.1.1.1, 2.2.2.2"), (XFF, "198.51.100.3, 10.3.3.3")];
        assert_eq!(address_of("10.0.0.1", &long), "198.51.100.3");
        let all_trusted = [(XFF, "10.9.9.9, 10.8.8.8")];
        assert_eq!(address_of("10.0.0.1", &all_trusted), "10.9.9.9");
        for (hop, address) in [
            ("198.51.100.3:4711", "198.51.100.3"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:198.51.100.3", "198.51.100.3"),
            ("unknown", "10.0.0.1"),
            ("198.51.100.3, unknown, 10.3.3.3", "10.3.3.3"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(address_of("10.0.0.1", &[(XFF, hop)]), address, "{hop}");
        }
    }

    #[test]
    fn forwarded_is_read_and_two_that_differ_name_nobody() {
        let told = r#"for=1.1.1.1, for="[2001:db8::1]:80";proto=https;by=10.0.0.1"#;
        let one = client("10.0.0.1", &[("forwarded", told)]);
        assert_eq!(
            (one.address.to_string().as_str(), one.is_https),
            ("2001:db8::1", true)
        );
        let hidden = [("forwarded", "for=_hidden;proto=http")];
        assert_eq!(address_of("10.0.0.1", &hidden), "10.0.0.1");
        let both = [("forwarded", "for=1.1.1.1"), (XFF, "198.51.100.3")];
        assert_eq!(address_of("10.0.0.1", &both), "10.0.0.1");
        let same = [("forwarded", "For=198.51.100.3"), (XFF, "198.51.100.3")];
        assert_eq!(address_of("10.0.0.1", &same), "198.51.100.3");
    }

    #[test]
    fn limits_count_by_address_or_by_64_bits() {
        let network = |peer: &str| Client::direct(peer.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
