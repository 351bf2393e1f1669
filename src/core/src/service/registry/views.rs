//! Registrations as the documents in which every shell takes and returns them: the admin API and the WIT component.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::iter;

use serde::{Deserialize, Serialize};

use super::precondition::representation;
use super::put::Known;
use super::references::{self, KnownRecords};
use super::{
    Applied, Listing, NewApplication, Precondition, Put, Registry, RegistryError, SeedApplication,
    UnreadableItem,
};
use crate::application::{Application, ApplicationMetadata};
use crate::jose::key::SkippedKey;
use crate::json::{self, JsonError, Object};
use crate::organization::{Organization, OrganizationId, OrganizationUrls};
use crate::ports::{Clock as _, Ports};
use crate::service::SigningKeyInfo;
use crate::trust::{TrustedIssuer, Warning};

/// A trusted issuer as its registration returns it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredIssuer {
    #[serde(flatten)]
    issuer: TrustedIssuer,
    /// What of its keys is not used, and why (R47, R53). Absent where all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped_keys: Vec<SkippedKey>,
    /// What about it may not be meant so (R86). Absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// A registered application.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredApplication<'a> {
    client_id: &'a str,
    /// Right after it was made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Seconds since 1970.
    client_id_issued_at: u64,
    #[serde(flatten)]
    metadata: Cow<'a, ApplicationMetadata>,
    /// What of its keys is not used, and why (R47, R53). Absent where all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped_keys: Vec<SkippedKey>,
    /// What about it may not be meant so, said where it is registered or changed (R86). Absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl<'a> From<&'a Application> for RegisteredApplication<'a> {
    fn from(application: &'a Application) -> Self {
        Self {
            client_id: application.client_id(),
            client_secret: None,
            client_id_issued_at: application.created_at(),
            metadata: shown(application.metadata()),
            skipped_keys: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Of a JWK set only what is used: never a private part.
fn shown(metadata: &ApplicationMetadata) -> Cow<'_, ApplicationMetadata> {
    match metadata.jwks {
        Some(_) => Cow::Owned(metadata.clone().as_stored()),
        None => Cow::Borrowed(metadata),
    }
}

/// A part of a list.
#[derive(Serialize)]
pub struct List<'a, V> {
    items: Vec<V>,
    /// The `after` of the next page; null: this is the end.
    next: Option<&'a str>,
    /// Those whose records can't be read (R74). Absent where there are none.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unreadable: &'a [UnreadableItem],
}

impl<T> Listing<T> {
    /// As a document, with each item seen by `view`.
    pub fn view<'a, V>(&'a self, view: impl Fn(&'a T) -> V) -> List<'a, V> {
        let items = self.items.iter().map(view).collect();
        List { items, next: self.next.as_deref(), unreadable: &self.unreadable }
    }
}

/// All our keys of an organization, oldest first: there are too few for pages.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyList {
    items: Vec<SigningKeyInfo>,
    next: (),
}

impl From<Vec<SigningKeyInfo>> for KeyList {
    fn from(items: Vec<SigningKeyInfo>) -> Self {
        Self { items, next: () }
    }
}

/// An organization as it is registered.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationDocument {
    /// Its name, part of its URLs.
    pub name: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// An organization with its URLs: what its clients and its issuers have to be told.
#[derive(Serialize)]
pub struct DescribedOrganization {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
}

impl TrustedIssuer {
    /// Reads a trusted issuer that is to be replaced. One that was returned can be handed back as it is: the members
    /// that are ours alone are left aside.
    ///
    /// # Errors
    /// A member is missing, unknown or of the wrong type.
    pub fn read(mut document: Object) -> Result<Self, JsonError> {
        document.remove("skipped_keys");
        document.remove("warnings");
        json::from_value(document.into())
    }
}

/// What became of the registrations of a document, in its order.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ApplyReport"))]
pub struct Report {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The registrations.
    pub items: Vec<Applied>,
}

impl<P: Ports> Registry<P> {
    /// A trusted issuer as its registration returns it.
    pub async fn registered_issuer(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
    ) -> RegisteredIssuer {
        let skipped_keys = issuer.skipped_keys(self.shell.ports.clock().now());
        let mut known = KnownRecords::new(iter::empty());
        let warnings = self.warnings_of_issuer(organization, issuer, &mut known).await;
        RegisteredIssuer { issuer: issuer.as_stored(), skipped_keys, warnings }
    }

    /// An organization with its URLs.
    pub fn described(
        &self,
        organization: &OrganizationId,
        registered: Organization,
    ) -> DescribedOrganization {
        let Organization { name, display_name } = registered;
        let OrganizationUrls { issuer, token_endpoint, jwks_uri } = self.shell.settings.urls(organization);
        DescribedOrganization { name, display_name, issuer, token_endpoint, jwks_uri }
    }

    /// Within [`change`](Self::change): whether this application may be changed.
    pub(super) fn check_precondition(
        &self,
        precondition: &Precondition,
        known: &Known<Application>,
    ) -> Result<(), RegistryError> {
        precondition.check(known, |known| representation(&self.registered_application(known)))
    }

    /// All that may not be meant so about a trusted issuer (R86).
    pub(super) async fn warnings_of_issuer(
        &self,
        organization: &OrganizationId,
        issuer: &TrustedIssuer,
        known: &mut KnownRecords,
    ) -> Vec<Warning> {
        let mut warnings = issuer.warnings(self.shell.ports.clock().now());
        warnings.extend(self.warn_of_references(organization, references::of_issuer(issuer), known).await);
        warnings
    }

    /// An application as it is shown.
    pub fn registered_application<'a>(&self, application: &'a Application) -> RegisteredApplication<'a> {
        let skipped_keys = application.metadata().skipped_keys(self.shell.ports.clock().now());
        RegisteredApplication { skipped_keys, ..application.into() }
    }

    /// The same right after it was registered or changed.
    pub async fn changed_application<'a>(
        &self,
        organization: &OrganizationId,
        application: &'a Application,
    ) -> RegisteredApplication<'a> {
        let named = references::of_application(application.metadata());
        let warnings =
            self.warn_of_references(organization, named, &mut KnownRecords::new(iter::empty())).await;
        RegisteredApplication { warnings, ..self.registered_application(application) }
    }

    /// The same right after it was made, or got a new secret.
    pub async fn registered_new_application<'a>(
        &self,
        organization: &OrganizationId,
        new: &'a NewApplication,
    ) -> RegisteredApplication<'a> {
        let client_secret = new.client_secret.as_ref().map(|secret| secret.as_str());
        let changed = self.changed_application(organization, &new.application).await;
        RegisteredApplication { client_secret, ..changed }
    }

    /// Replaces what an application may do; its secret stays. With a secret of its own, or with keys in its place, it is
    /// created or replaced, as a seed document would have it.
    pub async fn replace_or_put_application(
        &self,
        organization: &OrganizationId,
        application: &SeedApplication,
    ) -> Result<(Put, Application), RegistryError> {
        self.replace_or_put_application_if(organization, application, &Precondition::default()).await
    }

    /// The same, if what is there allows it.
    pub async fn replace_or_put_application_if(
        &self,
        organization: &OrganizationId,
        application: &SeedApplication,
        precondition: &Precondition,
    ) -> Result<(Put, Application), RegistryError> {
        if application.brings_credentials() {
            return self.put_application_if(organization, application, precondition).await;
        }
        let SeedApplication { client_id, metadata, .. } = application;
        let replaced =
            self.replace_application_if(organization, client_id, metadata.clone(), precondition).await?;
        Ok((Put::Replaced, replaced))
    }
}
