//! A token as somebody recorded it: taken apart as far as it takes to know whose it is. The component judges the rest.

use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};
use serde_json::{Map, Value};

use super::key::ALGORITHMS;

/// The parts of a compact JWT (RFC 7519 section 3.1), unverified.
pub(super) struct Token {
    header: Vec<u8>,
    payload: Vec<u8>,
    members: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Token {
    /// `None`: it is no JWT, and whose it is nobody can say.
    pub(super) fn read(text: &str) -> Option<Self> {
        let [header, payload, _signature] = text.split('.').collect::<Vec<_>>().try_into().ok()?;
        let decoded = |part: &str| Base64UrlSafeNoPadding::decode_to_vec(part, None).ok();
        let (header, payload) = (decoded(header)?, decoded(payload)?);
        let members = serde_json::from_slice(&header).ok()?;
        let claims = serde_json::from_slice(&payload).ok()?;
        Some(Self { header, payload, members, claims })
    }

    pub(super) fn header(&self) -> &[u8] {
        &self.header
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn is_of(&self, issuer: &str) -> bool {
        self.claims.get("iss").and_then(Value::as_str) == Some(issuer)
    }

    /// Its `iat`, in seconds since 1970.
    pub(super) fn issued_at(&self) -> Option<u64> {
        self.claims.get("iat").and_then(Value::as_u64)
    }

    /// Its `alg`, where that is one that we have keys for.
    pub(super) fn algorithm(&self) -> Option<&'static str> {
        self.members.get("alg").and_then(algorithm)
    }
}

/// The one of [`ALGORITHMS`] that is named. RFC 9864 calls EdDSA with our only curve Ed25519.
pub(super) fn algorithm(name: &Value) -> Option<&'static str> {
    let name = name.as_str().map(|name| if name == "Ed25519" { "EdDSA" } else { name })?;
    ALGORITHMS.into_iter().find(|known| *known == name)
}
