//! Options that registrations have in common.

use serde_json::{Value, json};

use crate::server::Server;

/// What was set is taken back by the name that `show` has for it.
#[test]
fn what_was_set_is_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let parsed = |arguments: &[&str]| -> Value { serde_json::from_str(&server.out(arguments)).unwrap() };
    let add =
        ["issuer", "add", "p", "--issuer", "https://p.example", "--no-fetch", "--alias", "us", "--json"];
    let added = parsed(&[&add[..], &["--subject", "a", "--clock-skew", "5", "--token-exchange"]].concat());
    assert_eq!((&added["alias"], &added["clock_skew"]), (&json!("us"), &json!(5)));
    let unset =
        ["issuer", "set", "p", "--unset", "alias", "--unset", "clock_skew", "--unset", "token_exchange"];
    let left = parsed(&[&unset[..], &["--typ", "x+jwt", "--json"]].concat());
    let gone = ["alias", "token_exchange"].map(|member| left.get(member).is_none_or(Value::is_null));
    assert_eq!(
        (gone, &left["clock_skew"], &left["subjects"]),
        ([true; 2], &json!(60), &json!(["a"])),
        "{left}"
    );
    assert_eq!(left["typ"], "x+jwt");

    let added =
        parsed(&["app", "add", "mine", "--audience", "https://api.example", "--scope", "read", "--json"]);
    let id = added["client_id"].as_str().unwrap();
    let left = parsed(&["app", "set", id, "--unset", "audience", "--unset", "scope", "--json"]);
    let has_audience = left.get("audience").is_some_and(|audience| !audience.is_null());
    assert_eq!(
        (has_audience, &left["scope"], &left["client_name"]),
        (false, &json!(""), &json!("mine")),
        "{left}"
    );

    for set in [["issuer", "set", "p"], ["app", "set", id]] {
        for member in ["issuer", "client_id", "nonsense"] {
            let ran = server.run(&[&set[..], &["--unset", member]].concat());
            assert_eq!((ran.code, ran.err.contains("[possible values: ")), (2, true), "{ran:?}");
        }
    }
}

/// Scopes and algorithms may come one by one or together, everywhere.
#[test]
fn words_come_one_by_one_or_together() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let parsed = |arguments: &[&str]| -> Value { serde_json::from_str(&server.out(arguments)).unwrap() };
    for (number, scopes) in
        [&["--scope", "a b"][..], &["--scope", "a", "--scope", "b"]].into_iter().enumerate()
    {
        let (name, issuer) = (format!("i{number}"), format!("https://i{number}.example"));
        let add = ["issuer", "add", &name, "--issuer", &issuer, "--no-fetch", "--json"];
        assert_eq!(parsed(&[&add[..], scopes].concat())["scopes"], json!(["a", "b"]));
        assert_eq!(parsed(&[&["app", "add", "x", "--json"], scopes].concat())["scope"], "a b");
        let stated = parsed(&[&["metadata", "set", "--json"], scopes].concat());
        assert_eq!(stated["scopes_supported"], json!(["a", "b"]));
        let explained = server.run(&[&["explain", "x.y.z"], scopes].concat());
        assert_eq!(explained.code, 1, "{explained:?}");
    }
    for algorithms in [
        &["--algorithms", "ES256,RS256"][..],
        &["--algorithms", "ES256 RS256"],
        &["--algorithms", "ES256", "--algorithms", "RS256"],
    ] {
        let set = parsed(&[&["issuer", "set", "i0", "--json"], algorithms].concat());
        assert_eq!(set["algorithms"], json!(["ES256", "RS256"]));
    }
}

/// R86: what may not be meant so begins as all warnings do; a condition's form is told.
#[test]
fn r86_a_warning_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let add = ["issuer", "add", "p", "--issuer", "https://p.example", "--no-fetch"];
    let condition = server.run(&[&add[..], &["--condition", "hd=example.com"]].concat());
    let wanted = r#"--condition: must be JSON, such as '{"claim":"hd","equals":"example.com"}'"#;
    assert_eq!((condition.code, condition.err.contains(wanted)), (1, true), "{condition:?}");
    let ci = ["issuer", "add", "ci", "--preset", "github-actions", "--repository", "o/a", "--no-fetch"];
    let added = server.run(&ci);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(
        !added.err.is_empty() && added.err.lines().all(|line| line.starts_with("warning: ")),
        "{added:?}"
    );
    let set = server.run(&["issuer", "set", "ci", "--enabled", "true"]);
    assert!(set.err.starts_with("warning: ") && !set.out.contains("warnings"), "{set:?}");
}
