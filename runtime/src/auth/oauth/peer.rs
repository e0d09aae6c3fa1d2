//! Where a request comes from, for rate limits.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

/// Header to which each proxy adds the address that it was asked from.
const FORWARDED: &str = "x-forwarded-for";

/// Who is counted: an IPv4 address, or the /64 of an IPv6 address, which one customer has whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(IpAddr);

impl Peer {
    /// `address`: who is connected. `proxies`: how many of those that are connected one behind the other are known
    /// to be proxies; each told in the header who it was asked by. What stands further left anybody may have written.
    pub fn of(address: IpAddr, headers: &HeaderMap, proxies: usize) -> Self {
        let told = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
        let told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
        let index = told.len().checked_sub(proxies);
        let client = index.and_then(|index| told.get(index)).and_then(|client| client.parse().ok());
        Self(match client.unwrap_or(address).to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
            ip @ IpAddr::V4(_) => ip,
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_known_proxies_are_believed() {
        let address: IpAddr = "10.0.0.1".parse().unwrap();
        let peer = |told: &[&'static str], proxies| {
            let mut headers = HeaderMap::new();
            for value in told {
                headers.append(FORWARDED, HeaderValue::from_static(value));
            }
            Peer::of(address, &headers, proxies).to_string()
        };
        assert_eq!(peer(&["1.2.3.4"], 0), "10.0.0.1");
        assert_eq!(peer(&["1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(peer(&["9.9.9.9, 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(peer(&["9.9.9.9", "1.2.3.4, 5.6.7.8"], 2), "1.2.3.4");
        assert_eq!(peer(&[], 1), "10.0.0.1");
        assert_eq!(peer(&["unknown"], 1), "10.0.0.1");
        assert_eq!(peer(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::");
        assert_eq!(peer(&["::ffff:1.2.3.4"], 1), "1.2.3.4");
    }
}
