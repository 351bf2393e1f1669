//! A document that an issuer's keys need: whose it is, which, and where it comes from.

use alloc::string::String;

use super::document::KeyDocument;
use crate::keys::{DocumentKind, MetadataAddress};
use crate::organization::OrganizationId;
use crate::ports::FetchRequest;
use crate::service::record::Key;
use crate::trust::TrustedIssuer;

/// Whose document it is, and where it comes from.
#[derive(Clone, Copy)]
pub(in crate::service) struct Source<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) issuer: &'a TrustedIssuer,
    pub(super) kind: DocumentKind,
    /// Where it is fetched.
    pub(super) uri: &'a str,
    /// Where it is fetched instead, if there is none: metadata alone has such a place (R54).
    pub(super) otherwise: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// The issuer's JWK set at this address.
    pub(super) const fn of_keys(
        organization: &'a OrganizationId,
        issuer: &'a TrustedIssuer,
        uri: &'a str,
    ) -> Self {
        Self { organization, issuer, kind: DocumentKind::Jwks, uri, otherwise: None }
    }

    /// The issuer's metadata at this address.
    pub(super) fn of_metadata(
        organization: &'a OrganizationId,
        issuer: &'a TrustedIssuer,
        address: &'a MetadataAddress,
    ) -> Self {
        let otherwise = address.otherwise.as_deref();
        Self { organization, issuer, kind: DocumentKind::Metadata, uri: &address.uri, otherwise }
    }

    /// The key of its record.
    pub(super) fn key(&self) -> String {
        match self.kind {
            DocumentKind::Jwks => Key::jwks(self.organization, &self.issuer.name),
            DocumentKind::Metadata => Key::issuer_metadata(self.organization, &self.issuer.name),
        }
    }

    /// The key of the counter that decides who fetches it.
    pub(super) fn turn(&self, window: u64) -> String {
        Key::jwks_turn(self.organization, &self.issuer.name, self.uri, window)
    }

    /// The request for it at one of its addresses, with what the registration says of the way (R55).
    pub(super) fn request(&self, uri: &'a str) -> FetchRequest<'a> {
        let authorities = self.issuer.jwks_ca.as_deref();
        FetchRequest { uri, authorities, allow_private: self.issuer.allow_private }
    }

    /// The address at which a caller who supplies documents is to look for it now, if at any. Authorities that the caller
    /// does not know must not be passed over, so with these nobody is asked (R55).
    pub(super) fn wanted_of_caller(&self, stored: Option<&KeyDocument>, now: u64) -> Option<&'a str> {
        if self.issuer.jwks_ca.is_some() {
            return None;
        }
        match stored {
            Some(stored) if stored.was_tried(now) => self.otherwise.filter(|_| stored.stored.other_due),
            _ => Some(self.uri),
        }
    }
}
