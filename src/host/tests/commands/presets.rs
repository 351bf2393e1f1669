//! Presets from the command line: what they make, which flags there are, and how a mistake is named.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::{Server, run};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_preset_makes_an_issuer_of_its_parameters() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let added = server.out(&[
        "issuer",
        "add",
        "ci",
        "--preset",
        "github-actions",
        "--repository",
        "octo-org@65/app@74",
        "--ref",
        "refs/heads/main",
        "--scope",
        "deploy",
        "--require-jti",
        "true",
        "--subject-claim",
        "actor_id",
    ]);
    assert_eq!(added, "ci is trusted: assertions with iss https://token.actions.githubusercontent.com\n");
    let issuer = read(&server.out(&["issuer", "show", "ci", "--json"]));
    assert_eq!(issuer["discovery"], true);
    assert_eq!((&issuer["max_lifetime"], &issuer["require_jti"]), (&json!(600), &json!(true)));
    assert_eq!(issuer["subject_claim"], "actor_id");
    assert!(issuer.get("scopes").is_none_or(Value::is_null), "the rule's: {issuer}");
    assert_eq!(issuer["rules"][0]["scopes"], json!(["deploy"]));
    assert_eq!(issuer["rules"][0]["claims"][1], json!({"claim": "repository_id", "equals": "74"}));

    // A name alone is warned of, and what stands on the command line counts before the preset.
    let ran = server.run(&[
        "issuer",
        "add",
        "lab",
        "--preset",
        "gitlab",
        "--project",
        "acme/app",
        "--jwks-uri",
        "https://gitlab.com/oauth/discovery/keys",
        "--max-lifetime",
        "300",
        "--alias",
        "https://asserta.example",
    ]);
    assert!(ran.code == 0 && ran.err.contains("rules[0]: The tenant is identified by a name"), "{ran:?}");
    let issuer = read(&server.out(&["issuer", "show", "lab", "--json"]));
    assert_eq!((&issuer["max_lifetime"], &issuer["alias"]), (&json!(300), &json!("https://asserta.example")));
    assert!(issuer["jwks_uri"].is_string() && issuer.get("discovery").is_none_or(Value::is_null), "{issuer}");

    // Where a preset has them, --issuer and --alias are its parameters.
    server.out(&[
        "issuer",
        "add",
        "sso",
        "--preset",
        "keycloak",
        "--issuer",
        "https://sso.example.com/realms/acme",
        "--client-id",
        "deployer",
        "--alias",
        "account",
    ]);
    let issuer = read(&server.out(&["issuer", "show", "sso", "--json"]));
    assert_eq!(issuer["issuer"], "https://sso.example.com/realms/acme");
    assert_eq!(issuer["alias"], "account");

    // So is --trust-domain.
    server.out(&[
        "issuer",
        "add",
        "spire",
        "--preset",
        "spiffe",
        "--issuer",
        "https://oidc.example.org",
        "--trust-domain",
        "example.org",
        "--no-fetch",
    ]);
    let issuer = read(&server.out(&["issuer", "show", "spire", "--json"]));
    assert_eq!(issuer["trust_domain"], "example.org");
    assert_eq!(issuer["rules"][0]["subjects"], json!(["spiffe://example.org/**"]));
    server.out(&["issuer", "set", "lab", "--trust-domain", "lab.example"]);
    let issuer = read(&server.out(&["issuer", "show", "lab", "--json"]));
    assert_eq!(issuer["trust_domain"], "lab.example", "a flag of every issuer");
}

fn github<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["issuer", "add", "x", "--preset", "github-actions"], more].concat()
}

#[test]
fn a_mistake_names_the_flag_and_the_preset() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let long = "a".repeat(2048);
    for (arguments, code, named) in [
        (github(&[]), 1, ["--repository: is needed by the preset github-actions", "octo-org/app"]),
        (github(&["--repository", "*"]), 1, ["--repository: ", "preset github-actions"]),
        (
            github(&["--repository", "octo-org/"]),
            1,
            ["--repository: must be OWNER/REPO", "preset github-actions"],
        ),
        (github(&["--repository", "octo-org/app\n"]), 1, ["--repository: ", "preset github-actions"]),
        (github(&["--repository", &long]), 1, ["--repository: must not exceed", "preset github-actions"]),
        (
            github(&["--repository", "o/a", "--repository-id", "x"]),
            1,
            ["--repository-id: must be digits", "preset github-actions"],
        ),
        (
            github(&["--repository", "o/a", "--namespace", "x"]),
            1,
            ["--namespace: is no parameter", "github-actions"],
        ),
        (
            vec![
                "issuer",
                "add",
                "x",
                "--preset",
                "google",
                "--unique-id",
                "1",
                "--issuer",
                "https://x.example",
            ],
            1,
            ["--issuer: is no parameter", "google"],
        ),
        (
            vec![
                "issuer",
                "add",
                "x",
                "--preset",
                "kubernetes",
                "--namespace",
                "a",
                "--service-account",
                "b",
            ],
            1,
            ["--issuer: is needed", "kubernetes"],
        ),
        (
            vec![
                "issuer",
                "add",
                "x",
                "--preset",
                "spiffe",
                "--issuer",
                "https://oidc.example.org",
                "--trust-domain",
                "spiffe://example.org",
            ],
            1,
            ["--trust-domain: must be the name of a trust domain", "spiffe"],
        ),
        (
            vec!["issuer", "add", "x", "--preset", "github"],
            1,
            ["preset github: there is no such preset", "preset list"],
        ),
        (vec!["preset", "show", "../organizations"], 1, ["there is no such preset", "preset list"]),
        (
            vec!["issuer", "add", "x", "--issuer", "https://x.example", "--repository", "o/a"],
            2,
            ["--preset", "required"],
        ),
        (vec!["issuer", "add", "x"], 2, ["--issuer", "required"]),
        (github(&["--repository", "o/a", "--scope", "re\"ad"]), 1, ["rules[0].scopes[0]", "scope"]),
    ] {
        let ran = server.run(&arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(named.iter().all(|named| ran.err.contains(named)), "{arguments:?}: {ran:?}");
    }
    assert_eq!(server.out(&["issuer", "list", "--json"]).trim(), "[]", "nothing was stored");
}

/// Each parameter of each preset is a flag, and no flag is of none.
#[test]
fn the_flags_are_the_parameters() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let presets = read(&server.out(&["preset", "list", "--json"]));
    let mut wanted = BTreeSet::new();
    for preset in presets.as_array().unwrap() {
        for parameter in preset["parameters"].as_array().unwrap() {
            let (name, preset) = (parameter["name"].as_str().unwrap(), preset["name"].as_str().unwrap());
            wanted.insert((format!("--{}", name.replace('_', "-")), preset.to_owned()));
        }
    }
    let shared = ["--issuer", "--alias", "--trust-domain"];
    wanted.retain(|(flag, _)| !shared.contains(&flag.as_str()));
    let help = run(directory.path(), &["issuer", "add", "--help"]).out;
    let (_, section) = help.split_once("Parameters of presets:").unwrap();
    let mut found = BTreeSet::new();
    for entry in section.split("\n\n").take_while(|entry| entry.trim_start().starts_with("--")) {
        let flag = entry.split_whitespace().next().unwrap();
        let help = entry.split_whitespace().collect::<Vec<_>>().join(" ");
        // Presets stand in brackets.
        let brackets = help.split('(').skip(1).filter_map(|rest| rest.split_once(')'));
        for preset in brackets.flat_map(|(inside, _)| inside.split(", ")) {
            found.insert((flag.to_owned(), preset.to_owned()));
        }
    }
    assert_eq!(found, wanted, "{help}");
}

#[test]
fn presets_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let list = server.out(&["preset", "list"]);
    assert_eq!(list.lines().count(), 14, "{list}");
    assert!(list.contains("kubernetes       Kubernetes"), "{list}");
    let shown = server.out(&["preset", "show", "github-actions"]);
    for text in ["https://token.actions.githubusercontent.com", "--repository-id", "one-of", "such as"] {
        assert!(shown.to_lowercase().contains(&text.to_lowercase()), "{shown}");
    }
    assert_eq!(read(&server.out(&["preset", "show", "entra", "--json"]))["replay"], "allow");
}
