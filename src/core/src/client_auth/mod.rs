//! Who asks: what a client presents, and the client that it proves to be.

mod secret;

pub use secret::{ClientSecret, PresentedBy};

use alloc::rc::Rc;
use alloc::string::{String, ToString};

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

    /// Who the client says it is.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Secret(secret) => &secret.client_id,
        }
    }
}

/// Who asks, as a request says it.
#[derive(Clone)]
pub enum Client {
    /// It presents something.
    Presents(Presented),
    /// It presents nothing, or no more than the `client_id` of a rule without a client (R29).
    Nothing(Option<String>),
}

impl Client {
    /// Nobody who authenticates. Empty text counts as absent.
    #[must_use]
    pub fn nothing(client_id: Option<&str>) -> Self {
        Self::Nothing(client_id.filter(|id| !id.is_empty()).map(ToString::to_string))
    }

    /// Reads it from the header, else the body.
    pub(crate) fn read(authorization: Option<&str>, form: &Form<'_>) -> Result<Self, Reason> {
        if let Some(secret) = ClientSecret::read(authorization, form)? {
            return Ok(Presented::Secret(secret).into());
        }
        let client_id = form.one("client_id")?;
        // A client that authenticates in a way we don't know is none that asks without authentication.
        let presents = ["client_assertion", "client_assertion_type"].iter().any(|name| form.has(name));
        Ok(if presents {
            Presented::secret(client_id.unwrap_or_default(), "", PresentedBy::Post).into()
        } else {
            Self::nothing(client_id)
        })
    }
}

impl From<Presented> for Client {
    fn from(presented: Presented) -> Self {
        Self::Presents(presented)
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
