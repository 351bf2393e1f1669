//! Who asks: what a client presents, and the client that it proves to be.

mod secret;

pub use secret::{ClientSecret, PresentedBy};

use alloc::rc::Rc;

use crate::application::Application;
use crate::oauth::{Form, Reason};

/// What a client presents to be recognised by; not yet checked.
#[derive(Clone)]
pub enum Presented {
    /// A secret.
    Secret(ClientSecret),
}

impl Presented {
    /// A secret that a client presents.
    pub fn secret(client_id: &str, client_secret: &str, presented_by: PresentedBy) -> Self {
        Self::Secret(ClientSecret::new(client_id, client_secret, presented_by))
    }

    /// Reads it from the header, else the body. `Ok(None)`: there is nothing (R21).
    pub(crate) fn read(authorization: Option<&str>, form: &Form<'_>) -> Result<Option<Self>, Reason> {
        Ok(ClientSecret::read(authorization, form)?.map(Self::Secret))
    }

    /// Who the client says it is.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.client_id,
        }
    }
}

/// A client that has proved to be this application: [`authenticate`] alone makes one.
pub struct AuthenticatedClient(Rc<Application>);

impl AuthenticatedClient {
    /// The application.
    pub fn application(&self) -> &Application {
        &self.0
    }
}

/// R20 to R23: the client, where what it presents proves that it is this application. Every failure looks the same and
/// takes the same work, also where there is no application of that name.
///
/// # Errors
/// [`Reason::ClientUnauthenticated`]
pub fn authenticate(
    presented: &Presented,
    application: Option<Rc<Application>>,
) -> Result<AuthenticatedClient, Reason> {
    let proves = match presented {
        Presented::Secret(secret) => secret.proves(application.as_deref()),
    };
    match application {
        Some(application) if proves && application.metadata().enabled => Ok(AuthenticatedClient(application)),
        _ => Err(Reason::ClientUnauthenticated),
    }
}
