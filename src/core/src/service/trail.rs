//! What the steps of an exchange leave behind: who asked and who vouched, and for `explain` each of them, with what it
//! saw.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::application::{Application, MIN_LIFETIME};
use crate::check::Finding;
use crate::jwt::JwtProblem;
use crate::oauth::{Reason, Refusal, Role, in_role};
use crate::ports::{Audited, Outcome};
use crate::trust::Issuer;
use crate::trust::policy::PolicyProblem;

/// What is known so far.
#[derive(Default)]
pub(super) struct Trail {
    /// The steps, if anybody wants to know.
    steps: Option<Vec<Finding<Reason>>>,
    application: Option<Rc<Application>>,
    is_authentic: bool,
    issuer: Option<Rc<Issuer>>,
    rule: Option<String>,
    /// The label of that rule (R29).
    label: Option<String>,
    audited: Vec<Audited>,
    policy_reason: Option<String>,
}

impl Trail {
    /// Of an exchange: the first refusal ends it.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// Of an explanation: what can go on after a refusal goes on.
    pub(super) fn new() -> Self {
        Self { steps: Some(Vec::new()), ..Self::default() }
    }

    /// Takes note of the application that a client says it is.
    pub(super) fn asked_by(&mut self, application: Option<&Rc<Application>>) {
        self.application = application.cloned();
    }

    /// Takes note that the client is who it says it is.
    pub(super) const fn client_is_authentic(&mut self) {
        self.is_authentic = true;
    }

    /// Whether the client is who it says it is.
    pub(super) const fn is_client_authentic(&self) -> bool {
        self.is_authentic
    }

    /// Takes note of the issuer that a JWT names.
    pub(super) fn vouched_by(&mut self, issuer: &Rc<Issuer>) {
        self.issuer = Some(Rc::clone(issuer));
    }

    /// Takes note of the rule that decided, and of those that only watched.
    pub(super) fn judged(
        &mut self,
        rule: Option<String>,
        label: Option<String>,
        audited: Vec<(String, Result<(), Reason>)>,
    ) {
        let noted = |(rule, verdict): (String, Result<(), Reason>)| {
            let outcome = verdict.map_or_else(Outcome::Refused, |()| Outcome::Granted);
            Audited { rule, outcome }
        };
        self.rule = rule;
        self.label = label;
        self.audited = audited.into_iter().map(noted).collect();
    }

    /// The application that a client says it is, or the label of a rule without a client.
    pub(super) fn client_id(&self) -> Option<&str> {
        self.application.as_ref().map(|application| application.client_id()).or(self.label.as_deref())
    }

    /// The name of the issuer that a JWT names.
    pub(super) fn trusted_issuer(&self) -> Option<&str> {
        self.issuer.as_ref().map(|issuer| issuer.document().name.as_str())
    }

    /// The rule of that issuer that decided.
    pub(super) fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// The rules that fit, and only watched.
    pub(super) fn audited(&self) -> &[Audited] {
        &self.audited
    }

    /// Takes note of why the policy refuses (R87).
    pub(super) fn refused_by_policy(&mut self, reason: Option<String>) {
        self.policy_reason = reason;
    }

    /// Why the policy refuses, as far as it may be told.
    pub(super) fn policy_reason(&self) -> Option<&str> {
        self.policy_reason.as_deref()
    }

    /// Whether steps are written down.
    pub(super) const fn is_kept(&self) -> bool {
        self.steps.is_some()
    }

    /// Whether an exchange would have ended by now.
    pub(super) fn has_failed(&self) -> bool {
        self.steps.iter().flatten().any(|finding| finding.verdict.is_err())
    }

    /// Ends an exchange that is refused. An explanation goes on, where it can without what was refused.
    pub(super) fn go_on<T, E: Into<Refusal>>(&self, verdict: Result<T, E>) -> Result<Option<T>, Refusal> {
        if self.is_kept() { Ok(verdict.ok()) } else { verdict.map(Some).map_err(Into::into) }
    }

    /// What an exchange would have been refused with.
    pub(super) fn refusal(&self) -> Refusal {
        let first = self.steps.iter().flatten().find_map(|finding| finding.verdict.err());
        first.unwrap_or(Reason::ServerFault).into()
    }

    /// Whether a step was refused for this reason.
    pub(super) fn names(&self, reason: Reason) -> bool {
        self.steps.iter().flatten().any(|finding| finding.verdict == Err(reason))
    }

    /// Writes down a step.
    pub(super) fn step(
        &mut self,
        rule: &'static str,
        name: &'static str,
        verdict: Result<(), Reason>,
        saw: impl FnOnce() -> String,
    ) {
        if self.is_kept() {
            self.push(Finding { rule, name, verdict, saw: saw() });
        }
    }

    /// R21: whether the application may be used at all; `refused` is what a client is told otherwise.
    pub(super) fn step_of_enabled(&mut self, application: &Application, refused: Reason) {
        let (verdict, saw) = match application.metadata().enabled {
            true => (Ok(()), "the application is enabled"),
            false => (Err(refused), "the application is disabled"),
        };
        self.step("R21", "application enabled", verdict, || saw.to_string());
    }

    /// R65, R66: how long the access token could be valid.
    pub(super) fn step_of_time_left(&mut self, left: u32, verdict: Result<(), Reason>) {
        self.step("R65, R66", "time left", verdict, || {
            format!("the token ends with the assertion: {left} s are left, {MIN_LIFETIME} s are needed")
        });
    }

    /// Apart from `step`, which is compiled for each step.
    #[inline(never)]
    fn push(&mut self, finding: Finding<Reason>) {
        self.steps.get_or_insert_default().push(finding);
    }

    /// Writes down what was found in a JWT of this role.
    #[inline(never)]
    pub(super) fn steps_of_jwt(&mut self, found: Vec<Finding<JwtProblem>>, role: Role) {
        self.extend(found, |problem| in_role(problem, role).reason);
    }

    /// Writes down what was found of an issuer's policy; what it is called, the grant says.
    #[inline(never)]
    pub(super) fn steps_of_policy(
        &mut self,
        found: Vec<Finding<PolicyProblem>>,
        reason: fn(PolicyProblem) -> Reason,
    ) {
        self.extend(found, reason);
    }

    /// Writes down what a grant itself found.
    pub(super) fn steps_of_grant(&mut self, found: Vec<Finding<Reason>>) {
        for finding in found {
            self.push(finding);
        }
    }

    fn extend<E>(&mut self, found: Vec<Finding<E>>, reason: impl Fn(E) -> Reason) {
        let Some(steps) = &mut self.steps else { return };
        steps.extend(found.into_iter().map(|finding| finding.map(&reason)));
    }

    /// All steps.
    pub(super) fn into_findings(self) -> Vec<Finding<Reason>> {
        self.steps.unwrap_or_default()
    }
}
