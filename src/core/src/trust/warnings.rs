//! What a registration should be looked at again for, and is no error (R86).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Serialize;

use super::condition::ClaimCondition;
use super::document::TrustedIssuer;
use super::glob::own_beginning;
use super::lint::{Tenant, tenant};
use super::many_programs::ManyPrograms;
use super::rule::{IssuerRule, RuleMode};
use super::shared_issuers::SharedIssuer;
use crate::jose::key::certificate;
use crate::words::quoted;

/// Something about a registration that may not be meant so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Warning {
    /// The member, as in the document: `rules[1]`.
    pub field: String,
    /// What about it, as a sentence.
    pub detail: String,
}

impl TrustedIssuer {
    /// What about the registration may not be meant so, at `now` in seconds since 1970.
    #[must_use]
    pub fn warnings(&self, now: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |field: String, detail: String| warnings.push(Warning { field, detail });
        if let Some(found) = self.certificate.as_deref().and_then(|text| certificate::import(text).ok()) {
            for (place, key) in found.keys {
                if let Some(problem) = key.problem_at(now) {
                    warn("certificate".to_string(), format!("{place} is not used: {problem}."));
                }
            }
        }
        if let Some(shared) = SharedIssuer::of(&self.issuer) {
            self.warn_of_names(shared, &mut warn);
        }
        if let Some(known) = ManyPrograms::of(self) {
            self.warn_of_programs(known, &mut warn);
        }
        self.warn_of_negated_globs(&mut warn);
        let rules = self.rules.as_deref().unwrap_or_default();
        for (index, rule) in rules.iter().enumerate() {
            if let Some(before) = rules[..index].iter().find(|before| shadows(before, rule)) {
                let detail = format!(
                    "It never decides: the rule {} before it fits wherever it does.",
                    quoted(&before.name)
                );
                warn(format!("rules[{index}]"), detail);
            }
        }
        warnings
    }

    /// Names can be given up and taken over, where there are ids that can't.
    fn warn_of_names(&self, shared: &SharedIssuer, warn: &mut impl FnMut(String, String)) {
        let ids: Vec<&str> =
            shared.tenant.iter().filter(|claim| claim.is_id).map(|claim| claim.name).collect();
        let mut look = |at: &str, found: Tenant| match found {
            Tenant::ById => {}
            Tenant::Any => warn(at.into(), format!("Every tenant of {} meets it.", shared.name)),
            Tenant::ByName => {
                let detail = "The tenant is identified by a name, which someone else can take over later; use an id instead";
                warn(at.into(), format!("{detail}: {}.", ids.join(", ")));
            }
        };
        // What can't be registered is no matter for a warning.
        let own = tenant(shared, "", self.subjects.as_deref(), &self.claims).unwrap_or(Tenant::Any);
        match &self.rules {
            None => look("claims", own),
            Some(rules) => {
                for (index, rule) in rules.iter().enumerate() {
                    let of_rule = tenant(shared, "", rule.subjects.as_deref(), &rule.claims);
                    look(&format!("rules[{index}]"), own.max(of_rule.unwrap_or(Tenant::Any)));
                }
            }
        }
    }

    /// R85: one tenant's programs are all trusted alike, where nothing tells them apart.
    fn warn_of_programs(&self, known: &ManyPrograms, warn: &mut impl FnMut(String, String)) {
        if known.are_told_apart(self.subjects.as_deref(), &self.claims) {
            return;
        }
        let mut look = |at: String| {
            let claims: Vec<&str> = known.claims.iter().map(|claim| claim.name).collect();
            let detail = format!(
                "All programs of {} share this issuer, and nothing says which are meant: a condition on one of these claims does: {}.",
                known.name,
                claims.join(", ")
            );
            warn(at, detail);
        };
        match &self.rules {
            None => look("claims".to_string()),
            Some(rules) => {
                for (index, rule) in rules.iter().enumerate() {
                    if !known.are_told_apart(rule.subjects.as_deref(), &rule.claims) {
                        look(format!("rules[{index}]"));
                    }
                }
            }
        }
    }

    /// R84: a star stands for one character at least, which is a trap under `not`.
    fn warn_of_negated_globs(&self, warn: &mut impl FnMut(String, String)) {
        let mut look = |at: &str, claims: &[ClaimCondition], beside: &[ClaimCondition]| {
            for (index, text) in leaking_globs(claims, beside) {
                let detail = format!(
                    "It lets {} pass, since a star stands for one character at least: use prefix, or exclude that as well.",
                    quoted(&text)
                );
                warn(format!("{at}claims[{index}].not.glob"), detail);
            }
        };
        look("", &self.claims, &[]);
        for (index, rule) in self.rules.iter().flatten().enumerate() {
            look(&format!("rules[{index}]."), &rule.claims, &self.claims);
        }
    }
}

/// The negated globs that end in a star and let what comes before it pass: where each stands, and that text. `beside`: what
/// must hold as well.
fn leaking_globs<'a>(
    claims: &'a [ClaimCondition],
    beside: &'a [ClaimCondition],
) -> impl Iterator<Item = (usize, String)> + 'a {
    claims.iter().enumerate().filter_map(move |(index, condition)| {
        let text = own_beginning(condition.not.as_ref()?.glob.as_deref()?)?;
        let mut of_claim = claims.iter().chain(beside).filter(|other| other.claim == condition.claim);
        of_claim.all(|other| other.is_met_by(&text)).then_some((index, text))
    })
}

/// Whether the rule fits wherever the later one does, as far as their words show it.
fn shadows(rule: &IssuerRule, later: &IssuerRule) -> bool {
    let within = |few: &Option<Vec<String>>, many: &Option<Vec<String>>| match (few, many) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(few), Some(many)) => few.iter().all(|one| many.contains(one)),
    };
    rule.mode == RuleMode::Enforce
        && rule.client == later.client
        && within(&later.subjects, &rule.subjects)
        && within(&later.applications, &rule.applications)
        && rule.claims.iter().all(|condition| later.claims.contains(condition))
}
