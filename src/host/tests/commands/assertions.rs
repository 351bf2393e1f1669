//! Assertions that are made and explained.

use std::path::Path;

use crate::server::{Server, run};

#[test]
fn minted_assertions_are_what_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mint = |more: &[&str]| {
        let fixed = ["mint", "--key", "k.pem", "--generate", "--iss", "i", "--sub", "s", "--aud", "a"];
        run(directory.path(), &[&fixed[..], more].concat())
    };
    let part = |assertion: &str, index: usize| -> serde_json::Value {
        use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};
        let part = assertion.trim().split('.').nth(index).unwrap();
        serde_json::from_slice(&Base64UrlSafeNoPadding::decode_to_vec(part, None).unwrap()).unwrap()
    };
    let plain = mint(&[]).out;
    assert_eq!(part(&plain, 0), serde_json::json!({"alg": "ES256", "typ": "JWT"}));
    let claims = part(&plain, 1);
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
    assert_eq!((claims["jti"].as_str().unwrap().len(), &claims["aud"]), (64, &serde_json::json!("a")));

    let odd = mint(&[
        "--aud",
        "b",
        "--expires-in",
        "-60",
        "--jti",
        "",
        "--kid",
        "k1",
        "--typ",
        "x",
        "--claim",
        "n=1",
    ])
    .out;
    assert_eq!(part(&odd, 0), serde_json::json!({"alg": "ES256", "typ": "x", "kid": "k1"}));
    let claims = part(&odd, 1);
    assert!(claims["exp"].as_u64().unwrap() < claims["iat"].as_u64().unwrap());
    assert_eq!(
        (claims["aud"].as_array().unwrap().len(), &claims["n"], claims.get("jti")),
        (2, &serde_json::json!(1), None)
    );

    assert!(mint(&["--claim", "iss=other"]).err.contains("iss is set by its own option"));
    assert!(mint(&["--alg", "EdDSA"]).err.contains("not a private key for EdDSA"));
    assert!(Path::new(&directory.path().join("k.pub.pem")).is_file());
    let missing =
        run(directory.path(), &["mint", "--key", "none.pem", "--iss", "i", "--sub", "s", "--aud", "a"]);
    assert_eq!((missing.code, missing.err.contains("none.pem")), (1, true), "{missing:?}");
}

/// R37: an enterprise's identity provider; what contradicts the profile is named.
#[test]
fn an_issuer_of_id_jags() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let mint = ["mint", "--key", "e.pem", "--generate", "--iss", "https://e.example", "--sub", "alice"];
    server.out(&[&mint[..], &["--aud", &server.url]].concat());
    let add = ["issuer", "add", "e", "--issuer", "https://e.example", "--certificate", "e.pub.pem"];
    let refused = server.run(&[&add[..], &["--profile", "id-jag", "--alias", "us"]].concat());
    assert_eq!((refused.code, refused.err.contains("alias")), (1, true), "{refused:?}");
    server.out(&[&add[..], &["--profile", "id-jag"]].concat());
    let shown = server.out(&["issuer", "show", "e", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["profile"], "id-jag");

    let id_jag = ["--aud", &server.url, "--typ", "oauth-id-jag+jwt", "--claim", "client_id=some-client"];
    let id_jag = server.out(&[&mint[..], &id_jag].concat());
    let explained = server.out(&["explain", id_jag.trim()]);
    assert!(explained.contains("that client alone may present it"), "{explained}");
    let ordinary = server.out(&[&mint[..], &["--aud", &server.url]].concat());
    let refused = server.run(&["explain", ordinary.trim()]);
    assert_eq!((refused.code, refused.out.contains("type-not-allowed")), (1, true), "{refused:?}");
    server.out(&["issuer", "set", "e", "--profile", "jwt-bearer"]);
    server.out(&["explain", ordinary.trim()]);
}

/// That an assertion would be refused is one thing, that nobody could say another.
#[test]
fn no_verdict_is_no_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    assert_eq!(server.run(&["explain", "x.y.z"]).code, 1);
    for mistake in [&["--admin-token", "wrong"], &["--url", "http://127.0.0.1:1"], &["--org", "nobody"]] {
        let mistaken = server.run(&[&["explain", "x.y.z"], &mistake[..]].concat());
        assert_eq!((mistaken.code, &*mistaken.out), (2, ""), "{mistaken:?}");
    }
}
