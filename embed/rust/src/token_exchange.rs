//! Token exchange (RFC 8693): another issuer's token in, an access token out.

use crate::AccessToken;
use crate::bindings::exports::asserta::exchange::exchange::{Grant, TokenExchange, TypedToken};
use crate::documents::Explanation;
use crate::error::Error;
use crate::exchanger::{ClientAssertionType, Exchanger, credentials, dpop_proof, options};
use crate::store::Store;

/// The type of a token that is a JWT (RFC 8693 section 3).
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// The type of an ID Token (OpenID Connect Core section 2).
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// The type of an access token. Those of issuers that are registered with the `typ` `at+jwt` can be exchanged.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// An exchange of another issuer's token that is asked for. There is always a client.
#[derive(Clone, Debug)]
pub struct TokenExchangeRequest<'a> {
    /// The organization; `default` is the one at the root.
    pub organization: &'a str,
    /// Whose rights the new token is to have: of an issuer that is registered with `token_exchange`, and meant for the
    /// application.
    pub subject_token: &'a str,
    /// Its type: [`JWT`], [`ID_TOKEN`] or [`ACCESS_TOKEN`].
    pub subject_token_type: &'a str,
    /// Who acts for the subject. `None`: nobody but the client.
    pub actor_token: Option<&'a str>,
    /// The type of that token.
    pub actor_token_type: &'a str,
    /// What the client wants: `None` or [`ACCESS_TOKEN`]. Anything else is refused.
    pub requested_token_type: Option<&'a str>,
    /// The application's identifier. With a client assertion it may be `None`, unless a trusted issuer vouches for the
    /// application.
    pub client_id: Option<&'a str>,
    /// Its secret.
    pub client_secret: Option<&'a str>,
    /// A JWT that its key signs, in place of a secret (RFC 7523 section 2.2). It works once.
    pub client_assertion: Option<&'a str>,
    /// What the client says that JWT is: `client_assertion_type` of its request.
    pub client_assertion_type: ClientAssertionType,
    /// Scopes, separated by single spaces. `None`: all that may be granted.
    pub scope: Option<&'a str>,
    /// What the token is for (RFC 8707), at most 8. Empty, and no audience either: the application's audience.
    pub resources: &'a [&'a str],
    /// The same by `audience` (RFC 8693 section 2.1), at most 8, together with the resources.
    pub audience: &'a [&'a str],
    /// As for an [`ExchangeRequest`](crate::ExchangeRequest): the client's DPoP proof (RFC 9449).
    pub dpop_proof: Option<&'a str>,
    /// The URL that the proof was made for. `None`: our token endpoint.
    pub dpop_url: Option<&'a str>,
}

impl<'a> TokenExchangeRequest<'a> {
    /// A request in the organization `default`, of a JWT, for all that may be granted.
    pub fn new(subject_token: &'a str, client_id: &'a str, client_secret: &'a str) -> Self {
        Self {
            organization: "default",
            subject_token,
            subject_token_type: JWT,
            actor_token: None,
            actor_token_type: JWT,
            requested_token_type: None,
            client_id: Some(client_id),
            client_secret: Some(client_secret),
            client_assertion: None,
            client_assertion_type: ClientAssertionType::JwtBearer,
            scope: None,
            resources: &[],
            audience: &[],
            dpop_proof: None,
            dpop_url: None,
        }
    }

    fn grant(&self) -> Grant {
        let typed = |token: &str, token_type: &str| TypedToken {
            token: token.to_owned(),
            token_type: token_type.to_owned(),
        };
        Grant::TokenExchange(TokenExchange {
            subject: typed(self.subject_token, self.subject_token_type),
            actor: self.actor_token.map(|token| typed(token, self.actor_token_type)),
            requested_token_type: self.requested_token_type.map(ToOwned::to_owned),
            audience: self.audience.iter().map(ToString::to_string).collect(),
        })
    }
}

impl<S: Store + Clone> Exchanger<S> {
    /// Exchanges a token of another issuer for an access token (RFC 8693).
    ///
    /// # Errors
    /// As for [`exchange`](Self::exchange).
    pub fn exchange_token(&mut self, request: &TokenExchangeRequest<'_>) -> Result<AccessToken, Error> {
        let credentials = credentials(
            request.client_id,
            request.client_secret,
            request.client_assertion,
            request.client_assertion_type,
        )?;
        self.exchange_grant(
            request.organization,
            &request.grant(),
            &credentials,
            request.scope,
            request.resources,
            dpop_proof(request.dpop_proof, request.dpop_url),
        )
    }

    /// Looks into a request as an exchange for the application `client_id` would; how that authenticates is not looked at.
    /// Nothing is consumed.
    ///
    /// # Errors
    /// The organization or the application is unknown, or the store fails.
    pub fn explain_token(&mut self, request: &TokenExchangeRequest<'_>) -> Result<Explanation, Error> {
        let proof = dpop_proof(request.dpop_proof, request.dpop_url);
        let options = options(request.scope, request.resources, proof);
        self.explain_grant(request.organization, &request.grant(), request.client_id, &options)
    }
}
