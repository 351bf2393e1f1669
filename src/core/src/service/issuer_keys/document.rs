//! A document as it came from its endpoint, a JWK set or an issuer's metadata: its text, its keys, and what is wrong with
//! it (R50 to R54, R56).

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::jose::Header;
use crate::jose::key::{JwkSet, JwkSetError, KeyUse, SkippedKey, VerificationKey};
use crate::json::JsonError;
use crate::keys::{
    DocumentKind, KeysProblem, MAX_FRESH, MAX_KEY_DOCUMENT, STALE, Skipped, fresh_until, jwks_uri,
};
use crate::ports::{FetchProblem, FetchedDocument};
use crate::service::record::KEY_WINDOW;

/// The text of a document that was fetched, and its usable keys: at least one. Of metadata only where the keys are is
/// kept, and that is the text.
pub(in crate::service) struct Usable {
    pub(in crate::service) text: String,
    pub(in crate::service) set: JwkSet,
    pub(in crate::service) max_age: Option<u64>,
}

impl Usable {
    /// R52, R53: a document that has a key to use for this, or what is wrong with it.
    pub(in crate::service) fn read(fetched: FetchedDocument, key_use: KeyUse) -> Result<Self, KeysProblem> {
        if fetched.body.len() > MAX_KEY_DOCUMENT {
            return Err(FetchProblem::TooLarge.into());
        }
        let set = JwkSet::parse_for(&fetched.body, key_use).map_err(KeysProblem::NotASet)?;
        if set.keys.is_empty() {
            let skipped = set.skipped;
            return Err(if skipped.is_empty() {
                KeysProblem::NoKey
            } else {
                KeysProblem::NoUsableKey(skipped)
            });
        }
        let text = String::from_utf8(fetched.body)
            .map_err(|_| KeysProblem::NotASet(JwkSetError::NotJson(JsonError::NotUtf8)))?;
        Ok(Self { text, set, max_age: fetched.max_age })
    }

    /// R54: metadata of this issuer, or what is wrong with it.
    pub(in crate::service) fn read_metadata(
        fetched: FetchedDocument,
        issuer: &str,
        dev: bool,
    ) -> Result<Self, KeysProblem> {
        if fetched.body.len() > MAX_KEY_DOCUMENT {
            return Err(FetchProblem::TooLarge.into());
        }
        let text = jwks_uri(&fetched.body, issuer, dev).map_err(KeysProblem::NotMetadata)?;
        Ok(Self { text, set: JwkSet::default(), max_age: fetched.max_age })
    }

    /// Until when it is fresh, if it was fetched now: seconds since 1970.
    pub(in crate::service) fn fresh_until(&self, now: u64) -> u64 {
        fresh_until(self.max_age, now)
    }
}

/// A document as it is stored: a JWK set, or of metadata where the keys are. `document` is absent while no fetch has ever succeeded. Every time in it may come
/// from a clock that was wrong, so none is believed that lies further ahead than a right clock could have put it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::service) struct StoredDocument {
    pub(in crate::service) uri: String,
    /// Where it was fetched in place of that (R54), last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::service) came_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::service) document: Option<String>,
    /// Until when it is fresh: seconds since 1970.
    pub(in crate::service) fresh_until: u64,
    /// The window in which it was last tried to fetch it; its counter is deleted in the next one.
    pub(in crate::service) turn: u64,
    /// When it was last tried: seconds since 1970.
    pub(in crate::service) tried_at: u64,
    /// Why that brought nothing (R56).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::service) problem: Option<String>,
    /// Of metadata: who supplies it has none of the first address, and is to be asked for the other one (R54).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(in crate::service) other_due: bool,
}

/// A document with its keys parsed.
pub(in crate::service) struct KeyDocument {
    /// The record as it is in the store: while that is the same, nothing is parsed again.
    record: Vec<u8>,
    kind: DocumentKind,
    /// What its keys may be for, which the registration says and not the document.
    key_use: KeyUse,
    pub(in crate::service) stored: StoredDocument,
    pub(in crate::service) keys: Rc<[VerificationKey]>,
    pub(in crate::service) skipped: Vec<SkippedKey>,
    /// What was wrong with the keys of one that had none to use, and was not stored: known to the instance that fetched.
    pub(in crate::service) refused: Vec<SkippedKey>,
}

impl KeyDocument {
    pub(in crate::service) fn new(
        record: Vec<u8>,
        stored: StoredDocument,
        kind: DocumentKind,
        key_use: KeyUse,
    ) -> Self {
        let JwkSet { keys, skipped } = match (kind, &stored.document) {
            (DocumentKind::Jwks, Some(text)) => {
                JwkSet::parse_for(text.as_bytes(), key_use).unwrap_or_default()
            }
            _ => JwkSet::default(),
        };
        Self { record, kind, key_use, stored, keys: keys.into(), skipped, refused: Vec::new() }
    }

    /// Of metadata: where the keys are.
    pub(in crate::service) fn jwks_uri(&self) -> Option<&str> {
        self.stored.document.as_deref().filter(|_| self.kind == DocumentKind::Metadata)
    }

    /// Whether it was parsed from these bytes, for keys of this use.
    pub(in crate::service) fn is_of(&self, record: &[u8], key_use: KeyUse) -> bool {
        self.record == record && self.key_use == key_use
    }

    pub(in crate::service) fn is_fresh(&self, now: u64) -> bool {
        now < self.stored.fresh_until && self.has_possible_time(now)
    }

    /// Whether it ever came.
    pub(in crate::service) fn has_content(&self) -> bool {
        !self.keys.is_empty() || self.jwks_uri().is_some()
    }

    pub(in crate::service) fn is_usable(&self, now: u64) -> bool {
        self.has_content() && now < self.stored.fresh_until.saturating_add(STALE)
    }

    /// Until when it is fresh, as far as that can be believed: the next try heals what a wrong clock has written.
    pub(in crate::service) fn healed_fresh_until(&self, now: u64) -> u64 {
        if self.has_possible_time(now) { self.stored.fresh_until } else { now }
    }

    fn has_possible_time(&self, now: u64) -> bool {
        self.stored.fresh_until <= now.saturating_add(MAX_FRESH)
    }

    /// Whether a fetch was tried less than a window ago.
    pub(in crate::service) fn was_tried(&self, now: u64) -> bool {
        let tried_at = self.stored.tried_at;
        tried_at < now.saturating_add(KEY_WINDOW) && now < tried_at.saturating_add(KEY_WINDOW)
    }

    /// Whether it was tried after this moment, by a clock that is not far ahead of ours.
    pub(in crate::service) fn was_tried_after(&self, moment: u64, now: u64) -> bool {
        moment < self.stored.tried_at && self.stored.tried_at < now.saturating_add(KEY_WINDOW)
    }

    /// In how many seconds the next fetch may be tried.
    pub(in crate::service) fn untried_in(&self, now: u64) -> u64 {
        let next = self.stored.tried_at.saturating_add(KEY_WINDOW);
        next.saturating_sub(now).clamp(1, KEY_WINDOW)
    }

    /// Whether it has what is wanted of it: the key that the header names, any key without a `kid` (R48); of metadata
    /// where the keys are.
    pub(in crate::service) fn serves(&self, header: &Header) -> bool {
        if self.kind == DocumentKind::Metadata {
            return self.jwks_uri().is_some();
        }
        let kid = header.kid.as_deref();
        self.keys.iter().any(|key| kid.is_none() || key.kid.as_deref() == kid)
    }
}

impl fmt::Display for KeyDocument {
    /// For `explain`: what there is and what is not (R53, R56).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.keys.len() {
            0 => formatter.write_str("no usable key from the JWKS endpoint")?,
            1 => formatter.write_str("1 usable key from the JWKS endpoint")?,
            count => write!(formatter, "{count} usable keys from the JWKS endpoint")?,
        }
        if !self.skipped.is_empty() {
            write!(formatter, "; skipped: {}", Skipped(&self.skipped))?;
        }
        match &self.stored.problem {
            Some(problem) => write!(formatter, "; when it was last fetched: {problem}"),
            None => Ok(()),
        }
    }
}
