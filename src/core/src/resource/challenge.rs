//! What a request gets that does not pass: a challenge (RFC 6750 section 3, RFC 9728 section 5.1), or word that it can't
//! be told now.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::scheme::Scheme;
use super::settings::Settings;
use crate::jose::OfOurTokens;
use crate::json::{Object, Value};
use crate::jwt::JwtProblem;
use crate::proof::ProofProblem;

/// Why a request does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It has no access token.
    NoCredentials,
    /// It has more than one `Authorization` header.
    CredentialsTwice,
    /// What follows the scheme is no token.
    CredentialsMalformed,
    /// The token exceeds 16 KiB.
    TokenTooLong,
    /// It comes with the scheme `DPoP`, and the audience is no URL that a proof could be for.
    ProofNotSupported,
    /// It comes with the scheme `DPoP` and without a proof.
    ProofMissing,
    /// The proof is not good, or not for this request.
    Proof(ProofProblem),
    /// The proof is by another key than that which the token is bound to.
    ProofOfAnotherKey,
    /// The proof let a request pass before.
    ProofReplayed,
    /// The token is bound to no key, and comes with the scheme `DPoP`.
    TokenNotBound,
    /// The token is none of ours, or not for here, or not now. A bound one ([`JwtProblem::Bound`]) is never taken from its
    /// bearer (RFC 9449 section 7.1).
    Token(JwtProblem),
    /// `client_id` of the token is absent, or not a text with something in it (RFC 9068 section 2.2).
    ClientIdInvalid,
    /// `scope` of the token is not a text.
    ScopeInvalid,
    /// The issuer says that the token is not active (RFC 7662).
    NotActive,
    /// The token lacks a scope.
    ScopeInsufficient,
    /// The keys of the issuer could not be had.
    KeysUnavailable,
    /// The issuer could not be asked about the token.
    IntrospectionUnavailable,
}

/// A refusal: why, and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Why.
    pub reason: Reason,
    /// What the client is told.
    pub answer: Answer,
}

/// An answer that is given in place of the resource's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers, by names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Its body: JSON, or empty.
    pub body: String,
}

impl Reason {
    /// The stable name, for logs and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCredentials => "no-credentials",
            Self::CredentialsTwice => "credentials-twice",
            Self::CredentialsMalformed => "credentials-malformed",
            Self::TokenTooLong => "token-too-long",
            Self::ProofNotSupported => "proof-not-supported",
            Self::ProofMissing => "proof-missing",
            Self::Proof(_) => "proof-invalid",
            Self::ProofOfAnotherKey => "proof-of-another-key",
            Self::ProofReplayed => "proof-replayed",
            Self::TokenNotBound => "token-not-bound",
            Self::Token(problem) => token_problem(problem),
            Self::ClientIdInvalid => "client-id-invalid",
            Self::ScopeInvalid => "scope-invalid",
            Self::NotActive => "not-active",
            Self::ScopeInsufficient => "scope-insufficient",
            Self::KeysUnavailable => "keys-unavailable",
            Self::IntrospectionUnavailable => "introspection-unavailable",
        }
    }

    /// The status, the code of RFC 6750 section 3.1 or RFC 9449 section 7.1, and a sentence.
    const fn error(self) -> (u16, Option<(&'static str, &'static str)>) {
        match self {
            // Section 3.1: no code for who knew of no credentials to present.
            Self::NoCredentials => (401, None),
            Self::CredentialsTwice => (400, Some(("invalid_request", "more than one Authorization header"))),
            Self::CredentialsMalformed => (400, Some(("invalid_request", "no token follows the scheme"))),
            Self::ProofNotSupported => {
                (401, Some(("invalid_token", "tokens that are bound to a key are not taken here")))
            }
            Self::ProofMissing => (401, Some(("invalid_dpop_proof", "there is no DPoP proof"))),
            Self::Proof(problem) => (401, Some(("invalid_dpop_proof", problem.sentence()))),
            Self::ProofReplayed => (401, Some(("invalid_dpop_proof", "the proof was used before"))),
            Self::ProofOfAnotherKey => {
                (401, Some(("invalid_token", "the access token is bound to another key than the proof's")))
            }
            Self::TokenNotBound => (401, Some(("invalid_token", "the access token is not bound to a key"))),
            Self::ScopeInsufficient => {
                (403, Some(("insufficient_scope", "the access token lacks a scope that is needed here")))
            }
            Self::Token(JwtProblem::Expired) => {
                (401, Some(("invalid_token", "the access token has expired")))
            }
            Self::Token(JwtProblem::Bound) => {
                (401, Some(("invalid_token", "the access token is bound to a key and needs its proof")))
            }
            Self::Token(JwtProblem::AudienceMismatch) => {
                (401, Some(("invalid_token", "the access token is for another audience")))
            }
            Self::NotActive => (401, Some(("invalid_token", "the access token is not active"))),
            Self::KeysUnavailable | Self::IntrospectionUnavailable => (
                503,
                Some(("temporarily_unavailable", "whether the access token is good can't be found out now")),
            ),
            _ => (401, Some(("invalid_token", "the access token is not valid here"))),
        }
    }
}

impl Challenge {
    /// `scheme`: how the token was presented.
    pub(super) fn new(reason: Reason, scheme: Scheme, settings: &Settings) -> Self {
        Self { reason, answer: answer(reason, scheme_to_use(reason, scheme, settings), settings, None) }
    }

    /// Nothing can be said before so many seconds are over.
    pub(super) fn unavailable(reason: Reason, settings: &Settings, retry_after: u64) -> Self {
        Self { reason, answer: answer(reason, Scheme::Bearer, settings, Some(retry_after)) }
    }
}

/// By which scheme the client is to come again: the one that it used, but for a bound token, which is for `DPoP` alone (RFC 9449
/// section 7.1). Where no proof can be taken, there is one.
const fn scheme_to_use(reason: Reason, presented: Scheme, settings: &Settings) -> Scheme {
    match (reason, presented) {
        _ if settings.metadata.is_none() => Scheme::Bearer,
        (Reason::Token(JwtProblem::Bound), _) | (_, Scheme::Dpop) => Scheme::Dpop,
        (_, Scheme::Bearer) => Scheme::Bearer,
    }
}

fn answer(reason: Reason, scheme: Scheme, settings: &Settings, retry_after: Option<u64>) -> Answer {
    let (status, error) = reason.error();
    let mut headers = Vec::from([("cache-control", String::from("no-store"))]);
    match retry_after {
        Some(seconds) => headers.push(("retry-after", seconds.to_string())),
        None => headers.push(("www-authenticate", www_authenticate(scheme, error, settings))),
    }
    let mut body = String::new();
    if let Some((code, description)) = error {
        headers.push(("content-type", String::from("application/json")));
        let members: Object = [("error", code), ("error_description", description)].into_iter().collect();
        body = Value::Object(members).to_text();
    }
    Answer { status, headers, body }
}

/// Everything in it is quotable: our own sentences, and settings that were parsed.
fn www_authenticate(scheme: Scheme, error: Option<(&str, &str)>, settings: &Settings) -> String {
    let scopes = settings.scopes.join(" ");
    let metadata = settings.metadata.as_ref().map_or("", |metadata| &metadata.url);
    let (code, description) = error.unwrap_or_default();
    let algorithms = match scheme {
        Scheme::Bearer => String::new(),
        Scheme::Dpop => OfOurTokens::ALGORITHM_NAMES.join(" "),
    };
    let mut text = String::from(scheme.name());
    let mut separator = " ";
    for (name, value) in [
        ("error", code),
        ("error_description", description),
        ("algs", algorithms.as_str()),
        ("scope", scopes.as_str()),
        ("resource_metadata", metadata),
    ] {
        if !value.is_empty() {
            for part in [separator, name, "=\"", value, "\""] {
                text.push_str(part);
            }
            separator = ", ";
        }
    }
    text
}

const fn token_problem(problem: JwtProblem) -> &'static str {
    match problem {
        JwtProblem::Malformed => "token-malformed",
        JwtProblem::AlgorithmUnusable | JwtProblem::AlgorithmNotAllowed => "algorithm-not-allowed",
        JwtProblem::CriticalHeader => "critical-header",
        JwtProblem::IssuerInvalid => "issuer-not-ours",
        JwtProblem::TypeNotAllowed => "type-not-allowed",
        JwtProblem::KeyUnknown | JwtProblem::KeyOfOtherType => "key-unknown",
        JwtProblem::SignatureInvalid => "signature-invalid",
        JwtProblem::Bound => "proof-missing",
        JwtProblem::SubjectInvalid => "subject-invalid",
        JwtProblem::AudienceInvalid | JwtProblem::AudienceMismatch => "audience-mismatch",
        JwtProblem::ExpiryInvalid => "expiry-invalid",
        JwtProblem::Expired => "expired",
        JwtProblem::LifetimeTooLong => "lifetime-too-long",
        JwtProblem::NotBeforeInvalid | JwtProblem::NotYetValid => "not-yet-valid",
        JwtProblem::IssuedAtInvalid | JwtProblem::TooOld => "issued-at-invalid",
        JwtProblem::JwtIdInvalid => "jwt-id-invalid",
    }
}
