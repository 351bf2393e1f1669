//! Registering over the admin API.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Run;
use crate::client::form_encoded;
use crate::scenario::resolved::{Action, Registration, Step};

impl Run<'_> {
    pub(super) async fn registration(&mut self, step: &Step, action: &Action) -> Result<()> {
        let body = |registration: &Registration| Some(Value::Object(registration.record.clone()).to_string());
        let (method, path, body, application) = match action {
            Action::RegisterOrganization(name) => ("PUT", name.clone(), Some(json!({}).to_string()), None),
            Action::RegisterIssuer(new) => {
                ("POST", format!("{}/trusted-issuers", new.organization), body(new), None)
            }
            Action::ReplaceIssuer(new) => ("PUT", issuer_path(&new.organization, &new.name), body(new), None),
            Action::RemoveIssuer(old) => ("DELETE", issuer_path(&old.organization, &old.name), None, None),
            Action::RegisterApplication(new) => {
                ("POST", format!("{}/applications", new.organization), body(new), Some(&new.name))
            }
            Action::ReplaceApplication(new) => {
                ("PUT", self.application_path(&new.organization, &new.name)?, body(new), None)
            }
            Action::RemoveApplication(old) => {
                ("DELETE", self.application_path(&old.organization, &old.name)?, None, None)
            }
            Action::RenewSecret(old) => {
                let path = format!("{}/secret", self.application_path(&old.organization, &old.name)?);
                ("POST", path, None, Some(&old.name))
            }
            Action::RotateKeys(whose) => ("POST", format!("{}/keys/rotate", whose.organization), None, None),
            Action::KeyEndpoint { .. } | Action::Advance(_) | Action::Exchange(_) | Action::Http(_) => {
                unreachable!("no registration")
            }
        };
        let answer = self.admin(method, &path, body).await?;
        self.check_answer(step, &answer)?;
        if let (Some(name), 200 | 201) = (application, answer.status) {
            // R23: at least 256 random bits, which are 43 characters of base64url.
            let secret = answer.member("client_secret")?;
            ensure!(secret.len() >= 43, "the secret is too short for 256 bits");
            if let Some(previous) = self.known.insert(format!("client_secret:{name}"), secret) {
                self.known.insert(format!("previous_client_secret:{name}"), previous);
            }
            self.known.insert(format!("client_id:{name}"), answer.member("client_id")?);
        }
        Ok(())
    }

    fn application_path(&self, organization: &str, name: &str) -> Result<String> {
        use crate::scenario::placeholder::Fill as _;
        let client_id = self.text(&format!("${{client_id:{name}}}"))?;
        Ok(format!("{organization}/applications/{client_id}"))
    }
}

fn issuer_path(organization: &str, name: &str) -> String {
    format!("{organization}/trusted-issuers/{}", form_encoded(name).replace('+', "%20"))
}
