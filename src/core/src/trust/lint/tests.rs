use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::check;
use crate::json;
use crate::trust::TrustedIssuer;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const GITLAB: &str = "https://gitlab.com";
const GOOGLE: &str = "https://accounts.google.com";
const BUILDKITE: &str = "https://agent.buildkite.com";
const TERRAFORM: &str = "https://app.terraform.io";

fn document(issuer: &str, policy: &str) -> TrustedIssuer {
    let comma = if policy.is_empty() { "" } else { "," };
    let text = format!("{{\"name\":\"ci\",\"issuer\":\"{issuer}\"{comma}{policy}}}");
    json::from_slice(text.as_bytes()).expect("a trusted issuer")
}

/// The member at fault.
fn fault(issuer: &str, policy: &str) -> Option<String> {
    check(&document(issuer, policy)).err().map(|error| error.field)
}

fn condition(claim: &str, test: &str) -> String {
    format!("\"claims\":[{{\"claim\":\"{claim}\",{test}}}]")
}

/// R85: without a condition on the tenant, an issuer that many share is not registered; others are.
#[test]
fn r85_shared_issuers() {
    let others = [&format!("{GITHUB}/octo-enterprise"), "accounts.google.com", "https://app.eu.terraform.io"];
    for issuer in [GITHUB, GITLAB, GOOGLE, BUILDKITE, TERRAFORM].into_iter().chain(others) {
        assert_eq!(fault(issuer, "").as_deref(), Some("claims"), "{issuer}");
        assert_eq!(fault(issuer, "\"allow_any_tenant\":true"), None, "{issuer}");
        let open = [
            condition("aud", "\"equals\":\"x\""),
            condition("sub", "\"present\":true"),
            condition("sub", "\"not\":{\"equals\":\"x\"}"),
            condition("/nested/sub", "\"equals\":\"x\""),
            "\"subjects\":null".to_string(),
        ];
        for policy in open {
            assert_eq!(fault(issuer, &policy).as_deref(), Some("claims"), "{issuer} {policy}");
        }
        for policy in [
            condition("sub", "\"equals\":\"x\""),
            condition("/sub", "\"equals\":\"x\""),
            condition("sub", "\"one_of\":[\"x\",\"y\"]"),
            "\"subjects\":[\"x\"]".to_string(),
        ] {
            assert_eq!(fault(issuer, &policy), None, "{issuer} {policy}");
        }
    }
    for issuer in [
        "https://idp.example",
        "https://token.actions.githubusercontent.com.evil.example",
        "https://gitlab.example",
        "https://gitlab.com/self-managed",
        "accounts.google.com.evil.example",
        "accounts.google.com/other",
    ] {
        assert_eq!(fault(issuer, ""), None, "{issuer}");
    }
}

/// R85: the sentence names a condition to add.
#[test]
fn r85_words() {
    let error = check(&document(GITHUB, "")).expect_err("refused");
    for words in
        ["GitHub Actions", r#"{"claim": "repository_owner_id", "equals": …}"#, "allow_any_tenant: true"]
    {
        assert!(error.problem.contains(words), "{error}");
    }
}

/// R84, R85: what names the tenant wholly, what does not name it, and what ends in the middle of its name.
#[test]
fn r84_r85_patterns() {
    let cases: &[(&str, &str, &str, Option<&str>)] = &[
        (GITHUB, "repository_owner_id", "\"equals\":\"123\"", None),
        (GITHUB, "repository_owner_id", "\"prefix\":\"123\"", Some("claims[0].prefix")),
        (GITHUB, "repository_owner", "\"equals\":\"acme\"", None),
        (GITHUB, "repository_owner", "\"glob\":\"acme*\"", Some("claims[0].glob")),
        (GITHUB, "repository_owner", "\"glob\":\"*acme\"", Some("claims[0].glob")),
        (GITHUB, "repository_owner", "\"prefix\":\"acme\"", Some("claims[0].prefix")),
        (GITHUB, "repository", "\"glob\":\"acme/*\"", None),
        (GITHUB, "repository", "\"prefix\":\"acme/\"", None),
        (GITHUB, "repository", "\"prefix\":\"acme\"", Some("claims[0].prefix")),
        (GITHUB, "repository", "\"glob\":\"acme*/web\"", Some("claims[0].glob")),
        (GITHUB, "repository", "\"glob\":\"*/web\"", Some("claims")),
        (GITHUB, "sub", "\"prefix\":\"repo:acme/web:\"", None),
        (GITHUB, "sub", "\"glob\":\"repo:acme@*/web@*:ref:refs/heads/main\"", None),
        (GITHUB, "sub", "\"glob\":\"repo:acme/*:ref:refs/heads/main\"", None),
        (GITHUB, "sub", "\"glob\":\"repo:acme*:ref:refs/heads/main\"", Some("claims[0].glob")),
        (GITHUB, "sub", "\"glob\":\"repo:*/web:ref:refs/heads/main\"", Some("claims")),
        (GITHUB, "sub", "\"glob\":\"**:ref:refs/heads/main\"", Some("claims")),
        (GITHUB, "sub", "\"prefix\":\"repo:\"", Some("claims")),
        (GITHUB, "ref", "\"equals\":\"refs/heads/main\"", Some("claims")),
        (GITLAB, "namespace_path", "\"glob\":\"acme/**\"", None),
        (GITLAB, "namespace_path", "\"prefix\":\"acme\"", Some("claims[0].prefix")),
        (GITLAB, "project_path", "\"equals\":\"acme/web\"", None),
        (GITLAB, "sub", "\"glob\":\"project_path:acme/*:ref_type:branch:ref:main\"", None),
        (GITLAB, "sub", "\"glob\":\"project_path:acme*:ref_type:branch:ref:main\"", Some("claims[0].glob")),
        (GITLAB, "namespace_id", "\"equals\":\"7\"", None),
        (GOOGLE, "hd", "\"equals\":\"example.com\"", None),
        (GOOGLE, "hd", "\"glob\":\"*.example.com\"", Some("claims[0].glob")),
        (GOOGLE, "email", "\"glob\":\"*@example.com\"", None),
        (GOOGLE, "email", "\"glob\":\"*example.com\"", Some("claims[0].glob")),
        (GOOGLE, "email", "\"glob\":\"alice@*\"", Some("claims")),
        (GOOGLE, "email", "\"prefix\":\"alice@example.com\"", Some("claims[0].prefix")),
        (GOOGLE, "email_verified", "\"equals\":true", Some("claims")),
        (BUILDKITE, "organization_slug", "\"equals\":\"acme\"", None),
        (BUILDKITE, "sub", "\"prefix\":\"organization:acme:pipeline:\"", None),
        (BUILDKITE, "sub", "\"prefix\":\"organization:acme\"", Some("claims[0].prefix")),
        (TERRAFORM, "terraform_organization_id", "\"equals\":\"org-1\"", None),
        (TERRAFORM, "sub", "\"glob\":\"organization:acme:project:*:workspace:*:run_phase:apply\"", None),
        (TERRAFORM, "terraform_workspace_name", "\"equals\":\"prod\"", Some("claims")),
    ];
    for (issuer, claim, test, field) in cases {
        assert_eq!(fault(issuer, &condition(claim, test)).as_deref(), *field, "{issuer} {claim} {test}");
    }
    for (subjects, field) in [
        (r#"["repo:acme/web:**"]"#, None),
        (r#"["repo:acme/web:**","repo:acme*"]"#, Some("subjects[1]")),
        // Any of them is enough for an assertion.
        (r#"["repo:acme/web:**","**:pull_request"]"#, Some("claims")),
        ("[]", None),
    ] {
        assert_eq!(fault(GITHUB, &format!("\"subjects\":{subjects}")).as_deref(), field, "{subjects}");
    }
}

/// R85: each rule, or all of them by the issuer's own conditions; those that only watch, too.
#[test]
fn r85_rules() {
    let owned = condition("repository_owner_id", "\"equals\":\"1\"");
    let open = condition("ref", "\"equals\":\"refs/heads/main\"");
    for (policy, field) in [
        (format!("\"rules\":[{{\"name\":\"a\",{owned}}}]"), None),
        (format!("\"rules\":[{{\"name\":\"a\",{owned}}},{{\"name\":\"b\",{open}}}]"), Some("rules[1]")),
        (format!("\"rules\":[{{\"name\":\"b\",\"mode\":\"audit\",{open}}}]"), Some("rules[0]")),
        (format!("{owned},\"rules\":[{{\"name\":\"b\",{open}}},{{\"name\":\"c\"}}]"), None),
        (
            format!("{owned},\"rules\":[{{\"name\":\"b\",\"subjects\":[\"repo:acm*\"]}}]"),
            Some("rules[0].subjects[0]"),
        ),
        ("\"allow_any_tenant\":true,\"rules\":[{\"name\":\"c\"}]".to_string(), None),
    ] {
        assert_eq!(fault(GITHUB, &policy).as_deref(), field, "{policy}");
    }
}

/// R86: what may not be meant so.
#[test]
fn r86_warnings() {
    let warned = |issuer: &str, policy: &str| {
        let warnings = document(issuer, policy).warnings(1_800_000_000);
        warnings.iter().map(|warning| format!("{}: {}", warning.field, warning.detail)).collect::<String>()
    };
    let name = condition("repository_owner", "\"equals\":\"acme\"");
    let id = condition("repository_owner_id", "\"equals\":\"1\"");
    assert!(
        warned(GITHUB, &name).starts_with("claims: The tenant is identified by a name"),
        "{}",
        warned(GITHUB, &name)
    );
    assert!(warned(GITHUB, &name).contains("repository_owner_id, repository_id"));
    assert_eq!(warned(GITHUB, &id), "");
    assert_eq!(warned("https://idp.example", &name), "");
    assert!(warned(GITHUB, "\"allow_any_tenant\":true").contains("Every tenant of GitHub Actions"));
    let rules = |first: &str, second: &str| {
        format!("\"rules\":[{{\"name\":\"a\"{first}}},{{\"name\":\"b\"{second}}}]")
    };
    let narrow = r#","subjects":["x"],"claims":[{"claim":"c","equals":1},{"claim":"d","equals":1}]"#;
    for (first, second, shadowed) in [
        ("", "", true),
        ("", narrow, true),
        (narrow, narrow, true),
        (r#","claims":[{"claim":"d","equals":1}]"#, narrow, true),
        (narrow, "", false),
        (r#","mode":"audit""#, "", false),
        (r#","subjects":["x","y"]"#, narrow, true),
        (r#","subjects":["x"]"#, r#","subjects":["x","y"]"#, false),
        (r#","applications":["app"]"#, narrow, false),
        (r#","claims":[{"claim":"d","equals":2}]"#, narrow, false),
    ] {
        let found = warned("https://idp.example", &rules(first, second));
        assert_eq!(
            found.starts_with("rules[1]: It never decides: the rule \"a\""),
            shadowed,
            "{first} {second}"
        );
    }
}

/// The members with a warning.
fn warned_of(issuer: &str, policy: &str) -> Vec<String> {
    document(issuer, policy).warnings(1_800_000_000).into_iter().map(|warning| warning.field).collect()
}

/// R85, R86: an issuer of one tenant speaks for all of its programs, so without a condition on the program there is a
/// warning; and it is registered all the same.
#[test]
fn r85_many_programs_of_one_tenant() {
    const ENTRA: &str = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";
    const ENTRA_V1: &str = "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/";
    const AWS: &str = "https://abc123-def456-ghi789-jkl012.tokens.sts.global.api.aws";
    const CLUSTER: &str = "https://kubernetes.default.svc.cluster.local";
    const EKS: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    const GKE: &str = "https://container.googleapis.com/v1/projects/p/locations/europe-west3/clusters/c";
    const AKS: &str = "https://westeurope.oic.prod-aks.azure.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/1/";
    for issuer in [ENTRA, ENTRA_V1, AWS, CLUSTER, EKS, GKE, AKS] {
        for policy in [
            String::new(),
            condition("aud", "\"equals\":\"x\""),
            condition("sub", "\"present\":true"),
            condition("sub", "\"not\":{\"equals\":\"x\"}"),
        ] {
            assert_eq!(fault(issuer, &policy), None, "{issuer}");
            assert_eq!(warned_of(issuer, &policy), ["claims"], "{issuer} {policy}");
        }
        assert_eq!(warned_of(issuer, &condition("sub", "\"equals\":\"x\"")), [""; 0], "{issuer}");
        assert_eq!(warned_of(issuer, "\"subjects\":[\"x\"]"), [""; 0], "{issuer}");
        let rules = format!(
            "\"rules\":[{{\"name\":\"a\",{}}},{{\"name\":\"b\",\"subjects\":[\"x\"]}},{{\"name\":\"c\"}}]",
            condition("iss", "\"equals\":\"y\"")
        );
        assert_eq!(warned_of(issuer, &rules), ["rules[0]", "rules[2]"], "{issuer}");
        let own = format!("{},{rules}", "\"subjects\":[\"x\"]");
        assert_eq!(warned_of(issuer, &own), [""; 0], "{issuer}");
    }
    let details = document(ENTRA, "").warnings(0);
    let detail = details.first().map(|warning| warning.detail.as_str()).unwrap_or_default();
    assert!(detail.contains("All programs of an Entra tenant") && detail.contains("azp, appid"), "{detail}");
    for (issuer, claim, test, is_told) in [
        (ENTRA, "azp", "\"equals\":\"app\"", true),
        (ENTRA_V1, "/appid", "\"one_of\":[\"app\"]", true),
        (ENTRA, "roles", "\"contains\":\"deploy\"", true),
        (ENTRA, "tid", "\"equals\":\"aaaabbbb-0000-cccc-1111-dddd2222eeee\"", false),
        (AWS, "/https:~1~1sts.amazonaws.com~1/aws_account", "\"equals\":\"123456789012\"", false),
        (AWS, "/https:~1~1sts.amazonaws.com~1/principal_tags/team", "\"equals\":\"web\"", true),
        (CLUSTER, "/kubernetes.io/namespace", "\"equals\":\"prod\"", true),
        // Every namespace may have one of this name.
        (CLUSTER, "/kubernetes.io/serviceaccount/name", "\"equals\":\"default\"", false),
        (CLUSTER, "sub", "\"glob\":\"system:serviceaccount:prod:*\"", true),
        (CLUSTER, "sub", "\"glob\":\"system:serviceaccount:*:api\"", false),
        (CLUSTER, "sub", "\"prefix\":\"system:serviceaccount:\"", false),
        // A cluster by what is looked at.
        ("https://cluster.example", "/kubernetes.io/serviceaccount/name", "\"equals\":\"default\"", false),
        ("https://cluster.example", "sub", "\"equals\":\"x\"", true),
    ] {
        let warned = warned_of(issuer, &condition(claim, test));
        assert_eq!(warned.is_empty(), is_told, "{issuer} {claim} {test}: {warned:?}");
    }
    let any = "\"subjects\":[\"system:serviceaccount:*:api\"]";
    assert_eq!(warned_of("https://cluster.example", any), ["claims"]);
    for other in [
        "https://idp.example",
        "https://login.microsoftonline.com/v2.0",
        "https://login.microsoftonline.com/a/b/v2.0",
        "https://sts.windows.net/",
        "https://evil.example/.tokens.sts.global.api.aws",
    ] {
        assert_eq!(warned_of(other, ""), [""; 0], "{other}");
    }
}

/// R84, R86: a negated glob that ends in a star lets what comes before the star pass, unless another condition does not.
#[test]
fn r86_negated_globs_that_let_their_beginning_pass() {
    let claims = |conditions: &str| format!("\"claims\":[{conditions}]");
    let negated = r#"{"claim":"event","not":{"glob":"pull_request*"}}"#;
    let with = |more: &str| claims(&format!("{negated},{more}"));
    let place = ["claims[0].not.glob"];
    for policy in [
        claims(negated),
        claims(r#"{"claim":"event","not":{"glob":"pull_request**"}}"#),
        claims(r#"{"claim":"event","not":{"glob":"*/pull*"}}"#),
        with(r#"{"claim":"ref","not":{"prefix":"pull_request"}}"#),
        with(r#"{"claim":"event","not":{"equals":"push"}}"#),
        with(r#"{"claim":"event","present":true}"#),
    ] {
        assert_eq!(warned_of("https://idp.example", &policy), place, "{policy}");
    }
    for policy in [
        with(r#"{"claim":"event","not":{"equals":"pull_request"}}"#),
        with(r#"{"claim":"event","not":{"prefix":"pull"}}"#),
        with(r#"{"claim":"event","one_of":["push","schedule"]}"#),
        claims(r#"{"claim":"event","not":{"prefix":"pull_request"}}"#),
        claims(r#"{"claim":"event","not":{"glob":"*_request"}}"#),
        claims(r#"{"claim":"ref","not":{"glob":"refs/pull/*"}}"#),
        claims(r#"{"claim":"event","glob":"pull_request*"}"#),
    ] {
        assert_eq!(warned_of("https://idp.example", &policy), [""; 0], "{policy}");
    }
    let rule = format!("\"rules\":[{{\"name\":\"a\",\"claims\":[{negated}]}}]");
    assert_eq!(warned_of("https://idp.example", &rule), ["rules[0].claims[0].not.glob"]);
    let own = format!("{},{rule}", claims(r#"{"claim":"event","not":{"equals":"pull_request"}}"#));
    assert_eq!(warned_of("https://idp.example", &own), [""; 0], "the issuer's own hold as well");
    let details = document("https://idp.example", &claims(negated)).warnings(0);
    let detail = details.first().map(|warning| warning.detail.as_str()).unwrap_or_default();
    assert!(detail.starts_with("It lets \"pull_request\" pass") && detail.contains("use prefix"), "{detail}");
}
