//! Which decisions of the activity log are wanted.

use alloc::string::{String, ToString as _};

use super::recorded::RecordedDecision;
use crate::field::FieldError;
use crate::oauth::{Form, Reason};

/// Where a decision stands in the log: later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) time: u64,
    pub(super) lane: u64,
    pub(super) sequence: u64,
    pub(super) index: u64,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let mut part = || parts.next().flatten();
        let place = Self { time: part()?, lane: part()?, sequence: part()?, index: part()? };
        parts.next().is_none().then_some(place)
    }
}

/// Which decisions are wanted. All that is said must hold.
#[derive(Clone, Debug, Default)]
pub struct ActivityQuery {
    pub(super) limit: Option<usize>,
    before: Option<Place>,
    outcome: Option<&'static str>,
    reason: Option<&'static str>,
    client_id: Option<String>,
    trusted_issuer: Option<String>,
    rule: Option<String>,
}

/// What may have become of a request.
const OUTCOMES: [&str; 3] = ["granted", "refused", "revoked"];
/// The names of its parameters.
const PARAMETERS: [&str; 7] = ["limit", "after", "outcome", "reason", "client_id", "trusted_issuer", "rule"];

impl ActivityQuery {
    /// Reads a query string.
    ///
    /// # Errors
    /// The parameter that is unknown, or has a value that it can't have.
    pub fn parse(query: &str) -> Result<Self, FieldError> {
        let malformed = |_| FieldError::new("query", "must be well-formed, each parameter once");
        let form = Form::parse(query.as_bytes()).map_err(malformed)?;
        if let Some(unknown) = form.names().find(|name| !PARAMETERS.contains(name)) {
            return Err(FieldError::new(unknown, "is unknown"));
        }
        let [limit, after, outcome, reason, client_id, trusted_issuer, rule] =
            PARAMETERS.map(|name| form.one(name).map(|value| value.map(|value| value.to_string())));
        let limit = match limit.map_err(malformed)?.map(|text| text.parse()) {
            None => None,
            Some(Ok(limit @ 1..)) => Some(limit),
            Some(_) => return Err(FieldError::new("limit", "must be a number from 1 to 100")),
        };
        let before = match after.map_err(malformed)? {
            None => None,
            Some(text) => Some(
                Place::parse(&text)
                    .ok_or_else(|| FieldError::new("after", "must be the `next` of a page before"))?,
            ),
        };
        let outcome = match outcome.map_err(malformed)? {
            None => None,
            Some(name) => {
                let known = OUTCOMES.into_iter().find(|known| *known == name);
                Some(known.ok_or_else(|| FieldError::new("outcome", "must be granted, refused or revoked"))?)
            }
        };
        let reason = match reason.map_err(malformed)? {
            None => None,
            Some(name) => {
                let mut names = Reason::ALL.iter().map(|reason| reason.name());
                let known = names.find(|known| *known == name);
                Some(known.ok_or_else(|| FieldError::new("reason", "must be the reason of a refusal"))?)
            }
        };
        Ok(Self {
            limit,
            before,
            outcome,
            reason,
            client_id: client_id.map_err(malformed)?,
            trusted_issuer: trusted_issuer.map_err(malformed)?,
            rule: rule.map_err(malformed)?,
        })
    }

    pub(super) fn wants(&self, place: Place, decision: &RecordedDecision) -> bool {
        fn is(wanted: Option<&str>, found: Option<&str>) -> bool {
            wanted.is_none_or(|wanted| found == Some(wanted))
        }
        self.before.is_none_or(|before| place < before)
            && is(self.outcome, Some(&decision.outcome))
            && is(self.reason, decision.reason.as_deref())
            && is(self.client_id.as_deref(), decision.client_id.as_deref())
            && is(self.trusted_issuer.as_deref(), decision.trusted_issuer.as_deref())
            && is(self.rule.as_deref(), decision.rule.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_what_is_wrong() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=many", "limit"),
            ("after=1.2.3", "after"),
            ("after=1.2.3.4.5", "after"),
            ("after=1.2.x.4", "after"),
            ("outcome=perhaps", "outcome"),
            ("reason=because", "reason"),
            ("subject=alice", "subject"),
            ("rule=a&rule=b", "query"),
            ("rule=%zz", "query"),
        ] {
            let error = ActivityQuery::parse(query).expect_err(query);
            assert_eq!(error.field, field, "{query}");
        }
        assert!(ActivityQuery::parse("").is_ok());
        let all =
            "limit=7&after=1.0.3.4&outcome=refused&reason=no-rule-fits&client_id=a&trusted_issuer=b&rule=c";
        assert!(
            ActivityQuery::parse(all).is_ok_and(|query| query.limit == Some(7) && query.before.is_some())
        );
    }
}
