//! What a step expects, with what its action is known to answer.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Context;
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::{Action, Expectation};

impl Context<'_> {
    pub(super) fn expectation(&self, written: &Map<String, Value>, action: &Action) -> Result<Expectation> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            status: Option<u16>,
            error: Option<String>,
            reason: Option<String>,
            field: Option<String>,
            #[serde(default)]
            headers: BTreeMap<String, String>,
            #[serde(default)]
            body: Map<String, Value>,
            #[serde(default)]
            without: Vec<String>,
            #[serde(default)]
            token: Map<String, Value>,
            #[serde(default)]
            token_without: Vec<String>,
            #[serde(default)]
            fetches: BTreeMap<String, usize>,
        }
        let filled = Value::Object(self.object(written)?);
        let written: Written = serde_json::from_value(filled).context("expect")?;
        let by_error = |error: &str| match error {
            "invalid_client" => 401,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        };
        let status = written.status.or_else(|| written.error.as_deref().map(by_error));
        let status = status.unwrap_or(match (action, &written.field) {
            (_, Some(_)) => 400,
            (Action::RegisterIssuer(_) | Action::RegisterApplication(_) | Action::RevokeAll { .. }, None) => {
                201
            }
            (Action::RemoveIssuer(_) | Action::RemoveApplication(_), None) => 204,
            _ => 200,
        });
        let Written { error, reason, field, headers, body, without, token, token_without, fetches, .. } =
            written;
        Ok(Expectation {
            status,
            error,
            reason,
            field,
            headers,
            body,
            without,
            token,
            token_without,
            fetches,
        })
    }
}
