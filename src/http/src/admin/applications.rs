//! `/admin/organizations/{org}/applications`. The names of the members are those of RFC 7591.

use asserta_core::application::{Application, ApplicationMetadata};
use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{NewApplication, Put, SeedApplication, Service};
use serde::Serialize;

use super::body;
use super::handled::{Handled, Refused, created, location, post_only};
use super::pages::{list, page};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{empty, json};

/// An application in a response.
#[derive(Serialize)]
struct View<'a> {
    client_id: &'a str,
    /// Right after it was made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Seconds since 1970.
    client_id_issued_at: u64,
    #[serde(flatten)]
    metadata: &'a ApplicationMetadata,
}

impl<'a> View<'a> {
    fn of(application: &'a Application) -> Self {
        Self {
            client_id: application.client_id(),
            client_secret: None,
            client_id_issued_at: application.created_at(),
            metadata: application.metadata(),
        }
    }

    fn with_secret(new: &'a NewApplication) -> Self {
        Self { client_secret: Some(&new.client_secret), ..Self::of(&new.application) }
    }
}

pub(super) async fn collection(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().applications(organization, &page(request)?).await?;
            Ok(list(&listing, View::of))
        }
        "POST" => {
            let new = service.registry().create_application(organization, body::read(request)?).await?;
            let location = location(organization, "applications", new.application.client_id());
            Ok(created(location, &View::with_secret(&new)))
        }
        _ => Err(Refused::Method("GET, HEAD, POST")),
    }
}

pub(super) async fn one(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    client_id: &str,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            Ok(json(200, &View::of(&service.registry().application(organization, client_id).await?)))
        }
        "PUT" => {
            let seed = match wanted(client_id, request)? {
                Wanted::Replacement(metadata) => {
                    let replaced =
                        service.registry().replace_application(organization, client_id, metadata).await?;
                    return Ok(json(200, &View::of(&replaced)));
                }
                Wanted::WithSecret(seed) => seed,
            };
            let (put, application) = service.registry().put_application(organization, &seed).await?;
            let view = View::of(&application);
            Ok(if put == Put::Created {
                created(location(organization, "applications", client_id), &view)
            } else {
                json(200, &view)
            })
        }
        "DELETE" => {
            service.registry().remove_application(organization, client_id).await?;
            Ok(empty(204))
        }
        _ => Err(Refused::Method("GET, HEAD, PUT, DELETE")),
    }
}

/// What a `PUT` asks for.
enum Wanted {
    /// The application is there, and its secret stays.
    Replacement(ApplicationMetadata),
    /// With a secret it is created or replaced as a seed document would have it.
    WithSecret(SeedApplication),
}

fn wanted(client_id: &str, request: &Request) -> Result<Wanted, Problem> {
    // What GET answers can be sent back as it is: the members that are ours alone are left aside.
    let object = body::take_fixed(body::object(request)?, "client_id", client_id)?;
    let mut object = body::without(object, "client_id_issued_at");
    let brings = |member| object.get(member).is_some();
    if !brings("client_secret") && !brings("client_secret_sha256") {
        return body::typed(&object).map(Wanted::Replacement);
    }
    object.insert("client_id", client_id);
    SeedApplication::try_from(object).map(Wanted::WithSecret).map_err(body::problem)
}

pub(super) async fn secret(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    client_id: &str,
    request: &Request,
) -> Handled {
    post_only(request)?;
    Ok(json(200, &View::with_secret(&service.registry().renew_secret(organization, client_id).await?)))
}
