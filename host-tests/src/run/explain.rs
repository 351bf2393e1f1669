//! What `explain` says of an assertion is what the exchange then does.

use anyhow::{Result, bail, ensure};

use super::Run;
use crate::driver::{self, Driver, Operation, Outcome};
use crate::scenario::resolved::Step;

impl<D: Driver> Run<'_, D> {
    /// Asks for an explanation before the exchange: it must come to the same, and consume nothing.
    pub(super) async fn check_explanation(
        &mut self,
        step: &Step,
        request: &driver::Exchange,
        client_id: &str,
    ) -> Result<()> {
        self.check_client_explanation(step, request).await?;
        let expect = &step.expect;
        // What is wrong with a subject token is invalid_request (R93).
        let refused = if request.token_exchange.is_some() { "invalid_request" } else { "invalid_grant" };
        let refusals = [refused, "invalid_dpop_proof", "use_dpop_nonce", "invalid_scope", "invalid_target"];
        let about_the_assertion =
            expect.status == 200 || expect.error.as_deref().is_some_and(|error| refusals.contains(&error));
        // It would fetch, and thereby change, what such a scenario counts.
        if !about_the_assertion || !self.scenario.key_endpoints.is_empty() {
            return Ok(());
        }
        let question = Operation::Explain {
            organization: request.organization.clone(),
            assertion: request.assertion.clone(),
            client_id: client_id.to_owned(),
            token_exchange: request.token_exchange.clone(),
            dpop_proof: request.dpop_proof.clone(),
            scope: request.scope.clone(),
            resource: request.resource.clone(),
        };
        let explanation = match self.call(question).await?.outcome {
            Outcome::Ok(explanation) => explanation,
            other => bail!("explain: got {}, expected an explanation", serde_json::to_string(&other)?),
        };
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

    /// The same of a client assertion (R27, R28), which is accepted where it is something else that is refused.
    async fn check_client_explanation(&mut self, step: &Step, request: &driver::Exchange) -> Result<()> {
        let Some(client_assertion) = &request.client_assertion else { return Ok(()) };
        let exchange = request.token_exchange.as_ref();
        let actor_token = exchange.and_then(|exchange| exchange.actor_token.as_ref());
        let one_jwt = [Some(&request.assertion), actor_token].contains(&Some(client_assertion));
        let expect = &step.expect;
        let is_refused = expect.error.as_deref() == Some("invalid_client");
        let is_asked = is_refused
            || match expect.error.as_deref() {
                None | Some("invalid_grant") => true,
                Some("invalid_request") => exchange.is_some(),
                Some(_) => false,
            };
        if one_jwt || !is_asked || !self.scenario.key_endpoints.is_empty() {
            return Ok(());
        }
        let question = Operation::ExplainClient {
            organization: request.organization.clone(),
            client_assertion: client_assertion.clone(),
            client_assertion_type: request.client_assertion_type,
            client_id: request.client_id.clone(),
        };
        let explanation = match self.call(question).await?.outcome {
            Outcome::Ok(explanation) => explanation,
            other => bail!("explain: got {}, expected an explanation", serde_json::to_string(&other)?),
        };
        let accepted = explanation["accepted"] == true;
        ensure!(accepted != is_refused, "explain says otherwise of the client: {explanation}");
        Ok(())
    }
}
