//! What becomes of our tokens once they are issued: introspection (R110), revocation by their client (R111) and by an
//! administrator (R112).

mod introspection;
mod revocation;
mod revoke_all;
#[path = "../world/mod.rs"]
mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenQuestion;
use asserta_core::jose::base64url;
use asserta_core::oauth::{ErrorCode, Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::service::{NewApplication, Page, RegistryError, Service};
use asserta_core::tokens::{Revocation, RevocationRequest};
use serde_json::{Value, json};
use world::{World, assertion, default_organization, issuer, jwks, key, metadata, request, run, secret};

const API: &str = "https://api.example";

/// A world with an issuer, and one of its instances.
struct Installation<'a> {
    world: &'a World,
    service: Service<&'a World>,
    organization: OrganizationId,
}

impl<'a> Installation<'a> {
    fn new(world: &'a World) -> Self {
        let (service, organization) = (world.service(), default_organization());
        let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
        run(service.registry().create_trusted_issuer(&organization, &trusted)).expect("trusted");
        Self { world, service, organization }
    }

    fn register(&self, document: Value) -> NewApplication {
        run(self.service.registry().create_application(&self.organization, metadata(document))).expect("new")
    }

    /// A client whose tokens are for the API.
    fn client(&self) -> NewApplication {
        self.register(json!({ "audience": API }))
    }

    fn token_of(&self, client: &NewApplication) -> String {
        let jti = self.world.events.1.borrow().len().to_string();
        let assertion = assertion(&key(1), self.world.clock.0.get(), json!({ "jti": jti }));
        run(self.service.exchange(&self.organization, &request(client, &assertion))).expect("granted").token
    }

    fn look_up(&self, client: &NewApplication, token: &str) -> Result<Value, Refusal> {
        self.look_up_at(&self.service, client, token)
    }

    fn look_up_at(
        &self,
        service: &Service<&World>,
        client: &NewApplication,
        token: &str,
    ) -> Result<Value, Refusal> {
        let told = run(service.introspect(&self.organization, &question(client, token)))?;
        Ok(serde_json::to_value(told.document()).expect("JSON"))
    }

    fn is_active(&self, client: &NewApplication, token: &str) -> bool {
        let told = self.look_up(client, token).expect("answered");
        let is_active = told["active"] == true;
        assert!(is_active || told == json!({ "active": false }), "R110: nothing else is told: {told}");
        is_active
    }

    fn revoke(&self, client: &NewApplication, token: &str) -> Result<(), Refusal> {
        run(self.service.revoke(&self.organization, &question(client, token)))
    }

    fn revoke_all(&self, document: Value) -> Result<Revocation, RegistryError> {
        let request: RevocationRequest = serde_json::from_value(document).expect("a request");
        run(self.service.revoke_all(&self.organization, &request))
    }

    fn listed(&self) -> Vec<Revocation> {
        let page = Page::default();
        run(self.service.registry().revocations(&self.organization, &page)).expect("listed").items
    }

    fn last_event(&self) -> Value {
        self.world.events.1.borrow().last().cloned().expect("an event")
    }
}

fn question(client: &NewApplication, token: &str) -> TokenQuestion {
    let id = client.application.client_id();
    TokenQuestion::new(Presented::secret(id, secret(client), PresentedBy::Basic), token)
}

fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).and_then(|text| base64url::decode(text).ok()).expect("claims");
    serde_json::from_slice(&claims).expect("JSON")
}

fn refused(result: Result<impl Sized, Refusal>) -> (Reason, ErrorCode) {
    let refusal = result.map(drop).expect_err("refused");
    (refusal.reason, refusal.code)
}
