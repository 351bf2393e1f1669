//! Client authentication by key: `private_key_jwt` (R27), and federated clients (R28).

mod assertion;
mod federated;
mod once;
mod request;
#[path = "../world/mod.rs"]
mod world;
