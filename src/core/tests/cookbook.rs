//! The JOSE cookbook (RFC 7520, RFC 8037, RFC 7797) through every verifier: what is asymmetric
//! and compact verifies, everything else is refused for the right reason.

mod vectors;

use asserta_core::jose::json::{self, JsonError, Object};
use asserta_core::jose::{CompactJws, JwkSet, JwsError, KeyProblem, SigningAlgorithm, SigningKey, base64url};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};
use vectors::cookbook::public_half;
use vectors::{read, token_verifies};

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn number(jwk: &Value, name: &str) -> Vec<u8> {
    base64url::decode(text(&jwk[name])).expect("base64url")
}

#[test]
fn asymmetric_tokens_verify() {
    for file in [
        "cookbook/jws/4_1.rsa_v15_signature.json",
        "cookbook/jws/4_2.rsa-pss_signature.json",
        "cookbook/jws/4_3.ecdsa_signature.json",
        "cookbook/curve25519/jws.json",
    ] {
        let Some(vector) = read(file) else { return };
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
    for number in
        ["4_6.protecting_specific_header_fields", "4_7.protecting_content_only", "4_8.multiple_signatures"]
    {
        let Some(vector) = read(&format!("cookbook/jws/{number}.json")) else { return };
        let token = vector["output"]["json"].to_string();
        assert_eq!(CompactJws::parse(&token), Err(JwsError::JsonSerialisation), "{number}");
    }
}

#[test]
fn one_of_several_signatures_verifies_by_itself() {
    let Some(vector) = read("cookbook/jws/4_8.multiple_signatures.json") else { return };
    let token =
        format!("{}.{}", text(&vector["signing"][0]["sig-input"]), text(&vector["signing"][0]["sig"]));
    let key = public_half(&vector["input"]["key"][0]);
    assert!(token_verifies(&token, &json!({ "keys": [key] })));
}

#[test]
fn r31_hmac_is_refused() {
    for number in ["4_4.hmac-sha2_integrity_protection", "4_5.signature_with_detached_content"] {
        let Some(vector) = read(&format!("cookbook/jws/{number}.json")) else { return };
        let token = text(&vector["output"]["compact"]);
        assert_eq!(CompactJws::parse(token), Err(JwsError::AlgorithmSymmetric), "{number}");
    }
}

#[test]
fn r32_unencoded_payloads_are_refused() {
    let Some(vector) = read("cookbook/rfc7797/hmac-sha2_b64_false.json") else { return };
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
        ("3_1.ec_public_key", None),
        ("3_2.ec_private_key", Some(KeyProblem::Private)),
        ("3_3.rsa_public_key", None),
        ("3_4.rsa_private_key", Some(KeyProblem::Private)),
        ("3_5.symmetric_key_mac_computation", Some(KeyProblem::Symmetric)),
        ("3_6.symmetric_key_encryption", Some(KeyProblem::Symmetric)),
    ] {
        let Some(key) = read(&format!("cookbook/jwk/{file}.json")) else { return };
        let set = JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes()).expect("a set");
        assert_eq!(set.skipped.first().map(|skipped| skipped.reason), problem, "{file}");
        assert_eq!(set.keys.len(), usize::from(problem.is_none()), "{file}");
    }
}

#[test]
fn what_we_sign_is_what_the_cookbook_signed() {
    let Some(ed25519) = read("cookbook/curve25519/jws.json") else { return };
    let seed = number(&ed25519["input"]["key"], "d");
    reproduces(SigningAlgorithm::EdDsa, &seed, &ed25519);

    let Some(rsa) = read("cookbook/jws/4_1.rsa_v15_signature.json") else { return };
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
    let signature = key.sign(text(&vector["signing"]["sig-input"]).as_bytes());
    assert_eq!(base64url::encode(&signature), text(&vector["signing"]["sig"]), "{algorithm}");
}

#[test]
fn headers_of_the_cookbook_keep_their_order() {
    let Some(vector) = read("cookbook/jws/4_1.rsa_v15_signature.json") else { return };
    let header = base64url::decode(text(&vector["signing"]["protected_b64u"])).expect("base64url");
    let object: Result<Object, JsonError> = json::parse_object(&header);
    let object = object.expect("a strict object");
    assert_eq!(json::Value::Object(object).to_text().as_bytes(), header);
}
