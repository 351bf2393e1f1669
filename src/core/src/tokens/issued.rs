//! An access token of ours that comes back: to be looked up, to be revoked, or as the key to a resource. What it takes to
//! be one is decided here, once; whether it was revoked since, the store knows.

use super::names::{ASSERTION_ISSUER, TYP};
use crate::jose::key::PublicKey;
use crate::jose::{CompactJws, Signatures};
use crate::json::{self, Object, Value};

/// Why a text is no access token of ours that is still valid. For the operator; whoever asks is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// It is no signed JWT, or lacks a claim that all our tokens have.
    Malformed,
    /// It is a JWT for another purpose: its `typ` is not that of an access token (RFC 9068 section 2.1).
    OtherType,
    /// None of our keys has signed it.
    Foreign,
    /// Another organization issued it.
    OtherIssuer,
    /// It has expired.
    Expired,
}

impl TokenProblem {
    /// A word for the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OtherType => "of-other-type",
            Self::Foreign => "foreign",
            Self::OtherIssuer => "of-other-issuer",
            Self::Expired => "expired",
        }
    }
}

/// A text that has the form of an access token; nothing of it is to be trusted yet.
pub struct PresentedToken<'a> {
    jws: CompactJws<'a>,
    claims: Object,
}

impl<'a> PresentedToken<'a> {
    /// Reads a token as strictly as any other JWT (R30 to R32), and with the `typ` that all our tokens have.
    ///
    /// # Errors
    /// [`TokenProblem::Malformed`], [`TokenProblem::OtherType`]
    pub fn parse(text: &'a str) -> Result<Self, TokenProblem> {
        let jws = CompactJws::parse(text).map_err(|_| TokenProblem::Malformed)?;
        let claims = json::object(&jws.payload).map_err(|_| TokenProblem::Malformed)?;
        if jws.header.typ.as_deref() != Some(TYP) {
            return Err(TokenProblem::OtherType);
        }
        Ok(Self { jws, claims })
    }

    /// The key that is said to have signed it: none of our tokens is without.
    pub fn kid(&self) -> Option<&str> {
        self.jws.header.kid.as_deref()
    }

    /// The token, if this key of ours signed it for this issuer, and it is still valid at `now`, in seconds since 1970. Ours
    /// is the clock that it was issued by, so that nothing is allowed for a difference.
    ///
    /// # Errors
    /// The first reason why it is not.
    pub fn verify(
        self,
        key: &PublicKey,
        issuer: &str,
        now: u64,
        signatures: &(impl Signatures + ?Sized),
    ) -> Result<IssuedToken, TokenProblem> {
        let CompactJws { header, signing_input, signature, .. } = &self.jws;
        // A key verifies no algorithm but those of its type.
        signatures
            .verify(header.algorithm, key, signing_input, signature)
            .map_err(|_| TokenProblem::Foreign)?;
        let token = IssuedToken { claims: self.claims };
        if token.text("iss") != Some(issuer) {
            return Err(TokenProblem::OtherIssuer);
        }
        let is_whole =
            ["sub", "client_id", "jti", ASSERTION_ISSUER].iter().all(|name| token.text(name).is_some());
        match (token.seconds("iat"), token.seconds("exp")) {
            (Some(_), Some(expires_at)) if is_whole => {
                if now < expires_at {
                    Ok(token)
                } else {
                    Err(TokenProblem::Expired)
                }
            }
            _ => Err(TokenProblem::Malformed),
        }
    }
}

/// An access token that we issued and that has not expired: [`PresentedToken::verify`] alone makes one.
pub struct IssuedToken {
    claims: Object,
}

impl IssuedToken {
    /// All its claims.
    #[must_use]
    pub const fn claims(&self) -> &Object {
        &self.claims
    }

    /// `jti`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("jti").unwrap_or_default()
    }

    /// `client_id`: whom it was issued to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.text("client_id").unwrap_or_default()
    }

    /// The issuer of the assertion that it was issued for.
    #[must_use]
    pub fn assertion_issuer(&self) -> &str {
        self.text(ASSERTION_ISSUER).unwrap_or_default()
    }

    /// The issuer of who acts, where somebody does. Those within acted before, and count for nothing (RFC 8693 section 4.1).
    #[must_use]
    pub fn actor_issuer(&self) -> Option<&str> {
        self.claims.get("act")?.as_object()?.get("iss")?.as_str()
    }

    /// `iat`: seconds since 1970.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.seconds("iat").unwrap_or_default()
    }

    /// `exp`: seconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.seconds("exp").unwrap_or_default()
    }

    /// Whether it is for this resource: `aud` is it, or has it.
    #[must_use]
    pub fn is_for(&self, resource: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(audience)) => audience == resource,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(resource)),
            _ => false,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        match self.claims.get(name) {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        }
    }
}
