//! Wycheproof (C2SP) and the RFCs' examples through every verifier: R30, R31, R33, R53. The list of files and
//! of deviations is tests/vectors/suite.rs; host-tests runs the same list inside Wasm.

mod vectors;

use vectors::judge::{key, token_verifies};
use vectors::suite::{Case, FILES, compare};
use vectors::verdict::verifies;

fn judge(least: usize, files: impl Fn(&str) -> bool) {
    let mut judged = 0;
    for file in FILES.iter().filter(|file| files(file.path)) {
        let summary = compare(file, verdict);
        println!("{}: {} cases, {} deviations", summary.path, summary.cases, summary.deviations);
        judged += summary.cases;
    }
    println!("{judged} vectors");
    assert!(judged >= least, "only {judged} cases were judged");
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
    judge(860, |path| path.starts_with("ecdsa_"));
}

#[test]
fn ed_dsa() {
    judge(151, |path| path.starts_with("ed25519"));
}

#[test]
fn rsa_pss() {
    judge(785, |path| path.starts_with("rsa_pss_"));
}

#[test]
fn rsa_pkcs1() {
    judge(2846, |path| path.starts_with("rsa_signature_"));
}

#[test]
fn json_web_signature_and_key() {
    judge(427, |path| path.starts_with("json_web_"));
}

#[test]
fn cookbook() {
    judge(25, |path| path == vectors::cookbook::PATH);
}
