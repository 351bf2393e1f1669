//! `GET /health`: whether exchanges can work.

use asserta_core::oauth::HttpAnswer;
use asserta_core::ports::{Ports, Store, StoreError};
use serde::Serialize;

use crate::http::{Problem, json};
use crate::instance::{Instance, NotStarted};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// Exchanges work, but used assertions are not deleted, and the store only grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<&'static str>,
}

/// 200 when the instance has its settings and both stores answer, else 503.
pub(crate) async fn serve(instance: Result<&Instance, NotStarted>) -> Result<HttpAnswer, Problem> {
    let (status, sweep) = match instance {
        Err(NotStarted::BadSetting) => ("misconfigured", None),
        Err(NotStarted::StoreUnavailable) => ("store unavailable", None),
        Ok(instance) => match look_at_stores(instance).await {
            Ok(is_sweep_failing) => ("ok", is_sweep_failing.then_some("failing")),
            Err(_) => ("store unavailable", None),
        },
    };
    Ok(json(if status == "ok" { 200 } else { 503 }, &Health { status, sweep }))
}

/// Both answer; whether the one of used assertions can be swept.
async fn look_at_stores(instance: &Instance) -> Result<bool, StoreError> {
    // A key that nothing writes: what counts is that the answer comes.
    instance.service.ports().replay().get("health").await?;
    instance.service.is_sweep_failing().await
}
