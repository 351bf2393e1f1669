//! What an administrator says in an organization's metadata: members that no registration tells (R67).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::scope::is_token;
use crate::field::FieldError;
use crate::json::{Object, Value};
use crate::keys::check_uri;

/// Members of an organization's metadata that an administrator answers for: [`StatedMetadata::read`] alone makes them, so that
/// none of them is a member of ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct StatedMetadata(Object);

/// Members of an organization's metadata that an administrator answers for. No other member can be stated.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "StatedMetadata", deny_unknown_fields)]
#[expect(dead_code, reason = "a shape: StatedMetadata reads it")]
pub(crate) struct WrittenMetadata {
    /// Scopes that clients may ask for, 1 to 256, each once and at most 256 bytes. None is granted because it stands here.
    #[schemars(length(min = 1, max = 256), inner(length(min = 1, max = 256)), extend("uniqueItems" = true))]
    scopes_supported: Option<Vec<String>>,
    /// The resource identifiers of the APIs that take our tokens (RFC 9728), 1 to 64, each once: `https`, no credentials, no
    /// fragment, at most 2048 bytes.
    #[schemars(length(min = 1, max = 64), inner(length(max = 2048)), extend("uniqueItems" = true))]
    protected_resources: Option<Vec<String>>,
    /// Where people read how a client is registered: `https`, no credentials, no fragment, at most 2048 bytes.
    #[schemars(length(max = 2048))]
    service_documentation: Option<String>,
    /// For clients that take no metadata without one: `https`, no credentials, no fragment, at most 2048 bytes. Asserta has no
    /// grant that uses it, and `response_types_supported` stays empty.
    #[schemars(length(max = 2048))]
    authorization_endpoint: Option<String>,
}

/// What a member holds.
#[derive(Clone, Copy)]
enum Content {
    /// A URL.
    Url,
    /// At most so many scopes.
    Scopes(usize),
    /// At most so many URLs.
    Urls(usize),
}

/// All that can be stated.
const MEMBERS: [(&str, Content); 4] = [
    ("scopes_supported", Content::Scopes(256)),
    ("protected_resources", Content::Urls(64)),
    ("service_documentation", Content::Url),
    ("authorization_endpoint", Content::Url),
];

impl StatedMetadata {
    /// Reads what is stated. A member that is `null` is as good as absent. `dev`: URLs may be `http://` on this machine.
    ///
    /// # Errors
    /// The member that can't be accepted or can't be stated, and why.
    // Once in the component, not in each use case.
    #[inline(never)]
    pub fn read(mut document: Object, dev: bool) -> Result<Self, FieldError> {
        let mut stated = Object::new();
        for (name, content) in MEMBERS {
            let Some(value) = document.remove(name).filter(|value| *value != Value::Null) else { continue };
            match content {
                Content::Url => check_url(name, &value, dev)?,
                Content::Scopes(most) => check_list(name, &value, most, check_scope)?,
                Content::Urls(most) => check_list(name, &value, most, |at, url| check_url(at, url, dev))?,
            }
            stated.insert(name, value);
        }
        match document.iter().next() {
            None => Ok(Self(stated)),
            Some((name, _)) => {
                let known = MEMBERS.map(|(name, _)| name).join(", ");
                Err(FieldError::new(name, format!("can not be stated; these can: {known}")))
            }
        }
    }

    /// The members, as they are stored.
    pub(crate) fn members(&self) -> &Object {
        &self.0
    }

    /// Adds them to a document that has none of them.
    pub(super) fn add_to(&self, document: &mut serde_json::Value) {
        let text = |value: &Value| serde_json::Value::from(value.as_str().unwrap_or_default());
        for (name, value) in self.0.iter() {
            document[name] = match value.as_array() {
                Some(texts) => texts.iter().map(text).collect::<Vec<_>>().into(),
                None => text(value),
            };
        }
    }
}

fn check_url(field: &str, value: &Value, dev: bool) -> Result<(), FieldError> {
    check_uri(field, value.as_str().ok_or_else(|| FieldError::new(field, "must be a string"))?, dev)
}

fn check_scope(field: &str, value: &Value) -> Result<(), FieldError> {
    match value.as_str() {
        Some(scope) if scope.len() <= 256 && is_token(scope) => Ok(()),
        _ => Err(FieldError::new(field, "must be one scope (RFC 6749 section 3.3)")),
    }
}

/// A list has elements, or it is absent (RFC 8414 section 3.2).
fn check_list(
    field: &str,
    value: &Value,
    most: usize,
    check: impl Fn(&str, &Value) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    let elements = value.as_array().unwrap_or_default();
    if elements.is_empty() || elements.len() > most {
        return Err(FieldError::new(field, format!("must be a list of 1 to {most} strings")));
    }
    for (index, element) in elements.iter().enumerate() {
        let place: String = format!("{field}[{index}]");
        check(&place, element)?;
        if elements[..index].contains(element) {
            return Err(FieldError::new(place, "is there twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;
    use crate::json;

    fn read(text: &str, dev: bool) -> Result<StatedMetadata, FieldError> {
        StatedMetadata::read(json::parse_object(text.as_bytes()).expect("an object"), dev)
    }

    /// R67: what is stated is kept as it is written, and nothing else.
    #[test]
    fn what_can_be_stated() {
        let all = r#"{"scopes_supported":["read","write"],"protected_resources":["https://api.example/v1?x=1"],"service_documentation":"https://docs.example/","authorization_endpoint":"https://sign-in.example/authorize"}"#;
        assert_eq!(json::to_text(&read(all, false).expect("acceptable")), all);
        for nothing in ["{}", r#"{"scopes_supported":null,"authorization_endpoint":null}"#] {
            assert_eq!(read(nothing, false), Ok(StatedMetadata::default()));
        }
        let local = r#"{"service_documentation":"http://127.0.0.1:8080/docs"}"#;
        assert!(read(local, true).is_ok());
        assert_eq!(read(local, false).expect_err("without dev").field, "service_documentation");
    }

    /// R67, R61: what can't be is refused, and the member at fault is named.
    #[test]
    fn what_can_not_be_stated() {
        let texts = |count: usize| {
            let texts: Vec<String> = (0..count).map(|number| format!("\"s{number}\"")).collect();
            format!("[{}]", texts.join(","))
        };
        let long = "x".repeat(257);
        for (member, value, field) in [
            // Members of ours, of other standards, and of nobody.
            ("issuer", "\"https://evil.example\"", "issuer"),
            ("token_endpoint", "\"https://evil.example\"", "token_endpoint"),
            ("jwks_uri", "\"https://evil.example\"", "jwks_uri"),
            ("response_types_supported", "[\"code\"]", "response_types_supported"),
            ("grant_types_supported", "[\"password\"]", "grant_types_supported"),
            ("registration_endpoint", "\"https://as.example/r\"", "registration_endpoint"),
            ("signed_metadata", "\"a.b.c\"", "signed_metadata"),
            ("issuer", "null", "issuer"),
            ("version", "1", "version"),
            ("Scopes_supported", "[\"a\"]", "Scopes_supported"),
            // Lists.
            ("scopes_supported", "\"read\"", "scopes_supported"),
            ("scopes_supported", "[]", "scopes_supported"),
            ("scopes_supported", &texts(257), "scopes_supported"),
            ("scopes_supported", &texts(10_000), "scopes_supported"),
            ("scopes_supported", "[\"a\",\"b\",\"a\"]", "scopes_supported[2]"),
            ("scopes_supported", "[\"a\",\"b c\"]", "scopes_supported[1]"),
            ("scopes_supported", "[\"a\\\"b\"]", "scopes_supported[0]"),
            ("scopes_supported", "[\"a\\\\b\"]", "scopes_supported[0]"),
            ("scopes_supported", "[\"ä\"]", "scopes_supported[0]"),
            ("scopes_supported", "[\"\"]", "scopes_supported[0]"),
            ("scopes_supported", &format!("[\"{long}\"]"), "scopes_supported[0]"),
            ("scopes_supported", "[1]", "scopes_supported[0]"),
            ("protected_resources", "{}", "protected_resources"),
            ("protected_resources", "[]", "protected_resources"),
            ("protected_resources", &texts(65), "protected_resources"),
            ("protected_resources", "[\"https://a.example\",\"orders\"]", "protected_resources[1]"),
            ("protected_resources", "[\"urn:example:orders\"]", "protected_resources[0]"),
            ("protected_resources", "[\"https://a.example#x\"]", "protected_resources[0]"),
            ("protected_resources", "[[\"https://a.example\"]]", "protected_resources[0]"),
            (
                "protected_resources",
                "[\"https://a.example\",\"https://a.example\"]",
                "protected_resources[1]",
            ),
            // URLs.
            ("service_documentation", "[\"https://docs.example\"]", "service_documentation"),
            ("service_documentation", "\"javascript:alert(1)\"", "service_documentation"),
            ("service_documentation", "\"data:text/html,x\"", "service_documentation"),
            ("service_documentation", "\"http://docs.example\"", "service_documentation"),
            ("authorization_endpoint", "\"javascript://a.example/%0aalert(1)\"", "authorization_endpoint"),
            ("authorization_endpoint", "\"https://user:pass@a.example\"", "authorization_endpoint"),
            ("authorization_endpoint", "\"https://a.example/#x\"", "authorization_endpoint"),
            ("authorization_endpoint", "\"https://a.example/\\u0000\"", "authorization_endpoint"),
            ("authorization_endpoint", "\" https://a.example\"", "authorization_endpoint"),
            ("authorization_endpoint", "\"/authorize\"", "authorization_endpoint"),
            ("authorization_endpoint", "true", "authorization_endpoint"),
            (
                "authorization_endpoint",
                &format!("\"https://a.example/{}\"", "x".repeat(2048)),
                "authorization_endpoint",
            ),
        ] {
            let document = format!("{{\"{member}\":{value}}}");
            // Nothing of this is allowed while developing either.
            for dev in [false, true] {
                let refused = read(&document, dev).expect_err(&document);
                assert_eq!(refused.field, field, "{document}");
                assert!(!refused.to_string().contains("evil"), "{refused}");
            }
        }
    }

    /// R67: a member that can be stated is none of ours, so that what is stated replaces nothing.
    #[test]
    fn nothing_is_overridden() {
        use crate::jose::SigningAlgorithm;
        use crate::oauth::{Offered, metadata};
        use crate::organization::{OrganizationId, OrganizationUrls};

        let urls = OrganizationUrls::new("https://as.example", &OrganizationId::default_organization());
        let offered =
            Offered { without_client: true, id_jag: true, token_exchange: true, ..Offered::default() };
        let plain = metadata(&urls, &[SigningAlgorithm::Es256], &offered);
        let plain = json::parse_object(&plain).expect("an object");
        for (name, _) in MEMBERS {
            assert_eq!(plain.get(name), None, "{name}");
        }
    }
}
