//! Registering: each action is one operation.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Run;
use crate::driver::{Driver, Operation, Outcome};
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::{Action, Step};

impl<D: Driver> Run<'_, D> {
    pub(super) async fn registration(&mut self, step: &Step, action: &Action) -> Result<()> {
        let client_id = |name: &str| self.text(&format!("${{client_id:{name}}}"));
        // A secret is made for this application.
        let mut secret_of = None;
        let operation = match action.clone() {
            Action::RegisterOrganization(organization) => Operation::ReplaceOrganization { organization },
            Action::RegisterIssuer(new) => {
                Operation::RegisterIssuer { organization: new.organization, document: new.record }
            }
            Action::ReplaceIssuer(new) => {
                Operation::ReplaceIssuer { organization: new.organization, document: new.record }
            }
            Action::RemoveIssuer(old) => {
                Operation::RemoveIssuer { organization: old.organization, name: old.name }
            }
            Action::RegisterApplication(new) => {
                let is_by_key =
                    new.record.get("token_endpoint_auth_method") == Some(&"private_key_jwt".into());
                secret_of = Some((new.name, !is_by_key));
                Operation::RegisterApplication { organization: new.organization, document: new.record }
            }
            Action::ReplaceApplication(new) => Operation::ReplaceApplication {
                client_id: client_id(&new.name)?,
                organization: new.organization,
                document: new.record,
            },
            Action::RemoveApplication(old) => Operation::RemoveApplication {
                client_id: client_id(&old.name)?,
                organization: old.organization,
            },
            Action::RenewSecret(old) => {
                let client_id = client_id(&old.name)?;
                secret_of = Some((old.name, true));
                Operation::RenewSecret { client_id, organization: old.organization }
            }
            Action::RotateKeys(whose) => Operation::RotateKeys { organization: whose.organization },
            Action::RevokeAll { organization, document } => {
                Operation::RevokeAll { organization, document: self.object(&document)? }
            }
            Action::KeyEndpoint { .. }
            | Action::Advance(_)
            | Action::Exchange(_)
            | Action::Introspect(_)
            | Action::Revoke(_)
            | Action::Http(_) => {
                unreachable!("no registration")
            }
        };
        let response = self.call(operation).await?;
        self.check_response(step, &response)?;
        if let (Some((name, has_secret)), Outcome::Ok(made)) = (secret_of, &response.outcome) {
            self.remember(&name, has_secret, made)?;
        }
        Ok(())
    }

    fn remember(&mut self, name: &str, has_secret: bool, made: &Value) -> Result<()> {
        let text = |member: &str| -> Result<String> {
            let text = made.get(member).and_then(Value::as_str);
            Ok(text.with_context(|| format!("there is no {member}"))?.to_owned())
        };
        if has_secret {
            // R23: at least 256 random bits, which are 43 characters of base64url.
            let secret = text("client_secret")?;
            ensure!(secret.len() >= 43, "the secret is too short for 256 bits");
            if let Some(previous) = self.known.insert(format!("client_secret:{name}"), secret) {
                self.known.insert(format!("previous_client_secret:{name}"), previous);
            }
        } else {
            let secret = made.get("client_secret").and_then(Value::as_str).unwrap_or_default();
            ensure!(secret.is_empty(), "R27: an application that authenticates by key has a secret");
        }
        self.known.insert(format!("client_id:{name}"), text("client_id")?);
        Ok(())
    }
}
