//! Why the keys of an issuer did not come (R56). No sentence here has anything of a document, or names an address.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::metadata::MetadataProblem;
use crate::jose::key::{JwkSetError, SkippedKey};

/// How many skipped keys a sentence names.
const MAX_NAMED: usize = 8;

/// Why a JWKS endpoint could not be read (R56). Nothing in it comes from the document or names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchProblem {
    /// What was registered is no URL that this shell can fetch.
    BadAddress,
    /// Its host has no address.
    NameUnknown,
    /// The address is one that must not be connected to: private, loopback, link-local (R50).
    AddressRefused,
    /// No connection comes about.
    Unreachable,
    /// TLS fails, for another reason than the certificate.
    Tls,
    /// Its certificate is not acceptable: authority, name or time.
    Certificate,
    /// No complete response in time.
    TimedOut,
    /// The connection ended before the response was complete, or what came is no HTTP.
    Incomplete,
    /// It responded with a redirect, which is never followed.
    Redirect(u16),
    /// It responded with another status than 200.
    Status(u16),
    /// The document has more than 64 KiB.
    TooLarge,
    /// The document is compressed although the request forbids it.
    Encoded,
    /// Who supplies the keys says that they can't be had.
    NotSupplied,
    /// The registration has certificate authorities of its own (R55), and the shell can't go by these.
    Authorities,
    /// The shell does not say.
    Unknown,
}

impl fmt::Display for FetchProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::BadAddress => "its URL can't be fetched",
            Self::NameUnknown => "DNS knows no address of its host",
            Self::AddressRefused => "its host has a private or special address, which is refused",
            Self::Unreachable => "no connection to it",
            Self::Tls => "TLS with it fails",
            Self::Certificate => "TLS with it fails: its certificate is not accepted",
            Self::TimedOut => "no complete answer in time",
            Self::Incomplete => "its answer is incomplete or not HTTP",
            Self::Redirect(status) => {
                return write!(formatter, "it answered {status}, a redirect, which is not followed");
            }
            Self::Status(status) => return write!(formatter, "it answered {status} instead of 200"),
            Self::TooLarge => "its document exceeds 64 KiB",
            Self::Encoded => {
                "its document is compressed (Content-Encoding), although it was asked for identity"
            }
            Self::NotSupplied => "the caller could not supply it",
            Self::Authorities => {
                "it was not asked: this host can't go by the certificate authorities of its registration (jwks_ca)"
            }
            Self::Unknown => "the fetch failed",
        })
    }
}

impl core::error::Error for FetchProblem {}

/// Why an issuer's keys did not come (R56). Its sentence has nothing of the document's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysProblem {
    /// There is no document.
    Fetch(FetchProblem),
    /// The caller could not supply it, and says why.
    NotSupplied(String),
    /// The metadata that says where they are did not come, or can't be used (R54).
    Metadata(Box<KeysProblem>),
    /// The document is no metadata of this issuer.
    NotMetadata(MetadataProblem),
    /// The document is no JWK set.
    NotASet(JwkSetError),
    /// It is a JWK set without a key.
    NoKey,
    /// It is a JWK set of which no key can verify an assertion, and why (R47, R53).
    NoUsableKey(Vec<SkippedKey>),
}

impl fmt::Display for KeysProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(problem) => problem.fmt(formatter),
            Self::NotSupplied(cause) => formatter.write_str(cause),
            Self::Metadata(problem) => write!(formatter, "its metadata: {problem}"),
            Self::NotMetadata(problem) => problem.fmt(formatter),
            Self::NotASet(problem) => write!(formatter, "its document: {problem}"),
            Self::NoKey => formatter.write_str("its JWK set is empty"),
            Self::NoUsableKey(skipped) => {
                write!(formatter, "no key of its document is usable: {}", Skipped(skipped))
            }
        }
    }
}

impl core::error::Error for KeysProblem {}

impl From<FetchProblem> for KeysProblem {
    fn from(problem: FetchProblem) -> Self {
        Self::Fetch(problem)
    }
}

/// Skipped keys in words (R53): the first few, and how many more.
pub(crate) struct Skipped<'a>(pub(crate) &'a [SkippedKey]);

impl fmt::Display for Skipped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, skipped) in self.0.iter().take(MAX_NAMED).enumerate() {
            let comma = if place == 0 { "" } else { "; " };
            write!(formatter, "{comma}{skipped}")?;
        }
        match self.0.len().saturating_sub(MAX_NAMED) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}
