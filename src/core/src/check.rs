//! Checks that explain themselves: what each found, and what it looked at.

use alloc::string::String;
use alloc::vec::Vec;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<E> {
    /// The rules it enforces.
    pub rule: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    /// Its verdict.
    pub verdict: Result<(), E>,
    /// What it looked at: nothing secret or personal (R3).
    pub saw: String,
}

impl<E> Finding<E> {
    /// The same finding, its problem called otherwise.
    pub(crate) fn map<F>(self, problem: impl FnOnce(E) -> F) -> Finding<F> {
        let Self { rule, name, verdict, saw } = self;
        Finding { rule, name, verdict: verdict.map_err(problem), saw }
    }
}

/// Takes note of a verdict. Without `findings` it is handed back, so that the first refusal ends what is checked; with
/// them it is written down with what the check saw, and the checks go on.
pub(crate) fn note<E: Copy>(
    findings: &mut Option<&mut Vec<Finding<E>>>,
    (rule, name): (&'static str, &'static str),
    verdict: Result<(), E>,
    saw: impl FnOnce() -> String,
) -> Result<(), E> {
    let Some(findings) = findings else { return verdict };
    findings.push(Finding { rule, name, verdict, saw: saw() });
    Ok(())
}
