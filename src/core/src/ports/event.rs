//! What happens, for the operator (R3, R56, R74). Serialised, an event is the line that a log has of it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use serde::{Serialize, Serializer};

use crate::jose::SkippedKey;
use crate::keys::{KeyOwner, KeysProblem};
use crate::oauth::{GrantType, Reason};
use crate::organization::OrganizationId;
use crate::tokens::Revocation;

/// An event. Nothing in it is secret or personal.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// It was decided about a request for a token.
    Exchange(&'a Decision<'a>),
    /// It was decided about a question whether a token is active (R110).
    Introspection(&'a TokenDecision<'a>),
    /// It was decided about a token that a client wants revoked (R111).
    Revocation(&'a TokenDecision<'a>),
    /// An administrator revoked all tokens that an issuer or an application got before a time (R112).
    AllRevoked {
        /// The organization.
        #[serde(serialize_with = "text")]
        organization: &'a OrganizationId,
        /// Whose, before when, and until when that matters.
        #[serde(flatten)]
        revocation: &'a Revocation,
    },
    /// A store fails.
    StoreFailure {
        /// Which one.
        store: &'a str,
        /// What was asked of it.
        operation: &'a str,
        /// About which key; of a list, what its keys begin with. `None`: about none.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<&'a str>,
        /// What the host says.
        cause: &'a str,
    },
    /// A record of the store can't be read; what depends on it is refused (R74).
    RecordUnreadable {
        /// Its key.
        key: &'a str,
        /// What is wrong with it, without its content.
        cause: &'a str,
    },
    /// A setting can't be used; everything is refused until it is mended.
    BadSetting {
        /// Its name, or the member of its document.
        setting: &'a str,
        /// What is wrong with it, without its value.
        problem: &'a str,
    },
    /// A JWKS document was fetched or supplied.
    KeysFetched {
        /// The organization.
        #[serde(serialize_with = "text")]
        organization: &'a OrganizationId,
        /// Whose: `trusted_issuer` or `client_id`.
        #[serde(flatten)]
        owner: &'a KeyOwner,
        /// How many of its keys can verify an assertion.
        keys: usize,
        /// The others, and why (R53).
        #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "first_of")]
        skipped: &'a [SkippedKey],
    },
    /// The keys of an issuer or an application did not come (R56).
    KeysFailed {
        /// The organization.
        #[serde(serialize_with = "text")]
        organization: &'a OrganizationId,
        /// Whose: `trusted_issuer` or `client_id`.
        #[serde(flatten)]
        owner: &'a KeyOwner,
        /// Why, without anything of the document.
        #[serde(rename = "cause", serialize_with = "text")]
        problem: &'a KeysProblem,
    },
    /// A new key of our own will sign, or does at once where it is the first (R73).
    SigningKeyAdded {
        /// The organization.
        #[serde(serialize_with = "text")]
        organization: &'a OrganizationId,
        /// Its identifier in the JWKS.
        kid: &'a str,
        /// From when it signs: seconds since 1970.
        signs_from: u64,
    },
    /// Used assertions that have expired were deleted.
    Swept {
        /// So many.
        deleted: usize,
    },
    /// Work that no request waits for was not done: a sweep, a refresh.
    MaintenanceFailed {
        /// Which.
        what: &'a str,
        /// Why.
        cause: &'a str,
    },
    /// The seed document of the settings was not applied, since it was before.
    SeedNotApplied {
        /// Why, and how to apply it.
        advice: &'a str,
    },
    /// A seed document was applied.
    SeedApplied {
        /// So many registrations are new.
        created: usize,
        /// So many were replaced.
        replaced: usize,
        /// So many were as the document wants them.
        unchanged: usize,
    },
}

/// A decision about a request for a token, and what was known by then (R75).
#[derive(Clone, Debug, Serialize)]
pub struct Decision<'a> {
    /// The organization asked.
    #[serde(serialize_with = "text")]
    pub organization: &'a OrganizationId,
    /// The grant asked for. `None`: it was no request for a token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "name")]
    pub grant_type: Option<GrantType>,
    /// The application that asked, or that somebody claimed to be. `None`: there is none of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    /// The name of the trusted issuer that vouched, or is said to have. `None`: none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_issuer: Option<&'a str>,
    /// The rule of the issuer that decided (R80). `None`: the issuer has none, or none fits, or it did not come to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a str>,
    /// The rules before it that fit and are only watched (R82).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub audit: &'a [Audited],
    /// Why the policy refuses: the name that it gives, or `malformed: ` and the member of its decision (R87). `None`: it
    /// does not refuse, or says nothing that may stand here, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_reason: Option<&'a str>,
    /// What was decided.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What lies behind a refusal of the client, which whoever asks is not told (R27): nothing secret or personal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'a str>,
    /// SHA-256 of the issued token's `jti`, base64url: whoever has the token finds the line, not the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti_sha256: Option<&'a str>,
    /// From the request to the response.
    pub microseconds: u64,
}

impl<'a> Decision<'a> {
    /// A refusal of what was no request for a token.
    pub const fn refused(organization: &'a OrganizationId, reason: Reason, microseconds: u64) -> Self {
        Self::of(organization, Outcome::Refused(reason), microseconds)
    }

    /// A decision of which no more is known.
    pub const fn of(organization: &'a OrganizationId, outcome: Outcome, microseconds: u64) -> Self {
        Self {
            organization,
            grant_type: None,
            client_id: None,
            trusted_issuer: None,
            rule: None,
            audit: &[],
            policy_reason: None,
            outcome,
            cause: None,
            jti_sha256: None,
            microseconds,
        }
    }
}

/// Where clients bring tokens of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEndpoint {
    /// To ask whether one is active (RFC 7662).
    Introspection,
    /// To take one back (RFC 7009).
    Revocation,
}

impl TokenEndpoint {
    /// What was decided there, as an event.
    pub const fn event<'a>(self, decision: &'a TokenDecision<'a>) -> Event<'a> {
        match self {
            Self::Introspection => Event::Introspection(decision),
            Self::Revocation => Event::Revocation(decision),
        }
    }
}

/// A decision about a token of ours, and what was known by then (R110, R111).
#[derive(Clone, Debug, Serialize)]
pub struct TokenDecision<'a> {
    /// The organization asked.
    #[serde(serialize_with = "text")]
    pub organization: &'a OrganizationId,
    /// The application that asked, or that somebody claimed to be. `None`: there is none of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    /// `active`, `inactive`; `revoked`, `nothing-to-revoke`; or the stable reason of the refusal.
    pub outcome: &'a str,
    /// The HTTP status of the response.
    pub status: u16,
    /// What lies behind it, which whoever asks is not told: why the token is not active, or why the client is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'a str>,
    /// SHA-256 of the token's `jti`, base64url, where it is one of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti_sha256: Option<&'a str>,
    /// From the request to the response.
    pub microseconds: u64,
}

impl<'a> TokenDecision<'a> {
    /// A refusal of what was no such question.
    pub const fn refused(organization: &'a OrganizationId, reason: Reason, microseconds: u64) -> Self {
        Self {
            organization,
            client_id: None,
            outcome: reason.name(),
            status: reason.status(),
            cause: None,
            jti_sha256: None,
            microseconds,
        }
    }
}

/// A rule that fits and is only watched (R82).
#[derive(Clone, Debug, Serialize)]
pub struct Audited {
    /// Its name.
    pub rule: String,
    /// What it would have come to.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What was decided about a request for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A token was issued.
    Granted,
    /// The request was refused.
    Refused(Reason),
}

impl Outcome {
    /// `granted`, or the stable reason of the refusal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused(reason) => reason.name(),
        }
    }

    /// The HTTP status of the response.
    pub const fn status(self) -> u16 {
        match self {
            Self::Granted => 200,
            Self::Refused(reason) => reason.status(),
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown {
            outcome: &'static str,
            status: u16,
        }
        Shown { outcome: self.name(), status: self.status() }.serialize(serializer)
    }
}

fn name<S: Serializer>(grant_type: &Option<GrantType>, serializer: S) -> Result<S::Ok, S::Error> {
    grant_type.map(GrantType::name).serialize(serializer)
}

fn text<S: Serializer>(shown: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}

/// How many skipped keys an event names.
const MAX_SKIPPED: usize = 16;

/// The first of the skipped keys, and how many more there are.
fn first_of<S: Serializer>(skipped: &[SkippedKey], serializer: S) -> Result<S::Ok, S::Error> {
    let mut named: Vec<String> = skipped.iter().take(MAX_SKIPPED).map(ToString::to_string).collect();
    if skipped.len() > MAX_SKIPPED {
        named.push(format!("{} more", skipped.len() - MAX_SKIPPED));
    }
    named.serialize(serializer)
}
