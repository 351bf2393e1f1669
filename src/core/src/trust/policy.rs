//! What an issuer is trusted with: whether its word counts for an application at all ([`admit`], before its keys are
//! looked for), and what one of its JWTs may be exchanged for ([`judge`]).
//!
//! All of it is pure: the same terms and claims give the same verdict. The lists read like the rule book, one line a
//! rule, and have two readers: a decision ends at the first problem, an explanation tells what every check saw.

mod caps;
mod claimed;
mod door;
mod rule;
mod saw;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

pub use claimed::Claimed;
pub use door::{MalformedDecision, Narrowing, PolicyDecision, is_name_of_refusal};

use super::issuer::Issuer;
use super::named_claims::FoundClaims;
use super::rule::{IssuerRule, RuleClient};
use crate::application::Application;
use crate::check::Finding;
use crate::json::Value;
use crate::jwt::{Claims, VerifiedJwt, as_subject};
use crate::organization::OrganizationUrls;

/// Who asks for what, by whose word.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The organization's own URLs.
    pub urls: &'a OrganizationUrls,
    /// Who asks.
    pub asker: Asker<'a>,
    /// The issuer that the JWT names.
    pub issuer: &'a Issuer,
    /// The scope asked for, unparsed.
    pub scope: Option<&'a str>,
    /// The resources asked for, each once.
    pub resources: &'a [String],
}

/// Who asks for an access token.
#[derive(Clone, Copy)]
pub enum Asker<'a> {
    /// An application.
    Application(&'a Application),
    /// No client: no more than the `client_id` that the request gives (R29).
    NoClient(Option<&'a str>),
    /// In an explanation: an application that may do anything, or no client, whichever the rule is for.
    Anybody(&'a Application),
}

impl<'a> Terms<'a> {
    /// The application that what this rule grants is for; `None`: it grants without a client (R29).
    fn application(&self, rule: Option<&IssuerRule>) -> Option<&'a Application> {
        match self.asker {
            Asker::Application(application) => Some(application),
            Asker::NoClient(_) => None,
            Asker::Anybody(application) => {
                rule.is_none_or(|rule| rule.client == RuleClient::Required).then_some(application)
            }
        }
    }
}

/// Terms whose issuer counts: [`admit`] alone makes them.
pub struct Admitted<'a>(Terms<'a>);

impl<'a> Admitted<'a> {
    /// The terms.
    pub fn terms(&self) -> &Terms<'a> {
        &self.0
    }
}

/// What a JWT may be exchanged for: [`judge`] alone makes one, and [`Allowed::narrowed`] less of it.
pub struct Allowed {
    subject: String,
    scope: String,
    audience: Vec<String>,
    claims: Vec<(String, Value)>,
    lifetime: Option<u32>,
    label: Option<String>,
}

/// What came of a JWT: [`judge`] alone makes one.
pub struct Judgement {
    /// The name of the rule that decided (R80). `None`: the issuer has no rules, or none fits.
    pub rule: Option<String>,
    /// The label of that rule, where it is one without a client (R29).
    pub label: Option<String>,
    /// The rules that only watch and fit, with what each would have come to (R82).
    pub audited: Vec<(String, Result<(), PolicyProblem>)>,
    /// What is allowed, or the first problem.
    pub verdict: Result<Allowed, PolicyProblem>,
}

impl Allowed {
    /// Whom the access token is about (R39): `sub` of the JWT, or the claim that the issuer names in its place.
    pub fn subject(&self) -> &str {
        &self.subject
    }

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

    /// How long the access token may be valid, in seconds; `None`: as long as the application says (R66).
    pub const fn lifetime(&self) -> Option<u32> {
        self.lifetime
    }

    /// What stands for the client, where it is allowed without one (R29).
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}

/// Why nothing is granted: precise, and without a word of OAuth. Which error it is there, the grant says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyProblem {
    /// The issuer is disabled (R40).
    IssuerDisabled,
    /// The application does not accept the issuer (R25).
    IssuerNotAccepted,
    /// No client asks, and the issuer has no rule for that (R29).
    IssuerNeedsClient,
    /// No client asks, and the request names another `client_id` than the rule (R29).
    LabelDiffers,
    /// `sub` is absent or malformed (R41). Explanations alone come upon it: they look at claims that nobody verified.
    SubjectInvalid,
    /// The claim that stands for `sub` is absent or malformed (R39).
    SubjectClaimInvalid,
    /// The issuer may not speak for this subject (R41).
    SubjectNotAllowed,
    /// A condition on the claims does not hold (R49).
    ConditionFailed,
    /// The issuer has rules, and none fits (R81).
    NoRuleFits,
    /// The scope asked for is malformed (R61).
    ScopeMalformed,
    /// The scope asked for is more than may be granted (R61).
    ScopeNotAllowed,
    /// A resource asked for is none of the application (R63).
    ResourceUnknown,
    /// A resource that the JWT is for is none of the application (R38).
    ClaimedResourceUnknown,
}

/// One check.
struct Check {
    rule: &'static str,
    name: &'static str,
    run: for<'a> fn(&Look<'a>, &mut Results<'a>) -> Result<(), PolicyProblem>,
    saw: fn(&Look<'_>, &Results<'_>) -> String,
}

/// What a check looks at.
struct Look<'a> {
    terms: Terms<'a>,
    /// Absent before the JWT is looked at.
    claims: Option<FoundClaims<'a>>,
    subject: Option<&'a str>,
    claimed: &'a Claimed<'a>,
}

impl<'a> Look<'a> {
    /// Before the JWT is looked at.
    fn at_terms(terms: Terms<'a>) -> Self {
        Self { terms, claims: None, subject: None, claimed: &Claimed::NOTHING }
    }

    fn at_claims(
        terms: Terms<'a>,
        claims: &'a Claims,
        subject: Option<&'a str>,
        claimed: &'a Claimed<'a>,
    ) -> Self {
        let found = FoundClaims::of(terms.issuer.named_claims(), claims.object());
        Self { terms, claims: Some(found), subject, claimed }
    }
}

/// What checks work out on their way: it becomes what is allowed, so that nothing is worked out twice.
#[derive(Default)]
struct Results<'a> {
    subject: Option<&'a str>,
    rule: Option<&'a IssuerRule>,
    audited: Vec<(&'a str, Result<(), PolicyProblem>)>,
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
    Check { rule: "R39", name: "subject of the token", run: subject_of_token, saw: saw::subject_of_token },
    Check { rule: "R80, R81", name: "rule", run: rule::choose, saw: rule::saw },
    Check { rule: "R61", name: "scope", run: grant_scope, saw: saw::scope },
    Check { rule: "R63", name: "resource", run: audience_of_token, saw: saw::resource },
];

/// The checks that come before the JWT is looked at more closely.
///
/// # Errors
/// The first problem.
pub fn admit(terms: Terms<'_>) -> Result<Admitted<'_>, PolicyProblem> {
    run(ISSUER_CHECKS, &Look::at_terms(terms), &mut Results::default())?;
    Ok(Admitted(terms))
}

/// What the policy of the issuer grants for one of its JWTs. `claimed`: what the JWT itself says of that.
pub fn judge(Admitted(terms): &Admitted<'_>, jwt: &VerifiedJwt<'_>, claimed: &Claimed<'_>) -> Judgement {
    let look = Look::at_claims(*terms, jwt.claims(), Some(jwt.subject()), claimed);
    let mut results = Results::default();
    let verdict = run(POLICY_CHECKS, &look, &mut results);
    let Results { subject, rule, audited, scope, audience } = results;
    let label = rule.and_then(IssuerRule::label);
    let allowed = |()| -> Result<Allowed, PolicyProblem> {
        Ok(Allowed {
            subject: subject.ok_or(PolicyProblem::SubjectInvalid)?.to_string(),
            scope,
            audience,
            claims: caps::mapped_claims(terms.issuer.document(), rule, jwt.claims()),
            lifetime: rule.and_then(|rule| rule.access_token_lifetime),
            label: label.map(|label| label.to_string()),
        })
    };
    Judgement {
        rule: rule.map(|rule| rule.name.clone()),
        label: label.map(|label| label.to_string()),
        audited: audited.into_iter().map(|(name, verdict)| (name.to_string(), verdict)).collect(),
        verdict: verdict.and_then(allowed),
    }
}

/// What [`admit`] looks at.
pub fn explain_admission(terms: Terms<'_>) -> Vec<Finding<PolicyProblem>> {
    explain(ISSUER_CHECKS, &Look::at_terms(terms))
}

/// What [`judge`] would look at in these claims, verified or not: nothing is granted here.
pub fn explain_judgement(
    terms: Terms<'_>,
    claims: &Claims,
    claimed: &Claimed<'_>,
) -> Vec<Finding<PolicyProblem>> {
    explain(POLICY_CHECKS, &Look::at_claims(terms, claims, claims.subject().ok(), claimed))
}

fn run<'a>(checks: &[Check], look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    checks.iter().try_for_each(|check| (check.run)(look, results))
}

fn explain<'a>(checks: &[Check], look: &Look<'a>) -> Vec<Finding<PolicyProblem>> {
    let mut results = Results::default();
    let finding = |Check { rule, name, run, saw }: &Check| {
        let verdict = run(look, &mut results);
        Finding { rule, name, verdict, saw: saw(look, &results) }
    };
    checks.iter().map(finding).collect()
}

fn issuer_enabled(look: &Look<'_>, _: &mut Results<'_>) -> Result<(), PolicyProblem> {
    if look.terms.issuer.document().enabled { Ok(()) } else { Err(PolicyProblem::IssuerDisabled) }
}

fn issuer_accepted(look: &Look<'_>, _: &mut Results<'_>) -> Result<(), PolicyProblem> {
    let issuer = look.terms.issuer.document();
    match look.terms.asker {
        Asker::Application(application) | Asker::Anybody(application) => {
            let accepted = application.accepts_issuer(&issuer.name);
            if accepted { Ok(()) } else { Err(PolicyProblem::IssuerNotAccepted) }
        }
        // R29: whoever asks without a client has no keys fetched and no signature verified where no rule is for it. A
        // rule that is only watched is.
        Asker::NoClient(_) if issuer.labels().next().is_none() => Err(PolicyProblem::IssuerNeedsClient),
        Asker::NoClient(_) => Ok(()),
    }
}

/// R41: the issuer may speak for this subject.
fn subject_allowed(look: &Look<'_>, _: &mut Results<'_>) -> Result<(), PolicyProblem> {
    let (required, domain) = (look.terms.issuer.requirements(), look.terms.issuer.trust_domain());
    if required.allows_every_subject() && domain.is_none() {
        return Ok(());
    }
    let subject = look.subject.ok_or(PolicyProblem::SubjectInvalid)?;
    let is_of_domain = domain.is_none_or(|domain| domain.check(subject).is_ok());
    let is_allowed = is_of_domain && required.allow_subject(subject);
    if is_allowed { Ok(()) } else { Err(PolicyProblem::SubjectNotAllowed) }
}

/// R49: every condition holds.
fn conditions(look: &Look<'_>, _: &mut Results<'_>) -> Result<(), PolicyProblem> {
    let required = look.terms.issuer.requirements();
    let all_hold = look.claims.as_ref().is_some_and(|claims| required.hold(claims));
    if all_hold { Ok(()) } else { Err(PolicyProblem::ConditionFailed) }
}

/// R39: whom the access token is about.
fn subject_of_token<'a>(look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    results.subject = match look.terms.issuer.subject_claim() {
        // Whether it is there, the checks of the JWT say.
        None => look.subject,
        Some(claim) => {
            let claim = look.claims.as_ref().and_then(|claims| claims.get(claim));
            Some(claim.and_then(as_subject).ok_or(PolicyProblem::SubjectClaimInvalid)?)
        }
    };
    Ok(())
}

/// R61: what was asked for, within what may be granted; else all that may be granted.
fn grant_scope<'a>(look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    results.scope = caps::scope(&look.terms, results.rule, look.claimed)?;
    Ok(())
}

/// R62, R63: the resources asked for, else those that the token may be for.
fn audience_of_token<'a>(look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    results.audience = caps::audience(&look.terms, results.rule, look.claimed)?;
    Ok(())
}
