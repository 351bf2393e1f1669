//! Wycheproof (C2SP) and the cookbook's tokens through every verifier: R30, R31, R33, R53. The list of files and
//! of deviations is tests/vectors/suite.rs; host-tests runs the same list inside Wasm.

mod vectors;

use vectors::judge::{key, token_verifies};
use vectors::suite::{Case, FILES, compare};
use vectors::verdict::verifies;

fn judge(files: impl Fn(&str) -> bool) {
    let mut judged = 0;
    for file in FILES.iter().filter(|file| files(file.path)) {
        let Some(summary) = compare(file, verdict) else { return };
        println!("{}: {} cases, {} deviations", summary.path, summary.cases, summary.deviations);
        judged += summary.cases;
    }
    assert!(judged > 0, "no file was meant");
}

fn verdict(case: &Case) -> bool {
    match case {
        Case::Token { token, keys } => token_verifies(token, keys.to_string().as_bytes()),
        Case::Signature { algorithm, keys, message, signature } => {
            let algorithm =
                asserta_core::jose::Algorithm::from_name(algorithm).expect("an algorithm of ours");
            let forms: Vec<_> = keys.iter().map(|text| key(text)).collect();
            assert!(forms.iter().all(|form| *form == forms[0]), "another key in another form: {keys:?}");
            forms[0].as_ref().is_some_and(|key| verifies(algorithm, key, message, signature))
        }
    }
}

#[test]
fn ecdsa() {
    judge(|path| path.contains("/ecdsa_"));
}

#[test]
fn ed_dsa() {
    judge(|path| path.contains("/ed25519_"));
}

#[test]
fn rsa_pss() {
    judge(|path| path.contains("/rsa_pss_"));
}

#[test]
fn rsa_pkcs1() {
    judge(|path| path.contains("/rsa_signature_"));
}

#[test]
fn json_web_signature_and_key() {
    judge(|path| path.contains("/json_web_"));
}

#[test]
fn cookbook() {
    judge(|path| path == vectors::cookbook::PATH);
}
