//! The HTTP face over ports in memory: routes, the admin API, the token endpoint, settings.

mod activity;
mod admin;
mod admin_bodies;
mod apply;
mod client_keys;
mod console;
mod dpop;
mod issuer_keys;
mod metadata;
mod openapi;
mod own_tokens;
mod preconditions;
mod presets;
mod routes;
mod server;
mod settings;
mod stated_metadata;
mod token;
mod token_exchange;
#[path = "../../../core/tests/world/mod.rs"]
mod world;
