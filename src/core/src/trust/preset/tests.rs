use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Need, Preset, PresetRequest, all, find};
use crate::json::{self, Value};
use crate::trust::{Issuer, TrustedIssuer};

const NOW: u64 = 1_795_000_000;

fn request(parameters: &[(&str, &str)]) -> PresetRequest {
    let parameters = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    PresetRequest {
        name: "ci".into(),
        parameters: parameters.collect(),
        scopes: Some(["deploy".into()].into()),
    }
}

/// The document, read as a registration is, with what the rule and its lint think of it.
fn made(preset: &Preset, request: &PresetRequest) -> (Value, Vec<String>) {
    let document = preset.document(request).expect(preset.name);
    let issuer: TrustedIssuer = preset.issuer(request).expect(preset.name);
    Issuer::check(&issuer, false).expect(preset.name);
    let warnings = issuer.warnings(NOW).into_iter().map(|warning| warning.field);
    (document.into(), warnings.collect())
}

fn refused(preset: &str, parameters: &[(&str, &str)]) -> (String, String) {
    let error = find(preset).expect("a preset").document(&request(parameters)).expect_err(preset);
    (error.field, error.problem)
}

const UUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

#[test]
fn each_makes_its_document_and_no_warning_where_ids_are_given() {
    /// A preset, its parameters and the document.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (
            "github-actions",
            &[("repository", "octo-org@65/app@74"), ("ref", "refs/heads/main")],
            r#"{"name":"ci","issuer":"https://token.actions.githubusercontent.com","discovery":true,"max_lifetime":600,
            "replay":"once","rules":[{"name":"ci","claims":[{"claim":"repository","equals":"octo-org/app"},
            {"claim":"repository_id","equals":"74"},{"claim":"repository_owner_id","equals":"65"},
            {"claim":"ref","equals":"refs/heads/main"},{"claim":"event_name","not":{"prefix":"pull_request"}}],
            "scopes":["deploy"]}]}"#,
        ),
        (
            "gitlab",
            &[("project_id", "22"), ("ref", "main"), ("ref_type", "branch"), ("pipeline_source", "push")],
            r#"{"name":"ci","issuer":"https://gitlab.com","discovery":true,"max_lifetime":3600,"replay":"once",
            "rules":[{"name":"ci","claims":[{"claim":"project_id","equals":"22"},{"claim":"ref","equals":"main"},
            {"claim":"ref_type","equals":"branch"},{"claim":"pipeline_source","equals":"push"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "kubernetes",
            &[
                ("issuer", "https://kubernetes.default.svc"),
                ("namespace", "prod"),
                ("service_account", "api"),
            ],
            r#"{"name":"ci","issuer":"https://kubernetes.default.svc","discovery":true,"max_lifetime":3600,
            "replay":"allow","rules":[{"name":"ci","subjects":["system:serviceaccount:prod:api"],
            "claims":[{"claim":"/kubernetes.io/namespace","equals":"prod"},
            {"claim":"/kubernetes.io/serviceaccount/name","equals":"api"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "google",
            &[("unique_id", "112010400000000710080"), ("email", "a@p.iam.gserviceaccount.com")],
            r#"{"name":"ci","issuer":"https://accounts.google.com","discovery":true,"max_lifetime":3600,"replay":"allow",
            "rules":[{"name":"ci","claims":[{"claim":"sub","equals":"112010400000000710080"},
            {"claim":"email","equals":"a@p.iam.gserviceaccount.com"},{"claim":"email_verified","equals":true}],
            "scopes":["deploy"]}]}"#,
        ),
        (
            "entra",
            &[("tenant", UUID), ("app_id", UUID), ("alias", UUID)],
            r#"{"name":"ci","issuer":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
            "alias":"aaaabbbb-0000-cccc-1111-dddd2222eeee","discovery":true,"max_lifetime":86700,"replay":"allow",
            "rules":[{"name":"ci","claims":[{"claim":"tid","equals":"aaaabbbb-0000-cccc-1111-dddd2222eeee"},
            {"claim":"azp","equals":"aaaabbbb-0000-cccc-1111-dddd2222eeee"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "entra",
            &[("tenant", UUID), ("app_id", UUID), ("alias", "api://asserta"), ("token_version", "v1")],
            r#"{"name":"ci","issuer":"https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/",
            "alias":"api://asserta","max_lifetime":86700,"replay":"allow",
            "discovery":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/.well-known/openid-configuration",
            "rules":[{"name":"ci","claims":[{"claim":"tid","equals":"aaaabbbb-0000-cccc-1111-dddd2222eeee"},
            {"claim":"appid","equals":"aaaabbbb-0000-cccc-1111-dddd2222eeee"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "okta",
            &[("domain", "acme.okta.com"), ("client_id", "0oabskvc6442nkvQO0h7"), ("alias", "api://default")],
            r#"{"name":"ci","issuer":"https://acme.okta.com/oauth2/default","alias":"api://default","discovery":true,
            "max_lifetime":86400,"replay":"once","rules":[{"name":"ci",
            "claims":[{"claim":"cid","equals":"0oabskvc6442nkvQO0h7"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "auth0",
            &[("domain", "acme.eu.auth0.com"), ("client_id", "JYPK"), ("organization_id", "org_9ybs")],
            r#"{"name":"ci","issuer":"https://acme.eu.auth0.com/","discovery":true,"max_lifetime":86400,"replay":"once",
            "rules":[{"name":"ci","subjects":["JYPK@clients"],"claims":[{"claim":"org_id","equals":"org_9ybs"}],
            "scopes":["deploy"]}]}"#,
        ),
        (
            "spiffe",
            &[
                ("issuer", "https://oidc.example.org"),
                ("trust_domain", "prod.example.org"),
                ("path", "/ns/a/sa/b"),
            ],
            r#"{"name":"ci","issuer":"https://oidc.example.org","trust_domain":"prod.example.org","discovery":true,
            "max_lifetime":3600,"replay":"allow",
            "rules":[{"name":"ci","subjects":["spiffe://prod.example.org/ns/a/sa/b"],"claims":[],"scopes":["deploy"]}]}"#,
        ),
        (
            "spiffe",
            &[("issuer", "https://oidc.example.org"), ("trust_domain", "prod.example.org")],
            r#"{"name":"ci","issuer":"https://oidc.example.org","trust_domain":"prod.example.org","discovery":true,
            "max_lifetime":3600,"replay":"allow",
            "rules":[{"name":"ci","subjects":["spiffe://prod.example.org/**"],"claims":[],"scopes":["deploy"]}]}"#,
        ),
        (
            "aws",
            &[
                ("issuer", "https://abc.tokens.sts.global.api.aws"),
                ("account_id", "123456789012"),
                ("principal", "arn:aws:iam::123456789012:role/deploy"),
            ],
            r#"{"name":"ci","issuer":"https://abc.tokens.sts.global.api.aws","discovery":true,"max_lifetime":3600,
            "replay":"once","rules":[{"name":"ci",
            "claims":[{"claim":"/https:~1~1sts.amazonaws.com~1/aws_account","equals":"123456789012"},
            {"claim":"sub","equals":"arn:aws:iam::123456789012:role/deploy"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "buildkite",
            &[("organization_id", UUID), ("pipeline", "app"), ("branch", "main")],
            r#"{"name":"ci","issuer":"https://agent.buildkite.com","discovery":true,"max_lifetime":3600,"replay":"once",
            "rules":[{"name":"ci","claims":[{"claim":"organization_id","equals":"aaaabbbb-0000-cccc-1111-dddd2222eeee"},
            {"claim":"pipeline_slug","equals":"app"},{"claim":"build_branch","equals":"main"}],"scopes":["deploy"]}]}"#,
        ),
        (
            "terraform-cloud",
            &[("organization_id", "org-GRN"), ("workspace_id", "ws-mbs"), ("run_phase", "apply")],
            r#"{"name":"ci","issuer":"https://app.terraform.io","discovery":true,"max_lifetime":86400,"replay":"once",
            "rules":[{"name":"ci","claims":[{"claim":"terraform_organization_id","equals":"org-GRN"},
            {"claim":"terraform_workspace_id","equals":"ws-mbs"},{"claim":"terraform_run_phase","equals":"apply"}],
            "scopes":["deploy"]}]}"#,
        ),
        (
            "asgardeo",
            &[("organization", "acme"), ("client_id", "iMcf"), ("alias", "iMcf")],
            r#"{"name":"ci","issuer":"https://api.asgardeo.io/t/acme/oauth2/token","alias":"iMcf","discovery":true,
            "max_lifetime":3600,"replay":"once","rules":[{"name":"ci","claims":[{"claim":"azp","equals":"iMcf"}],
            "scopes":["deploy"]}]}"#,
        ),
        (
            "keycloak",
            &[("issuer", "https://sso.example.com/realms/acme"), ("client_id", "deployer")],
            r#"{"name":"ci","issuer":"https://sso.example.com/realms/acme","discovery":true,"max_lifetime":3600,
            "replay":"once","rules":[{"name":"ci","claims":[{"claim":"azp","equals":"deployer"}],"scopes":["deploy"]}]}"#,
        ),
    ];
    for (name, parameters, expected) in cases {
        let (document, warnings) = made(find(name).expect(name), &request(parameters));
        let expected = json::parse(expected.as_bytes()).expect(name);
        assert_eq!(document, expected, "{name}: {document}");
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
    }
    for preset in all() {
        assert!(cases.iter().any(|(name, ..)| *name == preset.name), "{} is not tried", preset.name);
    }
}

/// R86: names can be taken over, so who gives only a name is told.
#[test]
fn a_name_alone_is_warned_of() {
    for (preset, parameters) in [
        ("github-actions", &[("repository", "octo-org/app")][..]),
        ("gitlab", &[("project", "acme/app")]),
        ("google", &[("email", "a@p.iam.gserviceaccount.com")]),
        ("buildkite", &[("organization", "acme-inc")]),
        ("terraform-cloud", &[("organization", "acme")]),
    ] {
        let (_, warnings) = made(find(preset).expect(preset), &request(parameters));
        assert_eq!(warnings, ["rules[0]"], "{preset}");
    }
}

/// The example of each parameter is one, and all of them together make a registration.
#[test]
fn the_examples_are_true() {
    assert_eq!(all().count(), 13);
    for preset in all() {
        let examples: Vec<_> = preset.parameters.iter().map(|one| (one.name, one.example)).collect();
        made(preset, &request(&examples));
        for parameter in preset.parameters {
            let words = parameter.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(words && parameter.description.ends_with('.'), "{}: {}", preset.name, parameter.name);
            assert!(parameter.name != "name" && parameter.name != "scopes");
        }
        for template in preset.subjects.iter().chain([&preset.issuer]) {
            for name in template.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                assert!(
                    preset.parameters.iter().any(|one| one.name == name.0),
                    "{}: {template}",
                    preset.name
                );
            }
        }
        assert!(preset.documentation.starts_with("https://") && !preset.tenant.is_empty());
    }
    let names: Vec<_> = all().map(|preset| preset.name).collect();
    assert!(names.iter().enumerate().all(|(index, name)| !names[..index].contains(name)));
}

/// A value that is no plain one is refused under its name, whatever the parameter.
#[test]
fn no_parameter_becomes_a_pattern() {
    let long = "a".repeat(2048);
    let hostile = [
        "*",
        "**",
        "a*",
        "octo-org/*",
        "octo-org/app*",
        "",
        " ",
        " a",
        "a ",
        "a\nb",
        "a\0",
        "a\r\n",
        "\t",
        "a\u{202e}b",
        "a\u{200b}",
        "https://a.example/*",
        "refs/heads/*",
        "spiffe://a/**",
        "arn:aws:iam::123456789012:role/*",
        &long,
    ];
    for preset in all() {
        for parameter in preset.parameters {
            for value in hostile {
                // All others are good.
                let mut parameters: BTreeMap<String, String> = preset
                    .parameters
                    .iter()
                    .map(|one| (one.name.to_string(), one.example.to_string()))
                    .collect();
                parameters.insert(parameter.name.into(), value.into());
                let request = PresetRequest { name: "ci".into(), parameters, scopes: None };
                let error = preset.document(&request).expect_err(value);
                assert_eq!(error.field, format!("parameters.{}", parameter.name), "{value:?}");
                assert!(error.problem.contains(preset.name), "{}", error.problem);
                assert!(error.problem.len() < 400, "{}", error.problem);
            }
        }
    }
}

#[test]
fn odd_values_are_refused_by_form() {
    let k8s = |name: &'static str, value: &'static str| {
        let mut all = [("issuer", "https://k8s.example"), ("namespace", "a"), ("service_account", "b")];
        all.iter_mut().filter(|(known, _)| *known == name).for_each(|pair| pair.1 = value);
        ("kubernetes", all.to_vec(), name)
    };
    let one = |preset: &'static str, name: &'static str, value: &'static str| {
        (preset, [(name, value)].to_vec(), name)
    };
    for (preset, parameters, named) in [
        one("github-actions", "repository", "octo-org/"),
        one("github-actions", "repository", "/app"),
        one("github-actions", "repository", "octo-org"),
        one("github-actions", "repository", "octo-org/app/x"),
        one("github-actions", "repository", "octo-org@65/app"),
        one("github-actions", "repository", "octo-org@x/app@74"),
        one("github-actions", "repository", "octo-org/.."),
        one("github-actions", "repository", "octo org/app"),
        one("github-actions", "repository", "ócto/app"),
        one("github-actions", "repository_id", "7e4"),
        one("github-actions", "repository_id", "-74"),
        one("github-actions", "repository_owner", "octo-org/app"),
        one("github-actions", "issuer", "http://ghes.example.com"),
        one("github-actions", "issuer", "https://a@b.example"),
        one("github-actions", "issuer", "https://b.example?x"),
        one("github-actions", "issuer", "https://b.example#x"),
        one("github-actions", "ref", "main"),
        one("github-actions", "ref", "refs/heads/"),
        one("github-actions", "workflow", "deploy.yml"),
        one("gitlab", "project", "app"),
        one("gitlab", "project", "acme//app"),
        one("gitlab", "project", "acme/app/"),
        one("gitlab", "ref", "refs/heads/main"),
        one("gitlab", "ref_protected", "yes"),
        k8s("namespace", "a:b"),
        k8s("namespace", "a/b"),
        k8s("service_account", "b:c"),
        k8s("issuer", "https://"),
        one("google", "unique_id", "0x1"),
        one("google", "email", "@p.iam.gserviceaccount.com"),
        one("google", "email", "a@b@c.example"),
        one("entra", "tenant", "common"),
        one("entra", "tenant", "AAAABBBB-0000-CCCC-1111-DDDD2222EEEE"),
        one("okta", "domain", "https://acme.okta.com"),
        one("okta", "domain", "acme.okta.com/evil"),
        one("okta", "domain", "acme.okta.com@evil.example"),
        one("okta", "authorization_server", "../x"),
        one("auth0", "client_id", "a@clients"),
        one("spiffe", "trust_domain", "Prod.example.org"),
        one("spiffe", "trust_domain", "prod.example.org:8443"),
        one("spiffe", "trust_domain", "prod.example.org/"),
        one("spiffe", "trust_domain", "spiffe://prod.example.org"),
        one("spiffe", "path", "ns/a"),
        one("spiffe", "path", "/ns/../a"),
        one("spiffe", "path", "/ns//a"),
        one("aws", "account_id", "12345678901"),
        one("aws", "principal", "role/deploy"),
        one("buildkite", "organization_id", "acme"),
        one("terraform-cloud", "organization_id", "acme"),
        one("terraform-cloud", "workspace_id", "ws-"),
        one("terraform-cloud", "run_phase", "destroy"),
        one("asgardeo", "organization", "acme/../other"),
    ] {
        let (field, problem) = refused(preset, &parameters);
        assert_eq!(field, format!("parameters.{named}"), "{preset} {parameters:?}");
        assert!(problem.contains(preset), "{problem}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_named_with_the_preset() {
    let (field, problem) = refused("github-actions", &[("ref", "refs/heads/main")]);
    assert_eq!(field, "parameters.repository");
    assert_eq!(
        problem,
        "is needed by the preset github-actions, or one of repository_id, repository_owner, repository_owner_id: such as octo-org/app"
    );
    let (field, problem) = refused("kubernetes", &[("issuer", "https://k8s.example"), ("namespace", "a")]);
    assert_eq!(field, "parameters.service_account");
    assert_eq!(problem, "is needed by the preset kubernetes: such as api");
    let (field, problem) = refused("spiffe", &[("repository", "octo-org/app")]);
    assert_eq!(field, "parameters.repository");
    assert_eq!(problem, "is no parameter of the preset spiffe, which has issuer, trust_domain, path");
    let (field, _) = refused("spiffe", &[("a\nb\u{1b}[31mé", "x")]);
    assert_eq!(field, "parameters.ab[31m");
    // Without any parameter, none is trusted with everything.
    for preset in all() {
        assert!(preset.parameters.iter().any(|one| one.need != Need::Optional), "{}", preset.name);
        assert!(preset.document(&request(&[])).is_err(), "{}", preset.name);
    }
    assert!(find("github").is_none() && find("").is_none());
}

#[test]
fn a_repository_with_ids_must_not_contradict_them() {
    let given = [("repository", "octo-org@65/app@74"), ("repository_id", "75")];
    let (field, problem) = refused("github-actions", &given);
    assert_eq!(
        (field.as_str(), problem.as_str()),
        ("parameters.repository_id", "must be the id that repository names (preset github-actions)")
    );
    let same = [("repository", "octo-org@65/app@74"), ("repository_id", "74"), ("repository_owner_id", "65")];
    let preset = find("github-actions").expect("a preset");
    assert_eq!(made(preset, &request(&same)).0, made(preset, &request(&same[..1])).0);
}
