//! `asserta:exchange/tokens`.

use alloc::string::String;

use asserta_core::client_auth::Client;
use asserta_core::grants::TokenQuestion;
use asserta_core::json::{from_slice, to_text};
use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::{Ports as _, TokenDecision, TokenEndpoint};

use super::exchange::client;
use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::tokens::{Credentials, ExchangeError, Guest};
use crate::bindings::wit::types::{Page, RegistryError};
use crate::instance::{Exchanger, run, service};

impl Guest for Component {
    fn introspect(name: String, token: String, credentials: Credentials) -> Result<String, ExchangeError> {
        let service = service()?;
        let (organization, question) =
            question(&service, &name, &token, credentials, TokenEndpoint::Introspection)?;
        Ok(to_text(run(service.introspect(&organization, &question))?.document()))
    }

    fn revoke(name: String, token: String, credentials: Credentials) -> Result<(), ExchangeError> {
        let service = service()?;
        let (organization, question) =
            question(&service, &name, &token, credentials, TokenEndpoint::Revocation)?;
        Ok(run(service.revoke(&organization, &question))?)
    }

    fn revoke_all(name: String, document: String) -> Result<String, RegistryError> {
        let request = from_slice(document.as_bytes())?;
        Ok(to_text(&run(service()?.revoke_all(&organization(&name)?, &request))?))
    }

    fn list_revocations(name: String, page: Page) -> Result<String, RegistryError> {
        let listing = run(service()?.registry().revocations(&organization(&name)?, &page.try_into()?))?;
        Ok(to_text(&listing.view(|revocation| revocation)))
    }
}

fn question(
    service: &Exchanger,
    name: &str,
    token: &str,
    credentials: Credentials,
    endpoint: TokenEndpoint,
) -> Result<(OrganizationId, TokenQuestion), Reason> {
    let organization = OrganizationId::parse(name).map_err(|_| Reason::OrganizationUnknown)?;
    let presented = client(credentials).and_then(|client| match client {
        Client::Presents(presented) => Ok(presented),
        Client::Nothing(_) => Err(Reason::ClientUnauthenticated),
    });
    let presented = presented.inspect_err(|reason| {
        // What is no question core does not see: it is told here.
        let decision = TokenDecision::refused(&organization, *reason, 0);
        service.ports().events().emit(&endpoint.event(&decision));
    })?;
    Ok((organization, TokenQuestion::new(presented, token)))
}
