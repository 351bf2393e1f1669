//! Compares what came with what a scenario expects, and with what every answer must have.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use asserta_core::oauth::Reason;
use serde_json::{Map, Value};

use super::Run;
use crate::client::Answer;
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::Step;

impl Run<'_> {
    /// What the step says of status, headers and body.
    pub(super) fn check_answer(&self, step: &Step, answer: &Answer) -> Result<()> {
        let expect = &step.expect;
        ensure!(
            answer.status == expect.status,
            "status {}, expected {}: {}",
            answer.status,
            expect.status,
            answer.text()
        );
        for (name, expected) in &expect.headers {
            if expected.is_empty() {
                ensure!(answer.header(name).is_none(), "there is a header {name}");
                continue;
            }
            let value = answer.header(name).with_context(|| format!("there is no header {name}"))?;
            let expected = self.text(expected)?;
            ensure!(expected == "${any}" || value == expected, "{name}: {value:?}, expected {expected:?}");
        }
        if let Some(field) = &expect.field {
            let named = answer.member("field")?;
            ensure!(named == *field, "the field at fault is {named}, expected {field}: {}", answer.text());
        }
        if let Some(error) = &expect.error {
            let named = answer.member("error")?;
            ensure!(named == *error, "the error is {named}, expected {error}: {}", answer.text());
        }
        if let Some(reason) = &expect.reason {
            let sentence = answer.member("error_description")?;
            let named = reason_of(&sentence).unwrap_or("none");
            ensure!(named == reason, "the reason is {named} ({sentence}), expected {reason}");
        }
        if !expect.body.is_empty() {
            self.check_members("the body", &answer.json()?, &expect.body)?;
        }
        for member in &expect.without {
            ensure!(
                answer.json()?.get(member).is_none(),
                "the body has a member {member}: {}",
                answer.text()
            );
        }
        Ok(())
    }

    /// That, and the rules that hold for every answer of the token endpoint.
    pub(super) fn check_token_answer(&self, step: &Step, answer: &Answer, secrets: &[&str]) -> Result<()> {
        self.check_answer(step, answer)?;
        for (name, expected) in
            [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")]
        {
            let value = answer.header(name).unwrap_or_default();
            ensure!(value == expected, "R1: {name} is {value:?}");
        }
        let body = answer.json().context("R1")?;
        if answer.status == 200 {
            ensure!(body.get("refresh_token").is_none(), "R60: there is a refresh token");
            return Ok(());
        }
        let members: Vec<&String> = body.as_object().context("R1: no object")?.keys().collect();
        ensure!(members == ["error", "error_description"], "unexpected members {members:?}");
        for member in ["error", "error_description"] {
            let text = answer.member(member)?;
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            ensure!(text.bytes().all(allowed), "R2: {member} has other characters: {text:?}");
        }
        let everything = format!("{:?} {}", answer.headers, answer.text());
        for secret in secrets.iter().filter(|secret| secret.len() > 8) {
            ensure!(!everything.contains(secret), "R3: the answer shows what was sent: {everything}");
        }
        ensure!(!everything.contains("user-1"), "R3: the answer shows the subject: {everything}");
        Ok(())
    }

    /// That `value` has these members, nested ones too.
    pub(super) fn check_members(
        &self,
        what: &str,
        value: &Value,
        expected: &Map<String, Value>,
    ) -> Result<()> {
        for (name, expected) in expected {
            let found = value.get(name).with_context(|| format!("{what} has no {name}: {value}"))?;
            self.check_value(&format!("{what}.{name}"), found, expected)?;
        }
        Ok(())
    }

    fn check_value(&self, what: &str, found: &Value, expected: &Value) -> Result<()> {
        match (found, expected) {
            (_, Value::String(text)) if text == "${any}" => Ok(()),
            (Value::Object(_), Value::Object(expected)) => self.check_members(what, found, expected),
            (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => found
                .iter()
                .zip(expected)
                .try_for_each(|(found, expected)| self.check_value(what, found, expected)),
            (found, Value::String(expected)) if found.is_string() => {
                let expected = self.text(expected)?;
                ensure!(*found == expected.as_str(), "{what} is {found}, expected {expected:?}");
                Ok(())
            }
            (found, expected) if found == expected => Ok(()),
            _ => bail!("{what} is {found}, expected {expected}"),
        }
    }

    /// How often JWKS endpoints were asked. A refresh may come a moment after the answer.
    pub(super) async fn check_fetches(&self, step: &Step) -> Result<()> {
        for (name, &expected) in &step.expect.fetches {
            let endpoint = self.scenario.key_endpoints.get(name);
            let url = &endpoint.with_context(|| format!("there is no JWKS endpoint {name}"))?.url;
            for _ in 0..200 {
                if self.place.key_endpoints.fetches(url) >= expected {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // One more than expected would come at about the same time.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let fetches = self.place.key_endpoints.fetches(url);
            ensure!(fetches == expected, "{name} was fetched {fetches} times, expected {expected}");
        }
        Ok(())
    }
}

/// The stable reason behind an `error_description`: there is one sentence for each.
pub(super) fn reason_of(sentence: &str) -> Option<&'static str> {
    Reason::ALL.iter().find(|reason| reason.sentence() == sentence).map(|reason| reason.name())
}
