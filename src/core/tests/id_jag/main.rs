//! ID-JAGs (R37, R38): what one must say, what it grants, what its issuer's registration may say, and where the metadata
//! has the profile.

mod claims;
mod explained;
mod grants;
mod registration;
#[path = "../world/mod.rs"]
mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::oauth::{Reason, Refusal};
use asserta_core::service::{NewApplication, RegistryError};
use serde_json::{Value, json};
use world::{
    START, World, assertion_of_type, default_organization, issuer, jwks, key, metadata, run, secret,
};

const TYP: &str = "oauth-id-jag+jwt";
const RESOURCE: &str = "https://mcp.example/mcp";

/// An issuer of ID-JAGs and an application for two resources.
struct Scene {
    world: World,
    client: NewApplication,
}

impl Scene {
    fn new(members: Value) -> Self {
        let world = World::default();
        put(&world, members).expect("registered");
        let application = json!({ "audience": [RESOURCE, "https://other.example"] });
        let created = run(world
            .service()
            .registry()
            .create_application(&default_organization(), metadata(application)));
        Self { client: created.expect("registered"), world }
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    /// An ID-JAG with these claims over good ones; null takes one away.
    fn id_jag(&self, typ: Option<&str>, claims: Value) -> String {
        let mut whole = json!({ "client_id": self.client_id(), "iat": START });
        whole.as_object_mut().expect("an object").append(&mut claims.as_object().expect("claims").clone());
        assertion_of_type(&key(1), typ, START, whole)
    }

    /// The claims of the token, and `scope` of the response as `told`.
    fn ask(&self, assertion: &str, scope: Option<&str>, resources: &[&str]) -> Result<Value, Refusal> {
        let credentials = Presented::secret(self.client_id(), secret(&self.client), PresentedBy::Basic);
        let resources = resources.iter().copied();
        let request =
            TokenRequest::jwt_bearer(credentials, assertion, scope, resources).expect("short enough");
        let issued = run(self.world.service().exchange(&default_organization(), &request))?;
        let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
        let mut claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
        claims["told"] = issued.scope.into();
        Ok(claims)
    }

    /// The same for fresh claims, with what `explain` has to say of them first.
    fn exchange(&self, claims: Value, scope: Option<&str>, resources: &[&str]) -> Result<Value, Reason> {
        let assertion = self.id_jag(Some(TYP), claims);
        let explained =
            run(self.world.service().explain(&default_organization(), &assertion, Some(self.client_id())));
        let first = explained.expect("explained").checks.into_iter().find_map(|step| step.reason);
        let asked = self.ask(&assertion, scope, resources);
        if scope.is_none() && resources.is_empty() {
            assert_eq!(first, asked.as_ref().err().map(|refusal| refusal.reason.name()), "explain differs");
        }
        asked.map_err(|refusal| {
            assert_eq!(refusal.code, refusal.reason.code());
            refusal.reason
        })
    }

    fn refused(&self, claims: Value) -> Reason {
        self.exchange(claims, None, &[]).expect_err("refused")
    }

    fn saw(&self, claims: Value, check: &str) -> String {
        let assertion = self.id_jag(Some(TYP), claims);
        let explained = run(self.world.service().explain(&default_organization(), &assertion, None));
        let checks = explained.expect("explained").checks;
        checks.into_iter().find(|step| step.check == check).expect("the row").saw
    }
}

fn put(world: &World, members: Value) -> Result<bool, RegistryError> {
    let mut whole = json!({ "jwks": jwks(&[&key(1)]), "profile": "id-jag" });
    whole.as_object_mut().expect("an object").append(&mut members.as_object().expect("members").clone());
    let issuer = issuer(whole);
    run(world.service().registry().put_trusted_issuer(&default_organization(), &issuer.name, &issuer))
}
