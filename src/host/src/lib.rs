//! Runs the endpoint component natively: `asserta serve`, and the same in a process of your own.
//!
//! ```no_run
//! use std::sync::Arc;
//! use asserta::{Host, Program, Settings};
//! use asserta::keyvalue::SqliteStores;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let component = std::fs::read("target/components/handler.wasm")?;
//! let data = std::path::Path::new("data");
//! let program = Program::load(&component, Some(&data.join("compiled")))?;
//! let host = Host::builder(program, Arc::new(SqliteStores::open(data)?))
//!     .listen("127.0.0.1:3000")
//!     .settings(Settings { dev: true, ..Settings::default() })
//!     .start()
//!     .await?;
//! println!("{}/oauth2/token", host.url());
//! host.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! No rule of the endpoint is in here: the host gives the component a clock, randomness, stores, its
//! settings and a way to JWKS endpoints, and limits what each of its requests may use.

mod bindings;
pub mod clock;
mod compiled;
mod connections;
mod host;
mod instance;
mod instances;
pub mod keyvalue;
mod metrics;
pub mod outbound;
pub mod ownership;
mod program;
mod refusal;
mod settings;
mod shares;
pub mod signatures;

pub use host::{Host, HostBuilder, StartError};
pub use outbound::OutboundRules;
pub use program::{Program, ProgramError};
pub use settings::{Limits, Secret, Settings};
