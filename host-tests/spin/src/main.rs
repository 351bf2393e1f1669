//! Stands in for Spin: serves a component of its HTTP trigger, on a socket, with what Spin gives it. A new instance
//! serves each request.
//!
//! `spin-stand-in COMPONENT` reads a line of JSON for each thing that it is to do, and writes one when it has done it:
//!
//! * `{"do":"start","at":SECONDS,"variables":{…}}` serves with empty stores, a clock that stands at `at`, and these
//!   variables: `{"app":NUMBER,"address":"127.0.0.1:…"}`;
//! * `{"do":"set_clock","app":NUMBER,"at":SECONDS}`: `{}`;
//! * `{"do":"stop","app":NUMBER}`: `{}`.
//!
//! It ends with its input.

mod component;
mod keyvalue;
mod serve;
mod sqlite;
mod variables;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::component::Trigger;
use crate::serve::Serving;
use crate::world::App;

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    Start { at: u64, variables: BTreeMap<String, String> },
    SetClock { app: usize, at: u64 },
    Stop { app: usize },
}

#[derive(Serialize)]
struct Started {
    app: usize,
    address: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<()> {
    let component: PathBuf = std::env::args_os().nth(1).context("which component?")?.into();
    let trigger = Trigger::load(&component)?;
    let mut apps: Vec<Option<Serving>> = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Some(line) = lines.next_line().await? {
        let done = match serde_json::from_str(&line)? {
            Order::Start { at, variables } => {
                let app = Arc::new(App::new(at, variables)?);
                let serving = Serving::start(trigger.clone(), app).await?;
                let started = Started { app: apps.len(), address: serving.address };
                apps.push(Some(serving));
                serde_json::to_string(&started)?
            }
            Order::SetClock { app, at } => {
                let serving = apps.get(app).and_then(Option::as_ref).context("no such app")?;
                serving.app.set_clock(at);
                "{}".to_owned()
            }
            Order::Stop { app } => {
                let serving = apps.get_mut(app).and_then(Option::take);
                ensure!(serving.is_some(), "no such app");
                "{}".to_owned()
            }
        };
        out.write_all(format!("{done}\n").as_bytes()).await?;
        out.flush().await?;
    }
    Ok(())
}
