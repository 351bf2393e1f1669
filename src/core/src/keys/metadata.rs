//! An issuer's metadata, of which one member counts: where its keys are (R54; OpenID Connect Discovery 1.0 sections 3 and
//! 4, RFC 8414 sections 2 and 3).

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

use super::address::check_uri;
use crate::field::FieldError;
use crate::jose::key::Form;
use crate::json::{self, JsonError, Value};

/// Where an issuer's metadata is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataAddress {
    /// Where it is fetched.
    pub uri: String,
    /// Where it is fetched instead, if there is none (404).
    pub otherwise: Option<String>,
}

impl MetadataAddress {
    /// Reads the member `discovery`: `true`, or the URL of the metadata.
    pub(super) fn read(value: &Value, issuer: &str, dev: bool) -> Result<Self, FieldError> {
        match value {
            Value::Bool(true) => Self::of_issuer(issuer, dev),
            Value::String(uri) => {
                check_uri("discovery", uri, dev)?;
                Ok(Self { uri: uri.clone(), otherwise: None })
            }
            _ => Err(FieldError::new("discovery", "must be true or the URL of the metadata")),
        }
    }

    /// The well-known addresses of an issuer: a slash at its end is left out (OpenID Connect Discovery 1.0 section 4.1);
    /// RFC 8414 section 3.1 puts the well-known part before the path.
    fn of_issuer(issuer: &str, dev: bool) -> Result<Self, FieldError> {
        let error = |problem: &str| {
            FieldError::new("discovery", format!("needs a URL as the issuer, which {problem}"))
        };
        check_uri("issuer", issuer, dev).map_err(|refused| error(&refused.problem))?;
        if issuer.contains('?') {
            return Err(error("must not have a query"));
        }
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        let host = base.find("://").map_or(0, |place| place + 3);
        let path = base[host..].find('/').map_or(base.len(), |place| host + place);
        let (origin, path) = base.split_at(path);
        Ok(Self {
            uri: format!("{base}/.well-known/openid-configuration"),
            otherwise: Some(format!("{origin}/.well-known/oauth-authorization-server{path}")),
        })
    }
}

/// What is wrong with an issuer's metadata. Nothing in it comes from the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataProblem {
    /// Not a strict JSON object.
    NotJson(JsonError),
    /// PEM, HTML or UTF-16.
    OtherForm(Form),
    /// No text `issuer`.
    NoIssuer,
    /// Its `issuer` is not the registered one, byte for byte.
    OtherIssuer,
    /// No text `jwks_uri`.
    NoJwksUri,
    /// Its `jwks_uri` is none that keys are fetched from (R50).
    BadJwksUri(String),
}

impl fmt::Display for MetadataProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(error) => error.fmt(formatter),
            Self::OtherForm(form) => write!(formatter, "this is {form}, not JSON"),
            Self::NoIssuer => formatter.write_str("it names no issuer"),
            Self::OtherIssuer => formatter.write_str(
                "it names another issuer than the registered one: case and a slash at the end count",
            ),
            Self::NoJwksUri => formatter.write_str("it has no jwks_uri"),
            Self::BadJwksUri(problem) => write!(formatter, "its jwks_uri {problem}"),
        }
    }
}

impl core::error::Error for MetadataProblem {}

/// Where the metadata of this issuer says that its keys are. A byte order mark is ignored (RFC 8259 section 8.1).
pub(crate) fn jwks_uri(document: &[u8], issuer: &str, dev: bool) -> Result<String, MetadataProblem> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let metadata = json::parse_object(document).map_err(|error| match Form::of(document) {
        Some(form) if form != Form::Json => MetadataProblem::OtherForm(form),
        _ => MetadataProblem::NotJson(error),
    })?;
    let text = |member: &str| metadata.get(member).and_then(Value::as_str);
    match text("issuer") {
        None => return Err(MetadataProblem::NoIssuer),
        Some(named) if named != issuer => return Err(MetadataProblem::OtherIssuer),
        Some(_) => {}
    }
    let uri = text("jwks_uri").ok_or(MetadataProblem::NoJwksUri)?;
    check_uri("jwks_uri", uri, dev).map_err(|error| MetadataProblem::BadJwksUri(error.problem))?;
    Ok(uri.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://idp.example";

    fn address(value: impl Into<Value>, issuer: &str) -> Result<(String, Option<String>), FieldError> {
        MetadataAddress::read(&value.into(), issuer, false).map(|address| (address.uri, address.otherwise))
    }

    /// R54: both places, with and without a path, and a slash at the end.
    #[test]
    fn where_metadata_is() {
        for (issuer, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example:8443/x/y",
                "https://a.example:8443/x/y/.well-known/openid-configuration",
                "https://a.example:8443/.well-known/oauth-authorization-server/x/y",
            ),
            (
                "https://[::1]/x/",
                "https://[::1]/x/.well-known/openid-configuration",
                "https://[::1]/.well-known/oauth-authorization-server/x",
            ),
        ] {
            assert_eq!(address(true, issuer), Ok((openid.into(), Some(oauth.into()))), "{issuer}");
        }
        let elsewhere = "https://b.example/metadata?x=1";
        assert_eq!(address(elsewhere, "anything"), Ok((elsewhere.into(), None)));
    }

    /// R50, R54: what is discovered is a URL like any other.
    #[test]
    fn where_no_metadata_can_be() {
        for issuer in [
            "partner",
            "",
            "urn:x",
            "http://a.example",
            "https://user@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "https://a.example:99999",
            "https://",
        ] {
            assert_eq!(address(true, issuer).expect_err(issuer).field, "discovery", "{issuer}");
        }
        for value in
            [Value::Bool(false), Value::Null, "http://a.example/".into(), "x".into(), Value::Array([].into())]
        {
            assert_eq!(MetadataAddress::read(&value, ISSUER, true).expect_err("refused").field, "discovery");
        }
        assert!(MetadataAddress::read(&true.into(), "http://127.0.0.1:8080", true).is_ok());
        assert!(MetadataAddress::read(&true.into(), "http://127.0.0.1:8080", false).is_err());
    }

    /// R54: what metadata may not say, and that it is told without its content.
    #[test]
    fn metadata_that_counts_for_nothing() {
        let read = |text: &str| jwks_uri(text.as_bytes(), ISSUER, false);
        let good = r#"{"issuer":"https://idp.example","jwks_uri":"https://keys.example/jwks","x":[1]}"#;
        assert_eq!(read(good), Ok("https://keys.example/jwks".into()));
        assert_eq!(read(&format!("\u{feff}{good}")), Ok("https://keys.example/jwks".into()));
        for (text, told) in [
            ("", "ends too early"),
            ("<html>", "HTML"),
            ("[]", "not a JSON object"),
            (r#"{"jwks_uri":"https://secret.example/jwks"}"#, "names no issuer"),
            (
                r#"{"issuer":["https://idp.example"],"jwks_uri":"https://secret.example/jwks"}"#,
                "names no issuer",
            ),
            (
                r#"{"issuer":"https://idp.example/","jwks_uri":"https://secret.example/jwks"}"#,
                "another issuer",
            ),
            (
                r#"{"issuer":"https://IDP.example","jwks_uri":"https://secret.example/jwks"}"#,
                "another issuer",
            ),
            (
                r#"{"issuer":"https://secret.example","jwks_uri":"https://idp.example/jwks"}"#,
                "another issuer",
            ),
            (r#"{"issuer":"https://idp.example"}"#, "no jwks_uri"),
            (r#"{"issuer":"https://idp.example","jwks_uri":null}"#, "no jwks_uri"),
            (r#"{"issuer":"https://idp.example","jwks_uri":"http://secret.example/jwks"}"#, "https://"),
            (r#"{"issuer":"https://idp.example","jwks_uri":"http://127.0.0.1/secret"}"#, "https://"),
            (r#"{"issuer":"https://idp.example","jwks_uri":"https://u:secret@idp.example/"}"#, "credentials"),
            (r#"{"issuer":"https://idp.example","jwks_uri":"file:///secret"}"#, "jwks_uri"),
            (r#"{"issuer":"https://idp.example","jwks_uri":"/secret"}"#, "jwks_uri must be a URL"),
            (
                r#"{"issuer":"https://idp.example","issuer":"https://idp.example","jwks_uri":"https://secret.example/"}"#,
                "twice",
            ),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(told) && !refused.contains("secret"), "{text}: {refused}");
        }
        let long = format!(r#"{{"issuer":"https://idp.example","jwks_uri":"https://{}"}}"#, "x".repeat(2048));
        assert!(read(&long).expect_err("long").to_string().contains("2048 bytes"));
    }
}
