//! The metadata of the resource (R121), and its settings.

use super::*;

#[test]
fn r121_metadata() {
    let get = |guard: &mut Guard, method: &str, target: &str| {
        guard.check(&Request { method, target, authorization: &[], dpop: &[] }, Introspection::NotAsked, NOW)
    };
    let mut guard = guard();
    let at = "/.well-known/oauth-protected-resource/mcp";
    let Outcome::Metadata(answer) = get(&mut guard, "GET", at) else { panic!("metadata") };
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"resource":"https://api.example/mcp","authorization_servers":["https://tokens.example/t/acme"],"bearer_methods_supported":["header"],"dpop_signing_alg_values_supported":["ES256","EdDSA","Ed25519","RS256"],"scopes_supported":["notes.read"]}"#
    );
    assert!(answer.headers.contains(&("access-control-allow-origin", "*".to_string())));
    for (method, status) in [("HEAD", 200), ("OPTIONS", 204), ("POST", 405)] {
        let Outcome::Metadata(answer) = get(&mut guard, method, at) else { panic!("{method}") };
        assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{method}");
    }
    // RFC 9728 section 3.3: the document of another resource is not ours to give; and nothing near it opens a way in.
    for other in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/",
        "/.well-known/oauth-protected-resource/mcp/..",
        "/.well-known/oauth-protected-resource/mcp?x",
    ] {
        assert_eq!(refused(get(&mut guard, "GET", other)).reason, Reason::NoCredentials, "{other}");
    }
}

/// RFC 9728 section 3.1.
#[test]
fn r121_where_the_metadata_is() {
    let at = |audience: &str| {
        let settings = Settings::parse(ISSUER, audience, "", None, false).expect("good settings");
        let challenge = refused(ask(&mut Guard::new(settings), &[], NOW));
        www_authenticate(&challenge).to_string()
    };
    let metadata = |url: &str| format!("Bearer resource_metadata=\"{url}\"");
    for audience in ["https://api.example", "https://api.example/"] {
        assert_eq!(at(audience), metadata("https://api.example/.well-known/oauth-protected-resource"));
    }
    assert_eq!(
        at("https://api.example:8443/a/b?c=d"),
        metadata("https://api.example:8443/.well-known/oauth-protected-resource/a/b?c=d")
    );
    assert_eq!(
        at("http://127.0.0.1:3000"),
        metadata("http://127.0.0.1:3000/.well-known/oauth-protected-resource")
    );
    // An audience that is no URL has no metadata.
    for name in ["orders-api", "urn:example:orders", "http://api.example"] {
        assert_eq!(at(name), "Bearer");
    }
}

#[test]
fn r120_settings_that_are_refused() {
    let problem = |issuer: &str, audience: &str, scopes: &str, jwks: Option<&str>| {
        Settings::parse(issuer, audience, scopes, jwks, false).err()
    };
    for issuer in [
        "",
        "tokens.example",
        "http://tokens.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "https://",
        "https://:443",
        "https://a@b",
        "https://tokens.example/",
        "https://tokens.example?x",
        "https://tokens.example#x",
        "https://tokens.example:x",
        "https://tokens.example/\"",
        "https://tokens.example\\@evil.example",
    ] {
        assert_eq!(problem(issuer, AUDIENCE, "", None), Some(SettingsProblem::Issuer), "{issuer}");
    }
    for issuer in ["https://tokens.example", "http://127.0.0.1:3000", "http://[::1]:80/t/a", "https://[::1]"]
    {
        assert_eq!(problem(issuer, AUDIENCE, "", None), None, "{issuer}");
    }
    for audience in ["", "a b", "a\"", "a\\", "a\r\nb", "ä"] {
        assert_eq!(problem(ISSUER, audience, "", None), Some(SettingsProblem::Audience), "{audience:?}");
    }
    assert_eq!(problem(ISSUER, AUDIENCE, "a \"b\"", None), Some(SettingsProblem::Scopes));
    assert_eq!(problem(ISSUER, AUDIENCE, "a", Some("http://keys.example")), Some(SettingsProblem::JwksUri));
    assert_eq!(problem(ISSUER, AUDIENCE, "a", Some("")), None);
}
