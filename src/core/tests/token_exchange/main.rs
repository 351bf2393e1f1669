//! Token exchange (RFC 8693): whose tokens are exchanged, for whom, and what the new one says (R90 to R93).

mod actors;
mod consent;
mod grant;
mod parameters;
#[path = "../world/mod.rs"]
mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::jose::base64url;
use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::{GrantType, HttpResponse, Reason, Refusal};
use asserta_core::service::{Explanation, NewApplication, Service};
use serde_json::{Value, json};
use world::{START, World, assertion, default_organization, issuer, jwks, key, metadata, run, secret};

const JWT: &str = TokenType::Jwt.name();
const ACCESS_TOKEN: &str = TokenType::AccessToken.name();
const GRANT: &str = GrantType::TokenExchange.name();

/// The issuer of actor tokens.
const OTHER: &str = "https://other.example";

/// An issuer that consents, another one whose tokens name actors, and an application.
struct Scene {
    world: World,
    client: NewApplication,
}

impl Scene {
    fn new(issuer_members: Value, application: Value) -> Self {
        let world = World::default();
        let mut trusted = json!({ "jwks": jwks(&[&key(1)]), "token_exchange": {} });
        overlay(&mut trusted, &issuer_members);
        let other =
            json!({ "name": "other", "issuer": OTHER, "jwks": jwks(&[&key(2)]), "token_exchange": {} });
        let mut members =
            json!({ "grant_types": [GRANT], "audience": ["https://api.example", "orders", "billing"] });
        overlay(&mut members, &application);
        let registry = world.service();
        for document in [trusted, other] {
            run(registry.registry().create_trusted_issuer(&default_organization(), &issuer(document)))
                .expect("trusted");
        }
        let client = run(registry.registry().create_application(&default_organization(), metadata(members)))
            .expect("registered");
        drop(registry);
        Self { world, client }
    }

    /// With an issuer whose `token_exchange` is this.
    fn with(token_exchange: Value) -> Self {
        Self::new(json!({ "token_exchange": token_exchange }), json!({}))
    }

    fn service(&self) -> Service<&World> {
        self.world.service()
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    fn credentials(&self) -> Presented {
        Presented::secret(self.client_id(), secret(&self.client), PresentedBy::Basic)
    }

    /// A subject token for the client, with members over good ones.
    fn subject(&self, claims: Value) -> String {
        let mut whole = json!({ "aud": self.client_id() });
        overlay(&mut whole, &claims);
        assertion(&key(1), START, whole)
    }

    fn asked(&self, parameters: &Parameters<'_>) -> Result<Value, Refusal> {
        let request = TokenRequest::token_exchange(self.credentials(), parameters)?;
        let issued = run(self.service().exchange(&default_organization(), &request))?;
        assert_eq!(issued.issued_token_type, Some(ACCESS_TOKEN), "R90");
        let response: Value = serde_json::from_slice(&HttpResponse::granted(&issued).body).expect("JSON");
        assert_eq!(response["issued_token_type"], ACCESS_TOKEN);
        let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
        Ok(serde_json::from_slice(&claims.expect("claims")).expect("JSON"))
    }

    fn exchange(&self, subject: &str) -> Result<Value, Refusal> {
        self.asked(&of(subject))
    }

    fn exchange_for(&self, subject: &str, actor: &str) -> Result<Value, Refusal> {
        self.asked(&Parameters { actor_token: Some(actor), actor_token_type: Some(JWT), ..of(subject) })
    }

    /// An exchange with this `token_exchange`; `explain` must say the same.
    fn verdict(&self, subject: &str, actor: Option<&str>) -> Result<Value, Reason> {
        let parameters =
            Parameters { actor_token: actor, actor_token_type: actor.map(|_| JWT), ..of(subject) };
        let told = self.explained(&parameters);
        let verdict = self.asked(&parameters).map_err(|refusal| refusal.reason);
        assert_eq!(told.accepted, verdict.is_ok(), "{told:#?}");
        let first = told.checks.iter().find_map(|check| check.reason);
        assert_eq!(first, verdict.as_ref().err().map(|reason| reason.name()), "{told:#?}");
        verdict
    }

    fn explained(&self, parameters: &Parameters<'_>) -> Explanation {
        run(self.service().explain_exchange(&default_organization(), parameters, self.client_id(), None))
            .expect("explained")
    }
}

fn overlay(document: &mut Value, members: &Value) {
    let document = document.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        document.insert(name.clone(), value.clone());
    }
}

fn of(subject: &str) -> Parameters<'_> {
    Parameters { subject_token: Some(subject), subject_token_type: Some(JWT), ..Parameters::default() }
}

/// A token with this `typ`.
fn typed(key: &SigningKey, typ: &str, claims: &Value) -> String {
    let header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "typ": typ });
    let input = [header, claims.clone()].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// An actor token of the other issuer.
fn actor(claims: Value) -> String {
    let mut whole = json!({ "iss": OTHER, "sub": "service", "aud": "https://as.example", "jti": "a" });
    overlay(&mut whole, &claims);
    assertion(&key(2), START, whole)
}
