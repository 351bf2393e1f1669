//! Nonces that nobody has to keep: the time that one was given out at, under a MAC (RFC 9449 section 8).

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::jose::{base64url, digest};

/// How long a nonce is good for, in seconds (R101).
pub const NONCE_LIFETIME: u64 = 300;
/// How far the clock of the node that has given it out may be ahead, in seconds.
const CLOCKS: u64 = 60;
/// The length of the time in it, in bytes.
const TIME: usize = 8;

/// The key under which nonces are made: 256 random bits.
pub struct NonceKey(Zeroizing<[u8; 32]>);

impl NonceKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

/// The nonces of one organization: those of another are worth nothing to it.
#[derive(Clone, Copy)]
pub struct Nonces<'a> {
    /// The key.
    pub key: &'a NonceKey,
    /// The organization's name.
    pub organization: &'a str,
}

impl Nonces<'_> {
    /// The nonce of this second since 1970: 54 characters of base64url.
    #[must_use]
    pub fn fresh(&self, now: u64) -> String {
        let time = now.to_be_bytes();
        base64url::encode(&[&time[..], &self.mac(time)].concat())
    }

    /// Whether it was given out here, at most 5 minutes before this second.
    pub(super) fn accept(&self, nonce: &str, now: u64) -> bool {
        let Ok(bytes) = base64url::decode(nonce) else { return false };
        let Some((time, mac)) = bytes.split_first_chunk::<TIME>() else { return false };
        let given_out = u64::from_be_bytes(*time);
        let is_good =
            given_out <= now.saturating_add(CLOCKS) && now <= given_out.saturating_add(NONCE_LIFETIME);
        digest::equal_in_constant_time(mac, &self.mac(*time)) && is_good
    }

    fn mac(&self, time: [u8; TIME]) -> [u8; 32] {
        let mut text = Vec::from(*b"dpop-nonce\n");
        text.extend_from_slice(&time);
        text.extend_from_slice(self.organization.as_bytes());
        digest::hmac_sha256(&self.key.0, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R101: good for 5 minutes, from nodes whose clocks are a minute off, in one organization, under one key.
    #[test]
    fn r101_nonces() {
        let key = |byte| NonceKey::new(Zeroizing::new([byte; 32]));
        let (ours, theirs) = (key(1), key(2));
        let nonces = Nonces { key: &ours, organization: "default" };
        let nonce = nonces.fresh(1000);
        for (now, good) in
            [(939, false), (940, true), (1000, true), (1300, true), (1301, false), (u64::MAX, false)]
        {
            assert_eq!(nonces.accept(&nonce, now), good, "{now}");
        }
        assert!(!Nonces { key: &theirs, ..nonces }.accept(&nonce, 1000));
        assert!(!Nonces { organization: "acme", ..nonces }.accept(&nonce, 1000));
        assert_ne!(nonce, nonces.fresh(1001));
        let mut bytes = base64url::decode(&nonce).expect("ours");
        bytes[7] ^= 1;
        for bad in ["", "AAAA", &nonce[..53], &alloc::format!("{nonce}A"), &base64url::encode(&bytes)] {
            assert!(!nonces.accept(bad, 1000), "{bad}");
        }
        assert_eq!(nonce.len(), 54);
    }
}
