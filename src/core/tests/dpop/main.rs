//! Bound tokens at the token endpoint (R36, R100 to R102): the proof, its nonce, what it binds and what it uses up.

mod explained;
mod nonce;
mod proof;
#[path = "../world/mod.rs"]
mod world;

use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey, VerificationKey, thumbprint};
use asserta_core::oauth::{HttpResponse, Reason, Refusal};
use asserta_core::service::{NewApplication, Service, Settings};
use asserta_core::tokens::{AccessToken, TokenType};
use serde_json::{Value, json};
use world::{START, World, assertion, default_organization, issuer, jwks, key, metadata, request, run};

const URL: &str = "https://as.example/oauth2/token";

struct Served {
    world: World,
    client: NewApplication,
}

/// A world that trusts the issuer of the assertions, with an application of these members.
fn with(members: Value) -> Served {
    let world = World::default();
    let service = world.service();
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
    run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("trusted");
    let client = run(service.registry().create_application(&default_organization(), metadata(members)));
    let client = client.expect("registered");
    Served { world, client }
}

fn service(world: &World, dpop_nonce: bool) -> Service<&World> {
    let settings = Settings::new("https://as.example", SigningAlgorithm::Es256, false).expect("a good URL");
    Service::new(world, settings.with_dpop_nonce(dpop_nonce))
}

/// The key of a client's proofs.
fn own() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256, &[9; 32])
}

fn jkt(key: &SigningKey) -> String {
    thumbprint(
        &VerificationKey::from_jwk(key.public_jwk().as_object().expect("an object"))
            .expect("public")
            .material,
    )
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// A proof, with members over good ones.
fn proof(key: &SigningKey, jti: &str, members: Value) -> String {
    let jwk = serde_json::to_value(key.public_jwk()).expect("a JWK");
    let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk });
    let mut claims = json!({ "htm": "POST", "htu": URL, "iat": START, "jti": jti });
    claims.as_object_mut().expect("an object").append(&mut members.as_object().expect("an object").clone());
    signed(key, &header, &claims)
}

impl Served {
    fn ask(
        &self,
        service: &Service<&World>,
        assertion: &str,
        proof: Option<&str>,
    ) -> Result<AccessToken, Refusal> {
        let request = request(&self.client, assertion);
        let request = match proof {
            Some(proof) => request.with_proof(proof, None),
            None => request,
        };
        run(service.exchange(&default_organization(), &request))
    }

    fn reason(&self, assertion: &str, proof: Option<&str>) -> Result<TokenType, Reason> {
        let asked = self.ask(&service(&self.world, false), assertion, proof);
        asked.map(|token| token.token_type).map_err(|refusal| refusal.reason)
    }
}

fn granted(jti: &str) -> String {
    assertion(&key(1), START, json!({ "jti": jti }))
}

fn claims(token: &AccessToken) -> Value {
    let text = token.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    serde_json::from_slice(&text.expect("claims")).expect("JSON")
}

fn nonce_of(response: &HttpResponse) -> Option<&str> {
    response.headers.iter().find(|(name, _)| *name == "dpop-nonce").map(|(_, value)| value.as_str())
}
