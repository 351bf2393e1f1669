//! The access token we issue: a signed JWT after RFC 9068 (R62).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::names::{ASSERTION_ISSUER, ASSERTION_RULE, TYP};
use crate::jose::base64url;
use crate::jose::key::SigningKey;
use crate::jose::{Signatures, SigningFailed};
use crate::json::{Object, Value};

/// An access token that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The token: a compact JWS.
    pub token: String,
    /// How it is presented.
    pub token_type: TokenType,
    /// Its lifetime in seconds.
    pub expires_in: u64,
    /// Its scope, where the response has to say so (R60).
    pub scope: Option<String>,
    /// What it is, where the grant's response has to say so (RFC 8693 section 2.2.1).
    pub issued_token_type: Option<&'static str>,
    /// The nonce for the next proof, where one is wanted (R101).
    pub dpop_nonce: Option<Box<str>>,
}

/// How an access token is presented (RFC 6749 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// Whoever has it may use it (RFC 6750).
    Bearer,
    /// Only whoever proves to have its key may use it (RFC 9449 section 7.1).
    DPoP,
}

impl TokenType {
    /// The value of `token_type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::DPoP => "DPoP",
        }
    }
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
    /// The rule of that issuer that granted it, where it has rules.
    pub assertion_rule: Option<&'a str>,
    /// `act`: who acts for the subject (RFC 8693 section 4.1), where somebody does.
    pub actor: Option<&'a Value>,
    /// `cnf.jkt`: the thumbprint of the key that it is bound to (RFC 9449 section 6.1), where it is bound.
    pub confirmation: Option<&'a str>,
    /// Claims carried over from the assertion.
    pub mapped: &'a [(String, Value)],
}

impl AccessTokenClaims<'_> {
    fn members(&self) -> Object {
        let mut claims = Object::new();
        claims.insert("iss", self.issuer);
        claims.insert("sub", self.subject);
        match self.audience {
            [one] => claims.insert("aud", one.as_str()),
            many => claims.insert("aud", many.iter().cloned().map(Value::from).collect::<Vec<_>>()),
        };
        claims.insert("client_id", self.client_id);
        claims.insert("iat", self.issued_at);
        claims.insert("exp", self.expires_at);
        claims.insert("jti", self.id);
        if !self.scope.is_empty() {
            claims.insert("scope", self.scope);
        }
        claims.insert(ASSERTION_ISSUER, self.assertion_issuer);
        if let Some(rule) = self.assertion_rule {
            claims.insert(ASSERTION_RULE, rule);
        }
        if let Some(actor) = self.actor {
            claims.insert("act", actor.clone());
        }
        if let Some(thumbprint) = self.confirmation {
            let cnf: Object = [("jkt", thumbprint)].into_iter().collect();
            claims.insert("cnf", cnf);
        }
        for (name, value) in self.mapped {
            claims.insert(name.as_str(), value.clone());
        }
        claims
    }

    /// Signs the claims; `random` are 32 fresh random bytes.
    ///
    /// # Errors
    /// [`SigningFailed`] where the host signs and did not.
    pub fn sign(
        &self,
        key: &SigningKey,
        signatures: &impl Signatures,
        random: &[u8; 32],
    ) -> Result<String, SigningFailed> {
        let header = format!(r#"{{"typ":"{TYP}","alg":"{}","kid":"{}"}}"#, key.algorithm().name(), key.kid());
        let claims = Value::Object(self.members()).to_text();
        let mut token = base64url::encode(header.as_bytes());
        token.push('.');
        token.push_str(&base64url::encode(claims.as_bytes()));
        let signature = signatures.sign(key, token.as_bytes(), random)?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }
}
