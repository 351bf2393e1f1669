//! The access token we issue: a signed JWT after RFC 9068 (R62).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::jose::base64url;
use crate::jose::json::Value;
use crate::jose::sign::SigningKey;
use crate::jose::{Signatures, SigningFailed};

/// The claim of ours that names the issuer of the assertion.
pub const ASSERTION_ISSUER: &str = "assertion_issuer";

/// The media type of our tokens in the header `typ`. No assertion may carry it (R34).
pub const TYP: &str = "at+jwt";

/// An access token that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The token: a compact JWS.
    pub token: String,
    /// Its lifetime in seconds.
    pub expires_in: u64,
    /// Its scope, where the answer has to say so (R60).
    pub scope: Option<String>,
}

/// The claims of an access token.
pub struct AccessTokenClaims<'a> {
    /// `iss`: this organization.
    pub issuer: &'a str,
    /// `sub`: the resource owner, from the assertion.
    pub subject: &'a str,
    /// `aud`: the resources it is for.
    pub audience: &'a [String],
    /// `client_id`: the application.
    pub client_id: &'a str,
    /// `iat`: seconds since 1970.
    pub issued_at: u64,
    /// `exp`: seconds since 1970.
    pub expires_at: u64,
    /// `jti`.
    pub id: &'a str,
    /// `scope`; empty: no such claim.
    pub scope: &'a str,
    /// The issuer of the assertion.
    pub assertion_issuer: &'a str,
    /// Claims carried over from the assertion.
    pub mapped: &'a [(String, Value)],
}

impl Serialize for AccessTokenClaims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.issuer)?;
        map.serialize_entry("sub", self.subject)?;
        match self.audience {
            [one] => map.serialize_entry("aud", one)?,
            many => map.serialize_entry("aud", many)?,
        }
        map.serialize_entry("client_id", self.client_id)?;
        map.serialize_entry("iat", &self.issued_at)?;
        map.serialize_entry("exp", &self.expires_at)?;
        map.serialize_entry("jti", self.id)?;
        if !self.scope.is_empty() {
            map.serialize_entry("scope", self.scope)?;
        }
        map.serialize_entry(ASSERTION_ISSUER, self.assertion_issuer)?;
        for (name, value) in self.mapped {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl AccessTokenClaims<'_> {
    /// Signs the claims.
    ///
    /// # Errors
    /// [`SigningFailed`] where the host signs and did not.
    pub fn sign(&self, key: &SigningKey, signatures: &impl Signatures) -> Result<String, SigningFailed> {
        let header = format!(r#"{{"typ":"{TYP}","alg":"{}","kid":"{}"}}"#, key.algorithm().name(), key.kid());
        let claims: Vec<u8> = serde_json::to_vec(self).expect("claims of plain values are serialisable");
        let mut token = base64url::encode(header.as_bytes());
        token.push('.');
        token.push_str(&base64url::encode(&claims));
        let signature = signatures.sign(key, token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }
}
