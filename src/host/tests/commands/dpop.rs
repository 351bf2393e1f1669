//! DPoP proofs made on the command line (RFC 9449; R100 to R102).

use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _, Encoder as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::server::{Server, run};

fn part(proof: &str, index: usize) -> Value {
    let part = proof.trim().split('.').nth(index).unwrap();
    serde_json::from_slice(&Base64UrlSafeNoPadding::decode_to_vec(part, None).unwrap()).unwrap()
}

/// R100, R102: a proof by either algorithm is accepted for the token endpoint that it names, and for no other.
#[test]
fn a_proof_binds() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let mint = ["mint", "--key", "p.pem", "--generate", "--iss", "https://p.example", "--sub", "alice"];
    let assertion = server.out(&[&mint[..], &["--aud", &server.url]].concat());
    server.out(&["issuer", "add", "p", "--issuer", "https://p.example", "--certificate", "p.pub.pem"]);
    let app = server.out(&["app", "add", "orders", "--dpop-bound", "--json"]);
    let app: Value = serde_json::from_str(&app).unwrap();
    let explain = |proof: &[&str]| {
        let id = app["client_id"].as_str().unwrap();
        server.run(&[&["explain", assertion.trim(), "--client-id", id][..], proof].concat())
    };
    let token_endpoint = format!("{}/oauth2/token", server.url);
    for (alg, key) in [("ES256", "es256.pem"), ("EdDSA", "eddsa.pem")] {
        let proof = ["proof", "--key", key, "--generate", "--alg", alg];
        let made = server.out(&[&proof[..], &["--url", &token_endpoint]].concat());
        let explained = explain(&["--dpop-proof", made.trim()]);
        assert_eq!((explained.code, explained.out.contains("by the key")), (0, true), "{alg}: {explained:?}");
        let elsewhere = server.out(&[&proof[..], &["--url", "https://other.example/token"]].concat());
        let explained = explain(&["--dpop-proof", elsewhere.trim()]);
        assert!(explained.out.contains("dpop-proof-mismatch"), "{alg}: {explained:?}");
        assert_eq!(part(&made, 0)["jwk"], part(&elsewhere, 0)["jwk"], "the key is made once");
    }
    assert!(explain(&[]).out.contains("dpop-proof-missing"));
    let asking = explain(&["--scope", "admin", "--resource", "https://other.example"]);
    assert!(
        asking.out.contains("scope-not-allowed") && asking.out.contains("resource-unknown"),
        "{asking:?}"
    );
}

/// R100: what RFC 9449 section 4.2 says of a proof, and nothing of the private key.
#[test]
fn proofs_are_what_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let proof = |more: &[&str]| {
        let fixed = ["proof", "--key", "k.pem", "--generate"];
        run(directory.path(), &[&fixed[..], more].concat())
    };
    let plain = proof(&["--url", "https://as.example/oauth2/token?a=b#c"]).out;
    let (header, claims) = (part(&plain, 0), part(&plain, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
    assert_eq!((&header["jwk"]["crv"], header["jwk"].get("d")), (&json!("P-256"), None));
    assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://as.example/oauth2/token")));
    assert_eq!(claims["jti"].as_str().unwrap().len(), 64);
    assert_eq!((claims.get("ath"), claims.get("nonce")), (None, None));

    let resource = ["--method", "GET", "--url", "https://api.example/a", "--access-token", "a.b.c"];
    let claims = part(&proof(&[&resource[..], &["--nonce", "-n", "--jti", "1"]].concat()).out, 1);
    let ath = Base64UrlSafeNoPadding::encode_to_string(&*Sha256::digest("a.b.c")).unwrap();
    assert_eq!((&claims["htm"], &claims["ath"]), (&json!("GET"), &json!(ath)));
    assert_eq!((&claims["nonce"], &claims["jti"]), (&json!("-n"), &json!("1")));

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = directory.path().join("k.pem").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let relative = proof(&["--url", "/oauth2/token"]);
    assert_eq!((relative.code, relative.err.contains("--url")), (1, true), "{relative:?}");
    let url = ["--url", "https://as.example/oauth2/token"];
    let rsa = ["proof", "--key", "r.pem", "--generate", "--alg", "RS256"];
    let rsa = run(directory.path(), &[&rsa[..], &url].concat());
    assert_eq!((rsa.code, rsa.err.contains("ES256, EdDSA")), (2, true), "{rsa:?}");
    assert!(!directory.path().join("r.pem").exists(), "no key is made for nothing");
    let other = proof(&[&url[..], &["--alg", "EdDSA"]].concat());
    assert!(other.err.contains("not a private key for EdDSA"), "{other:?}");
    let missing = run(directory.path(), &[&["proof", "--key", "none.pem"][..], &url].concat());
    assert_eq!((missing.code, missing.err.contains("none.pem")), (1, true), "{missing:?}");
}
