//! How much is granted: scopes and resources within what application, issuer and rule allow, and the claims that are
//! carried over. A rule only narrows (R80).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Asker, Claimed, PolicyProblem, Terms};
use crate::json::{Object, Pointer, Value};
use crate::jwt::Claims;
use crate::oauth::Scope;
use crate::trust::{IssuerRule, TrustedIssuer};

/// R61: what was asked for, within what may be granted; else all that may be granted. R38: where the JWT has a scope, what
/// is in all of them.
pub(super) fn scope(
    terms: &Terms<'_>,
    rule: Option<&IssuerRule>,
    claimed: &Claimed<'_>,
) -> Result<String, PolicyProblem> {
    let mut grantable = grantable_scope(terms, rule);
    if let Some(claimed) = &claimed.scope {
        grantable = grantable.cut_to(claimed);
    }
    let Some(asked) = terms.scope else {
        let naming = || naming_scopes(terms, rule) + usize::from(claimed.scope.is_some());
        let nothing_left = grantable.is_empty() && naming() > 1;
        return if nothing_left { Err(PolicyProblem::ScopeNotAllowed) } else { Ok(grantable.to_text()) };
    };
    let mut asked = Scope::parse(asked).map_err(|_| PolicyProblem::ScopeMalformed)?;
    if claimed.scope.is_some() {
        asked = asked.cut_to(&grantable);
        return if asked.is_empty() { Err(PolicyProblem::ScopeNotAllowed) } else { Ok(asked.to_text()) };
    }
    if asked.is_within(&grantable) { Ok(asked.to_text()) } else { Err(PolicyProblem::ScopeNotAllowed) }
}

/// The scope of the application, or without a client that of the rule, cut to what the issuer's JWTs and those under the rule may be exchanged for.
pub(super) fn grantable_scope<'a>(terms: &Terms<'a>, rule: Option<&'a IssuerRule>) -> Scope<'a> {
    // Without a client it is the rule that says what may be granted: it has scopes (R29).
    let mut grantable = match terms.application(rule) {
        Some(application) => application.scope(),
        None => Scope::of_tokens(rule.and_then(|rule| rule.scopes.as_deref()).unwrap_or_default()),
    };
    if let Some(cap) = terms.issuer.scope_cap() {
        grantable = grantable.cut_to(&cap);
    }
    if let Some(cap) = rule.and_then(|rule| rule.scopes.as_deref()) {
        grantable = grantable.cut_to(&Scope::of_tokens(cap));
    }
    grantable
}

/// How many of application, issuer and rule name scopes. Where two do and have none in common, somebody made a mistake,
/// and a token without any scope would hide it (R80).
fn naming_scopes(terms: &Terms<'_>, rule: Option<&IssuerRule>) -> usize {
    let names = |scopes: Option<&[String]>| usize::from(scopes.is_some_and(|scopes| !scopes.is_empty()));
    usize::from(terms.application(rule).is_some_and(|application| !application.scope().is_empty()))
        + names(terms.issuer.document().scopes.as_deref())
        + names(rule.and_then(|rule| rule.scopes.as_deref()))
}

/// R62, R63: the resources asked for, else all that the token may be for. R38: those of the JWT, where it has some.
pub(super) fn audience(
    terms: &Terms<'_>,
    rule: Option<&IssuerRule>,
    claimed: &Claimed<'_>,
) -> Result<Vec<String>, PolicyProblem> {
    let (mut known, asked) = (known_resources(terms, rule), terms.resources);
    if let Some(claimed) = &claimed.resources
        && !known.is_empty()
    {
        if !takes_any_resource(terms, rule) && !claimed.iter().all(|claimed| known.contains(claimed)) {
            return Err(PolicyProblem::ClaimedResourceUnknown);
        }
        known.clone_from(claimed);
    }
    if known.is_empty() || !asked.iter().all(|asked| known.contains(&asked.as_str())) {
        return Err(PolicyProblem::ResourceUnknown);
    }
    if asked.is_empty() {
        Ok(known.into_iter().map(|resource| resource.to_string()).collect())
    } else {
        Ok(asked.to_vec())
    }
}

/// An explanation that names no application is for one that has every audience.
pub(super) fn takes_any_resource(terms: &Terms<'_>, rule: Option<&IssuerRule>) -> bool {
    matches!(terms.asker, Asker::Anybody(_)) && rule.is_none_or(|rule| rule.audience.is_none())
}

/// What a token may be for: the audience of the application, cut to the rule's; of the one that has one, else ourselves.
pub(super) fn known_resources<'a>(terms: &Terms<'a>, rule: Option<&'a IssuerRule>) -> Vec<&'a str> {
    let own = terms.application(rule).and_then(|application| application.metadata().audience.as_ref());
    let own = own.map(|audience| audience.as_slice());
    let of_rule = rule.and_then(|rule| rule.audience.as_ref()).map(|audience| audience.as_slice());
    let all = own.or(of_rule).unwrap_or(core::slice::from_ref(&terms.urls.issuer));
    let all = all.iter().map(String::as_str);
    match of_rule {
        None => all.collect(),
        Some(cap) => all.filter(|resource| cap.iter().any(|known| known == resource)).collect(),
    }
}

/// The claims carried over: those of the rule, and those of the issuer that no mapping of the rule writes. A number that
/// lost its value when it was read is not passed on (R49).
pub(super) fn mapped_claims(
    issuer: &TrustedIssuer,
    rule: Option<&IssuerRule>,
    claims: &Claims,
) -> Vec<(String, Value)> {
    let of_rule = rule.map(|rule| &rule.claim_mappings);
    let of_issuer = issuer
        .claim_mappings
        .iter()
        .filter(|(_, to)| of_rule.is_none_or(|mappings| !mappings.values().any(|written| written == *to)));
    let claims = claims.object();
    let mappings = of_issuer.chain(of_rule.into_iter().flatten());
    let exact =
        mappings.filter_map(|(from, to)| Some((to, claim(claims, from).filter(|value| value.is_exact())?)));
    exact.map(|(to, value)| (to.clone(), value.clone())).collect()
}

/// The claim of this name or, where it begins with `/`, at this JSON Pointer: as conditions name theirs (R83).
fn claim<'a>(claims: &'a Object, from: &str) -> Option<&'a Value> {
    // Nearly all are names: those need no parsing.
    if from.starts_with('/') { Pointer::parse(from).ok()?.find(claims) } else { claims.get(from) }
}
