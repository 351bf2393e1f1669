//! `GET /health`: whether exchanges can work.

use asserta_core::ports::{Ports, Store, StoreError};
use serde::Serialize;

use crate::endpoint::{NotStarted, Started};
use crate::problem::Problem;
use crate::response::{Response, json};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// Both stores answer, but used assertions are not deleted, and the store only grows; or it is full, and takes no mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<&'static str>,
}

/// 200 when the endpoint has its settings and both stores answer, else 503.
pub(crate) async fn serve<P: Ports>(started: Result<&Started<P>, NotStarted>) -> Result<Response, Problem> {
    let (status, sweep) = match started {
        Err(NotStarted::BadSetting) => ("misconfigured", None),
        Err(NotStarted::StoreUnavailable) => ("store unavailable", None),
        Ok(started) => match look_at_stores(started).await {
            Ok(is_sweep_failing) => ("ok", is_sweep_failing.then_some("failing")),
            Err(_) => ("store unavailable", None),
        },
    };
    Ok(json(if status == "ok" { 200 } else { 503 }, &Health { status, sweep }))
}

/// Both answer; whether the one of used assertions can be swept.
async fn look_at_stores<P: Ports>(started: &Started<P>) -> Result<bool, StoreError> {
    // A key that nothing writes: what counts is that it answers.
    started.service.ports().replay().get("health").await?;
    started.service.spent().is_sweep_failing().await
}
