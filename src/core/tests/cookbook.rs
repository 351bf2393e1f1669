//! The examples of RFC 7520, RFC 8037 and RFC 7797 through every verifier: what is asymmetric
//! and compact verifies, everything else is refused for the right reason.

mod vectors;

use asserta_core::jose::{CompactJws, JwkSet, JwsError, KeyProblem, SigningAlgorithm, SigningKey, base64url};
use asserta_core::json::{self, JsonError, Object};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};
use vectors::cookbook::public_half;
use vectors::{rfc, token_verifies};

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    base64url::decode(text(&jwk[name])).expect("base64url")
}

#[test]
fn asymmetric_tokens_verify() {
    for file in
        ["RFC 7520 section 4.1", "RFC 7520 section 4.2", "RFC 7520 section 4.3", "RFC 8037 appendix A.4"]
    {
        let vector = rfc(file);
        let token = text(&vector["output"]["compact"]);
        let keys = json!({ "keys": [public_half(&vector["input"]["key"])] });
        assert!(token_verifies(token, &keys), "{file}");
        let jws = CompactJws::parse(token).expect("a token");
        assert_eq!(jws.payload, text(&vector["input"]["payload"]).as_bytes(), "{file}");
        assert_eq!(jws.signing_input, text(&vector["signing"]["sig-input"]).as_bytes(), "{file}");
        // R53: the private key that the cookbook prints is not one to verify with.
        assert!(!token_verifies(token, &json!({ "keys": [vector["input"]["key"]] })), "{file}");
        // R33: every bit of the signature counts.
        let (head, signature) = token.rsplit_once('.').expect("dots");
        let mut signature = base64url::decode(signature).expect("base64url");
        for index in [0, signature.len() / 2, signature.len() - 1] {
            signature[index] ^= 1;
            let varied = format!("{head}.{}", base64url::encode(&signature));
            assert!(!token_verifies(&varied, &keys), "{file}");
            signature[index] ^= 1;
        }
    }
}

#[test]
fn r30_json_serialisations_are_no_tokens() {
    for number in ["4.6", "4.7", "4.8"] {
        let vector = rfc(&format!("RFC 7520 section {number}"));
        let token = vector["output"]["json"].to_string();
        assert_eq!(CompactJws::parse(&token), Err(JwsError::JsonSerialisation), "{number}");
    }
}

#[test]
fn one_of_several_signatures_verifies_by_itself() {
    let vector = rfc("RFC 7520 section 4.8");
    let token =
        format!("{}.{}", text(&vector["signing"][0]["sig-input"]), text(&vector["signing"][0]["sig"]));
    let key = public_half(&vector["input"]["key"][0]);
    assert!(token_verifies(&token, &json!({ "keys": [key] })));
}

#[test]
fn r31_hmac_is_refused() {
    for number in ["4.4", "4.5"] {
        let vector = rfc(&format!("RFC 7520 section {number}"));
        let token = text(&vector["output"]["compact"]);
        assert_eq!(CompactJws::parse(token), Err(JwsError::AlgorithmSymmetric), "{number}");
    }
}

#[test]
fn r32_unencoded_payloads_are_refused() {
    let vector = rfc("RFC 7797 section 4.2");
    let token = text(&vector["output"]["compact"]);
    // The payload has spaces, and HMAC is refused before that is looked at.
    assert_eq!(CompactJws::parse(token), Err(JwsError::AlgorithmSymmetric));
    let header = base64url::encode(br#"{"alg":"ES256","b64":false,"crit":["b64"]}"#);
    let (_, rest) = token.split_once('.').expect("dots");
    assert_eq!(CompactJws::parse(&format!("{header}.{rest}")), Err(JwsError::Critical));
}

#[test]
fn r53_keys_of_the_cookbook() {
    for (file, problem) in [
        ("3.1", None),
        ("3.2", Some(KeyProblem::Private)),
        ("3.3", None),
        ("3.4", Some(KeyProblem::Private)),
        ("3.5", Some(KeyProblem::Symmetric)),
        ("3.6", Some(KeyProblem::Symmetric)),
    ] {
        let key = rfc(&format!("RFC 7520 section {file}"));
        let set = JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes()).expect("a set");
        assert_eq!(set.skipped.first().map(|skipped| skipped.reason), problem, "{file}");
        assert_eq!(set.keys.len(), usize::from(problem.is_none()), "{file}");
    }
}

#[test]
fn what_we_sign_is_what_the_cookbook_signed() {
    let ed25519 = rfc("RFC 8037 appendix A.4");
    let seed = number(&ed25519["input"]["key"], "d");
    reproduces(SigningAlgorithm::EdDsa, &seed, &ed25519);

    let rsa = rfc("RFC 7520 section 4.1");
    let jwk = &rsa["input"]["key"];
    let component = |name| rsa::BoxedUint::from_be_slice_vartime(&number(jwk, name));
    let (n, e, d) = (component("n"), component("e"), component("d"));
    let key = rsa::PrivateKey::from_components(n, e, d, vec![component("p"), component("q")]);
    let pkcs8 = key.expect("a key").to_pkcs8_der().expect("an encoding");
    reproduces(SigningAlgorithm::Rs256, pkcs8.as_bytes(), &rsa);
}

fn reproduces(algorithm: SigningAlgorithm, stored: &[u8], vector: &Value) {
    assert_eq!(vector["reproducible"], true);
    let key = SigningKey::from_stored(algorithm, stored).expect("a private key");
    let signature = key.sign(text(&vector["signing"]["sig-input"]).as_bytes(), &[0; 32]);
    assert_eq!(base64url::encode(&signature), text(&vector["signing"]["sig"]), "{algorithm}");
}

#[test]
fn headers_of_the_cookbook_keep_their_order() {
    let vector = rfc("RFC 7520 section 4.1");
    let header = base64url::decode(text(&vector["signing"]["protected_b64u"])).expect("base64url");
    let object: Result<Object, JsonError> = json::parse_object(&header);
    let object = object.expect("a strict object");
    assert_eq!(json::Value::Object(object).to_text().as_bytes(), header);
}
