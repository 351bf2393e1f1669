//! A JWT in place of a secret: signed by a key of the application (`private_key_jwt`, RFC 7523 section 2.2, R27), or by a
//! trusted issuer that knows it (R28).

use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};

use super::authenticated::AuthenticatedClient;
use crate::application::{Application, ClientKeys};
use crate::json::Value;
use crate::jwt::{Claims, Expectations, Mark, Tolerance, Typ, VerifiedJwt};
use crate::oauth::{Form, MAX_ASSERTION, Reason};
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::trust::{Issuer, MAX_CLOCK_SKEW};

/// The `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The `typ` that it may have, if any (RFC 10070).
const TYPES: &[&str] = &["JWT", "client-authentication+jwt"];
/// How far the clock of an application may be off, and how far `exp` may lie ahead whoever signs, in seconds.
const CLOCK_SKEW: u32 = 60;
const MAX_LIFETIME: u32 = 3600;

/// A JWT that a client presents; not yet checked.
#[derive(Clone)]
pub struct ClientAssertion {
    client_id: Option<String>,
    assertion: String,
}

impl ClientAssertion {
    /// A client assertion as it was presented. Empty text counts as no `client_id`.
    ///
    /// # Errors
    /// [`Reason::AssertionTooLarge`]
    pub fn new(client_id: Option<&str>, assertion: &str) -> Result<Self, Reason> {
        if assertion.len() > MAX_ASSERTION {
            return Err(Reason::AssertionTooLarge);
        }
        let client_id = client_id.filter(|id| !id.is_empty()).map(ToString::to_string);
        Ok(Self { client_id, assertion: assertion.to_string() })
    }

    /// Reads it from the body. `Ok(None)`: there is none.
    pub(super) fn read(form: &Form<'_>) -> Result<Option<Self>, Reason> {
        match (form.one("client_assertion_type")?, form.one("client_assertion")?) {
            (None, None) => Ok(None),
            (Some(JWT_BEARER), Some(assertion)) => Self::new(form.one("client_id")?, assertion).map(Some),
            (Some(_), Some(_)) => Err(Reason::ClientAssertionRefused),
            _ => Err(Reason::ClientAssertionIncomplete),
        }
    }

    /// Who the client says it is beside the JWT, which a federated one has to (R28).
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The JWT.
    pub fn assertion(&self) -> &str {
        &self.assertion
    }

    /// R35: whether this is the same JWT, whatever became of its signature.
    pub(crate) fn is_same_jwt(&self, other: &str) -> bool {
        let signed = |text: &str| text.rsplit_once('.').map_or(text.len(), |(signed, _)| signed.len());
        self.assertion[..signed(&self.assertion)] == other[..signed(other)]
    }
}

/// Who must have issued the JWT of this application, and its `sub`. `issuer`: the trusted issuer that the JWT names, where
/// the application has no keys of its own. `None`: none authenticates it.
fn names<'a>(application: &'a Application, issuer: Option<&'a Issuer>) -> Option<(&'a str, &'a str)> {
    match (application.keys()?, issuer) {
        (ClientKeys::Own(_), None) => Some((application.client_id(), application.client_id())),
        (ClientKeys::Federated, Some(issuer)) => {
            let (metadata, document) = (application.metadata(), issuer.document());
            let is_named = metadata.client_assertion_issuer.as_deref() == Some(document.name.as_str());
            let subject = metadata.client_assertion_subject.as_deref()?;
            (is_named && document.enabled).then_some((document.issuer.as_str(), subject))
        }
        _ => None,
    }
}

/// R27, R28: whether a JWT of this `iss` can be one of the application: what is refused here never causes a fetch.
///
/// # Errors
/// The reason, as it would be with an assertion.
pub fn admit(
    presented: &ClientAssertion,
    application: &Application,
    issuer: Option<&Issuer>,
    iss: &str,
) -> Result<(), Reason> {
    let is_federated = issuer.is_some();
    let (wanted, _) = names(application, issuer).ok_or(Reason::IssuerUnknown)?;
    let is_named = presented.client_id.is_some() || !is_federated;
    if wanted == iss && is_named { Ok(()) } else { Err(Reason::IssuerUnknown) }
}

/// What the JWT must say of itself (R27): `aud` names us by our issuer identifier and nobody else (RFC 10070).
pub fn expectations<'a>(
    application: &'a Application,
    issuer: Option<&'a Issuer>,
    urls: &'a OrganizationUrls,
) -> Expectations<'a> {
    let algorithms = match issuer {
        Some(issuer) => issuer.document().algorithms.as_deref(),
        None => application.metadata().token_endpoint_auth_signing_alg.as_ref().map(core::slice::from_ref),
    };
    let Tolerance { clock_skew, max_lifetime, .. } = tolerance(issuer);
    Expectations {
        algorithms,
        typ: Typ::NoneOr(TYPES),
        audiences: [Some(&urls.issuer), None, None, None],
        no_other_audience: true,
        clock_skew,
        max_lifetime,
        require_jti: true,
        require_iat: false,
        proved_key: None,
    }
}

fn tolerance(issuer: Option<&Issuer>) -> Tolerance {
    let (clock_skew, max_lifetime) = issuer.map_or((CLOCK_SKEW, MAX_LIFETIME), |issuer| {
        let document = issuer.document();
        (document.clock_skew, document.max_lifetime.min(MAX_LIFETIME))
    });
    Tolerance { clock_skew, max_lifetime, most_skew: MAX_CLOCK_SKEW }
}

/// R27, R28: `iss` and `sub`.
///
/// # Errors
/// The reason, as it would be with an assertion.
pub fn check_names(
    application: &Application,
    issuer: Option<&Issuer>,
    claims: &Claims,
) -> Result<(), Reason> {
    let (iss, sub) = names(application, issuer).ok_or(Reason::IssuerUnknown)?;
    let text = |name: &str| claims.object().get(name).and_then(Value::as_str);
    match (text("iss"), text("sub")) {
        (Some(found), _) if found != iss => Err(Reason::IssuerUnknown),
        (None, _) => Err(Reason::IssuerUnknown),
        (_, None) => Err(Reason::SubjectInvalid),
        (_, Some(found)) if found != sub => Err(Reason::SubjectNotAllowed),
        _ => Ok(()),
    }
}

/// The client, where this JWT proves that it is the application. It works once for each client (R27, R45), in a namespace
/// of its own: the same `jti` in an assertion is another one.
///
/// # Errors
/// The reason, as it would be with an assertion.
pub fn authenticate(
    organization: &OrganizationId,
    application: Rc<Application>,
    issuer: Option<&Issuer>,
    jwt: &VerifiedJwt<'_>,
) -> Result<AuthenticatedClient, Reason> {
    check_names(&application, issuer, jwt.claims())?;
    if !application.metadata().enabled {
        return Err(Reason::ClientUnauthenticated);
    }
    let namespace = format!("{organization}\nclient\n{}", application.client_id());
    let mark = Mark::of(jwt, &namespace, tolerance(issuer));
    Ok(AuthenticatedClient { application, mark: Some(mark) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R35: a signature can be varied, and the JWT is the same.
    #[test]
    fn r35_one_jwt_whatever_its_signature() {
        let presented = ClientAssertion::new(None, "a.b.c").expect("short enough");
        for (other, is_same) in
            [("a.b.c", true), ("a.b.d", true), ("a.b.", true), ("a.c.c", false), ("", false)]
        {
            assert_eq!(presented.is_same_jwt(other), is_same, "{other}");
        }
    }
}
