//! The token request, read from HTTP (R10 to R16, R20, R22) or handed over by a host.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::application::JWT_BEARER;
use crate::client_auth::ClientCredentials;
use crate::oauth::{Form, MAX_ASSERTION, MAX_BODY, MAX_PARAMETER, Reason};

/// How many resources may be asked for (R13).
const MAX_RESOURCES: usize = 8;

/// The parts of an HTTP request that the token endpoint reads.
#[derive(Clone, Copy)]
pub struct HttpTokenRequest<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The query string, without the `?`.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// A request for an access token under the JWT bearer grant.
#[derive(Clone)]
pub struct TokenRequest {
    /// Who asks; `None`: no credentials were presented (R21).
    pub credentials: Option<ClientCredentials>,
    /// The assertion, as it came.
    pub assertion: String,
    /// The scope asked for, unparsed.
    pub scope: Option<String>,
    /// The resources asked for (RFC 8707), each once.
    pub resources: Vec<String>,
}

impl TokenRequest {
    /// Reads a request to the token endpoint, refusing what is not one.
    pub fn from_http(request: HttpTokenRequest<'_>) -> Result<Self, Reason> {
        if request.method != "POST" {
            return Err(Reason::MethodNotAllowed);
        }
        if request.body.len() > MAX_BODY {
            return Err(Reason::RequestTooLarge);
        }
        check_query(request.query)?;
        if !is_form(request.content_type) {
            return Err(Reason::WrongMediaType);
        }
        let form = Form::parse(request.body)?;
        match form.one("grant_type")? {
            None => return Err(Reason::GrantTypeMissing),
            Some(JWT_BEARER) => {}
            Some(_) => return Err(Reason::GrantTypeUnsupported),
        }
        let assertion = form.one("assertion")?.ok_or(Reason::AssertionMissing)?;
        let scope = form.one("scope")?;
        let resources = form.several("resource", MAX_RESOURCES)?;
        let credentials = ClientCredentials::read(request.authorization, &form)?;
        Self::checked(credentials, assertion, scope, resources)
    }

    /// A request that a host hands over. Empty text counts as absent.
    pub fn new<'a>(
        credentials: ClientCredentials,
        assertion: &str,
        scope: Option<&str>,
        resources: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Reason> {
        if assertion.is_empty() {
            return Err(Reason::AssertionMissing);
        }
        let scope = scope.filter(|scope| !scope.is_empty());
        let resources = resources.into_iter().filter(|resource| !resource.is_empty());
        Self::checked(Some(credentials), assertion, scope, resources)
    }

    /// R15: limits before anything is looked at more closely, so that nobody is asked who sends too much.
    fn checked<'a>(
        credentials: Option<ClientCredentials>,
        assertion: &str,
        scope: Option<&str>,
        resources: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Reason> {
        if assertion.len() > MAX_ASSERTION {
            return Err(Reason::AssertionTooLarge);
        }
        if scope.is_some_and(|scope| scope.len() > MAX_PARAMETER) {
            return Err(Reason::ParameterTooLarge);
        }
        let mut kept: Vec<String> = Vec::new();
        for resource in resources {
            if resource.len() > MAX_PARAMETER {
                return Err(Reason::ParameterTooLarge);
            }
            if !kept.iter().any(|known| known == resource) {
                kept.push(resource.to_string());
            }
            if kept.len() > MAX_RESOURCES {
                return Err(Reason::ParameterRepeated);
            }
        }
        let (assertion, scope) = (assertion.to_string(), scope.map(ToString::to_string));
        Ok(Self { credentials, assertion, scope, resources: kept })
    }
}

/// R22: query strings end up in logs, so nothing secret may stand there.
fn check_query(query: Option<&str>) -> Result<(), Reason> {
    let query = Form::parse(query.unwrap_or_default().as_bytes())?;
    let secret = ["client_id", "client_secret", "assertion"].iter().any(|name| query.has(name));
    if secret { Err(Reason::CredentialsInQuery) } else { Ok(()) }
}

/// R11: parameters such as `charset` are fine.
fn is_form(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
