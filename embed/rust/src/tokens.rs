//! What becomes of access tokens after they were issued: introspection (RFC 7662) and revocation (RFC 7009).

use serde::Serialize;

use crate::Page;
use crate::bindings::exports::asserta::exchange::exchange::Credentials;
use crate::documents::{Introspection, Listing, Revocation};
use crate::error::Error;
use crate::exchanger::{ClientAssertionType, Exchanger, credentials};
use crate::registrations::read;
use crate::store::Store;

/// A token, and the application that brings it.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// The organization; `default` is the one at the root.
    pub organization: &'a str,
    /// The token, whatever it is.
    pub token: &'a str,
    /// The application's identifier. With a client assertion it may be `None`, unless a trusted issuer vouches for the
    /// application.
    pub client_id: Option<&'a str>,
    /// Its secret.
    pub client_secret: Option<&'a str>,
    /// A JWT that its key signs, in place of a secret (RFC 7523 section 2.2). It works once.
    pub client_assertion: Option<&'a str>,
    /// What the client says that JWT is: `client_assertion_type` of its request.
    pub client_assertion_type: ClientAssertionType,
}

impl<'a> TokenRequest<'a> {
    /// Of an application with a secret, in the organization `default`.
    pub fn new(token: &'a str, client_id: &'a str, client_secret: &'a str) -> Self {
        let (client_id, client_secret) = (Some(client_id), Some(client_secret));
        let client_assertion_type = ClientAssertionType::JwtBearer;
        Self {
            organization: "default",
            token,
            client_id,
            client_secret,
            client_assertion: None,
            client_assertion_type,
        }
    }

    /// The same of an application that authenticates by key.
    pub fn by_key(token: &'a str, client_assertion: &'a str) -> Self {
        Self {
            organization: "default",
            token,
            client_id: None,
            client_secret: None,
            client_assertion: Some(client_assertion),
            client_assertion_type: ClientAssertionType::JwtBearer,
        }
    }

    /// The same of an application that authenticates with a JWT-SVID.
    pub fn by_svid(token: &'a str, client_id: &'a str, svid: &'a str) -> Self {
        Self {
            client_id: Some(client_id),
            client_assertion_type: ClientAssertionType::JwtSpiffe,
            ..Self::by_key(token, svid)
        }
    }

    fn credentials(&self) -> Result<Credentials, Error> {
        credentials(self.client_id, self.client_secret, self.client_assertion, self.client_assertion_type)
    }
}

impl<S: Store + Clone> Exchanger<S> {
    /// Whether a token is active, and what it says: told to the application that got it, and to one that has an `audience`
    /// of the token among its own. To others no token is active.
    ///
    /// # Errors
    /// [`Error::Refused`] where the application does not authenticate or the store fails, [`Error::KeysNeeded`],
    /// [`Error::Invalid`] where there is a secret and a client assertion, or [`Error::Trapped`].
    pub fn introspect(&mut self, request: &TokenRequest<'_>) -> Result<Introspection, Error> {
        let (organization, token) = (request.organization, request.token);
        let credentials = request.credentials()?;
        let told = self.call(|bindings, store| {
            bindings.asserta_exchange_tokens().call_introspect(store, organization, token, &credentials)
        })??;
        Ok(serde_json::from_str(&told)?)
    }

    /// Revokes a token of the application, at once in every instance that shares the store. There is nothing to do about a
    /// text that is no valid token, and that is no error.
    ///
    /// # Errors
    /// As of [`introspect`](Self::introspect), and [`Error::Refused`] with the reason `token-of-other-client`.
    pub fn revoke(&mut self, request: &TokenRequest<'_>) -> Result<(), Error> {
        let (organization, token) = (request.organization, request.token);
        let credentials = request.credentials()?;
        Ok(self.call(|bindings, store| {
            bindings.asserta_exchange_tokens().call_revoke(store, organization, token, &credentials)
        })??)
    }

    /// Revokes all tokens that came of a trusted issuer's assertions or that an application got, before a time:
    /// `{"trusted_issuer": …}` or `{"client_id": …}`, and `"issued_before"`, without which it is now.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a member that can't be accepted, [`Error::Registry`], or [`Error::Trapped`].
    pub fn revoke_all(
        &mut self,
        organization: &str,
        revocation: &impl Serialize,
    ) -> Result<Revocation, Error> {
        let revocation = serde_json::to_string(revocation)?;
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_tokens().call_revoke_all(store, organization, &revocation)
        })?)
    }

    /// What was revoked with [`revoke_all`](Self::revoke_all) and has not expired.
    ///
    /// # Errors
    /// [`Error::Registry`] or [`Error::Trapped`].
    pub fn revocations(&mut self, organization: &str, page: &Page) -> Result<Listing<Revocation>, Error> {
        read(self.call(|bindings, store| {
            bindings.asserta_exchange_tokens().call_list_revocations(store, organization, page)
        })?)
    }
}
