//! What the steps of an exchange leave behind: nothing, or for `explain` each of them, with what it saw.

use alloc::string::String;
use alloc::vec::Vec;

use crate::check::Finding;
use crate::jwt::JwtProblem;
use crate::oauth::{Reason, Refusal, Role, in_role};

/// The steps so far, if anybody wants to know.
pub(super) struct Trail(Option<Vec<Finding<Reason>>>);

impl Trail {
    /// Of an exchange: the first refusal ends it.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Of an explanation: what can go on after a refusal goes on.
    pub(super) const fn new() -> Self {
        Self(Some(Vec::new()))
    }

    /// Whether steps are written down.
    pub(super) const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Whether an exchange would have ended by now.
    pub(super) fn has_failed(&self) -> bool {
        self.0.iter().flatten().any(|finding| finding.verdict.is_err())
    }

    /// Ends an exchange that is refused. An explanation goes on, where it can without what was refused.
    pub(super) fn go_on<T, E: Into<Refusal>>(&self, verdict: Result<T, E>) -> Result<Option<T>, Refusal> {
        if self.is_kept() { Ok(verdict.ok()) } else { verdict.map(Some).map_err(Into::into) }
    }

    /// What an exchange would have been refused with.
    pub(super) fn refusal(&self) -> Refusal {
        let first = self.0.iter().flatten().find_map(|finding| finding.verdict.err());
        first.unwrap_or(Reason::ServerFault).into()
    }

    /// Whether a step was refused for this reason.
    pub(super) fn names(&self, reason: Reason) -> bool {
        self.0.iter().flatten().any(|finding| finding.verdict == Err(reason))
    }

    /// Where checks write down what they find.
    pub(super) fn findings(&mut self) -> Option<&mut Vec<Finding<Reason>>> {
        self.0.as_mut()
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

    /// Apart from `step`, which is compiled for each step.
    #[inline(never)]
    fn push(&mut self, finding: Finding<Reason>) {
        self.0.get_or_insert_default().push(finding);
    }

    /// Writes down what was found in a JWT of this role.
    #[inline(never)]
    pub(super) fn steps_of_jwt(&mut self, found: Vec<Finding<JwtProblem>>, role: Role) {
        let Some(findings) = &mut self.0 else { return };
        findings.extend(found.into_iter().map(|Finding { rule, name, verdict, saw }| {
            let verdict = verdict.map_err(|problem| in_role(problem, role).reason);
            Finding { rule, name, verdict, saw }
        }));
    }

    /// All steps.
    pub(super) fn into_findings(self) -> Vec<Finding<Reason>> {
        self.0.unwrap_or_default()
    }
}
