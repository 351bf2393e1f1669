//! Who asks: what a client presents, and the client that it proves to be.

mod authenticated;
pub mod by_jwt;
mod client_assertion;
mod jwt_svid;
mod secret;
mod voucher;

pub use authenticated::AuthenticatedClient;
pub use client_assertion::{ClientAssertion, ClientAssertionType};
pub use secret::{ClientSecret, PresentedBy, by_secret};
pub use voucher::{NotVouchedFor, Voucher};

use alloc::string::{String, ToString};

use crate::oauth::{Form, Reason};

/// What a client presents to be recognised by; not yet checked.
#[derive(Clone)]
pub enum Presented {
    /// A secret.
    Secret(ClientSecret),
    /// A JWT (R27, R28).
    Assertion(ClientAssertion),
}

impl Presented {
    /// A secret that a client presents.
    pub fn secret(client_id: &str, client_secret: &str, presented_by: PresentedBy) -> Self {
        Self::Secret(ClientSecret::new(client_id, client_secret, presented_by))
    }

    /// A JWT that a client presents, and who it says it is beside that, if it does.
    ///
    /// # Errors
    /// [`Reason::AssertionTooLarge`]
    pub fn assertion(client_id: Option<&str>, assertion: &str) -> Result<Self, Reason> {
        ClientAssertion::new(ClientAssertionType::JwtBearer, client_id, assertion).map(Self::Assertion)
    }

    /// A JWT-SVID that a client presents, and who it says it is beside that (R28).
    ///
    /// # Errors
    /// [`Reason::AssertionTooLarge`]
    pub fn jwt_svid(client_id: Option<&str>, svid: &str) -> Result<Self, Reason> {
        ClientAssertion::new(ClientAssertionType::JwtSpiffe, client_id, svid).map(Self::Assertion)
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
        // R22: that there are two of them counts before what either is.
        let has_secret = authorization.is_some() || form.one("client_secret")?.is_some();
        if has_secret && form.one("client_assertion")?.is_some() {
            return Err(Reason::CredentialsTwice);
        }
        match (ClientSecret::read(authorization, form)?, ClientAssertion::read(form)?) {
            (Some(secret), _) => Ok(Presented::Secret(secret).into()),
            (None, Some(assertion)) => Ok(Presented::Assertion(assertion).into()),
            (None, None) => Ok(Self::nothing(form.one("client_id")?)),
        }
    }
}

impl From<Presented> for Client {
    fn from(presented: Presented) -> Self {
        Self::Presents(presented)
    }
}
