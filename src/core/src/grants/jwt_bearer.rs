//! The JWT bearer grant (RFC 7523 section 2.1): its parameters, its checks in their order, and what it grants.
//!
//! All of it is pure: the same facts give the same decision. The lists read like the rule book, one line a rule; what a
//! check saw is told from the same list.

mod saw;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Granted, Mark};
use crate::application::Application;
use crate::check::{Finding, note};
use crate::jose::digest;
use crate::json::Value;
use crate::jwt::{Claims, Expectations, VerifiedJwt};
use crate::oauth::{Form, MAX_ASSERTION, MAX_PARAMETER, Reason, Scope};
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::trust::{AudienceMode, Issuer, MAX_CLOCK_SKEW, Replay, TrustedIssuer};

/// How many resources may be asked for (R13).
const MAX_RESOURCES: usize = 8;

/// What the grant asks for.
#[derive(Clone)]
pub struct Request {
    /// The assertion, as it came.
    pub assertion: String,
    /// The scope asked for, unparsed.
    pub scope: Option<String>,
    /// The resources asked for (RFC 8707), each once.
    pub resources: Vec<String>,
}

/// The parameters of the grant, each as often as it may occur.
pub(super) struct Parameters<'a> {
    assertion: &'a str,
    scope: Option<&'a str>,
    resources: Vec<&'a str>,
}

impl<'a> Parameters<'a> {
    pub(super) fn read(form: &'a Form<'_>) -> Result<Self, Reason> {
        let assertion = form.one("assertion")?.ok_or(Reason::AssertionMissing)?;
        let scope = form.one("scope")?;
        let resources = form.several("resource", MAX_RESOURCES)?.collect();
        Ok(Self { assertion, scope, resources })
    }

    pub(super) fn within_limits(self) -> Result<Request, Reason> {
        Request::within_limits(self.assertion, self.scope, self.resources.into_iter())
    }
}

impl Request {
    /// What a host asks for. Empty text counts as absent.
    pub fn new<'a>(
        assertion: &str,
        scope: Option<&str>,
        resources: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Reason> {
        if assertion.is_empty() {
            return Err(Reason::AssertionMissing);
        }
        let scope = scope.filter(|scope| !scope.is_empty());
        Self::within_limits(assertion, scope, resources.into_iter().filter(|resource| !resource.is_empty()))
    }

    /// R15: limits before anything is looked at more closely, so that nobody is asked who sends too much.
    fn within_limits<'a>(
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
        Ok(Self { assertion: assertion.to_string(), scope: scope.map(ToString::to_string), resources: kept })
    }
}

/// Who asks whom for what, by whose word.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The organization.
    pub organization: &'a OrganizationId,
    /// The organization's own URLs.
    pub urls: &'a OrganizationUrls,
    /// The application.
    pub application: &'a Application,
    /// The issuer that the assertion names.
    pub issuer: &'a Issuer,
    /// The scope asked for, unparsed.
    pub scope: Option<&'a str>,
    /// The resources asked for, each once.
    pub resources: &'a [String],
}

/// Terms under which an assertion is looked at: [`admit`] alone makes them.
pub struct Admitted<'a>(Terms<'a>);

/// All that a decision depends on.
pub struct Facts<'a> {
    /// The terms.
    pub terms: Admitted<'a>,
    /// The assertion.
    pub assertion: VerifiedJwt<'a>,
}

/// One check of the grant.
struct Check {
    rule: &'static str,
    name: &'static str,
    run: fn(&Look<'_>, &mut Results) -> Result<(), Reason>,
    saw: fn(&Look<'_>) -> String,
}

/// What a check looks at.
struct Look<'a> {
    terms: Terms<'a>,
    /// Absent before the assertion is looked at.
    claims: Option<&'a Claims>,
    subject: Option<&'a str>,
}

/// What checks work out on their way: it makes the grant, so that nothing is worked out twice.
#[derive(Default)]
struct Results {
    scope: String,
    audience: Vec<String>,
}

/// Whether the issuer's word counts at all: what is refused here never causes a fetch of its keys.
const ISSUER_CHECKS: &[Check] = &[
    Check { rule: "R40", name: "issuer enabled", run: issuer_enabled, saw: saw::issuer_enabled },
    Check {
        rule: "R25",
        name: "issuer accepted by the application",
        run: issuer_accepted,
        saw: saw::issuer_accepted,
    },
];

/// What the assertion, once verified, may be exchanged for.
const POLICY_CHECKS: &[Check] = &[
    Check { rule: "R41", name: "sub allowed", run: subject_allowed, saw: saw::sub_allowed },
    Check { rule: "R49", name: "claim conditions", run: conditions, saw: saw::conditions },
    Check { rule: "R61", name: "scope", run: grant_scope, saw: saw::scope },
    Check { rule: "R63", name: "resource", run: audience_of_token, saw: saw::resource },
];

/// The checks that come before the assertion is looked at more closely.
///
/// # Errors
/// The reason of the refusal, the first one where findings are wanted.
pub fn admit<'a>(
    terms: Terms<'a>,
    findings: Option<&mut Vec<Finding<Reason>>>,
) -> Result<Admitted<'a>, Reason> {
    let look = Look { terms, claims: None, subject: None };
    run(ISSUER_CHECKS, &look, &mut Results::default(), findings)?;
    Ok(Admitted(terms))
}

/// What the assertion must say of itself (RFC 7523 section 3).
pub fn expectations<'a>(terms: &Terms<'a>) -> Expectations<'a> {
    let (issuer, urls) = (terms.issuer.document(), terms.urls);
    Expectations {
        algorithms: issuer.algorithms.as_deref(),
        typ: issuer.typ.as_deref(),
        audiences: [Some(&urls.issuer), Some(&urls.token_endpoint), issuer.alias.as_deref()],
        no_other_audience: issuer.audience_mode == AudienceMode::ExactlyOne,
        clock_skew: issuer.clock_skew,
        max_lifetime: issuer.max_lifetime,
        require_jti: issuer.require_jti,
    }
}

/// The decision on an exchange.
///
/// # Errors
/// The reason of the refusal, the first one where findings are wanted.
pub fn decide(facts: &Facts<'_>, findings: Option<&mut Vec<Finding<Reason>>>) -> Result<Granted, Reason> {
    let Facts { terms: Admitted(terms), assertion } = facts;
    let look = Look { terms: *terms, claims: Some(assertion.claims()), subject: Some(assertion.subject()) };
    let mut results = Results::default();
    run(POLICY_CHECKS, &look, &mut results, findings)?;
    let Results { scope, audience } = results;
    Ok(Granted {
        subject: assertion.subject().to_string(),
        tells_scope: !scope.is_empty() && terms.scope != Some(scope.as_str()),
        scope,
        audience,
        issuer: terms.issuer.document().issuer.clone(),
        claims: mapped_claims(terms.issuer.document(), assertion.claims()),
        mark: mark(terms, assertion),
    })
}

/// Writes down what the decision would look at, whatever was found before it: nothing is granted here.
pub(crate) fn explain(terms: Terms<'_>, claims: &Claims, findings: &mut Vec<Finding<Reason>>) {
    let look = Look { terms, claims: Some(claims), subject: claims.subject().ok() };
    // Whatever they find, it stands in the findings.
    _ = run(POLICY_CHECKS, &look, &mut Results::default(), Some(findings));
}

fn run(
    checks: &[Check],
    look: &Look<'_>,
    results: &mut Results,
    mut findings: Option<&mut Vec<Finding<Reason>>>,
) -> Result<(), Reason> {
    let mut first = Ok(());
    for check in checks {
        let verdict = (check.run)(look, results);
        note(&mut findings, (check.rule, check.name), verdict, || (check.saw)(look))?;
        first = first.and(verdict);
    }
    first
}

fn issuer_enabled(look: &Look<'_>, _: &mut Results) -> Result<(), Reason> {
    if look.terms.issuer.document().enabled { Ok(()) } else { Err(Reason::IssuerUnknown) }
}

fn issuer_accepted(look: &Look<'_>, _: &mut Results) -> Result<(), Reason> {
    let accepted = look.terms.application.accepts_issuer(&look.terms.issuer.document().name);
    if accepted { Ok(()) } else { Err(Reason::IssuerNotAllowed) }
}

/// R41: the issuer may speak for this subject.
fn subject_allowed(look: &Look<'_>, _: &mut Results) -> Result<(), Reason> {
    let Some(allowed) = &look.terms.issuer.document().subjects else { return Ok(()) };
    let subject = look.subject.ok_or(Reason::SubjectInvalid)?;
    if crate::trust::subject_allowed(allowed, subject) { Ok(()) } else { Err(Reason::SubjectNotAllowed) }
}

/// R49: every condition holds.
fn conditions(look: &Look<'_>, _: &mut Results) -> Result<(), Reason> {
    let mut conditions = look.terms.issuer.document().claims.iter();
    let all_hold =
        conditions.all(|condition| look.claims.is_some_and(|claims| condition.holds(claims.object())));
    if all_hold { Ok(()) } else { Err(Reason::ClaimConditionFailed) }
}

/// R61: what was asked for, within what may be granted; else all that may be granted.
fn grant_scope(look: &Look<'_>, results: &mut Results) -> Result<(), Reason> {
    let grantable = grantable_scope(&look.terms);
    results.scope = match look.terms.scope {
        None => grantable.to_text(),
        Some(asked) => {
            let asked = Scope::parse(asked)?;
            if !asked.is_within(&grantable) {
                return Err(Reason::ScopeNotAllowed);
            }
            asked.to_text()
        }
    };
    Ok(())
}

/// The scope of the application, cut to what the issuer's assertions may be exchanged for.
fn grantable_scope<'a>(terms: &Terms<'a>) -> Scope<'a> {
    let own = terms.application.scope();
    match terms.issuer.scope_cap() {
        None => own,
        Some(cap) => own.cut_to(&cap),
    }
}

/// R62, R63: the resources asked for, else the application's audience, else ourselves.
fn audience_of_token(look: &Look<'_>, results: &mut Results) -> Result<(), Reason> {
    let (audience, asked) = (known_resources(&look.terms), look.terms.resources);
    results.audience = if asked.is_empty() {
        audience.to_vec()
    } else if asked.iter().all(|asked| audience.contains(asked)) {
        asked.to_vec()
    } else {
        return Err(Reason::ResourceUnknown);
    };
    Ok(())
}

/// What a token of the application may be for.
fn known_resources<'a>(terms: &Terms<'a>) -> &'a [String] {
    match &terms.application.metadata().audience {
        Some(audience) => audience.as_slice(),
        None => core::slice::from_ref(&terms.urls.issuer),
    }
}

/// A number that lost its value when it was read is not passed on (R49).
fn mapped_claims(issuer: &TrustedIssuer, claims: &Claims) -> Vec<(String, Value)> {
    let claims = claims.object();
    let mappings = issuer.claim_mappings.iter();
    let exact =
        mappings.filter_map(|(from, to)| Some((to, claims.get(from).filter(|value| value.is_exact())?)));
    exact.map(|(to, value)| (to.clone(), value.clone())).collect()
}

/// R45: the organization by its name, since its URLs can change and nodes can differ in them; never the raw token,
/// since an ECDSA signature can be varied without the key.
fn mark(terms: &Terms<'_>, assertion: &VerifiedJwt<'_>) -> Option<Mark> {
    if terms.issuer.document().replay == Replay::Allow {
        return None;
    }
    let (kind, identity) = match assertion.jwt_id() {
        Some(jwt_id) => ("jti", digest::sha256_base64url(jwt_id.as_bytes())),
        None => ("signed", digest::sha256_base64url(assertion.signing_input())),
    };
    let issuer = digest::sha256_base64url(terms.issuer.document().issuer.as_bytes());
    let digest =
        digest::sha256_base64url(format!("{}\n{issuer}\n{kind}\n{identity}", terms.organization).as_bytes());
    // The value is finite, not negative and at most two days ahead: R43 has passed.
    let until = assertion.expiry() as u64 + 1 + u64::from(MAX_CLOCK_SKEW);
    let (clock_skew, max_lifetime) =
        (terms.issuer.document().clock_skew, terms.issuer.document().max_lifetime);
    Some(Mark { by_jwt_id: assertion.jwt_id().is_some(), digest, until, clock_skew, max_lifetime })
}
