//! What runs the built components from outside: test keys, scenarios, the host under test, and clients.

pub mod admin;
pub mod assertion;
pub mod client;
pub mod command_line;
pub mod components;
pub mod driver;
pub mod guarded_api;
pub mod guide_page;
pub mod key_endpoints;
pub mod keys;
pub mod local_host;
pub mod process;
pub mod redis_server;
pub mod run;
pub mod scenario;
pub mod spin;
pub mod standard_clients;
pub mod summary;
pub mod token_request;
pub mod torture;

/// A future that is compiled where it is made, and not once more in each program that awaits it.
type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
