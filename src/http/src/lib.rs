//! The HTTP face of Asserta: token endpoint, JWKS, metadata, health, the admin API and its console, over core's ports.
//!
//! Values go in and values come out: a [`Request`] whose body was read, a [`Response`] that is complete. Whoever has
//! [`Ports`] and the texts of the settings makes an [`Endpoint`] and hands requests in; which host that is, this crate
//! doesn't know. What the routes do is in core's service; this file is the route table.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod admin;
mod console;
mod cors;
mod endpoint;
mod gzip;
mod health;
mod jwks;
mod metadata;
mod own_token;
mod path;
mod problem;
mod request;
mod response;
mod settings;
mod token;

use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::pin::Pin;

use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{Ports, TokenEndpoint};
use asserta_core::service::RegistryError;

pub use self::endpoint::Endpoint;
pub use self::request::{BodyProblem, MAX_BODY, Request};
pub use self::settings::{SETTINGS, SettingTexts};
pub use asserta_core::oauth::HttpResponse as Response;

use self::endpoint::{NotStarted, Started};
use self::problem::Problem;

impl<P: Ports, T: SettingTexts> Endpoint<P, T> {
    /// Serves a request. The first one starts the endpoint; where that fails, the next one tries again.
    pub async fn handle(&self, request: Request) -> Response {
        let mut response = self.route(&request).await;
        if request.method == "HEAD" || matches!(response.status, 204 | 304) {
            // The response to a HEAD is that to a GET without its body (RFC 9110 section 9.3.2).
            response.body.clear();
        } else {
            // A length spares the client the chunks, and the connection a second packet.
            response.headers.push(("content-length", response.body.len().to_string()));
        }
        response
    }

    async fn route(&self, request: &Request) -> Response {
        let Ok(segments) = path::segments(&request.path) else {
            return Problem::malformed_path().response();
        };
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let started = self.started().await;
        let (organization, segments) = organization(&segments, started);
        let Some(organization) = organization else { return nobody(segments, request).await };
        match segments {
            ["oauth2", "token"] if request.method == "OPTIONS" => request.preflight("POST"),
            ["oauth2", "token"] => {
                cors::open(token::exchange(self.ports(), started, &organization, request).await)
            }
            // No page may ask about tokens: introspection is for resource servers (R17).
            ["oauth2", "introspect"] => {
                self.own_token(started, &organization, request, TokenEndpoint::Introspection).await
            }
            ["oauth2", "revoke"] if request.method == "OPTIONS" => request.preflight("POST"),
            ["oauth2", "revoke"] => {
                let endpoint = TokenEndpoint::Revocation;
                cors::open(self.own_token(started, &organization, request, endpoint).await)
            }
            ["oauth2", "jwks"] => request.public_document(jwks::serve(started, &organization)).await,
            [".well-known", "oauth-authorization-server" | "openid-configuration"] => {
                request.public_document(metadata::serve(started, &organization)).await
            }
            ["health"] if organization.is_default() => request.document(health::serve(started)).await,
            ["admin", below @ ..] if organization.is_default() => admin::serve(started, below, request).await,
            ["console", below @ ..] if organization.is_default() => console::serve(started, below, request),
            _ => Problem::not_found().response(),
        }
    }
}

impl<P: Ports, T: SettingTexts> Endpoint<P, T> {
    /// Boxed, so that the future of a request for a token is not as large as this one.
    fn own_token<'a>(
        &'a self,
        started: Result<&'a Started<P>, NotStarted>,
        organization: &'a OrganizationId,
        request: &'a Request,
        endpoint: TokenEndpoint,
    ) -> Pin<Box<dyn Future<Output = Response> + 'a>> {
        Box::pin(own_token::serve(self.ports(), started, organization, request, endpoint))
    }
}

/// Whose path it is, and what is left of it. The organization `default` is served at the root, any other
/// one below `/t/{name}`; but RFC 8414 section 3.1 puts the well-known part before the issuer's path, that of the public
/// URL with it. `None`: no organization can have this name.
fn organization<'a, P: Ports>(
    segments: &'a [&'a str],
    started: Result<&Started<P>, NotStarted>,
) -> (Option<OrganizationId>, &'a [&'a str]) {
    let default = OrganizationId::default_organization();
    match segments {
        ["t", name, below @ ..] => (below_t(name), below),
        [".well-known", "oauth-authorization-server", path @ ..] => {
            let issuer = started.map(|started| started.service.settings().urls(&default).issuer);
            match without_base(path, issuer.as_deref().unwrap_or_default()) {
                [] => (Some(default), &segments[..2]),
                ["t", name] => (below_t(name), &segments[..2]),
                _ => (Some(default), segments),
            }
        }
        _ => (Some(default), segments),
    }
}

/// A name below `/t/`; not that of the organization at the root, which has no second address.
fn below_t(name: &str) -> Option<OrganizationId> {
    OrganizationId::parse(name).ok().filter(|organization| !organization.is_default())
}

/// The segments of a path without those that the public URL has. A proxy may have taken them off.
fn without_base<'a>(segments: &'a [&'a str], public_url: &str) -> &'a [&'a str] {
    let path = public_url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let base = path.and_then(|path| path::segments(path).ok()).unwrap_or_default();
    match segments.split_at_checked(base.len()) {
        Some((before, after)) if before.iter().eq(base.iter()) => after,
        _ => segments,
    }
}

/// What an organization's paths answer where there is none, below a name that none can have.
async fn nobody(segments: &[&str], request: &Request) -> Response {
    let is_preflight = request.method == "OPTIONS";
    let refused = || Response::refused(&Reason::OrganizationUnknown.into(), "");
    match segments {
        ["oauth2", "token" | "revoke"] if is_preflight => request.preflight("POST"),
        ["oauth2", "token" | "revoke"] => cors::open(refused()),
        ["oauth2", "introspect"] => refused(),
        ["oauth2", "jwks"] | [".well-known", "oauth-authorization-server" | "openid-configuration"] => {
            request.public_document(async { Err(RegistryError::OrganizationUnknown.into()) }).await
        }
        _ => Problem::not_found().response(),
    }
}
