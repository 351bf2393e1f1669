//! The admin API: registering organizations, trusted issuers and applications, and looking after keys.

mod activity;
mod applications;
mod apply;
mod body;
mod explain;
mod handled;
mod keys;
mod metadata;
mod methods;
mod missing;
mod organizations;
mod pages;
mod preconditions;
mod presets;
mod query;
mod revocations;
mod schema;
mod trusted_issuers;

use asserta_core::jose::digest;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::Service;

use self::handled::{Handled, Refused};
use crate::endpoint::{NotStarted, Started};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// Serves the paths below `/admin`.
pub(crate) async fn serve<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    segments: &[&str],
    request: &Request,
) -> Response {
    let handled = match started {
        Ok(started) => handle(started, segments, request).await,
        Err(not_started) => Err(not_started.into()),
    };
    match handled {
        Ok(response) => response,
        Err(Refused::Problem(problem)) => problem.response(),
        Err(Refused::Method) => Problem::response_allowing(methods::of(segments)),
    }
}

async fn handle<P: Ports>(started: &Started<P>, segments: &[&str], request: &Request) -> Handled {
    authorize(started.admin_token_sha256, request)?;
    methods::check(request, segments)?;
    query::check(request, segments)?;
    preconditions::check_post(request)?;
    let handled = route(&started.service, segments, request).await;
    handled.map_err(|refused| missing::named(refused, segments, request))
}

async fn route(service: &Service<impl Ports>, segments: &[&str], request: &Request) -> Handled {
    let (organization, below) = match segments {
        ["apply"] => return apply::apply(service, request).await,
        ["schema.json"] => return schema::schema(request),
        ["openapi.json"] => return schema::openapi(request),
        ["presets"] => return presets::collection(),
        ["presets", name] => return presets::one(name, request),
        ["organizations"] => return organizations::collection(service, request).await,
        ["organizations", name, below @ ..] => (OrganizationId::parse(name)?, below),
        _ => return Err(Problem::not_found().into()),
    };
    match below {
        [] => organizations::one(service, &organization, request).await,
        ["metadata"] => metadata::stated(service, &organization, request).await,
        ["trusted-issuers"] => trusted_issuers::collection(service, &organization, request).await,
        ["trusted-issuers", name] => trusted_issuers::one(service, &organization, name, request).await,
        ["trusted-issuers", name, "keys"] => trusted_issuers::keys(service, &organization, name).await,
        ["trusted-issuers", name, "check"] => {
            trusted_issuers::check(service, &organization, name, request).await
        }
        ["applications"] => applications::collection(service, &organization, request).await,
        ["applications", client_id] => applications::one(service, &organization, client_id, request).await,
        ["applications", client_id, "secret"] => {
            applications::secret(service, &organization, client_id, request).await
        }
        ["keys"] => keys::collection(service, &organization).await,
        ["keys", "rotate"] => keys::rotate(service, &organization, request).await,
        ["revocations"] => revocations::collection(service, &organization, request).await,
        ["activity"] => activity::activity(service, &organization, request).await,
        ["explain"] => explain::explain(service, &organization, request).await,
        _ => Err(Problem::not_found().into()),
    }
}

/// Without an admin token in the settings there is no admin API: 404, whatever is sent.
fn authorize(token_sha256: Option<[u8; 32]>, request: &Request) -> Result<(), Problem> {
    let expected = token_sha256.ok_or_else(Problem::not_found)?;
    let header = request.header("authorization").ok().flatten().unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Problem::unauthorized()),
    };
    // Digests are compared: their length says nothing about that of the token.
    if digest::equal_in_constant_time(&digest::sha256(token.as_bytes()), &expected) {
        Ok(())
    } else {
        Err(Problem::unauthorized())
    }
}
