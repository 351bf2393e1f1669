//! The seed document: organizations, trusted issuers and applications in one piece, applied as a whole
//! and again without effect (the setting `trust`, and `asserta apply`).
//!
//! As a whole means that all of it is checked before any of it is stored. A store that fails in the middle, or
//! somebody who registers at the same moment, can still leave a part: applying it again completes it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::RegistryError;
use super::record::Key;
use crate::application::{Application, ApplicationMetadata, check_client_id, secret_digest};
use crate::field::FieldError;
use crate::json::{self, JsonError, Object, Value};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::service::Service;
use crate::trust::TrustedIssuer;

/// A seed document.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustDocument {
    /// The organizations.
    #[serde(default)]
    pub organizations: Vec<SeedOrganization>,
}

/// An organization of a seed document.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOrganization {
    /// Its name.
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its trusted issuers.
    #[serde(default)]
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// Its applications.
    #[serde(default)]
    pub applications: Vec<SeedApplication>,
}

/// An application of a seed document: the members of [`ApplicationMetadata`], and its own `client_id`
/// with `client_secret` (at least 32 bytes) or `client_secret_sha256` (64 hexadecimal digits).
#[derive(Clone, PartialEq, Deserialize)]
#[serde(try_from = "Object")]
pub struct SeedApplication {
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    client_secret_sha256: Option<String>,
    metadata: ApplicationMetadata,
}

impl TryFrom<Object> for SeedApplication {
    type Error = JsonError;

    fn try_from(mut members: Object) -> Result<Self, JsonError> {
        let mut text = |name: &str| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => {
                Err(JsonError::Member { path: name.to_string(), problem: "must be a string".to_string() })
            }
        };
        let client_id = text("client_id")?.ok_or_else(|| JsonError::Member {
            path: "client_id".to_string(),
            problem: "is missing".to_string(),
        })?;
        let client_secret = text("client_secret")?.map(Zeroizing::new);
        let client_secret_sha256 = text("client_secret_sha256")?;
        let metadata = json::from_value(members.into())?;
        Ok(Self { client_id, client_secret, client_secret_sha256, metadata })
    }
}

/// What applying a document did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// So many registrations are new.
    pub created: usize,
    /// So many were replaced.
    pub replaced: usize,
    /// So many were as the document wants them.
    pub unchanged: usize,
}

/// What became of a seed document at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeding {
    /// It was applied now.
    Applied(ApplyReport),
    /// It was applied before, and none after it.
    Known,
    /// It was applied before, and another one after it.
    Superseded,
}

/// What putting a registration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Created,
    /// Another one was there.
    Replaced,
    /// It was there as it is wanted.
    Unchanged,
}

/// What is there before a registration is put.
pub(in crate::service) enum Known<T> {
    Nothing,
    /// A record that can't be read, and that can be replaced without a look at it (R74).
    Unreadable,
    Readable(T),
}

impl<T: PartialEq> Known<T> {
    pub(in crate::service) fn of(loaded: Result<Option<T>, StoreError>) -> Result<Self, StoreError> {
        match loaded {
            Ok(None) => Ok(Self::Nothing),
            Ok(Some(known)) => Ok(Self::Readable(known)),
            Err(StoreError::Unreadable(_)) => Ok(Self::Unreadable),
            Err(error) => Err(error),
        }
    }

    pub(in crate::service) fn readable(&self) -> Option<&T> {
        if let Self::Readable(known) = self { Some(known) } else { None }
    }

    pub(in crate::service) fn put(&self, wanted: &T) -> Put {
        match self {
            Self::Nothing => Put::Created,
            Self::Readable(known) if known == wanted => Put::Unchanged,
            Self::Readable(_) | Self::Unreadable => Put::Replaced,
        }
    }
}

impl ApplyReport {
    fn count(&mut self, put: Put) {
        match put {
            Put::Created => self.created += 1,
            Put::Replaced => self.replaced += 1,
            Put::Unchanged => self.unchanged += 1,
        }
    }
}

impl TrustDocument {
    /// Reads a document in JSON, and checks every member of it before anything is stored.
    pub fn parse(text: &[u8], dev: bool) -> Result<Self, FieldError> {
        let document: Self = json::from_slice(text).map_err(|error| FieldError::new("trust", error))?;
        for (index, organization) in document.organizations.iter().enumerate() {
            let at = |path: &str, error: FieldError| {
                FieldError::new(format!("organizations[{index}]{path}.{}", error.field), error.problem)
            };
            OrganizationId::parse(&organization.name)
                .map_err(|error| FieldError { field: format!("organizations[{index}].name"), ..error })?;
            for (number, issuer) in organization.trusted_issuers.iter().enumerate() {
                issuer.check(dev).map_err(|error| at(&format!(".trusted_issuers[{number}]"), error))?;
            }
            for (number, application) in organization.applications.iter().enumerate() {
                application.check().map_err(|error| at(&format!(".applications[{number}]"), error))?;
            }
        }
        document.check_names()?;
        Ok(document)
    }

    /// Nothing is there twice: which of the two would count?
    fn check_names(&self) -> Result<(), FieldError> {
        let twice = |field: String| Err(FieldError::new(field, "is there twice"));
        if let Some(index) = repeated(self.organizations.iter().map(|organization| &organization.name)) {
            return twice(format!("organizations[{index}].name"));
        }
        for (index, organization) in self.organizations.iter().enumerate() {
            let issuers = || organization.trusted_issuers.iter();
            let client_ids = organization.applications.iter().map(|application| &application.client_id);
            let found = [
                ("trusted_issuers", "name", repeated(issuers().map(|issuer| &issuer.name))),
                ("trusted_issuers", "issuer", repeated(issuers().map(|issuer| &issuer.issuer))),
                ("applications", "client_id", repeated(client_ids)),
            ];
            for (list, member, number) in found {
                if let Some(number) = number {
                    return twice(format!("organizations[{index}].{list}[{number}].{member}"));
                }
            }
        }
        Ok(())
    }
}

/// Where the first text stands that was there before.
fn repeated<'a>(texts: impl Iterator<Item = &'a String> + Clone) -> Option<usize> {
    let is_before = |index, text| texts.clone().take(index).any(|earlier| earlier == text);
    texts.clone().enumerate().find(|(index, text)| is_before(*index, *text)).map(|(index, _)| index)
}

impl SeedApplication {
    fn check(&self) -> Result<[u8; 32], FieldError> {
        check_client_id(&self.client_id)?;
        self.metadata.check()?;
        secret_digest(
            self.client_secret.as_ref().map(|secret| secret.as_str()),
            self.client_secret_sha256.as_deref(),
        )
    }
}

impl<P: Ports> Service<P> {
    /// Brings the registrations to what the document says. What it does not name stays.
    pub async fn apply(&self, document: &TrustDocument) -> Result<ApplyReport, RegistryError> {
        for (index, seed) in document.organizations.iter().enumerate() {
            self.check_seed(seed, &format!("organizations[{index}]")).await?;
        }
        let mut report = ApplyReport::default();
        for seed in &document.organizations {
            let organization = OrganizationId::parse(&seed.name)?;
            self.apply_organization(&organization, seed, &mut report).await?;
            for issuer in &seed.trusted_issuers {
                report.count(self.put_issuer(&organization, issuer).await?);
            }
            for application in &seed.applications {
                self.apply_application(&organization, application, &mut report).await?;
            }
        }
        Ok(report)
    }

    /// Applies the document whose text has this digest, if it never was: whoever starts with a document again must not
    /// undo what was changed or removed since, nor what a newer document says while nodes start one after another.
    pub async fn apply_once(&self, document: &TrustDocument, digest: &str) -> Result<Seeding, RegistryError> {
        let (store, key) = (self.ports.registry(), Key::seed_applied(digest));
        if store.get(&key).await?.is_some() {
            let last = store.get(Key::SEED_LAST).await?;
            let is_last = last.is_none_or(|last| last == digest.as_bytes());
            return Ok(if is_last { Seeding::Known } else { Seeding::Superseded });
        }
        // Where builds before this one kept the digest of the last document alone.
        if store.get(Key::SEED_APPLIED_BEFORE).await?.as_deref() == Some(digest.as_bytes()) {
            store.set(&key, b"1").await?;
            return Ok(Seeding::Known);
        }
        let report = self.apply(document).await?;
        store.set(Key::SEED_LAST, digest.as_bytes()).await?;
        store.set(&key, b"1").await?;
        Ok(Seeding::Applied(report))
    }

    /// What [`TrustDocument::parse`] can't see: issuer values that are taken by what the document does not change
    /// first.
    async fn check_seed(&self, seed: &SeedOrganization, place: &str) -> Result<(), RegistryError> {
        self.check_organization(seed.display_name.as_deref())?;
        let organization = OrganizationId::parse(&seed.name)?;
        for (number, issuer) in seed.trusted_issuers.iter().enumerate() {
            self.check_issuer(issuer).map_err(|error| {
                FieldError::new(format!("{place}.trusted_issuers[{number}].{}", error.field), error.problem)
            })?;
            let before = &seed.trusted_issuers[..number];
            match self.other_with_issuer_value(&organization, issuer).await? {
                Some(other) if !before.iter().any(|earlier| earlier.name == other) => {
                    let field = format!("{place}.trusted_issuers[{number}].issuer");
                    return Err(FieldError::new(field, "is that of another trusted issuer").into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn apply_organization(
        &self,
        organization: &OrganizationId,
        seed: &SeedOrganization,
        report: &mut ApplyReport,
    ) -> Result<(), RegistryError> {
        match self.organization(organization).await {
            Ok(known) if seed.display_name.is_none() || known.display_name == seed.display_name => {
                // Somebody may repeat what failed halfway.
                self.changed(organization).await?;
                report.unchanged += 1;
                return Ok(());
            }
            // What the document says takes the place of a record that can't be read.
            Ok(_)
            | Err(RegistryError::OrganizationUnknown | RegistryError::Store(StoreError::Unreadable(_))) => {}
            Err(error) => return Err(error),
        }
        if self.put_organization(organization, seed.display_name.as_deref()).await? {
            report.created += 1;
        } else {
            report.replaced += 1;
        }
        Ok(())
    }

    async fn apply_application(
        &self,
        organization: &OrganizationId,
        seed: &SeedApplication,
        report: &mut ApplyReport,
    ) -> Result<(), RegistryError> {
        report.count(self.put_application(organization, seed).await?.0);
        Ok(())
    }

    /// Refuses what [`put_application`](Self::put_application) would refuse, and changes nothing.
    pub fn check_application(&self, seed: &SeedApplication) -> Result<(), RegistryError> {
        Ok(seed.check().map(drop)?)
    }

    /// Creates or replaces an application that brings its own identifier and secret.
    pub async fn put_application(
        &self,
        organization: &OrganizationId,
        seed: &SeedApplication,
    ) -> Result<(Put, Application), RegistryError> {
        let secret_sha256 = seed.check()?;
        self.require(organization).await?;
        self.change(organization, async {
            let known = Known::of(self.load_application(organization, &seed.client_id).await)?;
            let created_at =
                known.readable().map_or_else(|| self.ports.clock().now(), |known| known.created_at);
            let client_id = seed.client_id.to_string();
            let wanted =
                Application { client_id, secret_sha256, created_at, metadata: seed.metadata.clone() };
            let put = known.put(&wanted);
            if put != Put::Unchanged {
                self.write_application(organization, &wanted).await?;
            }
            Ok((put, wanted))
        })
        .await
    }
}
