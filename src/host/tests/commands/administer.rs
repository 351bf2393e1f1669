//! The commands that speak the admin API.

use std::fs;
use std::path::Path;

use crate::server::{Server, run};

const TRUST: &str = r#"
[[organizations]]
name = "beta"
display_name = "Beta"

[[organizations.trusted_issuers]]
name = "partner"
issuer = "https://partner.example"
jwks_uri = "https://partner.example/jwks"

[[organizations.applications]]
client_id = "app-1"
client_secret = "a secret of at least thirty-two bytes"
scope = "read"
grant_types = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
"#;

#[test]
fn from_a_key_to_an_explained_assertion() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let audience = format!("{}/t/acme", server.url);
    assert!(server.out(&["org", "add", "acme", "--display-name", "Acme"]).contains("/t/acme/oauth2/token"));
    assert!(server.out(&["org", "list"]).contains("acme"));

    let mint = [
        "mint",
        "--key",
        "p.pem",
        "--generate",
        "--iss",
        "https://p.example",
        "--sub",
        "alice",
        "--aud",
        &audience,
    ];
    let assertion = server.out(&[&mint[..], &["--claim", "level=3", "--claim", "hd=example.com"]].concat());
    let policy = ["--condition", r#"{"claim":"level","equals":3}"#, "--map", "hd=domain", "--scope", "read"];
    let add = [
        "issuer",
        "add",
        "p",
        "--org",
        "acme",
        "--issuer",
        "https://p.example",
        "--certificate",
        "p.pub.pem",
    ];
    server.out(&[&add[..], &policy].concat());
    let again = server.run(&add);
    assert_eq!((again.code, again.err.contains("name")), (1, true), "{again:?}");
    assert!(server.out(&["issuer", "show", "p", "--org", "acme"]).contains("BEGIN PUBLIC KEY"));

    let added = server.out(&["app", "add", "mine", "--org", "acme", "--scope", "read write", "--json"]);
    let application: serde_json::Value = serde_json::from_str(&added).unwrap();
    let client_id = application["client_id"].as_str().unwrap();
    assert!(application["client_secret"].is_string(), "{added}");

    // For people, the credentials are there as Basic has them too, on one line (RFC 6749 section 2.3.1).
    let shown = server.out(&["app", "add", "second", "--org", "acme"]);
    let word =
        |begin: &str| shown.lines().find_map(|line| line.strip_prefix(begin)).unwrap().trim().to_owned();
    let expected = {
        use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
        Base64::encode_to_string(format!("{}:{}", word("client_id "), word("client_secret "))).unwrap()
    };
    assert_eq!(word("Authorization: Basic "), expected, "{shown}");
    server.out(&["app", "remove", &word("client_id "), "--org", "acme"]);

    let explain = ["explain", "--org", "acme", "--client-id", client_id, assertion.trim()];
    assert!(server.out(&explain).contains("R45"));
    // Explaining uses nothing up.
    server.out(&explain);

    server.out(&["issuer", "set", "p", "--org", "acme", "--enabled", "false"]);
    let refused = server.run(&explain);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("NO"), "{refused:?}");
    // What was not given is as it was.
    let shown = server.out(&["issuer", "show", "p", "--org", "acme", "--json"]);
    assert!(shown.contains(r#""hd": "domain""#) && shown.contains(r#""enabled": false"#), "{shown}");

    let renewed = server.out(&["app", "secret", client_id, "--org", "acme", "--json"]);
    let renewed: serde_json::Value = serde_json::from_str(&renewed).unwrap();
    assert_ne!(renewed["client_secret"], application["client_secret"]);
    server.out(&["app", "remove", client_id, "--org", "acme"]);
    server.out(&["issuer", "remove", "p", "--org", "acme"]);
    assert_eq!(server.out(&["issuer", "list", "--org", "acme", "--json"]).trim(), "[]");
}

#[test]
fn a_file_is_applied_and_applied_again_without_effect() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let write = |text: &str| fs::write(directory.path().join("trust.toml"), text).unwrap();
    let outcomes = || {
        let out = server.out(&["apply", "trust.toml"]);
        out.lines().skip(1).map(|line| line.split_once("  ").unwrap().1.trim().to_owned()).collect::<Vec<_>>()
    };
    write(TRUST);
    assert_eq!(outcomes(), ["created", "created", "created"]);
    assert_eq!(outcomes(), ["unchanged", "unchanged", "unchanged"]);
    write(&TRUST.replace(r#"scope = "read""#, r#"scope = "read write""#).replace("Beta", "Beta Ltd"));
    assert_eq!(outcomes(), ["changed: display_name", "unchanged", "changed: scope"]);

    write(&TRUST.replace("https://partner.example/jwks", "nonsense"));
    let refused = server.run(&["apply", "trust.toml"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("organizations[0].trusted_issuers[0].jwks_uri"), "{refused:?}");
    write(&TRUST.replace("client_id", "clientid"));
    let refused = server.run(&["apply", "trust.toml"]);
    assert!(refused.err.contains("organizations[0].applications[0].client_id"), "{refused:?}");
    assert!(refused.out.is_empty(), "nothing was applied: {refused:?}");
}

/// What the server refuses anywhere in the file is found before anything of it is applied.
#[test]
fn a_file_with_a_refused_entry_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let write = |text: &str| fs::write(directory.path().join("trust.toml"), text).unwrap();
    server.out(&["org", "add", "alpha"]);
    let add = ["issuer", "add", "known", "--org", "alpha", "--issuer", "https://known.example"];
    server.out(&[&add[..], &["--jwks-uri", "https://known.example/jwks", "--no-fetch"]].concat());
    let alpha = |issuers: &[(&str, &str)]| {
        let one = |(name, issuer): &(&str, &str)| {
            format!(
                "[[organizations.trusted_issuers]]\nname = \"{name}\"\nissuer = \"https://{issuer}.example\"\n\
                 jwks_uri = \"https://{issuer}.example/jwks\"\n"
            )
        };
        let issuers: String = issuers.iter().map(one).collect();
        format!("{TRUST}\n[[organizations]]\nname = \"alpha\"\n{issuers}")
    };
    let refusals = [
        // Taken by what is registered, known to the server alone; and what only its rules tell.
        (alpha(&[("new", "new"), ("other", "known")]), "organizations[1].trusted_issuers[1].issuer"),
        (
            alpha(&[("new", "new"), ("x", "x")]).replace("https://x.example/jwks", "ftp://x.example"),
            "organizations[1].trusted_issuers[1].jwks_uri",
        ),
        (
            alpha(&[]).replace("scope = \"read\"", "scope = \"re  ad\""),
            "organizations[0].applications[0].scope",
        ),
        (alpha(&[]).replace("\"Beta\"", "\"\""), "organizations[0].display_name"),
        (alpha(&[]).replace("client_secret =", "client_name ="), "organizations[0].applications[0]"),
        // Which of the two would count?
        (alpha(&[("new", "new"), ("new", "other")]), "organizations[1].trusted_issuers[1]"),
        (alpha(&[("new", "new"), ("other", "new")]), "organizations[1].trusted_issuers[1]"),
    ];
    for (text, place) in refusals {
        write(&text);
        let refused = server.run(&["apply", "trust.toml"]);
        assert_eq!(refused.code, 1, "{place}: {refused:?}");
        assert!(refused.err.contains(place), "{place}: {refused:?}");
        assert!(refused.out.is_empty(), "{place}: {refused:?}");
        assert!(!server.out(&["org", "list"]).contains("beta"), "{place}: the organization is there");
        assert_eq!(server.out(&["issuer", "list", "--org", "alpha"]).lines().count(), 2, "{place}");
    }
    // The issuer value that is taken is given up first.
    write(&alpha(&[("known", "moved"), ("new", "known")]));
    let applied = server.out(&["apply", "trust.toml", "--json"]);
    let outcomes: Vec<serde_json::Value> = serde_json::from_str(&applied).unwrap();
    let done: Vec<_> = outcomes.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(
        done,
        ["created", "created", "created", "unchanged", "changed: issuer, jwks_uri", "created"],
        "{applied}"
    );
}

#[test]
fn a_dry_run_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let write = |text: &str| fs::write(directory.path().join("trust.toml"), text).unwrap();
    write(TRUST);
    let told = server.out(&["apply", "--dry-run", "trust.toml"]);
    assert!(told.contains("WOULD BE") && told.matches("created").count() == 3, "{told}");
    assert!(!server.out(&["org", "list"]).contains("beta"));
    server.out(&["apply", "trust.toml"]);
    write(&TRUST.replace(r#"scope = "read""#, r#"scope = "write""#));
    assert!(server.out(&["apply", "--dry-run", "trust.toml"]).contains("changed: scope"));
    assert!(server.out(&["app", "show", "app-1", "--org", "beta", "--json"]).contains(r#""scope": "read""#));
    write(&TRUST.replace("https://partner.example/jwks", "nonsense"));
    let refused = server.run(&["apply", "--dry-run", "trust.toml"]);
    assert!(
        refused.code == 1 && refused.err.contains("organizations[0].trusted_issuers[0].jwks_uri"),
        "{refused:?}"
    );
}

/// The server reads 64 KiB at once, and a request may compute for a second. All of a larger file is judged before any of it is applied.
#[test]
fn a_large_file_goes_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let write = |scope: &str| {
        let application = |number: usize| {
            serde_json::json!({
                "client_id": format!("app-{number}"),
                "client_name": "n".repeat(200),
                "client_secret_sha256": "0".repeat(64),
                "scope": if number == 249 { scope } else { "read" },
            })
        };
        let applications: Vec<_> = (0..250).map(application).collect();
        let document = serde_json::json!({"organizations": [
            {"name": "alpha"}, {"name": "beta", "display_name": "Beta", "applications": applications},
        ]});
        let text = document.to_string();
        assert!(text.len() > 64 * 1024);
        fs::write(directory.path().join("trust.json"), text).unwrap();
    };
    write("re  ad");
    let refused = server.run(&["apply", "trust.json"]);
    assert!(
        refused.code == 1 && refused.err.contains("organizations[1].applications[249].scope"),
        "{refused:?}"
    );
    assert!(refused.err.contains("nothing was applied") && refused.out.is_empty(), "{refused:?}");
    assert!(!server.out(&["org", "list"]).contains("beta"));
    write("read");
    for (outcome, option) in [("created", "--dry-run"), ("created", "--json"), ("unchanged", "--dry-run")] {
        let applied = server.out(&["apply", option, "trust.json"]);
        assert_eq!(applied.matches(outcome).count(), 252, "{option}: {applied}");
    }
    assert!(server.out(&["org", "list"]).contains("Beta"));
}

#[test]
fn keys_are_rotated() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let keys = |command: &str| {
        serde_json::from_str::<Vec<serde_json::Value>>(&server.out(&["keys", command, "--json"])).unwrap()
    };
    let before = keys("list");
    let after = keys("rotate");
    assert_eq!((before.len() + 1, before.first()), (after.len(), before.first()));
    assert_eq!(keys("list"), after);
    let table = server.out(&["keys", "list"]);
    assert!(table.contains("SIGNS FROM (UTC)") && table.contains("  20"), "{table}");
}

/// R54, R55: the issuer alone is enough, and the way to its keys is kept until they are not fetched any more.
#[test]
fn an_issuer_is_discovered_where_nothing_else_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let path =
        |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/certificates").join(name);
    fs::copy(path("authority.crt.pem"), directory.path().join("ca.pem")).unwrap();
    fs::copy(path("p256.pub.pem"), directory.path().join("key.pem")).unwrap();
    fs::write(directory.path().join("junk.pem"), "junk").unwrap();
    let show = || {
        let shown = server.out(&["issuer", "show", "ci", "--json"]);
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()
    };
    server.out(&["issuer", "add", "ci", "--issuer", "https://login.partner.example", "--no-fetch"]);
    assert_eq!(show()["discovery"], true);
    assert!(server.out(&["issuer", "list"]).contains("discovery"));

    server.out(&["issuer", "set", "ci", "--discovery", "https://x.example/metadata", "--jwks-ca", "ca.pem"]);
    server.out(&["issuer", "set", "ci", "--allow-private"]);
    let changed = show();
    assert_eq!(changed["discovery"], "https://x.example/metadata");
    assert!(changed["jwks_ca"].as_str().unwrap().contains("BEGIN CERTIFICATE"));
    assert_eq!(changed["allow_private"], true);
    let refused = server.run(&["issuer", "set", "ci", "--jwks-ca", "junk.pem"]);
    assert!(refused.code == 1 && refused.err.contains("jwks_ca"), "{refused:?}");

    server.out(&["issuer", "set", "ci", "--certificate", "key.pem"]);
    let direct = show();
    for gone in ["discovery", "jwks_ca", "allow_private"] {
        assert!(direct.get(gone).is_none_or(serde_json::Value::is_null), "{gone}: {direct}");
    }
    server.out(&["issuer", "set", "ci", "--discovery"]);
    assert_eq!(show()["discovery"], true);
}

#[test]
fn mistakes_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    fs::write(directory.path().join("junk.pem"), "junk").unwrap();
    let mistakes: [(&[&str], i32, &str); 10] = [
        (&["issuer", "add", "x", "--issuer", "partner"], 1, "discovery"),
        (&["issuer", "add", "x", "--issuer", "https://x.example", "--jwks-uri", "ftp://x"], 1, "jwks_uri"),
        (
            &["issuer", "add", "x", "--issuer", "https://x.example", "--certificate", "junk.pem"],
            1,
            "certificate",
        ),
        (
            &["issuer", "add", "x", "--issuer", "https://x.example", "--jwks", "junk.pem"],
            1,
            "--jwks junk.pem",
        ),
        (&["issuer", "show", "x"], 1, "404"),
        (&["org", "add", "Not A Name"], 1, "organization"),
        (&["app", "show", "-8g521AjvrHSotmbk_AG7A"], 1, "404"),
        (&["app", "list", "--org", "missing"], 1, "organization"),
        (&["app", "list", "--admin-token", "wrong"], 1, "admin token"),
        (
            &["app", "list", "--url", "http://127.0.0.1:1"],
            1,
            "is it running (asserta serve)? --url or ASSERTA_URL",
        ),
    ];
    for (arguments, code, named) in mistakes {
        let ran = server.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(named), "{arguments:?}: {ran:?}");
    }
    assert_eq!(server.out(&["issuer", "list", "--json"]).trim(), "[]", "nothing was stored");
    let wrong_scheme = server.run(&["app", "list", "--url", &server.url.replace("http:", "https:")]);
    assert!(wrong_scheme.err.contains("--url or ASSERTA_URL begins with http://"), "{wrong_scheme:?}");
}

#[test]
fn without_a_token_nothing_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run(directory.path(), &["issuer", "list"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--admin-token"), "{ran:?}");
}
