//! `asserta:exchange/exchange`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use asserta_core::client_auth::{Client, ClientAssertionType, Presented, PresentedBy};
use asserta_core::field::FieldError;
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::Parameters;
use asserta_core::json::to_text;
use asserta_core::keys;
use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::FetchedDocument;
use asserta_core::service::{AssertionQuestion, GivenProof, Supplied};

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::exchange::{
    AccessToken, ClientAssertion, Credentials, DpopProof, ExchangeError, Grant, Guest, KeyOwner, KeysNeeded,
    Options, TokenExchange,
};
use crate::bindings::wit::types::RegistryError;
use crate::instance::{run, service};

impl Guest for Component {
    fn exchange(
        organization: String,
        grant: Grant,
        credentials: Credentials,
        options: Options,
    ) -> Result<AccessToken, ExchangeError> {
        let service = service()?;
        let organization = OrganizationId::parse(&organization).map_err(|_| Reason::OrganizationUnknown)?;
        // Nobody else bounds a store that lies in this instance. It can't fail.
        #[cfg(feature = "standalone")]
        let _ = run(service.after_response());
        let request = request(grant, credentials, &options).inspect_err(|reason| {
            // What is no request core does not see: it is told here.
            service.tell_refused(&organization, *reason, 0);
        })?;
        let token = run(service.exchange(&organization, &request))?;
        Ok(AccessToken {
            token: token.token,
            token_type: token.token_type.name().to_string(),
            expires_in: token.expires_in,
            scope: token.scope,
            issued_token_type: token.issued_token_type.map(str::to_string),
            dpop_nonce: token.dpop_nonce.map(String::from),
        })
    }

    fn supply_keys(
        name: String,
        needed: KeysNeeded,
        document: String,
        max_age: Option<u64>,
    ) -> Result<u32, RegistryError> {
        let document = FetchedDocument { body: document.into_bytes(), max_age };
        supply(&name, &needed, Supplied::Document(document))
    }

    fn report_keys_unavailable(
        name: String,
        needed: KeysNeeded,
        cause: Option<String>,
    ) -> Result<(), RegistryError> {
        supply(&name, &needed, Supplied::Nothing(cause)).map(drop)
    }

    fn explain(name: String, grant: Grant, client_id: Option<String>) -> Result<String, RegistryError> {
        let nothing = Options { scope: None, resources: Vec::new(), proof: None };
        explained(&name, &grant, client_id.as_deref(), &nothing)
    }

    fn explain_request(
        name: String,
        grant: Grant,
        client_id: Option<String>,
        options: Options,
    ) -> Result<String, RegistryError> {
        explained(&name, &grant, client_id.as_deref(), &options)
    }

    fn explain_client(
        name: String,
        client_assertion: String,
        client_id: Option<String>,
    ) -> Result<String, RegistryError> {
        explain_client(ClientAssertionType::JwtBearer, &name, &client_assertion, client_id.as_deref())
    }

    fn explain_jwt_svid(
        name: String,
        svid: String,
        client_id: Option<String>,
    ) -> Result<String, RegistryError> {
        explain_client(ClientAssertionType::JwtSpiffe, &name, &svid, client_id.as_deref())
    }

    fn sweep() -> Result<u64, RegistryError> {
        let swept = run(service()?.spent().sweep()).map_err(|_| RegistryError::StoreUnavailable)?;
        Ok(swept as u64)
    }
}

fn explained(
    name: &str,
    grant: &Grant,
    client_id: Option<&str>,
    options: &Options,
) -> Result<String, RegistryError> {
    let (service, organization) = (service()?, organization(name)?);
    let (scope, resources) =
        (options.scope.as_deref(), options.resources.iter().map(String::as_str).collect());
    let proof = options.proof.as_ref();
    let proof = proof.map(|DpopProof { proof, url }| GivenProof { text: proof, url: url.as_deref() });
    let explained = match (grant, client_id) {
        (Grant::JwtBearer(assertion), client_id) => {
            let question = AssertionQuestion { assertion, client_id, scope, resources, proof };
            run(service.explain_request(&organization, &question))
        }
        (Grant::TokenExchange(exchange), Some(client_id)) => {
            let parameters = Parameters { scope, resources, ..parameters(exchange) };
            run(service.explain_exchange(&organization, &parameters, client_id, proof))
        }
        (Grant::TokenExchange(_), None) => {
            return Err(FieldError::new("client_id", "is needed with subject_token").into());
        }
    };
    Ok(to_text(&explained?))
}

fn explain_client(
    assertion_type: ClientAssertionType,
    name: &str,
    client_assertion: &str,
    client_id: Option<&str>,
) -> Result<String, RegistryError> {
    let (service, organization) = (service()?, organization(name)?);
    let explained = service.explain_client(&organization, assertion_type, client_assertion, client_id);
    Ok(to_text(&run(explained)?))
}

/// Who asks.
pub(super) fn client(credentials: Credentials) -> Result<Client, Reason> {
    Ok(match credentials {
        Credentials::ClientSecret(secret) => {
            Presented::secret(&secret.client_id, &secret.client_secret, PresentedBy::Basic).into()
        }
        Credentials::NoClient(client_id) => Client::nothing(client_id.as_deref()),
        Credentials::ClientAssertion(ClientAssertion { client_id, assertion }) => {
            Presented::assertion(client_id.as_deref(), &assertion)?.into()
        }
        Credentials::JwtSvid(ClientAssertion { client_id, assertion: svid }) => {
            Presented::jwt_svid(client_id.as_deref(), &svid)?.into()
        }
    })
}

fn request(grant: Grant, credentials: Credentials, options: &Options) -> Result<TokenRequest, Reason> {
    let client = client(credentials)?;
    let resources = options.resources.iter().map(String::as_str);
    let request = match &grant {
        Grant::JwtBearer(assertion) => {
            TokenRequest::jwt_bearer(client, assertion, options.scope.as_deref(), resources)?
        }
        Grant::TokenExchange(exchange) => {
            let scope = options.scope.as_deref();
            let parameters = Parameters { scope, resources: resources.collect(), ..parameters(exchange) };
            TokenRequest::token_exchange(client, &parameters)?
        }
    };
    match &options.proof {
        Some(DpopProof { proof, url }) => Ok(request.with_proof(proof, url.as_deref())),
        None => Ok(request),
    }
}

fn parameters(exchange: &TokenExchange) -> Parameters<'_> {
    let TokenExchange { subject, actor, requested_token_type, audience } = exchange;
    Parameters {
        subject_token: Some(&subject.token),
        subject_token_type: Some(&subject.token_type),
        actor_token: actor.as_ref().map(|actor| actor.token.as_str()),
        actor_token_type: actor.as_ref().map(|actor| actor.token_type.as_str()),
        requested_token_type: requested_token_type.as_deref(),
        audiences: audience.iter().map(String::as_str).collect(),
        ..Parameters::default()
    }
}

fn supply(name: &str, needed: &KeysNeeded, supplied: Supplied) -> Result<u32, RegistryError> {
    let owner = match &needed.owner {
        KeyOwner::TrustedIssuer(name) => keys::KeyOwner::Issuer(name.clone()),
        KeyOwner::Application(client_id) => keys::KeyOwner::Application(client_id.clone()),
    };
    let usable = run(service()?.supply_keys(&organization(name)?, &owner, &needed.uri, supplied))?;
    Ok(u32::try_from(usable).unwrap_or(u32::MAX))
}
