//! Who has keys: a trusted issuer, or an application that authenticates by one. The life of a document asks no more of it.

use alloc::string::ToString as _;

use crate::application::{Application, ClientKeys};
use crate::jose::key::KeyUse;
use crate::keys::{KeyOwner, KeySource};
use crate::trust::Issuer;

/// Whose keys they are, and what is registered of the way to them.
#[derive(Clone, Copy)]
pub(in crate::service) struct Owner<'a> {
    pub(super) is_application: bool,
    /// The name of the issuer, the `client_id` of the application.
    pub(super) name: &'a str,
    pub(super) keys: &'a KeySource,
    /// What they may be for (R47).
    pub(super) key_use: KeyUse,
    /// The `issuer` that its metadata must name (R54). Applications have no metadata.
    pub(super) issuer: &'a str,
    /// The authorities of its endpoints (R55).
    pub(super) authorities: Option<&'a str>,
    /// Whether these may be in a private network (R55).
    pub(super) allow_private: bool,
}

impl<'a> Owner<'a> {
    /// A trusted issuer.
    pub(in crate::service) fn of_issuer(issuer: &'a Issuer) -> Self {
        let document = issuer.document();
        Self {
            is_application: false,
            name: &document.name,
            keys: issuer.keys(),
            key_use: document.key_use(),
            issuer: &document.issuer,
            authorities: document.jwks_ca.as_deref(),
            allow_private: document.allow_private,
        }
    }

    /// An application; `None`: it has no keys of its own (R27).
    pub(in crate::service) fn of_application(application: &'a Application) -> Option<Self> {
        let Some(ClientKeys::Own(keys)) = application.keys() else { return None };
        Some(Self {
            is_application: true,
            name: application.client_id(),
            keys,
            key_use: KeyUse::Signatures,
            issuer: "",
            authorities: None,
            allow_private: false,
        })
    }

    /// Its keys, or where they are fetched.
    pub(in crate::service) const fn keys(&self) -> &'a KeySource {
        self.keys
    }

    /// What it is called.
    pub(super) fn named(&self) -> KeyOwner {
        let name = self.name.to_string();
        if self.is_application { KeyOwner::Application(name) } else { KeyOwner::Issuer(name) }
    }

    /// The words for it.
    pub(in crate::service) const fn noun(&self) -> &'static str {
        if self.is_application { "application" } else { "issuer" }
    }
}
