//! Which addresses a JWKS endpoint may have (R50, R55).
//!
//! The check is made on the address that is then connected to, so that a name which resolves to
//! something else the second time gains nothing. The packages of Python and JavaScript have the same rule:
//! `host-tests/addresses.json` holds all three to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From where an address can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// On the public internet.
    Public,
    /// In a private network: RFC 1918, shared by carriers (RFC 6598), or unique local. An operator may allow it.
    Private,
    /// This machine, this link, metadata of the cloud, or nowhere: never a JWKS endpoint.
    Never,
}

const PRIVATE_V4: [([u8; 4], u32); 4] =
    [([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];

/// What else is not on the public internet, after the IANA special-purpose registry; multicast and what is
/// reserved above it; and the metadata of clouds, most of which is in 169.254.0.0/16.
const NEVER_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([100, 100, 100, 200], 32), // Alibaba Cloud
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32), // Azure
    ([169, 254, 0, 0], 16),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

const PRIVATE_V6: ([u16; 8], u32) = ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7);

/// Of global unicast (2000::/3) and of unique local addresses these are never an endpoint's. Everything else
/// outside of the two (loopback, link local, multicast, discard) need not be named.
const NEVER_V6: [([u16; 8], u32); 7] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    ([0xfd00, 0xc1, 0, 0, 0, 0, 0, 0], 32),  // Oracle Cloud
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), // AWS
    ([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32),  // Google Cloud
];

/// From where an address can be reached. One that leads to an IPv4 address is what that one is.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| reach_v6(address), reach_v4),
    }
}

/// Whether an address is this machine's own.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let within = |&(network, length): &([u8; 4], u32)| {
        let mask = u32::MAX << (32 - length);
        address.to_bits() & mask == Ipv4Addr::from(network).to_bits()
    };
    if NEVER_V4.iter().any(within) {
        Reach::Never
    } else if PRIVATE_V4.iter().any(within) {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let within = |&(network, length): &([u16; 8], u32)| {
        let mask = u128::MAX << (128 - length);
        address.to_bits() & mask == Ipv6Addr::from(network).to_bits()
    };
    let global_unicast = address.segments()[0] & 0xe000 == 0x2000;
    if NEVER_V6.iter().any(within) {
        Reach::Never
    } else if within(&PRIVATE_V6) {
        Reach::Private
    } else if global_unicast {
        Reach::Public
    } else {
        Reach::Never
    }
}

/// The IPv4 address that a packet to this one reaches in the end: mapped (::ffff:0:0/96), compatible
/// (::/96), translated (64:ff9b::/96, RFC 6052) and 6to4 (2002::/16). Teredo, ::ffff:0:0:0/96 and
/// 64:ff9b:1::/48 lead to one, too, and are never reached, whatever it is.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => join(g, h),
        (0x2002, ..) => join(b, c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R50, R55: the table that all hosts share.
    #[test]
    fn each_address_is_where_the_table_says() {
        let table = include_str!("../../../../host-tests/addresses.json");
        let table: serde_json::Value = serde_json::from_str(table).unwrap();
        let cases = table["addresses"].as_array().unwrap();
        for case in cases {
            let (address, expected) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let found = match reach(address.parse().unwrap()) {
                Reach::Public => "public",
                Reach::Private => "private",
                Reach::Never => "never",
            };
            assert_eq!(found, expected, "{address}: {}", case[2]);
        }
        assert!(cases.len() > 100, "{} cases", cases.len());
    }

    #[test]
    fn loopback_in_every_spelling() {
        for text in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            assert!(is_loopback(text.parse().unwrap()), "{text}");
        }
        for text in ["0.0.0.0", "10.0.0.1", "::", "::2"] {
            assert!(!is_loopback(text.parse().unwrap()), "{text}");
        }
    }
}
