//! What an issuer is trusted with: whether its word counts for an application at all ([`admit`], before its keys are
//! looked for), and what one of its JWTs may be exchanged for ([`judge`]).
//!
//! All of it is pure: the same terms and claims give the same verdict. The lists read like the rule book, one line a
//! rule, and have two readers: a decision ends at the first problem, an explanation tells what every check saw.

mod saw;

use alloc::string::String;
use alloc::vec::Vec;

use super::document::TrustedIssuer;
use super::glob;
use super::issuer::Issuer;
use crate::application::Application;
use crate::check::Finding;
use crate::json::Value;
use crate::jwt::{Claims, VerifiedJwt};
use crate::oauth::Scope;
use crate::organization::OrganizationUrls;

/// Who asks for what, by whose word.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The organization's own URLs.
    pub urls: &'a OrganizationUrls,
    /// The application.
    pub application: &'a Application,
    /// The issuer that the JWT names.
    pub issuer: &'a Issuer,
    /// The scope asked for, unparsed.
    pub scope: Option<&'a str>,
    /// The resources asked for, each once.
    pub resources: &'a [String],
}

/// Terms whose issuer counts: [`admit`] alone makes them.
pub struct Admitted<'a>(Terms<'a>);

impl<'a> Admitted<'a> {
    /// The terms.
    pub fn terms(&self) -> &Terms<'a> {
        &self.0
    }
}

/// What a JWT may be exchanged for: [`judge`] alone makes one.
pub struct Allowed {
    scope: String,
    audience: Vec<String>,
    claims: Vec<(String, Value)>,
}

impl Allowed {
    /// The scope: tokens, separated by single spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whom the access token is for.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// The claims carried over.
    pub fn claims(&self) -> &[(String, Value)] {
        &self.claims
    }
}

/// Why nothing is granted: precise, and without a word of OAuth. Which error it is there, the grant says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyProblem {
    /// The issuer is disabled (R40).
    IssuerDisabled,
    /// The application does not accept the issuer (R25).
    IssuerNotAccepted,
    /// `sub` is absent or malformed (R41). Explanations alone come upon it: they look at claims that nobody verified.
    SubjectInvalid,
    /// The issuer may not speak for this subject (R41).
    SubjectNotAllowed,
    /// A condition on the claims does not hold (R49).
    ConditionFailed,
    /// The scope asked for is malformed (R61).
    ScopeMalformed,
    /// The scope asked for is more than may be granted (R61).
    ScopeNotAllowed,
    /// A resource asked for is none of the application (R63).
    ResourceUnknown,
}

/// One check.
struct Check {
    rule: &'static str,
    name: &'static str,
    run: fn(&Look<'_>, &mut Results) -> Result<(), PolicyProblem>,
    saw: fn(&Look<'_>) -> String,
}

/// What a check looks at.
struct Look<'a> {
    terms: Terms<'a>,
    /// Absent before the JWT is looked at.
    claims: Option<&'a Claims>,
    subject: Option<&'a str>,
}

/// What checks work out on their way: it becomes what is allowed, so that nothing is worked out twice.
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

/// What the JWT, once verified, may be exchanged for.
const POLICY_CHECKS: &[Check] = &[
    Check { rule: "R41", name: "sub allowed", run: subject_allowed, saw: saw::sub_allowed },
    Check { rule: "R49", name: "claim conditions", run: conditions, saw: saw::conditions },
    Check { rule: "R61", name: "scope", run: grant_scope, saw: saw::scope },
    Check { rule: "R63", name: "resource", run: audience_of_token, saw: saw::resource },
];

/// The checks that come before the JWT is looked at more closely.
///
/// # Errors
/// The first problem.
pub fn admit(terms: Terms<'_>) -> Result<Admitted<'_>, PolicyProblem> {
    run(ISSUER_CHECKS, &Look { terms, claims: None, subject: None })?;
    Ok(Admitted(terms))
}

/// What the policy of the issuer grants for one of its JWTs.
///
/// # Errors
/// The first problem.
pub fn judge(Admitted(terms): &Admitted<'_>, jwt: &VerifiedJwt<'_>) -> Result<Allowed, PolicyProblem> {
    let look = Look { terms: *terms, claims: Some(jwt.claims()), subject: Some(jwt.subject()) };
    let Results { scope, audience } = run(POLICY_CHECKS, &look)?;
    Ok(Allowed { scope, audience, claims: mapped_claims(terms.issuer.document(), jwt.claims()) })
}

/// What [`admit`] looks at.
pub fn explain_admission(terms: Terms<'_>) -> Vec<Finding<PolicyProblem>> {
    explain(ISSUER_CHECKS, &Look { terms, claims: None, subject: None })
}

/// What [`judge`] would look at in these claims, verified or not: nothing is granted here.
pub fn explain_judgement(terms: Terms<'_>, claims: &Claims) -> Vec<Finding<PolicyProblem>> {
    explain(POLICY_CHECKS, &Look { terms, claims: Some(claims), subject: claims.subject().ok() })
}

fn run(checks: &[Check], look: &Look<'_>) -> Result<Results, PolicyProblem> {
    let mut results = Results::default();
    checks.iter().try_for_each(|check| (check.run)(look, &mut results))?;
    Ok(results)
}

fn explain(checks: &[Check], look: &Look<'_>) -> Vec<Finding<PolicyProblem>> {
    let mut results = Results::default();
    let finding = |Check { rule, name, run, saw }: &Check| {
        let verdict = run(look, &mut results);
        Finding { rule, name, verdict, saw: saw(look) }
    };
    checks.iter().map(finding).collect()
}

fn issuer_enabled(look: &Look<'_>, _: &mut Results) -> Result<(), PolicyProblem> {
    if look.terms.issuer.document().enabled { Ok(()) } else { Err(PolicyProblem::IssuerDisabled) }
}

fn issuer_accepted(look: &Look<'_>, _: &mut Results) -> Result<(), PolicyProblem> {
    let accepted = look.terms.application.accepts_issuer(&look.terms.issuer.document().name);
    if accepted { Ok(()) } else { Err(PolicyProblem::IssuerNotAccepted) }
}

/// R41: the issuer may speak for this subject. Each entry of the list is the whole subject, or a glob of it (R84): so
/// `prod` does not match `prod-evil`.
fn subject_allowed(look: &Look<'_>, _: &mut Results) -> Result<(), PolicyProblem> {
    let Some(allowed) = &look.terms.issuer.document().subjects else { return Ok(()) };
    let subject = look.subject.ok_or(PolicyProblem::SubjectInvalid)?;
    let is_allowed = allowed.iter().any(|entry| glob::matches(entry, subject));
    if is_allowed { Ok(()) } else { Err(PolicyProblem::SubjectNotAllowed) }
}

/// R49: every condition holds.
fn conditions(look: &Look<'_>, _: &mut Results) -> Result<(), PolicyProblem> {
    let mut conditions = look.terms.issuer.document().claims.iter();
    let all_hold =
        conditions.all(|condition| look.claims.is_some_and(|claims| condition.holds(claims.object())));
    if all_hold { Ok(()) } else { Err(PolicyProblem::ConditionFailed) }
}

/// R61: what was asked for, within what may be granted; else all that may be granted.
fn grant_scope(look: &Look<'_>, results: &mut Results) -> Result<(), PolicyProblem> {
    let grantable = grantable_scope(&look.terms);
    results.scope = match look.terms.scope {
        None => grantable.to_text(),
        Some(asked) => {
            let asked = Scope::parse(asked).map_err(|_| PolicyProblem::ScopeMalformed)?;
            if !asked.is_within(&grantable) {
                return Err(PolicyProblem::ScopeNotAllowed);
            }
            asked.to_text()
        }
    };
    Ok(())
}

/// The scope of the application, cut to what the issuer's JWTs may be exchanged for.
fn grantable_scope<'a>(terms: &Terms<'a>) -> Scope<'a> {
    let own = terms.application.scope();
    match terms.issuer.scope_cap() {
        None => own,
        Some(cap) => own.cut_to(&cap),
    }
}

/// R62, R63: the resources asked for, else the application's audience, else ourselves.
fn audience_of_token(look: &Look<'_>, results: &mut Results) -> Result<(), PolicyProblem> {
    let (audience, asked) = (known_resources(&look.terms), look.terms.resources);
    results.audience = if asked.is_empty() {
        audience.to_vec()
    } else if asked.iter().all(|asked| audience.contains(asked)) {
        asked.to_vec()
    } else {
        return Err(PolicyProblem::ResourceUnknown);
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
