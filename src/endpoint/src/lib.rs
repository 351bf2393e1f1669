//! The token endpoint as a Spin HTTP trigger: a route table. What the routes do is in core's service; how
//! the host is reached is in `ports`.

mod admin;
mod bindings;
mod health;
mod http;
mod instance;
mod jwks;
mod log;
mod metadata;
mod ports;
mod settings;
mod token;

use asserta_core::oauth::HttpAnswer;
use asserta_core::organization::OrganizationId;
use spin_sdk::http::{IntoResponse, Method, Request};
use spin_sdk::http_service;

use crate::http::{Incoming, Problem};
use crate::instance::Instance;

/// Where the host hands in each request.
#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    let (path, mut request) = Incoming::from_spin(request);
    let answer = route(&path, &mut request).await;
    http::send(answer, request.method == Method::HEAD, after_answer())
}

/// Work that no answer waits for: refreshing stale JWKS documents, sweeping the replay store.
async fn after_answer() {
    if let Some(instance) = Instance::started() {
        // A store that fails here has said so in the log, and the next request tries again.
        _ = instance.service.after_answer().await;
    }
}

async fn route(path: &str, request: &mut Incoming) -> HttpAnswer {
    let Ok(segments) = http::segments(path) else {
        return Problem::malformed_path().answer();
    };
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let Some((organization, segments)) = organization(&segments) else {
        return Problem::not_found().answer();
    };
    let instance = Instance::get().await;
    let instance = instance.as_deref().map_err(|error| *error);
    match segments {
        ["oauth2", "token"] if request.method == Method::OPTIONS => request.preflight("POST"),
        ["oauth2", "token"] => http::open(token::exchange(instance, &organization, request).await),
        ["oauth2", "jwks"] => request.public_document(jwks::serve(instance, &organization)).await,
        [".well-known", "oauth-authorization-server" | "openid-configuration"] => {
            request.public_document(metadata::serve(instance, &organization)).await
        }
        ["health"] if organization.is_default() => request.document(health::serve(instance)).await,
        ["admin", below @ ..] if organization.is_default() => admin::serve(instance, below, request).await,
        _ => Problem::not_found().answer(),
    }
}

/// Whose path it is, and what is left of it. The organization `default` is served at the root, any other
/// one below `/t/{name}`; but RFC 8414 section 3.1 puts the well-known part before the issuer's path.
fn organization<'a>(segments: &'a [&'a str]) -> Option<(OrganizationId, &'a [&'a str])> {
    match segments {
        ["t", name, below @ ..] => Some((tenant(name)?, below)),
        [".well-known", "oauth-authorization-server", "t", name] => Some((tenant(name)?, &segments[..2])),
        _ => Some((OrganizationId::default_organization(), segments)),
    }
}

/// A name below `/t/`; not that of the organization at the root, which has no second address.
fn tenant(name: &str) -> Option<OrganizationId> {
    OrganizationId::parse(name).ok().filter(|organization| !organization.is_default())
}
