//! Access tokens after they were issued: asked about, taken back, and revoked by an administrator (R110 to R112).

use std::process::Command;

use serde_json::Value;

use crate::activity::activity;
use crate::server::Server;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// The access token that the demo's `curl` line gets.
fn demo_token(server: &Server) -> String {
    let line = server.line("curl ");
    let done = Command::new("sh").args(["-c", &format!("curl {line}")]).output().unwrap();
    text(&serde_json::from_slice(&done.stdout).unwrap(), "access_token")
}

/// R110, R112: the client of the demo asks, and an administrator revokes.
#[test]
fn asked_about_and_revoked_by_an_administrator() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let token = demo_token(&server);
    let demo = ["--org", "demo"];
    let apps = json(&server.out(&[&["app", "list", "--json"][..], &demo].concat()));
    let id = text(&apps[0], "client_id");
    let secret = json(&server.out(&[&["app", "secret", &id, "--json"][..], &demo].concat()));
    let by = ["--client-id", &id, "--client-secret", &text(&secret, "client_secret")].map(str::to_owned);
    let by: Vec<&str> = by.iter().map(String::as_str).chain(demo).collect();
    let ask = |token: &str| server.run(&[&["token", "introspect", token, "--json"][..], &by[..]].concat());

    let told = ask(&token);
    assert_eq!((told.code, &json(&told.out)["client_id"]), (0, &Value::from(id.clone())), "{told:?}");
    let unknown = ask("unknown");
    assert_eq!((unknown.code, unknown.err.contains("not active")), (1, true), "{unknown:?}");
    assert_eq!(json(&unknown.out), serde_json::json!({"active": false}));
    let wrong =
        ["token", "introspect", &token, "--client-id", &id, "--client-secret", "wrong", "--org", "demo"];
    let wrong = server.run(&wrong);
    assert_eq!((wrong.code, wrong.err.contains("invalid_client")), (2, true), "no verdict: {wrong:?}");

    let issuers = json(&server.out(&[&["issuer", "list", "--json"][..], &demo].concat()));
    let issuer = text(&issuers[0], "name");
    let add = [&["revocation", "add", "--trusted-issuer", &issuer, "--json"][..], &demo].concat();
    let made = json(&server.out(&add));
    assert!(made["issued_before"].is_u64() && made["expires_at"].is_u64(), "{made}");
    assert!(server.out(&[&["revocation", "list"][..], &demo].concat()).contains(&issuer));
    let log = activity(&server, &[&["--outcome", "revoked"][..], &demo].concat(), 1);
    assert_eq!(
        (&log[0]["event"], &log[0]["trusted_issuer"]),
        (&"all-revoked".into(), &issuer.as_str().into())
    );
    assert_eq!(ask(&token).code, 1);
    let cases: [(&[&str], i32); 4] = [
        (&["revocation", "add"], 2),
        (&["revocation", "add", "--client-id", "a", "--trusted-issuer", "b"], 2),
        (&["revocation", "add", "--trusted-issuer", "nobody"], 1),
        (&["revocation", "add", "--client-id", "a", "--issued-before", "99999999999"], 1),
    ];
    for (options, code) in cases {
        assert_eq!(server.run(&[options, &demo].concat()).code, code, "{options:?}");
    }
}

/// R111: a client takes its token back; one that authenticates by key may ask, but not take another's.
#[test]
fn taken_back_by_its_client() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let token = demo_token(&server);
    let demo = ["--org", "demo"];
    let apps = json(&server.out(&[&["app", "list", "--json"][..], &demo].concat()));
    let id = text(&apps[0], "client_id");
    let secret = json(&server.out(&[&["app", "secret", &id, "--json"][..], &demo].concat()));
    let secret = text(&secret, "client_secret");

    server.out(&["mint", "--key", "c.pem", "--generate", "--iss", "x", "--sub", "x", "--aud", "x"]);
    let by_key = ["app", "add", "by-key", "--private-key-jwt", "--certificate", "c.pub.pem", "--json"];
    let by_key = text(&json(&server.out(&[&by_key[..], &demo].concat())), "client_id");
    let by_key = ["--client-id", &by_key, "--private-key", "c.pem", "--org", "demo"];
    let asked = server.run(&[&["token", "introspect", &token][..], &by_key].concat());
    assert_eq!((asked.code, asked.err.contains("not active")), (1, true), "{asked:?}");
    let refused = server.run(&[&["token", "revoke", &token][..], &by_key].concat());
    assert_eq!((refused.code, refused.err.contains("unauthorized_client")), (1, true), "{refused:?}");

    let own = ["--client-id", &id, "--client-secret", &secret, "--org", "demo"];
    assert!(server.out(&[&["token", "introspect", &token][..], &own].concat()).contains("active"));
    assert!(server.out(&[&["token", "revoke", &token][..], &own].concat()).contains("revoked"));
    assert_eq!(server.run(&[&["token", "introspect", &token][..], &own].concat()).code, 1);
    let nobody = server.run(&["token", "introspect", &token, "--client-id", &id]);
    assert_eq!((nobody.code, nobody.err.contains("--client-secret")), (2, true), "{nobody:?}");
    let clear = [
        "token",
        "introspect",
        "x",
        "--url",
        "http://asserta.invalid",
        "--client-id",
        "a",
        "--client-secret",
        "b",
    ];
    let clear = server.run(&clear);
    assert_eq!((clear.code, clear.err.contains("--insecure-http")), (2, true), "{clear:?}");
}
