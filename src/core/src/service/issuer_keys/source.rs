//! A document that somebody's keys need: whose it is, which, and where it comes from.

use alloc::string::String;

use super::document::KeyDocument;
use super::owner::Owner;
use crate::keys::{DocumentKind, MetadataAddress};
use crate::organization::OrganizationId;
use crate::ports::FetchRequest;
use crate::service::record::Key;

/// Whose document it is, and where it comes from.
#[derive(Clone, Copy)]
pub(in crate::service) struct Source<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) owner: Owner<'a>,
    pub(super) kind: DocumentKind,
    /// Where it is fetched.
    pub(super) uri: &'a str,
    /// Where it is fetched instead, if there is none: metadata alone has such a place (R54).
    pub(super) otherwise: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// The owner's JWK set at this address.
    pub(super) const fn of_keys(organization: &'a OrganizationId, owner: Owner<'a>, uri: &'a str) -> Self {
        Self { organization, owner, kind: DocumentKind::Jwks, uri, otherwise: None }
    }

    /// The issuer's metadata at this address.
    pub(super) fn of_metadata(
        organization: &'a OrganizationId,
        owner: Owner<'a>,
        address: &'a MetadataAddress,
    ) -> Self {
        let otherwise = address.otherwise.as_deref();
        Self { organization, owner, kind: DocumentKind::Metadata, uri: &address.uri, otherwise }
    }

    /// The key of its record.
    pub(super) fn key(&self) -> String {
        let Owner { is_application, name, .. } = self.owner;
        match self.kind {
            DocumentKind::Jwks if is_application => Key::client_jwks(self.organization, name),
            DocumentKind::Jwks => Key::jwks(self.organization, name),
            DocumentKind::Metadata => Key::issuer_metadata(self.organization, name),
        }
    }

    /// The key of the counter that decides who fetches it.
    pub(super) fn turn(&self, window: u64) -> String {
        let Owner { is_application, name, .. } = self.owner;
        let key = if is_application { Key::client_jwks_turn } else { Key::jwks_turn };
        key(self.organization, name, self.uri, window)
    }

    /// The key of the counter that says how often what was fetched for its owner was forgotten.
    pub(super) fn forgotten(&self) -> String {
        let Owner { is_application, name, .. } = self.owner;
        let key = if is_application { Key::client_jwks_forgotten } else { Key::jwks_forgotten };
        key(self.organization, name)
    }

    /// The request for it at one of its addresses, with what the registration says of the way (R55).
    pub(super) fn request(&self, uri: &'a str) -> FetchRequest<'a> {
        let Owner { authorities, allow_private, .. } = self.owner;
        FetchRequest { uri, authorities, allow_private }
    }

    /// The address at which a caller who supplies documents is to look for it now, if at any. Authorities that the caller
    /// does not know must not be passed over, so with these nobody is asked (R55).
    pub(super) fn wanted_of_caller(&self, stored: Option<&KeyDocument>, now: u64) -> Option<&'a str> {
        if self.owner.authorities.is_some() {
            return None;
        }
        match stored {
            Some(stored) if stored.was_tried(now) => self.otherwise.filter(|_| stored.stored.other_due),
            _ => Some(self.uri),
        }
    }
}
