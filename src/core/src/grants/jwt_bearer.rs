//! The JWT bearer grant (RFC 7523 section 2.1): its parameters, what it expects of an assertion, and what it grants.
//!
//! All of it is pure: the same facts give the same decision. What the assertion's issuer is trusted with is decided in
//! [`policy`].

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::id_jag::{self, IdJag};
use super::{Decided, Granted};
use crate::application::MIN_LIFETIME;
use crate::jwt::{Bound, Expectations, Typ, VerifiedJwt};
use crate::oauth::{Form, MAX_ASSERTION, MAX_PARAMETER, Reason};
use crate::organization::OrganizationId;
use crate::trust::policy::{self, Admitted, Allowed, Judgement, PolicyProblem, Terms};
use crate::trust::{AudienceMode, Profile, Replay, TrustedIssuer};

/// How many resources may be asked for (R13).
pub(super) const MAX_RESOURCES: usize = 8;

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
        Self::within_limits(assertion, scope, resources.into_iter())
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
        let resources = each_once(resources)?;
        Ok(Self { assertion: assertion.to_string(), scope: scope.map(ToString::to_string), resources })
    }
}

/// R13, R15: what a parameter that may be repeated asks for, each once. The same one, and none, count as often as they occur:
/// so they do in a form.
pub(super) fn each_once<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Reason> {
    let mut kept: Vec<String> = Vec::new();
    for (before, value) in values.enumerate() {
        if before >= MAX_RESOURCES {
            return Err(Reason::ParameterRepeated);
        }
        if value.len() > MAX_PARAMETER {
            return Err(Reason::ParameterTooLarge);
        }
        if !value.is_empty() && !kept.iter().any(|known| known == value) {
            kept.push(value.to_string());
        }
    }
    Ok(kept)
}

/// All that a decision depends on.
pub struct Facts<'a> {
    /// The organization.
    pub organization: &'a OrganizationId,
    /// The terms.
    pub terms: Admitted<'a>,
    /// The assertion.
    pub assertion: VerifiedJwt<'a>,
    /// See [`time_left`].
    pub time_left: Option<u32>,
}

/// For how long an access token may be valid at most since its assertion is for no longer, in seconds; `None`: the issuer
/// does not say so (R65).
pub fn time_left(issuer: &TrustedIssuer, assertion: &VerifiedJwt<'_>, now: u64) -> Option<u32> {
    // It is finite, not negative and at most two days ahead: R43 has passed.
    let left = (assertion.expiry() as u64).saturating_sub(now);
    issuer.limit_to_assertion.then_some(left as u32)
}

/// What the assertion must say of itself (RFC 7523 section 3), or as an ID-JAG (R37), from a client that has proved to have no
/// key.
pub fn expectations<'a>(terms: &Terms<'a>) -> Expectations<'a> {
    let (issuer, urls) = (terms.issuer.document(), terms.urls);
    let ordinary = Expectations {
        algorithms: issuer.algorithms.as_deref(),
        typ: issuer.typ.as_deref().map_or(Typ::Any, Typ::Exactly),
        audiences: [Some(&urls.issuer), Some(&urls.token_endpoint), issuer.alias.as_deref(), None],
        no_other_audience: issuer.audience_mode == AudienceMode::ExactlyOne,
        clock_skew: issuer.clock_skew,
        max_lifetime: issuer.max_lifetime,
        require_jti: issuer.require_jti,
        require_iat: false,
        bound: Bound::To(None),
    };
    match issuer.profile {
        Profile::JwtBearer => ordinary,
        Profile::IdJag => id_jag::expectations(terms, ordinary),
    }
}

/// The decision on an exchange.
pub fn decide(facts: &Facts<'_>) -> Decided {
    let issuer = facts.terms.terms().issuer.document();
    // R37: an ID-JAG works once, whatever the record says.
    let replay = if issuer.profile == Profile::IdJag { Replay::Once } else { issuer.replay };
    decide_with(facts, replay)
}

/// The same, of a JWT that works again or not.
pub(super) fn decide_with(facts: &Facts<'_>, replay: Replay) -> Decided {
    let Facts { organization, terms: admitted, assertion, time_left } = facts;
    let IdJag { claimed, actor } = match id_jag::read(admitted.terms(), assertion.claims()) {
        Ok(read) => read,
        Err(reason) => return Decided::refused(reason),
    };
    let Judgement { rule, label, audited, verdict } = policy::judge(admitted, assertion, &claimed);
    let Terms { issuer, scope, .. } = admitted.terms();
    // R66: the shorter one counts, and too short a one is of no use.
    let lifetime = |allowed: &Allowed| match (allowed.lifetime(), *time_left) {
        (_, Some(left)) if left < MIN_LIFETIME => Err(Reason::Expired),
        (Some(of_rule), Some(left)) => Ok(Some(of_rule.min(left))),
        (of_rule, left) => Ok(of_rule.or(left)),
    };
    let granted = |allowed: Allowed, lifetime| Granted {
        lifetime,
        rule: rule.clone(),
        actor: actor.cloned(),
        tells_scope: !allowed.scope().is_empty() && *scope != Some(allowed.scope()),
        // R29: without a client an assertion always works once.
        mark: (replay == Replay::Once || allowed.label().is_some())
            .then(|| issuer.mark(organization, assertion)),
        allowed,
        issuer: issuer.document().issuer.clone(),
    };
    let granted = verdict.map_err(reason).and_then(|allowed| {
        let lifetime = lifetime(&allowed)?;
        Ok(granted(allowed, lifetime))
    });
    let audited = audited.into_iter().map(|(name, verdict)| (name, verdict.map_err(reason)));
    Decided { audited: audited.collect(), rule, label, granted }
}

/// What a problem with the policy is called here: most are `invalid_grant`, since it is an assertion that is refused.
pub const fn reason(problem: PolicyProblem) -> Reason {
    match problem {
        // Whoever asks learns no more of a disabled issuer than of an unknown one.
        // Nor of one that asks for a client, if there is none.
        PolicyProblem::IssuerDisabled | PolicyProblem::IssuerNeedsClient => Reason::IssuerUnknown,
        PolicyProblem::LabelDiffers => Reason::ClientUnauthenticated,
        PolicyProblem::IssuerNotAccepted => Reason::IssuerNotAllowed,
        PolicyProblem::SubjectInvalid | PolicyProblem::SubjectClaimInvalid => Reason::SubjectInvalid,
        PolicyProblem::SubjectNotAllowed => Reason::SubjectNotAllowed,
        PolicyProblem::ConditionFailed => Reason::ClaimConditionFailed,
        PolicyProblem::NoRuleFits => Reason::NoRuleFits,
        PolicyProblem::ScopeMalformed => Reason::ScopeMalformed,
        PolicyProblem::ScopeNotAllowed => Reason::ScopeNotAllowed,
        PolicyProblem::ResourceUnknown => Reason::ResourceUnknown,
        PolicyProblem::ClaimedResourceUnknown => Reason::ResourceOfAssertionUnknown,
    }
}
