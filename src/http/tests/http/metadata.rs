//! R67: what the metadata lists works, and what works is listed. The tests go by the document alone, as a client does.

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

/// R67: every member is known here. What is left out is left out for a reason (docs/decisions/0015-metadata.md), or stated by an
/// administrator (`stated_metadata.rs`): a new one belongs into a test.
#[test]
fn r67_the_members() {
    let (world, texts) = (World::default(), Texts::default());
    let listed = Listed::new(&world, &texts, "default", &json!({}));
    let mut members: Vec<&str> =
        listed.document.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "access_token_signing_alg_values_supported",
            "dpop_signing_alg_values_supported",
            "grant_types_supported",
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
            "issuer",
            "jwks_uri",
            "response_types_supported",
            "revocation_endpoint",
            "revocation_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_signing_alg_values_supported",
            "token_endpoint",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
        ]
    );
    assert!(listed.list("response_types_supported").is_empty(), "there is no authorization endpoint");
}

/// R67: each endpoint is where the metadata says and does what it is for, in the organization at the root and in another.
#[test]
fn r67_each_endpoint() {
    for organization in ["default", "acme"] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, organization, &json!({}));
        let token = listed.token("client_secret_basic");
        assert_eq!(part(&token, 1)["iss"], listed.document["issuer"]);
        let keys = listed.server.send(request("GET", listed.path("jwks_uri"))).json();
        let known = |jwk: &Value| jwk["kid"] == part(&token, 0)["kid"];
        assert!(keys["keys"].as_array().expect("a list").iter().any(known), "{keys}");
        let form = format!("token={token}");
        let active = || {
            let told = listed.ask("introspection_endpoint", "client_secret_basic", &form);
            assert_eq!(told.status(), 200, "{}", told.text());
            told.json()["active"].clone()
        };
        assert_eq!(active(), true);
        assert_eq!(listed.ask("revocation_endpoint", "client_secret_basic", &form).status(), 200);
        assert_eq!(active(), false);
        for endpoint in ["token_endpoint", "introspection_endpoint", "revocation_endpoint"] {
            let got = listed.server.send(request("GET", listed.path(endpoint)));
            assert_eq!((got.status(), got.header("allow")), (405, Some("POST")), "{endpoint}");
        }
    }
}

/// R67: at each endpoint clients authenticate in the ways that are listed for it, and in no other.
#[test]
fn r67_each_way_to_authenticate() {
    let rule =
        json!({"name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"]});
    for offers in [json!({}), json!({"rules": [rule, {"name": "apps"}]})] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, "acme", &offers);
        for method in [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "spiffe_jwt",
            "none",
            "client_secret_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
        ] {
            let is_registered =
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"]
                    .contains(&method);
            let token = listed.token(if is_registered { method } else { "client_secret_basic" });
            for endpoint in ["token", "introspection", "revocation"] {
                let is_listed =
                    listed.list(&format!("{endpoint}_endpoint_auth_methods_supported")).contains(&method);
                // A way that nobody can be registered with is none.
                let client = json!({"grant_types": [JWT_BEARER], "token_endpoint_auth_method": method});
                if !is_listed && method != "none" {
                    let made = listed.server.admin("POST", "/acme/applications", &client);
                    made.assert_problem(400, "invalid", Some("token_endpoint_auth_method"));
                    continue;
                }
                let asked = match endpoint {
                    "token" => listed.grant(JWT_BEARER, method),
                    _ => listed.ask(&format!("{endpoint}_endpoint"), method, &format!("token={token}")),
                };
                assert_eq!(asked.status(), if is_listed { 200 } else { 401 }, "{endpoint}: {method}");
            }
        }
    }
}

/// R67, R12: a grant type that is listed gives a token, one that is not gives none.
#[test]
fn r67_each_grant_type() {
    for offers in [json!({}), json!({"token_exchange": {"replay": "once"}})] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, "default", &offers);
        for grant_type in [
            JWT_BEARER,
            TOKEN_EXCHANGE,
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "password",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        ] {
            let is_listed = listed.list("grant_types_supported").contains(&grant_type);
            let asked = listed.grant(grant_type, "client_secret_basic");
            let status = if is_listed { 200 } else { 400 };
            assert_eq!(asked.status(), status, "{grant_type}, {offers}: {}", asked.text());
        }
    }
}

/// R67, R31: a client is registered with each algorithm that is listed for its assertions, and with no other.
#[test]
fn r67_each_algorithm_of_clients() {
    let (world, texts) = (World::default(), Texts::default());
    let listed = Listed::new(&world, &texts, "default", &json!({}));
    let member = "token_endpoint_auth_signing_alg_values_supported";
    let algorithms = listed.list(member);
    for same in ["introspection", "revocation"] {
        assert_eq!(listed.list(&member.replace("token", same)), algorithms);
    }
    for algorithm in algorithms.iter().copied().chain(["none", "HS256", "HS512", "ES256K", "Ed448", "es256"])
    {
        let client = json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": algorithm,
            "jwks_uri": "https://client.example/jwks",
        });
        let made = listed.server.admin("POST", "/default/applications", &client);
        let expected = if algorithms.contains(&algorithm) { 201 } else { 400 };
        assert_eq!(made.status(), expected, "{algorithm}: {}", made.text());
    }
}

/// A public key of an algorithm: of those that nothing here signs with, one that is well-formed and no more. The curves' own
/// base points are keys as any other.
fn public_jwk(algorithm: &str) -> Value {
    let (curve, x, y) = match algorithm {
        "ES384" => (
            "P-384",
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        ),
        "ES512" => (
            "P-521",
            "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
            "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        ),
        _ => return json!({"kty": "RSA", "e": "AQAB", "n": base64url::encode(&[0xc1; 256])}),
    };
    let [x, y] = [x, y].map(|hex| {
        let digits = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
        let bytes: Vec<u8> = digits.map(|two| u8::from_str_radix(two, 16).expect("hex")).collect();
        base64url::encode(&bytes)
    });
    json!({"kty": "EC", "crv": curve, "x": x, "y": y})
}

/// R67, R100: a proof of an algorithm that is listed is checked down to its signature; any other is refused for what it is.
#[test]
fn r67_each_algorithm_of_proofs() {
    let (world, texts) = (World::default(), Texts::default());
    let listed = Listed::new(&world, &texts, "default", &json!({}));
    let algorithms = listed.list("dpop_signing_alg_values_supported");
    let signing_key = |algorithm| match algorithm {
        "ES256" => Some(SigningKey::generate(SigningAlgorithm::Es256, &[9; 32])),
        "EdDSA" | "Ed25519" => Some(key(9)),
        _ => None,
    };
    for algorithm in algorithms.iter().copied().chain(["none", "HS256", "ES256K"]) {
        let key = signing_key(algorithm);
        let jwk = key.as_ref().map_or_else(|| public_jwk(algorithm), |key| json!(key.public_jwk()));
        let header = json!({"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk});
        let htu = &listed.document["token_endpoint"];
        let claims = json!({"htm": "POST", "htu": htu, "iat": START, "jti": algorithm});
        let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
        let wrong = || {
            vec![
                1;
                if algorithm == "ES384" {
                    96
                } else if algorithm == "ES512" {
                    132
                } else {
                    256
                }
            ]
        };
        let signature = key.as_ref().map_or_else(wrong, |key| key.sign(input.as_bytes(), &[0; 32]));
        let proof = format!("{input}.{}", base64url::encode(&signature));

        let assertion = listed.assertion(&crate::world::key(1), json!({}));
        let body = format!(
            "grant_type={JWT_BEARER}&assertion={assertion}&client_id=client_secret_post&client_secret={SECRET}"
        );
        let sent = request("POST", listed.path("token_endpoint")).header("content-type", FORM);
        listed.server.send(sent.body(body.replace(':', "%3A")).header("DPoP", proof));
        let lines = world.events.1.borrow();
        let outcome = lines.last().expect("an event")["outcome"].as_str().expect("a text");
        let expected = match (algorithms.contains(&algorithm), key) {
            (true, Some(_)) => "granted",
            (true, None) => "dpop-proof-signature-invalid",
            (false, _) => "dpop-proof-malformed",
        };
        assert_eq!(outcome, expected, "{algorithm}");
    }
}

/// R67: our own tokens are signed with the one algorithm that is listed, whichever it is.
#[test]
fn r67_the_algorithm_of_our_tokens() {
    for algorithm in ["ES256", "EdDSA"] {
        let (world, texts) = (World::default(), Texts::default());
        texts.set("access_token_algorithm", Ok(algorithm));
        let listed = Listed::new(&world, &texts, "default", &json!({}));
        assert_eq!(listed.list("access_token_signing_alg_values_supported"), [algorithm]);
        assert_eq!(part(&listed.token("client_secret_basic"), 0)["alg"], algorithm);
    }
}

/// R67, R73: with another setting the tokens of before are still signed for a while, and good for longer: theirs is listed
/// for as long as their key is published.
#[test]
fn r67_the_algorithms_of_all_published_keys() {
    let (world, texts) = (World::default(), Texts::default());
    let member = "access_token_signing_alg_values_supported";
    let before = Listed::new(&world, &texts, "default", &json!({}));
    assert_eq!(part(&before.token("client_secret_basic"), 0)["alg"], "ES256");
    texts.set("access_token_algorithm", Ok("EdDSA"));
    let after = Server::new(&world, &texts);
    let listed = || {
        let document = after.send(request("GET", "/.well-known/oauth-authorization-server")).json();
        document[member].clone()
    };
    assert_eq!(listed(), json!(["ES256", "EdDSA"]));
    let rotate = || {
        let keys = after.admin("POST", "/default/keys/rotate", &Value::Null).json()["items"].clone();
        keys.as_array().expect("a list").len()
    };
    assert_eq!(rotate(), 2);
    world.advance(86_400 + 601);
    assert_eq!(rotate(), 2);
    assert_eq!(listed(), json!(["EdDSA"]));
    // R74: what can't be read refuses no more than what needs it.
    world.registry.entries.borrow_mut().insert("signing-keys/default".into(), b"?".to_vec());
    assert_eq!(listed(), json!(["EdDSA"]));
}
