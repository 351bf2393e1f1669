//! Which Wycheproof (C2SP) files apply to us, which of their verdicts we do not share, and why. Data and bookkeeping
//! alone: who judges a case, and where that runs, is the caller's choice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::wycheproof;

/// A file of vectors.
pub(crate) struct File {
    /// Its name.
    pub(crate) path: &'static str,
    /// The algorithm of its signatures; none where its cases are tokens.
    pub(crate) algorithm: Option<&'static str>,
    /// The cases that we judge differently, and why.
    pub(crate) deviations: &'static [(u64, &'static str)],
}

/// What is to be judged: does it verify?
pub(crate) enum Case {
    /// A compact JWS with a JWK set.
    Token { token: String, keys: Value },
    /// A signature. The key is there in several forms (JWK, PEM, DER as base64), which are the same key.
    Signature { algorithm: &'static str, keys: Vec<String>, message: Vec<u8>, signature: Vec<u8> },
}

/// What came of a file.
pub(crate) struct Summary {
    pub(crate) path: &'static str,
    pub(crate) cases: usize,
    pub(crate) deviations: usize,
}

const EXPONENT_3: &str = "the key has the exponent 3, which R31 refuses";
const SYMMETRIC: &str = "the key is symmetric, which never verifies (R53)";
const NO_ALPHABET: &str = "a question mark is no base64url (R30), and the key is symmetric";
const OTHER_ALG: &str = "the token says PS384, and the key's own alg allows PS256 only";
const NO_SUCH_ALG: &str = "the key's alg is ES521, which does not exist (the name is ES512)";

const fn signatures(
    path: &'static str,
    algorithm: &'static str,
    deviations: &'static [(u64, &'static str)],
) -> File {
    File { path, algorithm: Some(algorithm), deviations }
}

/// Every file that applies.
pub(crate) const FILES: [File; 24] = [
    signatures("ecdsa_secp256r1_sha256_p1363", "ES256", &[]),
    signatures("ecdsa_secp384r1_sha384_p1363", "ES384", &[]),
    signatures("ecdsa_secp521r1_sha512_p1363", "ES512", &[]),
    signatures("ed25519", "EdDSA", &[]),
    signatures("rsa_pss_2048_sha256_mgf1_32", "PS256", &[]),
    signatures("rsa_pss_3072_sha256_mgf1_32", "PS256", &[]),
    signatures("rsa_pss_2048_sha384_mgf1_48", "PS384", &[]),
    signatures("rsa_pss_4096_sha256_mgf1_32", "PS256", &[]),
    signatures("rsa_pss_4096_sha384_mgf1_48", "PS384", &[]),
    signatures("rsa_pss_4096_sha512_mgf1_64", "PS512", &[]),
    signatures("rsa_signature_2048_sha256", "RS256", &[(258, EXPONENT_3), (259, EXPONENT_3)]),
    signatures("rsa_signature_3072_sha256", "RS256", &[(259, EXPONENT_3)]),
    signatures("rsa_signature_4096_sha256", "RS256", &[]),
    signatures("rsa_signature_2048_sha384", "RS384", &[]),
    signatures("rsa_signature_2048_sha512", "RS512", &[(259, EXPONENT_3)]),
    signatures("rsa_signature_3072_sha384", "RS384", &[]),
    signatures("rsa_signature_4096_sha384", "RS384", &[]),
    signatures("rsa_signature_4096_sha512", "RS512", &[]),
    signatures("rsa_signature_8192_sha256", "RS256", &[]),
    signatures("rsa_signature_8192_sha384", "RS384", &[]),
    signatures("rsa_signature_8192_sha512", "RS512", &[]),
    File {
        path: "json_web_signature",
        algorithm: None,
        deviations: &[
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
        ],
    },
    File {
        path: "json_web_key",
        algorithm: None,
        deviations: &[(2, SYMMETRIC), (13, SYMMETRIC), (14, SYMMETRIC), (15, SYMMETRIC)],
    },
    // The examples of RFCs; tests/vectors/cookbook.rs reads them as cases of this kind.
    File { path: super::cookbook::PATH, algorithm: None, deviations: &[] },
];

/// Judges every case of a file. A deviation that is not listed fails, and so does a listed one that does not occur.
pub(crate) fn compare(file: &File, mut verifies: impl FnMut(&Case) -> bool) -> Summary {
    let cases = cases(file);
    let found: BTreeSet<u64> = cases
        .iter()
        .filter(|(_, expected, case)| verifies(case) != *expected)
        .map(|(number, ..)| *number)
        .collect();
    let listed: BTreeSet<u64> = file.deviations.iter().map(|(number, _)| *number).collect();
    assert_eq!(found, listed, "{}: the deviations found are not the ones that are listed", file.path);
    Summary { path: file.path, cases: cases.len(), deviations: found.len() }
}

/// The cases of a file: number, whether it should verify, and what.
pub(crate) fn cases(file: &File) -> Vec<(u64, bool, Case)> {
    if file.path == super::cookbook::PATH {
        return super::cookbook::cases();
    }
    let document = wycheproof(file.path);
    let mut cases = Vec::new();
    for group in document["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            let number = test["tcId"].as_u64().expect("a number");
            // `acceptable` is left to the implementation; we refuse it, as strictly as we can.
            cases.push((number, test["result"] == "valid", case(file, group, test)));
        }
    }
    cases
}

fn case(file: &File, group: &Value, test: &Value) -> Case {
    if let Some(algorithm) = file.algorithm {
        let bytes = |name: &str| hex(test[name].as_str().expect("hex"));
        return Case::Signature {
            algorithm,
            keys: key_forms(group),
            message: bytes("msg"),
            signature: bytes("sig"),
        };
    }
    let keys = group.get("public").unwrap_or(&group["private"]);
    let keys = if keys.get("keys").is_some() { keys.clone() } else { json!({ "keys": [keys] }) };
    Case::Token { token: test["jws"].as_str().expect("a token").to_owned(), keys }
}

fn key_forms(group: &Value) -> Vec<String> {
    use base64::Engine as _;
    let pem = group["publicKeyPem"].as_str().expect("PEM").to_owned();
    let der = hex(group["publicKeyDer"].as_str().expect("hex"));
    let mut forms = vec![pem, base64::engine::general_purpose::STANDARD.encode(der)];
    forms.extend(group.get("publicKeyJwk").or_else(|| group.get("keyJwk")).map(Value::to_string));
    forms
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
