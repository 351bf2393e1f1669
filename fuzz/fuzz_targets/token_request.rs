//! The token request's form, of either grant: what is accepted says the same to another form parser, and what another one
//! wrote is read as it was meant (R13, R15, R16, R22, R90).
#![no_main]

use asserta_core::client_auth::{Client, Presented, PresentedBy};
use asserta_core::grants::{GrantRequest, HttpTokenRequest, TokenRequest, token_exchange};
use asserta_core::oauth::{Form, MAX_ASSERTION};

asserta_fuzz::target!(|input| {
    as_body(input);
    as_form(input);
    if let Ok(text) = std::str::from_utf8(input) {
        as_pairs(text);
    }
});

fn as_form(body: &[u8]) {
    let Ok(form) = Form::parse(body) else { return };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    for (name, value) in pairs.iter().take(50) {
        let times = pairs.iter().filter(|(other, _)| other == name).count();
        assert!(form.has(name), "R16: a name differs");
        match form.one(name) {
            Ok(read) => {
                assert_eq!((times, read.unwrap_or_default()), (1, value.as_str()), "R16: a value differs")
            }
            Err(_) => assert!(times > 1, "R13"),
        }
    }
}

fn as_body(body: &[u8]) {
    let request = |query, body| HttpTokenRequest {
        method: "POST",
        content_type: Some("application/x-www-form-urlencoded"),
        authorization: None,
        dpop: Default::default(),
        query,
        body,
    };
    if let Ok(TokenRequest { client, grant, .. }) = TokenRequest::from_http(request(None, body)) {
        match grant {
            GrantRequest::JwtBearer(grant) => {
                assert!((1..=MAX_ASSERTION).contains(&grant.assertion.len()), "R14, R15");
                assert!(grant.scope.is_none_or(|scope| !scope.is_empty()), "R13");
            }
            GrantRequest::TokenExchange(grant) => as_exchange(&grant, body),
        }
        match client {
            Client::Presents(Presented::Secret(secret)) => assert_eq!(secret.presented_by, PresentedBy::Post),
            Client::Presents(Presented::Assertion(presented)) => {
                assert!((1..=MAX_ASSERTION).contains(&presented.assertion().len()), "R13, R15");
                assert!(presented.client_id().is_none_or(|client_id| !client_id.is_empty()), "R13");
            }
            Client::Nothing(client_id) => {
                assert!(client_id.is_none_or(|client_id| !client_id.is_empty()), "R13");
                let named = |name: &str| {
                    form_urlencoded::parse(body).any(|(known, value)| known == name && !value.is_empty())
                };
                assert!(!named("client_secret"), "R29: a secret is there");
            }
        }
    }
    // R22: a query that is let through names no secret, whatever its spelling.
    let good = b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c";
    if let Ok(query) = std::str::from_utf8(body)
        && TokenRequest::from_http(request(Some(query), good)).is_ok()
    {
        let secret = |name: &str| {
            ["client_id", "client_secret", "client_assertion", "assertion", "subject_token", "actor_token"]
                .contains(&name)
        };
        assert!(!form_urlencoded::parse(body).any(|(name, _)| secret(&name)), "R22: a secret in the query");
    }
}

/// R90: what another parser reads is what is exchanged, and nothing else.
fn as_exchange(grant: &token_exchange::Request, body: &[u8]) {
    let all = |name: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(body).into_owned();
        pairs.filter(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value).collect()
    };
    let tokens = [("subject_token", Some(&grant.subject)), ("actor_token", grant.actor.as_ref())];
    for (name, token) in tokens {
        let (text, token_type) = (all(name), all(&format!("{name}_type")));
        match token {
            Some(token) => {
                assert!((1..=MAX_ASSERTION).contains(&token.text.len()), "R15");
                assert_eq!(
                    (text, token_type),
                    (vec![token.text.clone()], vec![token.token_type.name().to_owned()])
                );
            }
            None => assert!(text.is_empty() && token_type.is_empty(), "R90: {name} is passed over"),
        }
    }
    let issued = [token_exchange::ISSUED_TOKEN_TYPE.to_owned()];
    assert!(all("requested_token_type").iter().all(|requested| issued.contains(requested)), "R90");
    assert!(grant.scope.as_ref().is_none_or(|scope| !scope.is_empty()), "R13");
    let (resources, audiences) = (all("resource"), all("audience"));
    assert!(resources.len() <= 8 && audiences.len() <= 8, "R13");
    let asked = |resource: &String| resources.contains(resource) || audiences.contains(resource);
    assert!(grant.resources.iter().all(asked), "R63: something else is asked for");
    assert!(resources.iter().chain(&audiences).all(|asked| grant.resources.contains(asked)), "R63");
}

/// Lines as names and values in turn.
fn as_pairs(text: &str) {
    let lines: Vec<&str> = text.split('\n').take(40).collect();
    let pairs = lines.chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or_default()));
    let pairs: Vec<(&str, &str)> =
        pairs.filter(|(name, value)| !(name.is_empty() && value.is_empty())).collect();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let form = Form::parse(body.as_bytes()).expect("R16: a well-formed form");
    for (name, value) in &pairs {
        let once = pairs.iter().filter(|(other, _)| other == name).count() == 1;
        let expected = Some(*value).filter(|value| !value.is_empty());
        assert_eq!(form.one(name).ok(), once.then_some(expected), "R13, R16: {name:?}");
    }
}
