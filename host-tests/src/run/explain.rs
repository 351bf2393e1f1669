//! What `explain` says of an assertion is what the exchange then does.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Run, TokenRequest};
use crate::scenario::resolved::{Exchange, Step};

/// Reasons that stand outside of what `explain` is asked here: it is told neither scope nor resource.
const NOT_ASKED: [&str; 3] = ["scope-malformed", "scope-not-allowed", "resource-unknown"];

impl Run<'_> {
    /// Asks for an explanation before the exchange: it must come to the same, and consume nothing.
    pub(super) async fn check_explanation(
        &self,
        step: &Step,
        exchange: &Exchange,
        request: &TokenRequest,
    ) -> Result<()> {
        let expect = &step.expect;
        let about_the_assertion = expect.status == 200 || expect.error.as_deref() == Some("invalid_grant");
        let asked = expect.reason.as_deref().is_none_or(|reason| !NOT_ASKED.contains(&reason));
        // It would fetch, and thereby change, what such a scenario counts.
        if !about_the_assertion || !asked || !self.scenario.key_endpoints.is_empty() {
            return Ok(());
        }
        let question = json!({"assertion": request.assertion, "client_id": request.client_id});
        let path = format!("{}/explain", exchange.organization);
        let answer = self.admin("POST", &path, Some(question.to_string())).await?;
        ensure!(answer.status == 200, "explain: {} {}", answer.status, answer.text());
        let explanation = answer.json()?;
        let accepted = explanation["accepted"] == true;
        ensure!(accepted == (expect.status == 200), "explain says otherwise: {explanation}");
        let Some(expected) = &expect.reason else { return Ok(()) };
        let checks = explanation["checks"].as_array().into_iter().flatten();
        let first =
            checks.filter(|check| check["passed"] == false).find_map(|check| check["reason"].as_str());
        ensure!(first == Some(expected), "explain names {first:?} first, expected {expected}: {explanation}");
        let shown = explanation.to_string();
        ensure!(!shown.contains("user-1"), "R3: explain shows the subject: {shown}");
        Ok(())
    }
}
