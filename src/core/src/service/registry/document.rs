//! A document of registrations: organizations, trusted issuers and applications in one piece (the setting `trust`, and
//! `asserta apply`).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::application::{ApplicationMetadata, check_client_id, check_metadata, secret_digest};
use crate::field::{FieldError, check_segment};
use crate::json::{self, JsonError, Object, Value};
use crate::oauth::{ClientAuthMethod, StatedMetadata};
use crate::organization::OrganizationId;
use crate::trust::{Issuer, TrustedIssuer};

use super::organizations::check_display_name;

/// A seed document.
#[derive(Clone, Default, PartialEq)]
pub struct TrustDocument {
    /// The organizations.
    pub organizations: Vec<SeedOrganization>,
}

/// An organization of a seed document.
#[derive(Clone, PartialEq)]
pub struct SeedOrganization {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// What is stated in its metadata.
    pub metadata: Option<Object>,
    /// Its trusted issuers.
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// Its applications.
    pub applications: Vec<SeedApplication>,
}

/// Organizations with all that they trust.
// An application is read by itself, so that its members are named by their place.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TrustDocument"))]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenDocument {
    /// The schema of this document, for editors: `asserta apply --schema` prints it. It is left aside.
    #[serde(default, rename = "$schema")]
    #[expect(dead_code, reason = "editors read it")]
    schema: Option<String>,
    /// The organizations.
    #[serde(default)]
    organizations: Vec<WrittenOrganization>,
}

/// An organization of a document of registrations.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TrustDocumentOrganization"))]
#[serde(deny_unknown_fields)]
struct WrittenOrganization {
    /// Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$")))]
    name: String,
    /// Its name for people, at most 256 bytes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    display_name: Option<String>,
    /// What its administrator states in its metadata, in the place of what was stated before. Absent: that stays.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::oauth::WrittenMetadata>"))]
    metadata: Option<Object>,
    /// Its trusted issuers.
    #[serde(default)]
    trusted_issuers: Vec<TrustedIssuer>,
    /// Its applications.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<WrittenApplication>"))]
    applications: Vec<Object>,
}

/// An application of a document of registrations: what it may do, its identifier, and at most one of the two members for
/// its secret. Neither: the secret of the application that is there stays, or it authenticates with `private_key_jwt`.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "TrustDocumentApplication", deny_unknown_fields)]
#[expect(dead_code, reason = "a shape: SeedApplication reads it")]
struct WrittenApplication {
    /// Its identifier: 1 to 128 letters, digits, `-`, `.`, `_` or `~`, and neither `.` nor `..`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._~-]{1,128}$"))]
    client_id: String,
    /// Its secret, 32 to 256 bytes, which should hold 256 random bits.
    #[schemars(length(max = 256))]
    client_secret: Option<String>,
    /// The SHA-256 of its secret, as 64 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    client_secret_sha256: Option<String>,
    /// When it was registered. It is read and left aside.
    client_id_issued_at: Option<serde_json::Value>,
    /// What of its keys is not used. It is read and left aside.
    skipped_keys: Option<serde_json::Value>,
    /// What about it may not be meant so. It is read and left aside.
    warnings: Option<serde_json::Value>,
    #[serde(flatten)]
    metadata: ApplicationMetadata,
}

impl WrittenOrganization {
    fn read(self, index: usize) -> Result<SeedOrganization, JsonError> {
        let mut applications = Vec::new();
        for (number, members) in self.applications.into_iter().enumerate() {
            applications.push(SeedApplication::try_from(members).map_err(|error| match error {
                JsonError::Member { path, problem } => JsonError::Member {
                    path: format!("organizations[{index}].applications[{number}].{path}"),
                    problem,
                },
                error => error,
            })?);
        }
        let Self { name, display_name, metadata, trusted_issuers, .. } = self;
        Ok(SeedOrganization { name, display_name, metadata, trusted_issuers, applications })
    }
}

/// An application of a seed document: the members of [`ApplicationMetadata`], and its own `client_id`
/// with `client_secret` (at least 32 bytes) or `client_secret_sha256` (64 hexadecimal digits), or neither where it is
/// there and its secret stays. When it was made, which is shown of it, is ours alone and left aside.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(try_from = "Object")]
pub struct SeedApplication {
    pub(in crate::service) client_id: String,
    client_secret: Option<Zeroizing<String>>,
    client_secret_sha256: Option<String>,
    pub(in crate::service) metadata: ApplicationMetadata,
}

impl TryFrom<Object> for SeedApplication {
    type Error = JsonError;

    fn try_from(mut members: Object) -> Result<Self, JsonError> {
        let mut text = |name: &str| match members.remove(name) {
            None | Some(Value::Null) => Ok(None),
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
        members.remove("client_id_issued_at");
        members.remove("skipped_keys");
        members.remove("warnings");
        let metadata = json::from_value(members.into())?;
        Ok(Self { client_id, client_secret, client_secret_sha256, metadata })
    }
}

impl TrustDocument {
    /// Reads a document in JSON, and checks every member of it before anything is stored.
    pub fn parse(text: &[u8], dev: bool) -> Result<Self, FieldError> {
        let read = json::from_slice(text).and_then(Self::of);
        let document = read.map_err(|error| FieldError::new("trust", error))?;
        document.check(dev)?;
        Ok(document)
    }

    /// Reads a document whose members are yet to be checked.
    pub fn read(document: Value) -> Result<Self, JsonError> {
        Self::of(json::from_value(document)?)
    }

    fn of(written: WrittenDocument) -> Result<Self, JsonError> {
        let organizations = written.organizations.into_iter().enumerate();
        let organizations = organizations.map(|(index, organization)| organization.read(index));
        Ok(Self { organizations: organizations.collect::<Result<_, _>>()? })
    }

    /// Checks every member, but for what only the registrations that are there tell.
    pub fn check(&self, dev: bool) -> Result<(), FieldError> {
        for (index, organization) in self.organizations.iter().enumerate() {
            let at = |path: &str, error: FieldError| {
                FieldError::new(format!("organizations[{index}]{path}.{}", error.field), error.problem)
            };
            OrganizationId::parse(&organization.name)
                .map_err(|error| FieldError { field: format!("organizations[{index}].name"), ..error })?;
            check_display_name(organization.display_name.as_deref()).map_err(|error| at("", error))?;
            organization.stated_metadata(dev).map_err(|error| at("", error))?;
            for (number, issuer) in organization.trusted_issuers.iter().enumerate() {
                Issuer::check(issuer, dev)
                    .map_err(|error| at(&format!(".trusted_issuers[{number}]"), error))?;
            }
            for (number, application) in organization.applications.iter().enumerate() {
                application.check(dev).map_err(|error| at(&format!(".applications[{number}]"), error))?;
            }
        }
        self.check_names()
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
            for (number, application) in organization.applications.iter().enumerate() {
                if issuers().any(|issuer| issuer.has_label(&application.client_id)) {
                    let field = format!("organizations[{index}].applications[{number}].client_id");
                    return Err(FieldError::new(field, "is the label of a rule without a client (R29)"));
                }
            }
        }
        Ok(())
    }
}

impl SeedOrganization {
    /// What it says of its metadata; `None`: what is stated stays.
    pub(super) fn stated_metadata(&self, dev: bool) -> Result<Option<StatedMetadata>, FieldError> {
        let read = self.metadata.clone().map(|metadata| StatedMetadata::read(metadata, dev)).transpose();
        read.map_err(|error| FieldError { field: format!("metadata.{}", error.field), ..error })
    }
}

/// Where the first text stands that was there before.
fn repeated<'a>(texts: impl Iterator<Item = &'a String> + Clone) -> Option<usize> {
    let is_before = |index, text| texts.clone().take(index).any(|earlier| earlier == text);
    texts.clone().enumerate().find(|(index, text)| is_before(*index, *text)).map(|(index, _)| index)
}

impl SeedApplication {
    /// Whether it says what its secret is.
    fn brings_secret(&self) -> bool {
        self.client_secret.is_some() || self.client_secret_sha256.is_some()
    }

    /// Whether it says all that it authenticates with: its secret, or that it has none (R27).
    pub(super) fn brings_credentials(&self) -> bool {
        self.brings_secret() || self.is_by_jwt()
    }

    /// Whether it authenticates by JWT, and so without a secret.
    pub(super) fn is_by_jwt(&self) -> bool {
        self.metadata.token_endpoint_auth_method == ClientAuthMethod::PrivateKeyJwt
    }

    /// Checks every member, and gives the secret's digest. `None`: the secret of the application that is there stays, or it
    /// authenticates by JWT.
    pub(super) fn check(&self, dev: bool) -> Result<Option<[u8; 32]>, FieldError> {
        check_client_id(&self.client_id)?;
        check_segment("client_id", &self.client_id)?;
        check_metadata(&self.metadata, dev)?;
        if !self.brings_secret() {
            return Ok(None);
        }
        if self.is_by_jwt() {
            let member = if self.client_secret.is_some() { "client_secret" } else { "client_secret_sha256" };
            return Err(FieldError::new(member, "is not for applications with private_key_jwt"));
        }
        let secret = self.client_secret.as_ref().map(|secret| secret.as_str());
        secret_digest(secret, self.client_secret_sha256.as_deref()).map(Some)
    }
}
