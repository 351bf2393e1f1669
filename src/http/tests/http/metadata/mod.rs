//! R67: what the metadata lists works, and what works is listed. The tests go by the document alone, as a client does.

mod algorithms;
mod members;

use std::cell::Cell;

use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};

use crate::server::{Answer, Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const FORM: &str = "application/x-www-form-urlencoded";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SECRET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const SPIRE: &str = "https://oidc.example.org";
const WORKLOAD: &str = "spiffe://prod.example.org/orders";

/// What signs JWT-SVIDs.
fn authority() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256, &[5; 32])
}

/// An organization, and what its metadata says.
struct Listed<'a> {
    server: Server<'a>,
    document: Value,
    /// How many assertions were made.
    assertions: Cell<u32>,
}

impl<'a> Listed<'a> {
    /// With an issuer whose assertions are exchanged, and a client for each way to authenticate. `offers`: what its issuer
    /// has besides.
    fn new(world: &'a World, texts: &'a Texts, organization: &str, offers: &Value) -> Self {
        let server = Server::new(world, texts);
        assert!(server.admin("PUT", &format!("/{organization}"), &json!({})).status() < 300);
        let mut issuer = json!({"issuer": ISSUER, "jwks": jwks(&[&key(1)])});
        issuer.as_object_mut().expect("an object").extend(offers.as_object().expect("an object").clone());
        let made = server.admin("PUT", &format!("/{organization}/trusted-issuers/idp"), &issuer);
        assert_eq!(made.status(), 201, "{}", made.text());
        for method in ["client_secret_basic", "client_secret_post", "private_key_jwt"] {
            let mut client = json!({
                "grant_types": [JWT_BEARER, TOKEN_EXCHANGE], "audience": "https://api.example",
                "token_endpoint_auth_method": method,
            });
            if method == "private_key_jwt" {
                client["jwks"] = jwks(&[&key(2)]);
            } else {
                client["client_secret"] = SECRET.into();
            }
            let made = server.admin("PUT", &format!("/{organization}/applications/{method}"), &client);
            assert_eq!(made.status(), 201, "{}", made.text());
        }
        let spire = json!({
            "issuer": SPIRE, "trust_domain": "prod.example.org", "jwks": jwks(&[&authority()]), "replay": "allow",
        });
        let made = server.admin("PUT", &format!("/{organization}/trusted-issuers/spire"), &spire);
        assert_eq!(made.status(), 201, "{}", made.text());
        let workload = json!({
            "grant_types": [JWT_BEARER, TOKEN_EXCHANGE], "audience": "https://api.example",
            "token_endpoint_auth_method": "private_key_jwt",
            "client_assertion_issuer": "spire", "client_assertion_subject": WORKLOAD,
        });
        let made = server.admin("PUT", &format!("/{organization}/applications/spiffe_jwt"), &workload);
        assert_eq!(made.status(), 201, "{}", made.text());
        let path = match organization {
            "default" => "/.well-known/oauth-authorization-server".to_owned(),
            other => format!("/.well-known/oauth-authorization-server/t/{other}"),
        };
        let document = server.send(request("GET", path)).json();
        Self { server, document, assertions: Cell::default() }
    }

    fn list(&self, member: &str) -> Vec<&str> {
        let list = self.document[member].as_array().unwrap_or_else(|| panic!("{member} is no list"));
        list.iter().map(|value| value.as_str().expect("a text")).collect()
    }

    /// The path of a URL that the metadata has.
    fn path(&self, member: &str) -> String {
        let url = self.document[member].as_str().unwrap_or_else(|| panic!("there is no {member}"));
        url.strip_prefix("https://as.example").expect("a URL of ours").to_owned()
    }

    /// An assertion that was not there before.
    fn assertion(&self, of: &SigningKey, mut claims: Value) -> String {
        self.assertions.set(self.assertions.get() + 1);
        claims["jti"] = self.assertions.get().to_string().into();
        if claims.get("aud").is_none() {
            claims["aud"] = self.document["issuer"].clone();
        }
        assertion(of, START, claims)
    }

    /// A form, by a client that authenticates in this way; by an unknown way it is as if there were none.
    fn ask(&self, endpoint: &str, method: &str, body: &str) -> Answer {
        let sent = |more: String| -> Sent {
            let body = format!("{}{more}", body.replace(':', "%3A"));
            request("POST", self.path(endpoint)).header("content-type", FORM).body(body)
        };
        self.server.send(match method {
            "client_secret_basic" => {
                let pair = base64url::encode(format!("{method}:{SECRET}").as_bytes());
                let padding = ["", "", "==", "="][pair.len() % 4];
                let pair = pair.replace('-', "+").replace('_', "/");
                sent(String::new()).header("authorization", format!("Basic {pair}{padding}"))
            }
            "client_secret_post" => sent(format!("&client_id={method}&client_secret={SECRET}")),
            "private_key_jwt" => {
                let signed = self.assertion(&key(2), json!({"iss": method, "sub": method}));
                sent(format!("&client_assertion_type={ASSERTION_TYPE}&client_assertion={signed}"))
            }
            "spiffe_jwt" => {
                let svid = json!({"iss": null, "sub": WORKLOAD, "aud": self.document["issuer"], "jti": null});
                let svid = assertion(&authority(), START, svid);
                let typed = ASSERTION_TYPE.replace("jwt-bearer", "jwt-spiffe");
                sent(format!("&client_id={method}&client_assertion_type={typed}&client_assertion={svid}"))
            }
            _ => sent(String::new()),
        })
    }

    fn grant(&self, grant_type: &str, method: &str) -> Answer {
        let granted = self.assertion(&key(1), json!({}));
        let parameters = match grant_type {
            TOKEN_EXCHANGE => {
                let subject = self.assertion(&key(1), json!({"aud": method}));
                format!("subject_token={subject}&subject_token_type=urn:ietf:params:oauth:token-type:jwt")
            }
            _ => format!("assertion={granted}&code=x&refresh_token=x&username=a&password=b"),
        };
        self.ask("token_endpoint", method, &format!("grant_type={grant_type}&{parameters}"))
    }

    /// A token of the client that authenticates in this way.
    fn token(&self, method: &str) -> String {
        let granted = self.grant(JWT_BEARER, method);
        granted.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", granted.text())).to_owned()
    }
}

/// A part of a compact JWT.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&base64url::decode(part).expect("base64url")).expect("JSON")
}
