//! What an assertion must say of itself, parsed: the subjects and conditions of an issuer, or of one of its rules.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::claim_test::Condition;
use super::condition::ClaimCondition;
use super::glob::Glob;
use super::named_claims::{FoundClaims, NamedClaims};
use crate::field::{FieldError, check_text};

/// Subjects and conditions.
#[derive(Clone, Debug)]
pub(super) struct Requirements {
    subjects: Option<Vec<Glob>>,
    conditions: Vec<Condition>,
}

impl Requirements {
    /// Reads both as they are registered; `at` is what stands before their names: `rules[1].`, or nothing.
    pub(super) fn parse(
        at: &str,
        subjects: Option<&[String]>,
        claims: &[ClaimCondition],
        named: &mut NamedClaims,
    ) -> Result<Self, FieldError> {
        let subject = |(index, subject): (usize, &String)| {
            let field = format!("{at}subjects[{index}]");
            check_text(&field, subject, 1024)?;
            Glob::parse(subject).map_err(|problem| FieldError::new(field, problem))
        };
        let subjects =
            subjects.map(|subjects| subjects.iter().enumerate().map(subject).collect::<Result<Vec<_>, _>>());
        let condition = |(index, condition): (usize, &ClaimCondition)| {
            condition.parse(&format!("{at}claims[{index}]"), named)
        };
        let subjects = subjects.transpose()?;
        Ok(Self { subjects, conditions: claims.iter().enumerate().map(condition).collect::<Result<_, _>>()? })
    }

    /// Whether any subject will do.
    pub(super) const fn allows_every_subject(&self) -> bool {
        self.subjects.is_none()
    }

    /// R41: whether the subject is one of them. Each is the whole subject, or a glob of it (R84): so `prod` does not
    /// match `prod-evil`.
    pub(super) fn allow_subject(&self, subject: &str) -> bool {
        self.subjects.as_ref().is_none_or(|subjects| subjects.iter().any(|glob| glob.matches(subject)))
    }

    /// R49, R83: whether every condition holds.
    pub(super) fn hold(&self, claims: &FoundClaims<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(claims))
    }

    /// How the conditions fail that do, for people.
    pub(super) fn failures(&self, claims: &FoundClaims<'_>) -> Vec<String> {
        self.conditions.iter().filter_map(|condition| condition.failure(claims)).collect()
    }
}
