//! `asserta test`: registrations and cases, without a server.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::server::{Ran, bring_compiled, run, run_with};

const TRUST: &str = r#"
[[organizations]]
name = "acme"
[[organizations.trusted_issuers]]
name = "ci"
issuer = "https://ci.example"
jwks_uri = "https://ci.example/jwks"
[[organizations.trusted_issuers.rules]]
name = "main"
scopes = ["deploy", "read"]
claims = [{ claim = "ref", equals = "main" }]
[[organizations.trusted_issuers.rules]]
name = "rest"
scopes = ["read"]
claims = [{ claim = "ref", prefix = "topic-" }]
[[organizations.applications]]
client_id = "app"
grant_types = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
scope = "deploy read"
"#;

/// Runs cases against [`TRUST`], or another document, with the component that is compiled already.
fn test(directory: &Path, trust: &str, cases: &str, options: &[&str]) -> Ran {
    let data = directory.join("data");
    bring_compiled(&data);
    fs::write(directory.join("trust.toml"), trust).unwrap();
    fs::write(directory.join("cases.toml"), cases).unwrap();
    let fixed = ["test", "trust.toml", "cases.toml", "--compiled", "data/compiled"];
    run(directory, &[&fixed[..], options].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// What the repository shows of it holds, table and figures.
#[test]
fn the_example_goes_as_it_says() {
    let directory = tempfile::tempdir().unwrap();
    bring_compiled(&directory.path().join("data"));
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/policy");
    let (trust, cases) = (format!("{example}/trust.toml"), format!("{example}/cases"));
    // Nothing listens there: an attempt to fetch keys would fail the cases.
    let proxies =
        ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9".to_owned()));
    let ran = run_with(directory.path(), &proxies, &["test", &trust, &cases, "--compiled", "data/compiled"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let row =
        |name: &str| ran.out.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{ran:?}"));
    assert!(row("production deploys").contains("granted deploy read by app-production"), "{ran:?}");
    assert!(
        row("a third repository").starts_with("ok") && row("a third repository").contains("no-rule-fits")
    );
    assert!(ran.out.ends_with("\n13 as expected, 0 not\n"), "{ran:?}");
}

#[test]
fn what_is_not_as_expected_is_told_with_its_checks() {
    let directory = tempfile::tempdir().unwrap();
    let cases = r#"
[defaults]
claims = { sub = "s", ref = "main" }
[[cases]]
name = "fits"
granted = ["read", "deploy"]
rule = "main"
[[cases]]
name = "scopes differ"
granted = "read write"
[[cases]]
name = "another rule"
granted = true
rule = "rest"
[[cases]]
name = "another reason"
claims = { ref = "x" }
refused = "assertion-expired"
[[cases]]
name = "refused after all"
claims = { ref = "x" }
granted = "read"
[[cases]]
name = "granted after all"
refused = "no-rule-fits"
"#;
    let ran = test(directory.path(), TRUST, cases, &[]);
    assert_eq!((ran.code, ran.err.trim()), (1, "error: 5 of 6 cases are not as expected"), "{ran:?}");
    for told in [
        "cases.toml: scopes differ: not granted: write; granted beyond: deploy",
        "cases.toml: another rule: the rule main decides, not rest",
        "cases.toml: another reason: it is refused for another reason: no-rule-fits",
        "cases.toml: refused after all: it is refused",
        "cases.toml: granted after all: it is granted",
        "A client is told: The assertion fits no rule of its issuer.",
        "1 as expected, 5 not",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    let checks = ran.out.lines().filter(|line| line.starts_with("NO") && line.contains("no-rule-fits"));
    assert!(checks.clone().any(|line| line.contains("R81") && line.contains("ref")), "{}", ran.out);
    let told = json(&test(directory.path(), TRUST, cases, &["--json"]));
    assert_eq!((&told["passed"], &told["failed"]), (&1.into(), &5.into()), "{told}");
    let last = &told["cases"][5];
    assert_eq!((&last["passed"], &last["got"]["rule"]), (&false.into(), &"main".into()), "{last}");
    assert_eq!(
        last["expected"],
        serde_json::json!({"outcome": "refused", "reason": "no-rule-fits", "rule": null})
    );
    assert!(
        last["checks"].as_array().unwrap().len() > 5 && told["cases"][0]["checks"] == serde_json::json!([])
    );
}

/// Each assertion is judged as an exchange judges it, by every check and not by the rules alone.
#[test]
fn a_case_is_a_whole_exchange() {
    let directory = tempfile::tempdir().unwrap();
    let cases = r#"
[defaults]
claims = { sub = "s", ref = "main" }
[[cases]]
name = "another audience"
claims = { aud = "https://else.example" }
refused = "audience-mismatch"
[[cases]]
name = "the root's audience"
claims = { aud = "http://127.0.0.1:3000" }
refused = "audience-mismatch"
[[cases]]
name = "no expiry"
without = ["exp"]
refused = "expiry-invalid"
[[cases]]
name = "expired"
at = 2000000000
claims = { exp = 1999999000, iat = 1999998000 }
refused = "assertion-expired"
[[cases]]
name = "an expiry of another type"
claims = { exp = "soon" }
refused = "expiry-invalid"
[[cases]]
name = "no subject"
without = ["sub"]
refused = "subject-invalid"
[[cases]]
name = "an issuer that nobody registered"
claims = { iss = "https://else.example" }
refused = "issuer-unknown"
[[cases]]
name = "a client that nobody registered"
client = "else"
refused = "client-unauthenticated"
[[cases]]
name = "one identifier"
claims = { jti = "j" }
granted = true
[[cases]]
name = "the same identifier, since each case stands alone"
claims = { jti = "j" }
granted = true
[[cases]]
name = "years ago"
at = 1000000000
granted = "deploy read"
[[cases]]
name = "more than it may have"
scope = "write"
refused = "scope-not-allowed"
rule = "main"
"#;
    let ran = test(directory.path(), TRUST, cases, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    // The audience is that of the installation that is meant.
    let elsewhere = test(directory.path(), TRUST, cases, &["--public-url", "https://tokens.example/"]);
    assert_eq!(elsewhere.code, 0, "{elsewhere:?}");
}

/// A token is judged by its own signature where the document has the keys; where they are fetched, that is said.
#[test]
fn a_tokens_signature_is_checked_where_its_keys_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let mint = |key: &str| {
        let audience = "http://127.0.0.1:3000/t/acme";
        let ran = run(
            directory.path(),
            &[
                "mint",
                "--key",
                key,
                "--generate",
                "--iss",
                "https://ci.example",
                "--sub",
                "s",
                "--aud",
                audience,
                "--claim",
                "ref=main",
                "--kid",
                "k9",
            ],
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.trim().to_owned()
    };
    let (own, foreign) = (mint("own.pem"), mint("foreign.pem"));
    let case = |name: &str, token: &str, expected: &str| {
        format!("[[cases]]\nname = \"{name}\"\ntoken = \"{token}\"\n{expected}\n")
    };
    let pem = fs::read_to_string(directory.path().join("own.pub.pem")).unwrap();
    let inline = TRUST
        .replace("jwks_uri = \"https://ci.example/jwks\"", &format!("certificate = \"\"\"\n{pem}\"\"\""));
    let claims = "[[cases]]\nname = \"claims\"\nclaims = { sub = \"s\", ref = \"main\" }\ngranted = true\n";
    let cases = case("own", &own, "granted = \"deploy read\"\nrule = \"main\"")
        + &case("foreign", &foreign, "refused = \"signature-invalid\"")
        + &case("later", &own, "refused = \"assertion-expired\"\nat = 4000000000")
        + &case("broken", "eyJhbGciOiJFUzI1NiJ9.e30", "refused = \"assertion-malformed\"")
        + claims;
    let told = json(&test(directory.path(), &inline, &cases, &["--json"]));
    assert_eq!(told["failed"], 0, "{told:#}");
    let signatures: Vec<_> = told["cases"].as_array().unwrap().iter().map(|one| &one["signature"]).collect();
    assert_eq!(signatures, ["checked", "checked", "checked", "checked", "made"]);

    let cases = case("own", &own, "granted = \"deploy read\"\nrule = \"main\"")
        + &case("foreign", &foreign, "granted = true");
    let ran = test(directory.path(), TRUST, &cases, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("2 tokens: the signature was not checked") && ran.out.contains("foreign*"),
        "{ran:?}"
    );
    // What the algorithm may be is judged all the same.
    let only = TRUST.replace("name = \"ci\"", "name = \"ci\"\nalgorithms = [\"RS256\"]");
    let refused = case("own", &own, "refused = \"algorithm-not-allowed\"") + claims;
    let ran = test(directory.path(), &only, &refused, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_cannot_be_run_is_no_failed_case() {
    let directory = tempfile::tempdir().unwrap();
    let fine = "[[cases]]\nname = \"a\"\nclaims = { sub = \"s\" }\nrefused = \"no-rule-fits\"\n";
    let twice = TRUST.to_owned() + "[[organizations.applications]]\nclient_id = \"b\"\n";
    let with = |line: &str| format!("{fine}{line}\n");
    for (trust, cases, place) in [
        (
            TRUST.to_owned(),
            with("organization = \"else\""),
            "cases.toml: case 1 (a): organization: else is not in",
        ),
        (TRUST.to_owned(), with("issuer = \"else\""), "cases.toml: case 1 (a): issuer: else is none"),
        (TRUST.to_owned(), with("grant = 1"), "cases.toml: case 1 (a): grant: is unknown"),
        (twice, fine.to_owned(), "cases.toml: case 1 (a): client: is needed: the organization has 2"),
        (
            TRUST.replace("https://ci.example/jwks", "x"),
            fine.to_owned(),
            "organizations[0].trusted_issuers[0].jwks_uri",
        ),
        (
            TRUST.replace("prefix", "prefixx"),
            fine.to_owned(),
            "trust.toml: organizations[0].trusted_issuers[0].rules[1]",
        ),
        ("x".to_owned(), fine.to_owned(), "trust.toml: "),
        (TRUST.to_owned(), "cases = []".to_owned(), "cases.toml: cases: must be"),
    ] {
        let ran = test(directory.path(), &trust, &cases, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{place}: {ran:?}");
        assert!(ran.err.contains(place) && ran.err.ends_with("; no case was run\n"), "{place}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    for arguments in [&["test", "trust.toml"][..], &["test", "missing.toml", "cases.toml"]] {
        assert_eq!(run(directory.path(), arguments).code, 2, "{arguments:?}");
    }
}

/// What the endpoint refuses for its size is a case; what no request has room for is a mistake.
#[test]
fn large_claims() {
    let directory = tempfile::tempdir().unwrap();
    let cases = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!(
            "[[cases]]\nname = \"a\"\nclaims = {{ sub = \"s\", x = \"{text}\" }}\nrefused = \"assertion-too-large\"\n"
        )
    };
    assert_eq!(test(directory.path(), TRUST, &cases(20_000), &[]).code, 0);
    let ran = test(directory.path(), TRUST, &cases(30_000), &[]);
    assert_eq!(
        (ran.code, ran.err.contains("cases.toml: case 1 (a): claims: make an assertion")),
        (2, true),
        "{ran:?}"
    );
    let ran = test(directory.path(), TRUST, &cases(1 << 20), &[]);
    assert_eq!((ran.code, ran.err.contains("cases.toml: must not exceed 1 MiB")), (2, true), "{ran:?}");
    // A file that never ends.
    let ran = run(directory.path(), &["test", "trust.toml", "/dev/zero"]);
    assert_eq!((ran.code, ran.err.contains("/dev/zero: must not exceed 1 MiB")), (2, true), "{ran:?}");
}

/// Secrets of the document are neither needed nor shown.
#[test]
fn no_secret_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let secret = "s3cret-".repeat(6);
    let trust = TRUST.to_owned() + &format!("client_secret = \"{secret}\"\n");
    let cases = "[[cases]]\nname = \"a\"\nclaims = { sub = \"personal\", ref = \"main\" }\nrefused = \"no-rule-fits\"\n";
    for options in [&[][..], &["--json"]] {
        let ran = test(directory.path(), &trust, cases, options);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ![&ran.out, &ran.err].iter().any(|text| text.contains("s3cret") || text.contains("eyJ")),
            "{ran:?}"
        );
    }
}

/// R37: of an issuer with the profile the assertions that are made are ID-JAGs for the client of the case.
#[test]
fn id_jags_are_made_for_the_client() {
    let directory = tempfile::tempdir().unwrap();
    let trust = r#"
[[organizations]]
name = "acme"
[[organizations.trusted_issuers]]
name = "enterprise"
issuer = "https://enterprise.example"
jwks_uri = "https://enterprise.example/jwks"
profile = "id-jag"
[[organizations.applications]]
client_id = "app"
grant_types = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
scope = "read write"
audience = "https://mcp.example/mcp"
"#;
    let cases = r#"
[defaults]
claims = { sub = "alice", scope = "read admin", resource = "https://mcp.example/mcp" }
[[cases]]
name = "what the enterprise allows"
granted = "read"
[[cases]]
name = "more is asked"
scope = "write"
refused = "scope-not-allowed"
[[cases]]
name = "another client's"
claims = { client_id = "other" }
refused = "assertion-of-another-client"
[[cases]]
name = "nobody's"
without = ["client_id"]
refused = "assertion-of-another-client"
[[cases]]
name = "for another server"
claims = { resource = "https://other.example" }
refused = "assertion-resource-unknown"
"#;
    let ran = test(directory.path(), trust, cases, &[]);
    assert_eq!((ran.code, ran.out.contains("5 as expected, 0 not")), (0, true), "{ran:?}");
}
