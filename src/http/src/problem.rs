//! Errors of the admin API, and of paths that nothing serves: problem details after RFC 9457.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use asserta_core::field::FieldError;
use asserta_core::ports::StoreError;
use asserta_core::service::{Applied, ApplyError, RegistryError};
use serde::Serialize;

use crate::endpoint::NotStarted;
use crate::response::{Response, json};

/// What is wrong. Of what the caller sent it names members and parameters, and what is not there, quoted.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// Which kind of problem it is: stable, for programs.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// What it is about this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The member, parameter or path segment at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Of a document that was not applied to its end: what became of its registrations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<Applied>,
}

impl Problem {
    const fn new(status: u16, kind: &'static str, title: &'static str) -> Self {
        Self { kind, title, status, detail: None, field: None, items: Vec::new() }
    }

    /// Adds what it is about this time.
    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Adds the member at fault.
    pub(crate) fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Whether something is not there.
    pub(crate) const fn is_missing(&self) -> bool {
        self.status == 404
    }

    /// Whether it says more than its kind does.
    pub(crate) const fn has_detail(&self) -> bool {
        self.detail.is_some()
    }

    /// A member that can't be accepted.
    pub(crate) fn invalid(error: &FieldError) -> Self {
        let detail = if error.field.is_empty() { error.problem.clone() } else { error.to_string() };
        let problem = Self::new(400, "urn:asserta:problem:invalid", "The request can not be accepted");
        let problem = problem.detail(detail);
        if error.field.is_empty() { problem } else { problem.field(error.field.clone()) }
    }

    /// The path has a malformed percent-encoding, or is not UTF-8.
    pub(crate) fn malformed_path() -> Self {
        Self::invalid(&FieldError::new("", "The path is not well-formed: percent-encoded UTF-8 is expected"))
    }

    /// No bearer token, or a wrong one.
    pub(crate) const fn unauthorized() -> Self {
        Self::new(401, "urn:asserta:problem:unauthorized", "The admin token is missing or wrong")
    }

    /// Nothing is there.
    pub(crate) const fn not_found() -> Self {
        Self::new(404, "urn:asserta:problem:not-found", "There is no such thing")
    }

    /// The path exists, but not with this method.
    pub(crate) const fn method_not_allowed() -> Self {
        Self::new(405, "urn:asserta:problem:method-not-allowed", "The method is not allowed here")
    }

    /// What is there has another form than the client takes.
    pub(crate) const fn not_acceptable() -> Self {
        Self::new(406, "urn:asserta:problem:not-acceptable", "It is served compressed with gzip alone")
    }

    /// A unique value is taken.
    pub(crate) const fn taken() -> Self {
        Self::new(409, "urn:asserta:problem:taken", "The value is taken in this organization")
    }

    /// What is there is not what the request was made for.
    pub(crate) const fn precondition_failed() -> Self {
        Self::new(
            412,
            "urn:asserta:problem:precondition-failed",
            "What is there is not what If-Match or If-None-Match wants",
        )
    }

    /// The body is larger than the admin API reads.
    pub(crate) const fn too_large() -> Self {
        Self::new(413, "urn:asserta:problem:too-large", "The request body exceeds 64 KiB")
    }

    /// The body is not JSON by its media type.
    pub(crate) const fn unsupported_media_type() -> Self {
        Self::new(415, "urn:asserta:problem:unsupported-media-type", "The body must be application/json")
    }

    /// A setting of the installation is unusable.
    pub(crate) const fn misconfigured() -> Self {
        Self::new(
            503,
            "urn:asserta:problem:misconfigured",
            "The server has an unusable setting; its log names it",
        )
    }

    /// The store does not answer, or others hold the registrations up.
    pub(crate) const fn unavailable() -> Self {
        Self::new(
            503,
            "urn:asserta:problem:unavailable",
            "The server can not answer at the moment; try again",
        )
    }

    /// The response, with the headers of R1 but for its media type.
    pub(crate) fn response(&self) -> Response {
        let mut response = json(self.status, self);
        for (name, value) in &mut response.headers {
            if *name == "content-type" {
                "application/problem+json".clone_into(value);
            }
        }
        match self.status {
            401 => response.headers.push(("www-authenticate", "Bearer realm=\"asserta admin\"".to_owned())),
            503 => response.headers.push(("retry-after", "5".to_owned())),
            _ => {}
        }
        response
    }

    /// The response to a method that a path does not have; `allow` lists those it has (RFC 9110 section 15.5.6).
    pub(crate) fn response_allowing(allow: &'static str) -> Response {
        let mut response = Self::method_not_allowed().response();
        response.headers.push(("allow", allow.to_owned()));
        response
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::invalid(&error)
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let detail = error.to_string();
        match error {
            RegistryError::Invalid(error) => Self::invalid(&error),
            RegistryError::NameTaken => Self::taken().detail(detail).field("name"),
            RegistryError::IssuerTaken(_) => Self::taken().detail(detail).field("issuer"),
            RegistryError::ClientIdTaken => Self::taken().detail(detail).field("client_id"),
            RegistryError::LabelTaken(rule) => {
                Self::taken().detail(detail).field(format!("rules[{rule}].client_id"))
            }
            RegistryError::OrganizationUnknown => Self::not_found().detail(detail),
            RegistryError::NotFound => Self::not_found(),
            RegistryError::PreconditionFailed => Self::precondition_failed(),
            RegistryError::Busy | RegistryError::Store(_) => Self::unavailable().detail(detail),
        }
    }
}

impl From<ApplyError> for Problem {
    fn from(ApplyError { place, error, applied }: ApplyError) -> Self {
        let problem = match error {
            RegistryError::Invalid(error) => {
                Self::invalid(&FieldError::new(format!("{place}.{}", error.field), error.problem))
            }
            error => {
                let problem = Self::from(error);
                let field = match &problem.field {
                    Some(field) => format!("{place}.{field}"),
                    None => place,
                };
                problem.field(field)
            }
        };
        Self { items: applied, ..problem }
    }
}

impl From<NotStarted> for Problem {
    fn from(error: NotStarted) -> Self {
        match error {
            NotStarted::BadSetting => Self::misconfigured(),
            NotStarted::StoreUnavailable => RegistryError::from(StoreError::Unavailable).into(),
        }
    }
}
