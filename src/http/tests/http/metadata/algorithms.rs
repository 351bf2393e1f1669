//! The algorithms: each listed one works, and is one of our keys where it is ours.

use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};

use super::{FORM, JWT_BEARER, Listed, SECRET, part};
use crate::server::{Server, Texts, request};
use crate::world::{START, World, key};

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
