//! Carries out on this crate what the scenario runner asks for, in lines of JSON (host-tests/README.md):
//! `scenarios [--host-signatures]`.

use std::fmt::Debug;
use std::io::BufRead as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asserta_exchanger::documents::{Explanation, NewApplication};
use asserta_exchanger::{
    ClientAssertionType, Error, ExchangeRequest, Exchanger, JWT, KeyDocument, KeyOwner, KeysNeeded,
    MemoryStore, Options, TokenExchangeRequest, TokenRequest,
};
use serde_json::{Value, json};

type Host = Exchanger<MemoryStore>;

fn main() {
    let clock = Arc::new(AtomicU64::new(0));
    let mut host = None;
    println!("{}", json!({"protocol": 1}));
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        clock.store(request["at"].as_u64().expect("a time"), Ordering::Relaxed);
        let outcome = match host.as_mut().filter(|_| request["do"] != "start") {
            Some(host) => perform(host, &request),
            None => start(&request, &clock).map(|started| host = Some(started)).map(|()| Value::Null),
        };
        let mut response = outcome.map_or_else(of_error, |made| json!({"ok": made}));
        response["id"] = request["id"].clone();
        println!("{response}");
    }
}

fn start(settings: &Value, clock: &Arc<AtomicU64>) -> Result<Host, Error> {
    let clock = Arc::clone(clock);
    let mut options = Options::new(text(&settings["public_url"]))
        .dev(settings["dev"] == true)
        .dpop_nonce(settings["dpop_nonce"] == true)
        .host_signatures(std::env::args().any(|argument| argument == "--host-signatures"))
        .clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
    if let Some(algorithm) = settings["access_token_algorithm"].as_str() {
        options = options.access_token_algorithm(algorithm);
    }
    Exchanger::new(MemoryStore::default(), options)
}

fn perform(host: &mut Host, request: &Value) -> Result<Value, Error> {
    let organization = text(&request["organization"]);
    let (name, client_id) = (text(&request["name"]), text(&request["client_id"]));
    let document = &request["document"];
    let done = Value::Null;
    Ok(match text(&request["do"]) {
        "apply" => host.apply(document).map(|_| done)?,
        "replace_organization" => host.replace_organization(&json!({"name": organization})).map(|_| done)?,
        "register_issuer" => host.register_trusted_issuer(organization, document).map(|made| json!(made))?,
        "replace_issuer" => host.replace_trusted_issuer(organization, document).map(|_| done)?,
        "remove_issuer" => host.remove_trusted_issuer(organization, name).map(|()| done)?,
        "register_application" => host.register_application(organization, document).map(secret)?,
        "replace_application" => {
            let mut document = document.clone();
            document["client_id"] = client_id.into();
            host.replace_application(organization, &document).map(|_| done)?
        }
        "remove_application" => host.remove_application(organization, client_id).map(|()| done)?,
        "renew_secret" => host.renew_secret(organization, client_id).map(secret)?,
        "rotate_keys" => {
            let keys = host.rotate_keys(organization)?.into_iter().map(
                |key| json!({"kid": key.kid, "signs_from": key.signs_from, "signs_until": key.signs_until}),
            );
            json!({"items": keys.collect::<Vec<_>>()})
        }
        "introspect" => {
            let told = host.introspect(&token_request(request))?;
            let mut members = told.claims;
            members.insert("active".to_owned(), told.active.into());
            Value::Object(members)
        }
        "revoke" => host.revoke(&token_request(request)).map(|()| done)?,
        "revoke_all" => {
            let made = host.revoke_all(organization, document)?;
            json!({"trusted_issuer": made.trusted_issuer, "client_id": made.client_id,
                "issued_before": made.issued_before, "expires_at": made.expires_at})
        }
        "jwks" => serde_json::from_str(&host.jwks(organization)?).expect("JSON"),
        "supply_keys" => {
            let document =
                KeyDocument { text: text(document).to_owned(), max_age: request["max_age"].as_u64() };
            host.supply_keys(organization, &needed(request), &document).map(|_| done)?
        }
        "keys_unavailable" => {
            host.report_keys_unavailable(organization, &needed(request), None).map(|()| done)?
        }
        "exchange" => {
            let resource = request["resource"].as_str();
            let asked = ExchangeRequest {
                organization,
                assertion: text(&request["assertion"]),
                client_id: request["client_id"].as_str(),
                client_secret: request["client_secret"].as_str(),
                client_assertion: request["client_assertion"].as_str(),
                client_assertion_type: client_assertion_type(request),
                scope: request["scope"].as_str(),
                resources: resource.as_slice(),
                dpop_proof: request["dpop_proof"].as_str(),
                dpop_url: None,
            };
            let token = match &request["token_exchange"] {
                Value::Null => host.exchange(&asked)?,
                exchange => {
                    let audience = audience(exchange);
                    host.exchange_token(&token_exchange(&asked, exchange, &audience))?
                }
            };
            json!({"access_token": token.token, "token_type": token.token_type,
                "expires_in": token.expires_in, "scope": token.scope,
                "issued_token_type": token.issued_token_type, "dpop_nonce": token.dpop_nonce})
        }
        "explain" => {
            let resource = request["resource"].as_str();
            let asked = ExchangeRequest {
                organization,
                client_id: Some(client_id),
                scope: request["scope"].as_str(),
                resources: resource.as_slice(),
                dpop_proof: request["dpop_proof"].as_str(),
                ..ExchangeRequest::without_client(text(&request["assertion"]))
            };
            explanation(match &request["token_exchange"] {
                Value::Null => host.explain_request(&asked)?,
                exchange => {
                    let audience = audience(exchange);
                    host.explain_token(&token_exchange(&asked, exchange, &audience))?
                }
            })
        }
        "explain_client" => {
            let (presented, client_id) = (text(&request["client_assertion"]), request["client_id"].as_str());
            explanation(match client_assertion_type(request) {
                ClientAssertionType::JwtBearer => host.explain_client(organization, presented, client_id)?,
                ClientAssertionType::JwtSpiffe => host.explain_svid(organization, presented, client_id)?,
            })
        }
        other => panic!("the operation {other} is unknown"),
    })
}

fn client_assertion_type(request: &Value) -> ClientAssertionType {
    match request["client_assertion_type"].as_str() {
        Some("jwt-spiffe") => ClientAssertionType::JwtSpiffe,
        _ => ClientAssertionType::JwtBearer,
    }
}

fn audience(exchange: &Value) -> Vec<&str> {
    exchange["audience"].as_array().into_iter().flatten().map(text).collect()
}

/// The assertion as a subject token.
fn token_exchange<'a>(
    asked: &ExchangeRequest<'a>,
    exchange: &'a Value,
    audience: &'a [&'a str],
) -> TokenExchangeRequest<'a> {
    TokenExchangeRequest {
        organization: asked.organization,
        subject_token: asked.assertion,
        subject_token_type: exchange["subject_token_type"].as_str().unwrap_or(JWT),
        actor_token: exchange["actor_token"].as_str(),
        actor_token_type: exchange["actor_token_type"].as_str().unwrap_or(JWT),
        requested_token_type: exchange["requested_token_type"].as_str(),
        client_id: asked.client_id,
        client_secret: asked.client_secret,
        client_assertion: asked.client_assertion,
        client_assertion_type: asked.client_assertion_type,
        scope: asked.scope,
        resources: asked.resources,
        audience,
        dpop_proof: asked.dpop_proof,
        dpop_url: asked.dpop_url,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn token_request(request: &Value) -> TokenRequest<'_> {
    let of = |member: &str| text(&request[member]);
    TokenRequest {
        organization: of("organization"),
        ..TokenRequest::new(of("token"), of("client_id"), of("client_secret"))
    }
}

fn secret(made: NewApplication) -> Value {
    json!({"client_id": made.application.client_id, "client_secret": made.client_secret})
}

fn explanation(explanation: Explanation) -> Value {
    let checks = explanation.checks.into_iter().map(|check| {
        json!({"check": check.check, "passed": check.passed, "reason": check.reason, "saw": check.saw})
    });
    json!({"accepted": explanation.accepted, "checks": checks.collect::<Vec<_>>()})
}

fn needed(request: &Value) -> KeysNeeded {
    KeysNeeded {
        owner: match request["client_id"].as_str() {
            Some(client_id) => KeyOwner::Application(client_id.to_owned()),
            None => KeyOwner::TrustedIssuer(text(&request["trusted_issuer"]).to_owned()),
        },
        kind: "jwks".to_owned(),
        uri: text(&request["uri"]).to_owned(),
    }
}

fn of_error(error: Error) -> Value {
    match error {
        Error::Refused(refusal) => json!({"refused": {
            "error": refusal.code,
            "reason": refusal.reason,
            "error_description": refusal.sentence,
            "dpop_nonce": refusal.dpop_nonce,
        }}),
        Error::KeysNeeded(KeysNeeded { owner: KeyOwner::TrustedIssuer(name), uri, .. }) => {
            json!({"keys_needed": {"trusted_issuer": name, "uri": uri}})
        }
        Error::KeysNeeded(KeysNeeded { owner: KeyOwner::Application(client_id), uri, .. }) => {
            json!({"keys_needed": {"client_id": client_id, "uri": uri}})
        }
        Error::Invalid(invalid) => json!({"rejected": {"problem": "invalid", "field": invalid.field}}),
        Error::Taken(taken) => json!({"rejected": {"problem": "taken", "field": taken.field}}),
        Error::Registry(problem) => json!({"rejected": {"problem": kebab(problem)}}),
        other => panic!("{other}"),
    }
}

/// The name of an enum's case as the WIT interface has it.
fn kebab(case: impl Debug) -> String {
    let text = format!("{case:?}");
    let mut name = String::new();
    for character in text.rsplit("::").next().unwrap_or_default().chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}
