//! Applications that authenticate by key (R27, R28), registered on the command line.

use serde_json::Value;

use crate::server::Server;

const BY_KEY: [&str; 4] = ["app", "add", "orders", "--private-key-jwt"];
const METHOD: &str = "token_endpoint_auth_method";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// R27: from a key to a client assertion that is accepted, and back to a secret.
#[test]
fn from_a_key_to_an_explained_client_assertion() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let mint = |sub: &str| {
        let mint = ["mint", "--key", "c.pem", "--generate", "--iss", sub, "--sub", sub, "--aud", &server.url];
        server.out(&mint)
    };
    mint("unused");
    let shown = server.out(&[&BY_KEY[..], &["--certificate", "c.pub.pem"]].concat());
    assert!(!shown.contains("secret  ") && !shown.contains("Basic"), "{shown}");
    let made = json(
        &server.out(&[&BY_KEY[..], &["--certificate", "c.pub.pem", "--scope", "read", "--json"]].concat()),
    );
    assert_eq!((&made["client_secret"], text(&made, METHOD).as_str()), (&Value::Null, "private_key_jwt"));
    let id = text(&made, "client_id");

    let signed = mint(&id);
    assert!(server.out(&["explain", "--client-assertion", signed.trim()]).contains("not used before"));
    let refused = server.run(&["explain", "--client-assertion", mint("other").trim()]);
    assert_eq!((refused.code, refused.out.contains("client-assertion-refused")), (1, true), "{refused:?}");

    let none = server.run(&["app", "secret", &id]);
    assert_eq!((none.code, none.err.contains("private_key_jwt")), (1, true), "{none:?}");
    let back = server.run(&["app", "set", &id, "--auth-method", "post", "--json"]);
    assert_eq!((back.code, back.err.contains("asserta app secret")), (0, true), "{back:?}");
    let back = json(&back.out);
    assert_eq!((&back["certificate"], text(&back, "scope").as_str()), (&Value::Null, "read"));
    assert!(json(&server.out(&["app", "secret", &id, "--json"]))["client_secret"].is_string());
    let endpoint =
        ["--private-key-jwt", "--jwks-uri", "https://orders.example/jwks", "--auth-signing-alg", "ES256"];
    let set = [&["app", "set", &id, "--json"][..], &endpoint].concat();
    let again = json(&server.out(&set));
    assert_eq!(
        (text(&again, "jwks_uri").as_str(), &again["certificate"]),
        ("https://orders.example/jwks", &Value::Null)
    );
    let federated = ["--client-assertion-issuer", "cluster", "--client-assertion-subject", "pod"];
    let federated = json(&server.out(&[&["app", "set", &id, "--json"][..], &federated].concat()));
    assert_eq!(
        (text(&federated, "client_assertion_subject").as_str(), &federated["jwks_uri"]),
        ("pod", &Value::Null)
    );
    assert_eq!(federated["token_endpoint_auth_signing_alg"], Value::Null);
}

/// R28: a JWT-SVID without `iss` and `jti`, for the application that is named beside it.
#[test]
fn an_explained_jwt_svid() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let workload = "spiffe://example.org/orders";
    let mint = |sub: &str| {
        let mint = ["mint", "--key", "s.pem", "--generate", "--iss", "", "--jti", "", "--sub", sub, "--aud"];
        server.out(&[&mint[..], &[&server.url]].concat())
    };
    let svid = mint(workload);
    let spire =
        ["issuer", "add", "spire", "--issuer", "https://oidc.example.org", "--trust-domain", "example.org"];
    server.out(&[&spire[..], &["--certificate", "s.pub.pem"]].concat());
    let federated = ["--client-assertion-issuer", "spire", "--client-assertion-subject", workload, "--json"];
    let id = text(&json(&server.out(&[&BY_KEY[..], &federated].concat())), "client_id");
    let explain = ["explain", "--jwt-svid", "--client-id", &id];
    let told = server.out(&[&explain[..], &[svid.trim()]].concat());
    assert!(told.contains("trust domain \"example.org\"") && told.contains("without jti"), "{told}");
    let other = server.run(&[&explain[..], &[mint("spiffe://example.org/other").trim()]].concat());
    assert_eq!((other.code, other.out.contains("client-assertion-refused")), (1, true), "{other:?}");
    let as_another_type = server.run(&["explain", "--client-assertion", "--client-id", &id, svid.trim()]);
    assert_eq!(as_another_type.code, 1, "{as_another_type:?}");
    let unnamed = server.run(&["explain", "--jwt-svid", svid.trim()]);
    assert_eq!((unnamed.code, unnamed.err.contains("--client-id")), (2, true), "{unnamed:?}");
}

/// R27, R28: what can't be registered is told by the option, or the file, that it stands in.
#[test]
fn what_can_not_be_registered() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    std::fs::write(directory.path().join("empty.json"), r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#).unwrap();
    let cases: [(&[&str], i32, &str); 8] = [
        (&[], 1, "jwks_uri"),
        (&["--jwks", "empty.json"], 1, "--jwks empty.json"),
        (&["--jwks", "missing.json"], 1, "missing.json"),
        (&["--jwks-uri", "ftp://orders.example"], 1, "--jwks-uri"),
        (&["--client-assertion-issuer", "cluster"], 1, "client_assertion_subject"),
        (&["--jwks-uri", "https://a.example", "--jwks", "empty.json"], 2, "--jwks"),
        (
            &["--jwks-uri", "https://a.example", "--client-assertion-issuer", "x"],
            2,
            "--client-assertion-issuer",
        ),
        (&["--auth-method", "post"], 2, "--auth-method"),
    ];
    for (options, code, told) in cases {
        let refused = server.run(&[&BY_KEY[..], options].concat());
        assert_eq!((refused.code, refused.err.contains(told)), (code, true), "{options:?}: {refused:?}");
    }
    let method = server.run(&["app", "add", "orders", "--jwks-uri", "https://a.example/jwks"]);
    assert_eq!((method.code, method.err.contains("private_key_jwt")), (1, true), "{method:?}");
}
