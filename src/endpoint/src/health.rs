//! `GET /health`: whether exchanges can work.

use asserta_core::oauth::HttpAnswer;
use asserta_core::ports::{Ports, Store};
use serde::Serialize;

use crate::http::{Problem, json};
use crate::instance::{Instance, NotStarted};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// 200 when the instance has its settings and both stores answer, else 503.
pub(crate) async fn serve(instance: Result<&Instance, NotStarted>) -> Result<HttpAnswer, Problem> {
    let status = match instance {
        Err(NotStarted::BadSetting) => "misconfigured",
        Ok(instance) if stores_answer(instance.service.ports()).await => "ok",
        Ok(_) | Err(NotStarted::StoreUnavailable) => "store unavailable",
    };
    Ok(json(if status == "ok" { 200 } else { 503 }, &Health { status }))
}

async fn stores_answer(ports: &impl Ports) -> bool {
    // A key that nothing writes: what counts is that the answer comes.
    ports.registry().get("health").await.is_ok() && ports.replay().get("health").await.is_ok()
}
