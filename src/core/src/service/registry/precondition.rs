//! On what a change depends besides what it says (RFC 9110 section 13.1): on what is there when its turn comes, so that
//! nobody replaces or removes what somebody else has changed meanwhile (R76).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::error::RegistryError;
use super::put::Known;
use crate::jose::digest;

/// Entity tags that a caller names.
pub enum Tags {
    /// Whichever there is.
    Any,
    /// One of these, with their quotes, and with `W/` where they are weak.
    These(Vec<String>),
}

/// What a request says of what must be there, or must not. By default nothing.
#[derive(Default)]
pub struct Precondition {
    /// `If-Match`.
    pub if_match: Option<Tags>,
    /// `If-None-Match`.
    pub if_none_match: Option<Tags>,
}

/// The entity tag of a representation: a strong one, with its quotes.
pub fn entity_tag(representation: &[u8]) -> String {
    format!("\"{}\"", digest::sha256_base64url(representation))
}

/// A document as the admin API sends it.
pub(super) fn representation(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("our own documents are serialisable")
}

impl Tags {
    /// Whether what is there is meant. Without a tag, as a record that can't be read, it is meant by `*` alone.
    fn mean(&self, tag: Option<&str>, weak: bool) -> bool {
        let compared = |named: &str| tag == Some(named) || weak && tag == named.strip_prefix("W/");
        match self {
            Self::Any => true,
            Self::These(tags) => tag.is_some() && tags.iter().any(|named| compared(named)),
        }
    }
}

impl Precondition {
    /// Whether what is there under this tag is what the caller expects. Compared strongly: a weak tag is no tag of ours.
    pub fn expects(&self, tag: Option<&str>) -> bool {
        self.if_match.as_ref().is_none_or(|tags| tags.mean(tag, false))
    }

    /// Whether what is there under this tag is what the caller knows, or does not want to be there.
    pub fn excludes(&self, tag: Option<&str>) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.mean(tag, true))
    }

    /// Whether a change may be made of what is there under this tag.
    pub fn allows(&self, tag: Option<&str>) -> bool {
        self.expects(tag) && !self.excludes(tag)
    }

    /// Within the organization's turn: whether what is known to be there may be changed.
    pub(super) fn check<T>(
        &self,
        known: &Known<T>,
        represented: impl FnOnce(&T) -> Vec<u8>,
    ) -> Result<(), RegistryError> {
        let is_allowed = match known {
            _ if self.if_match.is_none() && self.if_none_match.is_none() => true,
            // Nothing matches no tag, not even any.
            Known::Nothing => self.if_match.is_none(),
            Known::Unreadable => self.allows(None),
            Known::Readable(known) => self.allows(Some(&entity_tag(&represented(known)))),
        };
        if is_allowed { Ok(()) } else { Err(RegistryError::PreconditionFailed) }
    }
}
