//! `asserta activity`, and `asserta apply --dry-run --against activity`.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Server, spawn};

/// A request for a token with a wrong secret.
fn intrude(server: &Server, client_id: &str, assertion: &str) {
    assert_eq!(ask(server, client_id, "a wrong one", assertion), 401);
}

fn ask(server: &Server, client_id: &str, secret: &str, assertion: &str) -> u16 {
    let request = ureq::post(format!("{}/oauth2/token", server.url));
    let response = request.config().http_status_as_error(false).build().send_form([
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", client_id),
        ("client_secret", secret),
        ("assertion", assertion),
    ]);
    response.unwrap().status().as_u16()
}

/// What is there of it, at the latest soon: an instance writes after its response.
pub(crate) fn activity(server: &Server, arguments: &[&str], wanted: usize) -> Vec<Value> {
    let begin = Instant::now();
    loop {
        let shown = server.out(&[&["activity", "--json"], arguments].concat());
        let items: Vec<Value> = serde_json::from_str(&shown).unwrap();
        if items.len() >= wanted || begin.elapsed() > Duration::from_secs(20) {
            assert_eq!(items.len(), wanted, "{shown}");
            return items;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_last_decisions() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let added = server.out(&["app", "add", "mine", "--scope", "read", "--auth-method", "post", "--json"]);
    let mut application: Value = serde_json::from_str(&added).unwrap();
    let client_id = application["client_id"].as_str().unwrap().to_owned();
    let mint = ["mint", "--key", "p.pem", "--generate", "--iss", "https://p.example", "--sub", "alice"];
    let assertion = server.out(&[&mint[..], &["--aud", &server.url]].concat());
    intrude(&server, &client_id, assertion.trim());

    let only = ["--outcome", "refused", "--client-id", &client_id];
    let items = activity(&server, &only, 1);
    assert_eq!(items[0]["reason"], "client-unauthenticated");
    assert!(!items[0].to_string().contains("alice"));
    let table = server.out(&[&["activity"][..], &only].concat());
    assert!(table.starts_with("TIME (UTC)") && table.contains("client-unauthenticated"), "{table}");
    activity(&server, &["--outcome", "granted"], 0);
    let unknown = server.run(&["activity", "--reason", "because"]);
    assert_eq!((unknown.code, unknown.err.contains("reason")), (1, true), "{unknown:?}");
    let nobody = server.run(&["activity", "--org", "nobody"]);
    assert_eq!((nobody.code, nobody.err.contains("organization")), (1, true), "{nobody:?}");

    for member in ["client_secret", "client_id_issued_at"] {
        application.as_object_mut().unwrap().remove(member);
    }
    application["scope"] = "read write".into();
    let document = json!({"organizations": [{"name": "default", "applications": [application]}]});
    fs::write(directory.path().join("trust.json"), document.to_string()).unwrap();
    let compare = ["apply", "trust.json", "--dry-run", "--against", "activity"];
    let shown = server.out(&compare);
    assert!(shown.contains("changed: scope") && shown.contains("depends on application.scope"), "{shown}");
    let compared: Value = serde_json::from_str(&server.out(&[&compare[..], &["--json"]].concat())).unwrap();
    assert_eq!((&compared["dry_run"], &compared["activity"]["unknown"]), (&json!(true), &json!(1)));
    let real = server.run(&["apply", "trust.json", "--against", "activity"]);
    assert_eq!((real.code, real.err.contains("--dry-run")), (2, true), "{real:?}");
}

#[test]
fn off() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[("ASSERTA_ACTIVITY", "off".to_owned())]);
    let shown = server.run(&["activity"]);
    assert_eq!((shown.code, shown.err.contains("`activity` is off")), (0, true), "{shown:?}");
}

/// What there was before is not new, however much of it was shown; and a server that comes back is gone on with.
#[test]
fn what_comes_is_shown_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let add = |name: &str| {
        let added = server.out(&["app", "add", name, "--auth-method", "post", "--json"]);
        let added: Value = serde_json::from_str(&added).unwrap();
        ["client_id", "client_secret"].map(|member| added[member].as_str().unwrap().to_owned())
    };
    // The client is who it says, so that each of its decisions is recorded, however many come at once.
    let fail = |server: &Server, [id, secret]: &[String; 2]| assert_eq!(ask(server, id, secret, "x"), 400);
    let [first, many, later, back] = ["first", "many", "later", "back"].map(add);
    for number in 0..120 {
        fail(&server, if number == 0 { &first } else { &many });
    }
    activity(&server, &["--client-id", &first[0]], 1);
    activity(&server, &["--limit", "100", "--client-id", &many[0]], 100);
    // All of them are written by now.
    std::thread::sleep(Duration::from_secs(3));
    let listed = activity(&server, &["--limit", "2"], 2);
    assert!(listed[0]["time"].as_u64() <= listed[1]["time"].as_u64(), "the newest at the end: {listed:?}");

    let follow = ["activity", "--follow", "--limit", "5", "--json"];
    let follow = spawn(directory.path(), &[("ASSERTA_URL", &server.url)], &follow);
    let next = || -> Value {
        let line = follow.out.recv_timeout(Duration::from_secs(30)).expect("a decision is shown");
        serde_json::from_str(&line).unwrap()
    };
    for _ in 0..5 {
        assert_eq!(next()["client_id"], many[0].as_str());
    }
    // It looks again in this time.
    std::thread::sleep(Duration::from_secs(5));
    fail(&server, &later);
    assert_eq!(next()["client_id"], later[0].as_str());

    let listen = server.url.strip_prefix("http://").unwrap().to_owned();
    server.kill();
    let waiting = follow.err.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(waiting.contains("does not answer") && waiting.ends_with("; waiting for it"), "{waiting}");
    std::thread::sleep(Duration::from_secs(5));
    let server = Server::start_at(directory.path(), &listen);
    fail(&server, &back);
    assert_eq!(next()["client_id"], back[0].as_str());
    assert!(follow.err.try_recv().is_err(), "it is said once");
}
