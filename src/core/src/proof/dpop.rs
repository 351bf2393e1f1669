//! A DPoP proof: a JWT by which whoever sends a request shows that it has a key, for this request alone (RFC 9449).

use alloc::format;
use alloc::string::{String, ToString as _};

use super::nonce::Nonces;
use super::problem::ProofProblem;
use super::target;
use crate::jose::key::{KeyReader, PublicKey, thumbprint};
use crate::jose::{Algorithm, CompactJws, JwsError, Signatures, digest};
use crate::json::{self, Object, Value};
use crate::jwt::{Mark, Tolerance, is_same_type};

/// The longest proof that is parsed, in bytes: it is read before anybody knows who sends it.
pub const MAX_PROOF: usize = 4096;
/// How far `iat` may be from now, in seconds (R100).
pub(crate) const MAX_AGE: u32 = 300;
/// The longest `jti`, in bytes (R46).
const MAX_JWT_ID: usize = 256;
/// What makes a JWK private or symmetric (RFC 7518 section 6): none of it stands in a proof, with or without a value.
const NOT_PUBLIC: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The header `DPoP` of a request: there may be one (RFC 9449 section 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProofHeader<'a> {
    /// There is none.
    #[default]
    Absent,
    /// Its value.
    Once(&'a [u8]),
    /// There are several.
    Repeated,
}

impl<'a> ProofHeader<'a> {
    /// The header with these values.
    pub fn of(mut values: impl Iterator<Item = &'a [u8]>) -> Self {
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => Self::Once(value),
            (Some(_), Some(_)) => Self::Repeated,
        }
    }
}

/// A proof as it was presented; nothing of it is checked but its length.
#[derive(Clone)]
pub struct Proof(String);

/// What a proof must be for.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URL of the request. Its query and fragment don't count.
    pub url: &'a str,
    /// Seconds since 1970.
    pub now: u64,
    /// The nonces of which it must have one; `None`: what it has does not matter (R101).
    pub nonces: Option<Nonces<'a>>,
    /// The access token that comes with it, at a resource; `None`: there is none, at a token endpoint.
    pub access_token: Option<&'a str>,
    /// How its key is read: of all types that verify here, or of fewer.
    pub read_key: KeyReader,
}

/// The key that whoever sent a request has proved to have, for this request. [`Proof::check`] alone makes one.
#[derive(Debug)]
pub struct ProofKey {
    thumbprint: String,
    jwt_id: String,
    issued_at: u64,
}

impl Proof {
    /// The proof in the header, if there is one.
    ///
    /// # Errors
    /// There is more than one; it is too long, or no text.
    pub fn from_header(header: ProofHeader<'_>) -> Result<Option<Self>, ProofProblem> {
        match header {
            ProofHeader::Absent => Ok(None),
            ProofHeader::Once(value) => {
                let text = core::str::from_utf8(value).map_err(|_| ProofProblem::Malformed)?;
                Self::new(text).map(Some)
            }
            ProofHeader::Repeated => Err(ProofProblem::Repeated),
        }
    }

    /// A proof that a host hands over.
    ///
    /// # Errors
    /// It is too long.
    pub fn new(text: &str) -> Result<Self, ProofProblem> {
        if text.len() > MAX_PROOF { Err(ProofProblem::TooLarge) } else { Ok(Self(text.to_string())) }
    }

    /// The key that it proves, in the order of RFC 9449 section 4.3, but that the signature comes last: it costs most. That the
    /// proof is used for the first time is for the caller to find, by its [mark](ProofKey::mark).
    ///
    /// # Errors
    /// The first problem. That a nonce is needed comes last of all: but for that, the proof is good.
    pub fn check(
        &self,
        expected: &Expected<'_>,
        signatures: &dyn Signatures,
    ) -> Result<ProofKey, ProofProblem> {
        let (jws, members) = CompactJws::parse_with_members(&self.0).map_err(|error| of_form(&error))?;
        let claims = json::object(&jws.payload).map_err(|_| ProofProblem::Malformed)?;
        if !jws.header.typ.as_deref().is_some_and(|typ| is_same_type(typ, "dpop+jwt")) {
            return Err(ProofProblem::TypeNotAllowed);
        }
        let key = key(&members, jws.header.algorithm, expected.read_key)?;
        let text = |name| claims.get(name).and_then(Value::as_str);
        if text("htm") != Some(expected.method) {
            return Err(ProofProblem::MethodMismatch);
        }
        if !text("htu").is_some_and(|url| target::is_same(url, expected.url)) {
            return Err(ProofProblem::UrlMismatch);
        }
        let issued_at = issued_at(&claims, expected.now)?;
        let jwt_id = text("jti").filter(|id| (1..=MAX_JWT_ID).contains(&id.len()));
        let jwt_id = jwt_id.ok_or(ProofProblem::JwtIdInvalid)?;
        check_token(claims.get("ath"), expected.access_token)?;
        signatures
            .verify(jws.header.algorithm, &key, jws.signing_input, &jws.signature)
            .map_err(|_| ProofProblem::SignatureInvalid)?;
        if let Some(nonces) = expected.nonces
            && !text("nonce").is_some_and(|nonce| nonces.accept(nonce, expected.now))
        {
            return Err(ProofProblem::NonceNeeded);
        }
        Ok(ProofKey { thumbprint: thumbprint(&key), jwt_id: jwt_id.to_string(), issued_at })
    }
}

/// The public key in the header, where it fits `alg`, and verifies in about the time of any other.
fn key(members: &Object, algorithm: Algorithm, read: KeyReader) -> Result<PublicKey, ProofProblem> {
    let jwk = members.get("jwk").and_then(Value::as_object).ok_or(ProofProblem::KeyUnusable)?;
    if NOT_PUBLIC.iter().any(|name| jwk.get(name).is_some()) {
        return Err(ProofProblem::KeyUnusable);
    }
    match read(jwk) {
        Ok(key) if key.fits(algorithm) && !key.material.is_costly() => Ok(key.material),
        _ => Err(ProofProblem::KeyUnusable),
    }
}

/// `iat`, in whole seconds: a number within [`MAX_AGE`] of now, on either side.
fn issued_at(claims: &Object, now: u64) -> Result<u64, ProofProblem> {
    let issued_at = claims.get("iat").and_then(Value::as_f64).ok_or(ProofProblem::NotFresh)?;
    let distance = issued_at - now as f64;
    let is_fresh = (-f64::from(MAX_AGE)..=f64::from(MAX_AGE)).contains(&distance) && issued_at >= 0.0;
    if is_fresh { Ok(issued_at as u64) } else { Err(ProofProblem::NotFresh) }
}

/// RFC 9449 section 4.2: `ath` ties a proof to the access token that it comes with. One that has it was made to present a
/// token, and is for nothing else.
fn check_token(ath: Option<&Value>, access_token: Option<&str>) -> Result<(), ProofProblem> {
    let is_right = match (ath, access_token) {
        (None, None) => true,
        (Some(Value::String(ath)), Some(token)) => *ath == digest::sha256_base64url(token.as_bytes()),
        _ => false,
    };
    if is_right { Ok(()) } else { Err(ProofProblem::TokenMismatch) }
}

const fn of_form(error: &JwsError) -> ProofProblem {
    match error {
        JwsError::AlgorithmMissing
        | JwsError::AlgorithmNotString(_)
        | JwsError::AlgorithmNone
        | JwsError::AlgorithmSymmetric
        | JwsError::AlgorithmUnknown => ProofProblem::AlgorithmUnusable,
        JwsError::Critical => ProofProblem::CriticalHeader,
        _ => ProofProblem::Malformed,
    }
}

impl ProofKey {
    /// Its thumbprint: what `cnf.jkt` of a token says (RFC 7638, RFC 9449 section 6.1).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// By what the proof is known again where it is remembered in memory: a digest of its key and its `jti`.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest::sha256(&[self.thumbprint.as_bytes(), b"\n", self.jwt_id.as_bytes()].concat())
    }

    /// By what the proof is known again, for as long as it is accepted: its key and its `jti`. `namespace`: where it may be
    /// used once. `most_skew`: the most that any clock may be off, in seconds.
    #[must_use]
    pub fn mark(&self, namespace: &str, most_skew: u32) -> Mark {
        let namespace = format!("{namespace}\ndpop\n{}", self.thumbprint);
        // Whatever other `iat` its jti comes under, now lies at most twice its age before its end.
        let tolerance = Tolerance { clock_skew: 0, max_lifetime: 2 * MAX_AGE, most_skew };
        Mark::of_jwt_id(&self.jwt_id, &namespace, self.issued_at + u64::from(MAX_AGE), tolerance)
    }
}
