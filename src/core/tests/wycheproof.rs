//! Wycheproof (C2SP) through every verifier: R30, R31, R33, R53.
//!
//! Every deviation from a vector's own verdict is listed with its reason; a deviation that is not
//! listed fails, and so does a listed one that does not occur.

mod vectors;

use std::collections::BTreeSet;

use asserta_core::jose::{Algorithm, PublicKey, VerificationKey, certificate, json};
use serde_json::{Value, json};
use vectors::verdict::verifies;
use vectors::{read, token_verifies};

/// A vector that we judge differently, and why.
type Deviation = (u64, &'static str);

const EXPONENT_3: &str = "the key has the exponent 3, which R31 refuses";
const SYMMETRIC: &str = "the key is symmetric, which never verifies (R53)";
const NO_ALPHABET: &str = "a question mark is no base64url (R30), and the key is symmetric";
const OTHER_ALG: &str = "the token says PS384, and the key's own alg allows PS256 only";
const NO_SUCH_ALG: &str = "the key's alg is ES521, which does not exist (the name is ES512)";

fn compare(file: &str, deviations: &[Deviation], verdict: impl Fn(&Value, &Value) -> bool) {
    let Some(document) = read(file) else { return };
    let mut found = BTreeSet::new();
    let mut count = 0;
    for group in document["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            count += 1;
            // `acceptable` is left to the implementation; we refuse it, as strictly as we can.
            let expected = test["result"] == "valid";
            if verdict(group, test) != expected {
                found.insert(test["tcId"].as_u64().expect("a number"));
            }
        }
    }
    let listed: BTreeSet<u64> = deviations.iter().map(|(test, _)| *test).collect();
    assert_eq!(found, listed, "{file}: the deviations found are not the ones that are listed");
    println!("{file}: {count} vectors, {} deviations", found.len());
}

/// Files of one algorithm, whose tests are a message and a signature.
fn signatures(file: &str, algorithm: Algorithm, deviations: &[Deviation]) {
    compare(file, deviations, |group, test| {
        let Some(key) = group_key(group) else { return false };
        let bytes = |name: &str| hex(test[name].as_str().expect("hex"));
        verifies(algorithm, &key, &bytes("msg"), &bytes("sig"))
    });
}

/// The key of a group, which must be the same from its JWK, its PEM and its DER.
fn group_key(group: &Value) -> Option<PublicKey> {
    let pem = group["publicKeyPem"].as_str().expect("PEM");
    let from_pem = certificate::import(pem).ok().map(|mut keys| keys.remove(0).material);
    let der = hex(group["publicKeyDer"].as_str().expect("hex"));
    assert_eq!(from_pem, certificate::import(&base64(&der)).ok().map(|mut keys| keys.remove(0).material));
    if let Some(jwk) = group.get("publicKeyJwk").or_else(|| group.get("keyJwk")) {
        let jwk = json::parse_object(jwk.to_string().as_bytes()).expect("JSON");
        let from_jwk = VerificationKey::from_jwk(&jwk).ok().map(|key| key.material);
        assert_eq!(from_pem, from_jwk, "the key is another one as a JWK");
    }
    from_pem
}

#[test]
fn es256() {
    signatures("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::Es256, &[]);
}

#[test]
fn es384() {
    signatures("wycheproof/ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::Es384, &[]);
}

#[test]
fn es512() {
    signatures("wycheproof/ecdsa_secp521r1_sha512_p1363_test.json", Algorithm::Es512, &[]);
}

#[test]
fn ed_dsa() {
    signatures("wycheproof/ed25519_test.json", Algorithm::EdDsa, &[]);
}

#[test]
fn ps256() {
    signatures("wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::Ps256, &[]);
    signatures("wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json", Algorithm::Ps256, &[]);
}

#[test]
fn ps384() {
    signatures("wycheproof/rsa_pss_2048_sha384_mgf1_48_test.json", Algorithm::Ps384, &[]);
}

#[test]
fn ps512() {
    signatures("wycheproof/rsa_pss_4096_sha512_mgf1_64_test.json", Algorithm::Ps512, &[]);
}

#[test]
fn rs256() {
    signatures(
        "wycheproof/rsa_signature_2048_sha256_test.json",
        Algorithm::Rs256,
        &[(258, EXPONENT_3), (259, EXPONENT_3)],
    );
    signatures("wycheproof/rsa_signature_3072_sha256_test.json", Algorithm::Rs256, &[(259, EXPONENT_3)]);
    signatures("wycheproof/rsa_signature_4096_sha256_test.json", Algorithm::Rs256, &[]);
}

#[test]
fn rs384() {
    signatures("wycheproof/rsa_signature_2048_sha384_test.json", Algorithm::Rs384, &[]);
}

#[test]
fn rs512() {
    signatures("wycheproof/rsa_signature_2048_sha512_test.json", Algorithm::Rs512, &[(259, EXPONENT_3)]);
    signatures("wycheproof/rsa_signature_4096_sha512_test.json", Algorithm::Rs512, &[]);
}

#[test]
fn json_web_signature() {
    let deviations = [
        (1, SYMMETRIC),
        (346, OTHER_ALG),
        (347, NO_SUCH_ALG),
        (348, SYMMETRIC),
        (350, OTHER_ALG),
        (351, NO_SUCH_ALG),
        (352, SYMMETRIC),
        (357, SYMMETRIC),
        (358, SYMMETRIC),
        (359, SYMMETRIC),
        (372, NO_ALPHABET),
        (373, NO_ALPHABET),
        (376, SYMMETRIC),
        (377, SYMMETRIC),
    ];
    compare("wycheproof/json_web_signature_test.json", &deviations, |group, test| {
        let key = group.get("public").unwrap_or(&group["private"]);
        token_verifies(test["jws"].as_str().expect("a token"), &json!({ "keys": [key] }))
    });
}

#[test]
fn json_web_key() {
    let deviations = [(2, SYMMETRIC), (13, SYMMETRIC), (14, SYMMETRIC), (15, SYMMETRIC)];
    compare("wycheproof/json_web_key_test.json", &deviations, |group, test| {
        let keys = group.get("public").unwrap_or(&group["private"]);
        token_verifies(test["jws"].as_str().expect("a token"), keys)
    });
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
