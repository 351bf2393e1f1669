//! `/admin/organizations/{org}/applications`. The names of the members are those of RFC 7591.

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::{Put, RegisteredApplication, SeedApplication, Service};

use super::body;
use super::handled::{Handled, Refused, created, location};
use super::pages::page;
use super::preconditions::{precondition, tagged};
use crate::request::Request;
use crate::response::{empty, json};

pub(super) async fn collection(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    request: &Request,
) -> Handled {
    match request.method.as_str() {
        "GET" | "HEAD" => {
            let listing = service.registry().applications(organization, &page(request)?).await?;
            Ok(json(200, &listing.view(RegisteredApplication::from)))
        }
        "POST" => {
            let new = service.registry().create_application(organization, body::read(request)?).await?;
            let location = location(organization, "applications", new.application.client_id());
            Ok(created(location, &service.registry().registered_new_application(organization, &new).await))
        }
        _ => Err(Refused::Method),
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
            let application = service.registry().application(organization, client_id).await?;
            tagged(request, json(200, &service.registry().registered_application(&application)))
        }
        "PUT" => {
            let mut object = body::take_fixed(body::object(request)?, "client_id", client_id)?;
            object.insert("client_id", client_id);
            let wanted = SeedApplication::try_from(object).map_err(body::problem)?;
            let precondition = precondition(request)?;
            let registry = service.registry();
            let (put, application) =
                registry.replace_or_put_application_if(organization, &wanted, &precondition).await?;
            let view = service.registry().changed_application(organization, &application).await;
            Ok(if put == Put::Created {
                created(location(organization, "applications", client_id), &view)
            } else {
                json(200, &view)
            })
        }
        "DELETE" => {
            let precondition = precondition(request)?;
            service.registry().remove_application_if(organization, client_id, &precondition).await?;
            Ok(empty(204))
        }
        _ => Err(Refused::Method),
    }
}

pub(super) async fn secret(
    service: &Service<impl Ports>,
    organization: &OrganizationId,
    client_id: &str,
    request: &Request,
) -> Handled {
    body::nothing(request)?;
    let new = service.registry().renew_secret(organization, client_id).await?;
    Ok(json(200, &service.registry().registered_new_application(organization, &new).await))
}
