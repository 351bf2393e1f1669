//! What becomes of our tokens: looked up, and taken back (R110, R111).

use anyhow::Result;

use super::Run;
use crate::driver::{self, Driver, Operation};
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::{Action, Step, TokenQuestion};

impl<D: Driver> Run<'_, D> {
    pub(super) async fn own_token(&mut self, step: &Step, question: &TokenQuestion) -> Result<()> {
        let asked = driver::TokenQuestion {
            organization: question.organization.clone(),
            token: self.text(&question.token)?,
            client_id: self.text(&question.client_id)?,
            client_secret: self.text(&question.client_secret)?,
        };
        let operation = match &step.action {
            Action::Revoke(_) => Operation::Revoke(asked),
            _ => Operation::Introspect(asked),
        };
        let response = self.call(operation).await?;
        self.check_response(step, &response)
    }
}
