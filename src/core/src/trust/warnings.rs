//! What a registration should be looked at again for, and is no error (R86).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Serialize;

use super::document::TrustedIssuer;
use super::lint::{Tenant, tenant};
use super::rule::{IssuerRule, RuleMode};
use super::shared_issuers::SharedIssuer;
use crate::jose::key::certificate;
use crate::words::quoted;

/// Something about a registration that may not be meant so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

    /// Names can be given up and taken over, where there are identifiers that can't.
    fn warn_of_names(&self, shared: &SharedIssuer, warn: &mut impl FnMut(String, String)) {
        let ids: Vec<&str> =
            shared.tenant.iter().filter(|claim| claim.is_id).map(|claim| claim.name).collect();
        let mut look = |at: &str, found: Tenant| match found {
            Tenant::ById => {}
            Tenant::Any => warn(at.into(), format!("Every tenant of {} meets it.", shared.name)),
            Tenant::ByName => {
                let detail = "The tenant is told by a name, which somebody else may have later; an identifier can't be taken over";
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
