//! Compares what came with what a scenario expects, and with what every response must have.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use asserta_core::oauth::Reason;
use serde_json::{Map, Value};

use super::Run;
use crate::client::Answer;
use crate::driver::http::is_told_by;
use crate::driver::{Driver, Outcome, Response};
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::Step;

/// Whether this is the sentence of that reason: over HTTP a reason is known by its sentence alone.
fn is_told(reason: &str, sentence: &str) -> bool {
    Reason::ALL.iter().any(|known| known.name() == reason && is_told_by(*known, sentence))
}

/// A member by its name, or by a JSON Pointer where that begins with a slash.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { value.pointer(name) } else { value.get(name) }
}

impl<D: Driver> Run<'_, D> {
    /// What the step says of the outcome; over HTTP of the status and the headers, too.
    pub(super) fn check_response(&self, step: &Step, response: &Response) -> Result<()> {
        if let Some(answer) = &response.http {
            self.check_status_and_headers(step, answer)?;
        }
        let expect = &step.expect;
        let got = || -> Result<String> {
            let outcome = serde_json::to_string(&response.outcome)?;
            Ok(format!("got {outcome}, expected {}", serde_json::to_string(expect)?))
        };
        let body = match (&response.outcome, &response.http) {
            (Outcome::Ok(body), _) => {
                ensure!(expect.status < 300, "{}", got()?);
                body.clone()
            }
            (Outcome::Refused(refused), http) => {
                ensure!(expect.status >= 300, "{}", got()?);
                let error = expect.error.as_ref().is_none_or(|error| *error == refused.error);
                let same_words = |reason: &str| http.is_some() && is_told(reason, &refused.error_description);
                let is_it = |reason: &String| *reason == refused.reason || same_words(reason);
                let reason = expect.reason.as_ref().is_none_or(is_it);
                ensure!(error && reason, "{}", got()?);
                http.as_ref().map_or_else(|| Ok(serde_json::to_value(refused)?), Answer::json)?
            }
            (Outcome::Rejected(rejected), http) => {
                let status = http.is_some() || status_of(&rejected.problem) == Some(expect.status);
                let field =
                    expect.field.as_deref().is_none_or(|field| rejected.field.as_deref() == Some(field));
                ensure!(status && expect.error.is_none() && field, "{}", got()?);
                http.as_ref().and_then(|answer| answer.json().ok()).unwrap_or_default()
            }
            (Outcome::KeysNeeded(_), _) => bail!("{}", got()?),
        };
        self.check_members("the body", &body, &expect.body)?;
        for name in &expect.without {
            // A language's own word for nothing counts as nothing.
            let found = member(&body, name).filter(|found| response.http.is_some() || !found.is_null());
            ensure!(found.is_none(), "the body has a member {name}: {body}");
        }
        Ok(())
    }

    fn check_status_and_headers(&self, step: &Step, answer: &Answer) -> Result<()> {
        let (status, expect) = (answer.status, &step.expect);
        ensure!(
            status == expect.status,
            "got status {status}, expected {}: {}",
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
        Ok(())
    }

    /// That, and the rules that hold for every response to a request for a token.
    pub(super) fn check_token_response(
        &self,
        step: &Step,
        response: &Response,
        secrets: &[&str],
    ) -> Result<()> {
        self.check_response(step, response)?;
        if let Some(answer) = &response.http {
            check_token_answer(answer)?;
        }
        let refused = match &response.outcome {
            Outcome::Ok(body) => {
                ensure!(body.get("refresh_token").is_none(), "R60: there is a refresh token");
                return Ok(());
            }
            Outcome::Refused(refused) => refused,
            other => bail!("R1: {}", serde_json::to_string(other)?),
        };
        for text in [&refused.error, &refused.error_description] {
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            ensure!(!text.is_empty() && text.bytes().all(allowed), "R2: other characters: {text:?}");
        }
        let everything = match &response.http {
            Some(answer) => format!("{:?} {}", answer.headers, answer.text()),
            None => serde_json::to_string(refused)?,
        };
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
                if self.key_endpoints.fetches(url) >= expected {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // One more than expected would come at about the same time.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let fetches = self.key_endpoints.fetches(url);
            ensure!(fetches == expected, "{name} was fetched {fetches} times, expected {expected}");
        }
        Ok(())
    }
}

/// What every answer of the token endpoint has (R1).
fn check_token_answer(answer: &Answer) -> Result<()> {
    for (name, expected) in
        [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")]
    {
        let value = answer.header(name).unwrap_or_default();
        ensure!(value == expected, "R1: {name} is {value:?}");
    }
    let body = answer.json().context("R1")?;
    let members: Vec<&String> = body.as_object().context("R1: no object")?.keys().collect();
    let expected = answer.status == 200 || members == ["error", "error_description"];
    ensure!(expected, "unexpected members {members:?}");
    Ok(())
}

/// The status that the admin API has for a case of `registry-error`.
fn status_of(problem: &str) -> Option<u16> {
    Some(match problem {
        "invalid" => 400,
        "organization-unknown" | "not-found" => 404,
        "taken" => 409,
        "busy" | "store-unavailable" | "record-unreadable" => 503,
        _ => return None,
    })
}
