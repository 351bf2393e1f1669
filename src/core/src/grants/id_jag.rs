//! The Identity Assertion JWT Authorization Grant (ID-JAG), a profile of the JWT bearer grant: what its JWT must say beyond
//! an ordinary assertion (R37), and what it says may be granted (R38).
//!
//! draft-ietf-oauth-identity-assertion-authz-grant, as MCP's Enterprise-Managed Authorization has it.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::actor::{MAX_ACTORS, count};
use crate::check::{Finding, note};
use crate::json::Value;
use crate::jwt::{Claims, Expectations, Typ, as_subject};
use crate::oauth::{Reason, Scope};
use crate::trust::policy::{Asker, Claimed, Terms};
use crate::trust::{ID_JAG_TYP, Profile};
use crate::words::{list, quoted};

/// How many resources it may be for: as many as may be asked for (R13).
const MAX_RESOURCES: usize = 8;

/// What its issuer authorizes.
#[derive(Default)]
pub struct IdJag<'a> {
    /// For what.
    pub claimed: Claimed<'a>,
    /// Who acts for the subject: `act` of the access token.
    pub actor: Option<&'a Value>,
}

/// What a check looks at.
struct Look<'a> {
    asker: Asker<'a>,
    claims: &'a Claims,
}

/// One check.
struct Check {
    rule: &'static str,
    name: &'static str,
    run: for<'a> fn(&Look<'a>, &mut IdJag<'a>) -> Result<(), Reason>,
    saw: fn(&Look<'_>) -> String,
}

/// What no other assertion has to say.
const CHECKS: &[Check] = &[
    Check { rule: "R37", name: "client_id", run: client_id, saw: saw_client_id },
    Check { rule: "R38", name: "authorization_details", run: no_details, saw: saw_details },
    Check { rule: "R38", name: "scope of the assertion", run: scope, saw: saw_scope },
    Check { rule: "R38", name: "resource of the assertion", run: resource, saw: saw_resource },
    Check { rule: "R38", name: "act", run: act, saw: saw_act },
];

/// R37: what it must say of itself, in place of what an assertion of this issuer would have to.
pub(super) fn expectations<'a>(terms: &Terms<'a>, ordinary: Expectations<'a>) -> Expectations<'a> {
    Expectations {
        typ: Typ::Exactly(ID_JAG_TYP),
        audiences: [Some(&terms.urls.issuer), None, None, None],
        no_other_audience: true,
        require_jti: true,
        require_iat: true,
        ..ordinary
    }
}

/// What its issuer authorizes. An assertion of another profile leaves all to the policy.
///
/// # Errors
/// The first reason against it.
pub fn read<'a>(terms: &Terms<'a>, claims: &'a Claims) -> Result<IdJag<'a>, Reason> {
    run(terms, claims, None).map_err(|(reason, _)| reason)
}

/// What [`read`] would look at in these claims, verified or not, and what of them could be read.
pub fn explain<'a>(terms: &Terms<'a>, claims: &'a Claims) -> (Vec<Finding<Reason>>, IdJag<'a>) {
    let mut findings = Vec::new();
    let read = run(terms, claims, Some(&mut findings)).unwrap_or_else(|(_, read)| read);
    (findings, read)
}

fn run<'a>(
    terms: &Terms<'a>,
    claims: &'a Claims,
    mut findings: Option<&mut Vec<Finding<Reason>>>,
) -> Result<IdJag<'a>, (Reason, IdJag<'a>)> {
    let mut read = IdJag::default();
    if terms.issuer.document().profile != Profile::IdJag {
        return Ok(read);
    }
    let look = Look { asker: terms.asker, claims };
    for check in CHECKS {
        let verdict = (check.run)(&look, &mut read);
        let noted = note(&mut findings, (check.rule, check.name), verdict, || (check.saw)(&look));
        if let Err(reason) = noted {
            return Err((reason, read));
        }
    }
    Ok(read)
}

/// R37: it was issued to the client that presents it. Without one it is good for nothing (R29).
fn client_id(look: &Look<'_>, _: &mut IdJag<'_>) -> Result<(), Reason> {
    let claim = look.claims.object().get("client_id").and_then(as_subject).ok_or(Reason::OtherClient)?;
    match look.asker {
        Asker::Application(application) if application.client_id() == claim => Ok(()),
        // An explanation that names no application.
        Asker::Anybody(_) => Ok(()),
        Asker::Application(_) | Asker::NoClient(_) => Err(Reason::OtherClient),
    }
}

fn saw_client_id(look: &Look<'_>) -> String {
    let found = match look.claims.object().get("client_id") {
        None => "no client_id".to_string(),
        Some(Value::String(id)) => format!("client_id {}", quoted(id)),
        Some(other) => format!("client_id is {}; a string is wanted", other.kind()),
    };
    match look.asker {
        Asker::Application(application) => format!("{found}; {} asks", quoted(application.client_id())),
        Asker::Anybody(_) => format!("{found}; that client alone may present it"),
        Asker::NoClient(_) => format!("{found}; no client asks"),
    }
}

/// R38: until they are understood, none may be overlooked (RFC 9396).
fn no_details(look: &Look<'_>, _: &mut IdJag<'_>) -> Result<(), Reason> {
    let details = look.claims.object().get("authorization_details");
    if details.is_none() { Ok(()) } else { Err(Reason::AuthorizationInvalid) }
}

fn saw_details(look: &Look<'_>) -> String {
    match look.claims.object().get("authorization_details") {
        None => "no authorization_details".to_string(),
        Some(_) => "authorization_details are there; they are not supported".to_string(),
    }
}

/// R38: absent, or a list of scopes (RFC 6749 section 3.3), which is not empty.
fn scope<'a>(look: &Look<'a>, read: &mut IdJag<'a>) -> Result<(), Reason> {
    let Some(claim) = look.claims.object().get("scope") else { return Ok(()) };
    let scope = claim.as_str().filter(|text| !text.is_empty()).and_then(|text| Scope::parse(text).ok());
    read.claimed.scope = Some(scope.ok_or(Reason::AuthorizationInvalid)?);
    Ok(())
}

fn saw_scope(look: &Look<'_>) -> String {
    match look.claims.object().get("scope") {
        None => "no scope: what may be granted is not cut".to_string(),
        Some(Value::String(text)) => format!("scope {}", quoted(text)),
        Some(other) => format!("scope is {}; a string is wanted", other.kind()),
    }
}

/// R38: absent, or a text or an array of texts, which is not empty.
fn resource<'a>(look: &Look<'a>, read: &mut IdJag<'a>) -> Result<(), Reason> {
    let Some(claim) = look.claims.object().get("resource") else { return Ok(()) };
    let values = claim.as_array().unwrap_or(core::slice::from_ref(claim));
    if !(1..=MAX_RESOURCES).contains(&values.len()) {
        return Err(Reason::AuthorizationInvalid);
    }
    let mut resources: Vec<&str> = Vec::new();
    for value in values {
        let resource = as_subject(value).ok_or(Reason::AuthorizationInvalid)?;
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    read.claimed.resources = Some(resources);
    Ok(())
}

fn saw_resource(look: &Look<'_>) -> String {
    match look.claims.object().get("resource") {
        None => "no resource: what the token is for is not cut".to_string(),
        Some(Value::String(text)) => format!("resource {}", quoted(text)),
        Some(Value::Array(values)) if values.iter().all(|value| value.as_str().is_some()) => {
            format!(
                "resource {}; 1 to {MAX_RESOURCES} are accepted",
                list(values.iter().filter_map(Value::as_str))
            )
        }
        Some(other) => format!("resource is {}; a string or an array of strings is wanted", other.kind()),
    }
}

/// R38: who acts for the subject acts with our token too (RFC 8693 section 4.1).
fn act<'a>(look: &Look<'a>, read: &mut IdJag<'a>) -> Result<(), Reason> {
    read.actor = look.claims.object().get("act");
    if count(read.actor)? <= MAX_ACTORS { Ok(()) } else { Err(Reason::ActorInvalid) }
}

fn saw_act(look: &Look<'_>) -> String {
    match look.claims.object().get("act") {
        None => "no act".to_string(),
        Some(_) => format!(
            "act is there; accepted are objects with a sub that is text, at most {MAX_ACTORS} in each other"
        ),
    }
}
