//! The token request, read from HTTP (R10 to R16, R20, R22) or handed over by a host.

use alloc::string::{String, ToString};

use super::{jwt_bearer, token_exchange};
use crate::client_auth::{Client, Presented};
use crate::oauth::{Form, GrantType, MAX_BODY, Reason, Role};
use crate::proof::{Proof, ProofHeader, ProofProblem};

/// The parts of an HTTP request that the token endpoint reads, and those beside it.
#[derive(Clone, Copy)]
pub struct HttpTokenRequest<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `DPoP` (R100).
    pub dpop: ProofHeader<'a>,
    /// The query string, without the `?`.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> HttpTokenRequest<'a> {
    /// The form in the body, of a request that may have one.
    pub(super) fn form(&self) -> Result<Form<'a>, Reason> {
        if self.method != "POST" {
            return Err(Reason::MethodNotAllowed);
        }
        if self.body.len() > MAX_BODY {
            return Err(Reason::RequestTooLarge);
        }
        check_query(self.query)?;
        if !is_form(self.content_type) {
            return Err(Reason::WrongMediaType);
        }
        Form::parse(self.body)
    }
}

/// What is asked for under which grant.
#[derive(Clone)]
pub enum GrantRequest {
    /// The JWT bearer grant.
    JwtBearer(jwt_bearer::Request),
    /// Token exchange.
    TokenExchange(token_exchange::Request),
}

impl GrantRequest {
    /// The grant.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::JwtBearer(_) => GrantType::JwtBearer,
            Self::TokenExchange(_) => GrantType::TokenExchange,
        }
    }

    /// What the JWT is for that it is about.
    pub(crate) const fn role(&self) -> Role {
        match self {
            Self::JwtBearer(_) => Role::Assertion,
            Self::TokenExchange(_) => Role::SubjectToken,
        }
    }

    /// What its response says that the token is (RFC 8693 section 2.2.1).
    pub(crate) const fn issued_token_type(&self) -> Option<&'static str> {
        match self {
            Self::JwtBearer(_) => None,
            Self::TokenExchange(_) => Some(token_exchange::ISSUED_TOKEN_TYPE),
        }
    }
}

/// A request for an access token.
#[derive(Clone)]
pub struct TokenRequest {
    /// Who asks.
    pub client: Client,
    /// What for.
    pub grant: GrantRequest,
    /// By what the client proves to have a key, if it does (R100).
    pub proof: Option<PresentedProof>,
}

/// A DPoP proof, and the request that it must be for.
#[derive(Clone)]
pub struct PresentedProof {
    /// The proof, or why it is none. That counts once it is known who asks, as all that may be wrong with one (R100).
    pub proof: Result<Proof, ProofProblem>,
    /// The URL that the client sent it to; `None`: our token endpoint.
    pub url: Option<String>,
}

impl PresentedProof {
    /// A proof that a host hands over, for `url` where that is not our token endpoint.
    pub fn new(proof: &str, url: Option<&str>) -> Self {
        let url = url.filter(|url| !url.is_empty()).map(ToString::to_string);
        Self { proof: Proof::new(proof), url }
    }

    /// That of the header `DPoP`.
    fn from_header(header: ProofHeader<'_>) -> Option<Self> {
        let proof = Proof::from_header(header).transpose()?;
        Some(Self { proof, url: None })
    }
}

impl TokenRequest {
    /// Reads a request to the token endpoint, refusing what is not one.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn from_http(request: HttpTokenRequest<'_>) -> Result<Self, Reason> {
        let form = request.form()?;
        let grant_type = form.one("grant_type")?.ok_or(Reason::GrantTypeMissing)?;
        match GrantType::from_name(grant_type).ok_or(Reason::GrantTypeUnsupported)? {
            GrantType::JwtBearer => {
                let parameters = jwt_bearer::Parameters::read(&form)?;
                let client = Client::read(request.authorization, &form)?;
                let grant = GrantRequest::JwtBearer(parameters.within_limits()?);
                Ok(Self { client, grant, proof: PresentedProof::from_header(request.dpop) })
            }
            GrantType::TokenExchange => {
                let parameters = token_exchange::Parameters::read(&form)?;
                let client = Client::read(request.authorization, &form)?;
                let grant = GrantRequest::TokenExchange(parameters.check()?);
                Ok(Self { client, grant, proof: PresentedProof::from_header(request.dpop) })
            }
        }
    }

    /// A request under the JWT bearer grant that a host hands over. Empty text counts as absent.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn jwt_bearer<'a>(
        client: impl Into<Client>,
        assertion: &str,
        scope: Option<&str>,
        resources: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Reason> {
        let request = jwt_bearer::Request::new(assertion, scope, resources)?;
        Ok(Self { client: client.into(), grant: GrantRequest::JwtBearer(request), proof: None })
    }

    /// The same with a DPoP proof that the client sent along, to `url` where that is not our token endpoint.
    #[must_use]
    pub fn with_proof(self, proof: &str, url: Option<&str>) -> Self {
        Self { proof: Some(PresentedProof::new(proof, url)), ..self }
    }

    /// A token exchange that a host hands over.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn token_exchange(
        client: impl Into<Client>,
        parameters: &token_exchange::Parameters<'_>,
    ) -> Result<Self, Reason> {
        let grant = GrantRequest::TokenExchange(parameters.check()?);
        Ok(Self { client: client.into(), grant, proof: None })
    }
}

impl TokenRequest {
    /// R35: whether the client authenticates with the JWT that it asks for a token with. Each JWT has one role.
    pub(crate) fn has_one_jwt_in_two_roles(&self) -> bool {
        let Client::Presents(Presented::Assertion(presented)) = &self.client else { return false };
        match &self.grant {
            GrantRequest::JwtBearer(grant) => presented.is_same_jwt(&grant.assertion),
            GrantRequest::TokenExchange(grant) => {
                let mut tokens = [Some(&grant.subject), grant.actor.as_ref()].into_iter().flatten();
                tokens.any(|token| presented.is_same_jwt(&token.text))
            }
        }
    }
}

/// R22: query strings end up in logs, so nothing secret may stand there.
fn check_query(query: Option<&str>) -> Result<(), Reason> {
    let query = Form::parse(query.unwrap_or_default().as_bytes())?;
    let secret = [
        "client_id",
        "client_secret",
        "client_assertion",
        "assertion",
        "token",
        "subject_token",
        "actor_token",
    ]
    .iter()
    .any(|name| query.has(name));
    if secret { Err(Reason::CredentialsInQuery) } else { Ok(()) }
}

/// R11: parameters such as `charset` are fine.
fn is_form(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
