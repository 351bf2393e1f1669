//! Carries out the scenarios that all hosts share (host-tests/scenarios/README.md), and prints a line for each:
//! `scenarios [--host-signatures] target/scenarios.json`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asserta_exchanger::records::{
    Algorithm, ApplicationMetadata, AudienceMode, AuthMethod, ClaimCondition, ClaimMapping, ClaimTest,
    ClaimValue, KeySource, NewApplication, Organization, RegistryError, Replay, SigningAlgorithm,
    TrustedIssuer,
};
use asserta_exchanger::{Error, ExchangeRequest, Exchanger, MemoryStore, Options};
use serde_json::{Map, Value};

/// Where a scenario goes another way, because the caller supplies the keys.
const STOP: (&str, u64, &str) = (
    "jwks-endpoint/unreadable-documents",
    17,
    "a stale document is fetched before the exchange here, and not after the answer",
);

enum Outcome {
    Skipped(String),
    Stopped(String),
    Failed(String),
}

impl From<String> for Outcome {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

fn main() {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let host_signatures = flags.iter().any(|flag| flag == "--host-signatures");
    let path = paths.first().expect("the path of scenarios.json");
    let text = std::fs::read_to_string(path).expect("the file is there");
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    let mut failed = false;
    for scenario in file["scenarios"].as_array().expect("a list of scenarios") {
        let identity = format!("{}/{}", text_of(&scenario["topic"]), text_of(&scenario["name"]));
        let outcome = match scenario["http_only"].as_str() {
            Some(reason) => Err(Outcome::Skipped(reason.to_owned())),
            None => Run::new(scenario, host_signatures).run(&identity),
        };
        match outcome {
            Ok(()) => println!("{identity}\tok"),
            Err(Outcome::Skipped(reason)) => println!("{identity}\tskipped: {reason}"),
            Err(Outcome::Stopped(reason)) => println!("{identity}\tok {reason}"),
            Err(Outcome::Failed(reason)) => {
                failed = true;
                println!("{identity}\tFAILED: {reason}");
            }
        }
    }
    std::process::exit(i32::from(failed));
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A JWKS endpoint of a scenario.
struct Endpoint {
    answers: Vec<Value>,
    fetches: u64,
}

/// One scenario on a fresh exchanger.
struct Run<'a> {
    scenario: &'a Value,
    now: Arc<AtomicU64>,
    exchanger: Exchanger<MemoryStore>,
    endpoints: BTreeMap<String, Endpoint>,
    known: HashMap<String, String>,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Value, host_signatures: bool) -> Self {
        let settings = &scenario["settings"];
        let now = Arc::new(AtomicU64::new(scenario["steps"][0]["at"].as_u64().expect("a time")));
        let clock = Arc::clone(&now);
        let mut options = Options::new(text_of(&settings["public_url"]))
            .dev(settings["dev"].as_bool().unwrap_or(true))
            .host_signatures(host_signatures)
            .clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        options = match settings["access_token_algorithm"].as_str() {
            Some("EdDSA") => options.access_token_algorithm(SigningAlgorithm::Eddsa),
            Some("RS256") => options.access_token_algorithm(SigningAlgorithm::Rs256),
            _ => options,
        };
        let mut exchanger = Exchanger::new(MemoryStore::default(), options).expect("it starts");
        if settings["trust"].is_object() {
            exchanger.apply(&settings["trust"].to_string()).expect("a good document");
        }
        let endpoints = scenario["key_endpoints"].as_object().expect("endpoints").iter();
        let endpoint = |(name, given): (&String, &Value)| {
            (name.clone(), Endpoint { answers: list(&given["answers"]), fetches: 0 })
        };
        Self { scenario, now, exchanger, endpoints: endpoints.map(endpoint).collect(), known: HashMap::new() }
    }

    fn run(&mut self, identity: &str) -> Result<(), Outcome> {
        for step in list(&self.scenario["steps"]) {
            if identity == STOP.0 && step["number"] == STOP.1 {
                return Err(Outcome::Stopped(format!("until step {}: {}", STOP.1, STOP.2)));
            }
            self.now.store(step["at"].as_u64().expect("a time"), Ordering::Relaxed);
            let known = ["number", "at", "label", "expect"];
            let members = step.as_object().expect("a step");
            let (action, given) =
                members.iter().find(|(name, _)| !known.contains(&name.as_str())).expect("an action");
            self.act(action, given, &step).map_err(|outcome| match outcome {
                Outcome::Failed(message) => {
                    Outcome::Failed(format!("step {}: {action}: {message}", step["number"]))
                }
                other => other,
            })?;
            for (name, expected) in step["expect"]["fetches"].as_object().into_iter().flatten() {
                let fetches = self.endpoints[name].fetches;
                holds(*expected == fetches, || format!("{fetches} fetches of {name}, expected {expected}"))?;
            }
        }
        Ok(())
    }

    fn act(&mut self, action: &str, given: &Value, step: &Value) -> Result<(), Outcome> {
        let organization = text_of(&given["organization"]);
        let name = text_of(&given["name"]);
        let client_id = self.known.get(&format!("client_id:{name}")).cloned().unwrap_or_default();
        let record = &given["record"];
        match action {
            "advance" => Ok(()),
            "register_organization" => {
                let organization = Organization { name: text_of(given).to_owned(), display_name: None };
                registration(step, self.exchanger.replace_organization(&organization)).map(drop)
            }
            "register_issuer" => {
                let made = issuer(record)
                    .and_then(|issuer| self.exchanger.register_trusted_issuer(organization, &issuer));
                registration(step, made).map(drop)
            }
            "replace_issuer" => {
                let made = issuer(record)
                    .and_then(|issuer| self.exchanger.replace_trusted_issuer(organization, &issuer));
                registration(step, made).map(drop)
            }
            "remove_issuer" => {
                registration(step, self.exchanger.remove_trusted_issuer(organization, name)).map(drop)
            }
            "register_application" => {
                let made = metadata(record)
                    .and_then(|made| self.exchanger.register_application(organization, &made));
                self.remember(name, registration(step, made)?);
                Ok(())
            }
            "replace_application" => {
                let made = metadata(record)
                    .and_then(|made| self.exchanger.replace_application(organization, &client_id, &made));
                registration(step, made).map(drop)
            }
            "remove_application" => {
                registration(step, self.exchanger.remove_application(organization, &client_id)).map(drop)
            }
            "renew_secret" => {
                let made = registration(step, self.exchanger.renew_secret(organization, &client_id))?;
                self.remember(name, made);
                Ok(())
            }
            "rotate_keys" => registration(step, self.exchanger.rotate_keys(organization)).map(drop),
            "key_endpoint" => {
                self.endpoints.get_mut(name).expect("a known endpoint").answers = list(&given["answers"]);
                Ok(())
            }
            "http" => self.http(given, step),
            "exchange" => self.exchange(given, step),
            other => Err(Outcome::Failed(format!("the action {other} is unknown"))),
        }
    }

    fn remember(&mut self, name: &str, made: Option<NewApplication>) {
        let Some(made) = made else { return };
        if let Some(before) = self.known.get(&format!("client_secret:{name}")).cloned() {
            self.known.insert(format!("previous_client_secret:{name}"), before);
        }
        self.known.insert(format!("client_id:{name}"), made.application.client_id);
        self.known.insert(format!("client_secret:{name}"), made.client_secret);
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in self.known.iter().filter(|_| text.contains("${")) {
            filled = filled.replace(&format!("${{{name}}}"), value);
        }
        filled
    }

    /// Whether everything is there that the scenario names.
    fn matches(&self, expected: &Value, found: &Value) -> bool {
        match expected {
            Value::String(text) => text == "${any}" || found.as_str() == Some(&self.filled(text)),
            Value::Object(members) => members
                .iter()
                .all(|(name, value)| found.get(name).is_some_and(|found| self.matches(value, found))),
            Value::Array(elements) => found.as_array().is_some_and(|found| {
                elements.len() == found.len()
                    && elements.iter().zip(found).all(|(expected, found)| self.matches(expected, found))
            }),
            other => other == found,
        }
    }

    fn http(&mut self, given: &Value, step: &Value) -> Result<(), Outcome> {
        let path = text_of(&given["path"]);
        let organization = match path.strip_suffix("/oauth2/jwks") {
            Some("") => Some("default"),
            Some(below) => below.strip_prefix("/t/"),
            None => None,
        };
        let Some(organization) = organization.filter(|_| given["method"] == "GET") else {
            return Err(Outcome::Skipped("a step is an HTTP request".to_owned()));
        };
        let jwks = self.exchanger.jwks(organization).map_err(|error| error.to_string())?;
        let jwks: Value = serde_json::from_str(&jwks).map_err(|error| error.to_string())?;
        let expected = &step["expect"]["body"];
        holds(expected.is_null() || self.matches(expected, &jwks), || jwks.to_string())
    }

    fn exchange(&mut self, given: &Value, step: &Value) -> Result<(), Outcome> {
        match text_of(&given["credentials"]) {
            "post" => {
                return Err(Outcome::Skipped("credentials in the request body exist only over HTTP".into()));
            }
            "none" => return Err(Outcome::Skipped("a call without credentials can't be written".into())),
            _ => {}
        }
        let client_id = self.filled(text_of(&given["client_id"]));
        let client_secret = self.filled(text_of(&given["client_secret"]));
        for assertion in list(&given["assertions"]) {
            let assertion = self.filled(text_of(&assertion));
            let request = ExchangeRequest {
                organization: text_of(&given["organization"]),
                assertion: &assertion,
                client_id: &client_id,
                client_secret: &client_secret,
                scope: given["scope"].as_str(),
                resource: given["resource"].as_str(),
            };
            let outcome = self.supplied_exchange(&request);
            self.check(request.organization, step, outcome)?;
        }
        Ok(())
    }

    /// Exchanges; fetches and supplies keys where they are needed.
    fn supplied_exchange(
        &mut self,
        request: &ExchangeRequest<'_>,
    ) -> Result<asserta_exchanger::records::AccessToken, Error> {
        let outcome = self.exchanger.exchange(request);
        let Err(Error::KeysNeeded(needed)) = outcome else { return outcome };
        let name = needed.uri.rsplit('/').next().expect("the name ends the address").to_owned();
        let endpoint = self.endpoints.get_mut(&name).expect("a known endpoint");
        endpoint.fetches += 1;
        let answer =
            if endpoint.answers.len() > 1 { endpoint.answers.remove(0) } else { endpoint.answers[0].clone() };
        let body = text_of(&answer["body"]);
        let taken =
            answer["status"] == 200 && body.len() <= 64 * 1024 && answer["delay_ms"].as_u64() < Some(5000);
        let headers = answer["headers"].as_object().expect("headers").iter();
        let cached = headers.filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
        let max_age = cached.map(|(_, value)| max_age(text_of(value))).next().flatten();
        let supplied = taken
            && self
                .exchanger
                .supply_keys(request.organization, &needed.trusted_issuer, body, max_age)
                .is_ok();
        if !supplied {
            self.exchanger.report_keys_unavailable(request.organization, &needed.trusted_issuer)?;
        }
        self.exchanger.exchange(request)
    }

    fn check(
        &mut self,
        organization: &str,
        step: &Value,
        outcome: Result<asserta_exchanger::records::AccessToken, Error>,
    ) -> Result<(), Outcome> {
        let expect = &step["expect"];
        let Some(error) = expect["error"].as_str() else {
            let token = outcome.map_err(|error| format!("{error}, expected a token"))?;
            return self.check_token(organization, step, &token);
        };
        let Err(Error::Refused(refusal)) = outcome else {
            return Err(Outcome::Failed(format!(
                "{:?}, expected {expect}",
                outcome.map(|token| token.expires_in)
            )));
        };
        let same = |enum_case: String, name: &str| enum_case.to_lowercase() == name.replace(['-', '_'], "");
        let code = same(short(&refusal.code), error);
        let reason = expect["reason"].as_str().is_none_or(|reason| same(short(&refusal.reason), reason));
        holds(code && reason, || format!("{refusal:?}, expected {expect}"))
    }

    fn check_token(
        &mut self,
        organization: &str,
        step: &Value,
        token: &asserta_exchanger::records::AccessToken,
    ) -> Result<(), Outcome> {
        use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Decoder as _};
        let expect = &step["expect"];
        let payload = token.token.split('.').nth(1).unwrap_or_default();
        let bytes =
            Base64UrlSafeNoPadding::decode_to_vec(payload, None).map_err(|error| error.to_string())?;
        let claims: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let urls = self.exchanger.urls(organization).map_err(|error| error.to_string())?;
        holds(claims["iss"] == urls.issuer, || claims.to_string())?;
        holds(expect["token"].is_null() || self.matches(&expect["token"], &claims), || claims.to_string())?;
        for name in list(&expect["token_without"]) {
            holds(claims.get(text_of(&name)).is_none(), || claims.to_string())?;
        }
        let mut body = Map::new();
        body.insert("access_token".into(), token.token.clone().into());
        body.insert("token_type".into(), "Bearer".into());
        body.insert("expires_in".into(), token.expires_in.into());
        body.extend(token.scope.clone().map(|scope| ("scope".to_owned(), scope.into())));
        let body = Value::Object(body);
        holds(expect["body"].is_null() || self.matches(&expect["body"], &body), || body.to_string())?;
        for name in list(&expect["without"]) {
            holds(body.get(text_of(&name)).is_none(), || body.to_string())?;
        }
        if let Some(label) = step["label"].as_str() {
            self.known.insert(format!("access_token:{label}"), token.token.clone());
        }
        Ok(())
    }
}

/// The name of an enum's case, without its type.
fn short(case: &impl std::fmt::Debug) -> String {
    let text = format!("{case:?}");
    text.rsplit("::").next().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn holds(condition: bool, message: impl FnOnce() -> String) -> Result<(), Outcome> {
    if condition { Ok(()) } else { Err(Outcome::Failed(message())) }
}

fn max_age(header: &str) -> Option<u64> {
    if header.contains("no-store") || header.contains("no-cache") {
        return Some(0);
    }
    let (_, rest) = header.split_once("max-age=")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// That a registration comes out as expected; what it made.
fn registration<T>(step: &Value, outcome: Result<T, Error>) -> Result<Option<T>, Outcome> {
    let expect = &step["expect"];
    let expected = expect["status"].as_u64().unwrap_or_default();
    let error = match outcome {
        Ok(made) => {
            holds(expected < 300, || format!("it was taken, expected {expect}"))?;
            return Ok(Some(made));
        }
        Err(error) => error,
    };
    let status = match &error {
        Error::Invalid(_) => 400,
        Error::Registry(RegistryError::NameTaken | RegistryError::IssuerTaken) => 409,
        Error::Registry(RegistryError::NotFound | RegistryError::OrganizationUnknown) => 404,
        _ => 503,
    };
    holds(status == expected, || format!("{error}, expected {expect}"))?;
    if let (Error::Invalid(invalid), Some(field)) = (&error, expect["field"].as_str()) {
        let member = match field.strip_prefix("claim_mappings.") {
            Some(claim) => format!("claim-mappings.{claim}"),
            None => field.replace('_', "-"),
        };
        holds(invalid.member == member, || format!("{error}, expected {field}"))?;
    }
    Ok(None)
}

/// What the types of the records refuse before the component sees it.
fn invalid(member: &str) -> Error {
    Error::Invalid(asserta_exchanger::records::InvalidMember {
        member: member.replace('_', "-"),
        problem: "can't be written in the types of the records".to_owned(),
    })
}

fn string(value: &Value, member: &str) -> Result<String, Error> {
    value.as_str().map(str::to_owned).ok_or_else(|| invalid(member))
}

fn strings(value: &Value, member: &str) -> Result<Vec<String>, Error> {
    let elements = value.as_array().ok_or_else(|| invalid(member))?;
    elements
        .iter()
        .enumerate()
        .map(|(index, element)| string(element, &format!("{member}[{index}]")))
        .collect()
}

fn seconds(value: &Value, member: &str) -> Result<u32, Error> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or_else(|| invalid(member))
}

fn flag(value: &Value, member: &str) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| invalid(member))
}

fn issuer(record: &Value) -> Result<TrustedIssuer, Error> {
    let mut issuer = TrustedIssuer::new("", "", KeySource::JwksUri(String::new()));
    let mut sources = 0;
    for (name, value) in record.as_object().expect("a record") {
        match name.as_str() {
            "name" => issuer.name = string(value, name)?,
            "issuer" => issuer.issuer = string(value, name)?,
            "alias" => issuer.alias = Some(string(value, name)?),
            "jwks_uri" | "jwks" | "certificate" => {
                sources += 1;
                issuer.keys = match name.as_str() {
                    "jwks_uri" => KeySource::JwksUri(string(value, name)?),
                    "jwks" => KeySource::Jwks(value.to_string()),
                    _ => KeySource::Certificate(string(value, name)?),
                };
            }
            "enabled" => issuer.enabled = Some(flag(value, name)?),
            "algorithms" => issuer.algorithms = Some(algorithms(value)?),
            "clock_skew" => issuer.clock_skew = Some(seconds(value, name)?),
            "max_lifetime" => issuer.max_lifetime = Some(seconds(value, name)?),
            "audience_mode" => {
                issuer.audience_mode = Some(match value.as_str() {
                    Some("any") => AudienceMode::Any,
                    Some("exactly-one") => AudienceMode::ExactlyOne,
                    _ => return Err(invalid(name)),
                });
            }
            "replay" => {
                issuer.replay = Some(match value.as_str() {
                    Some("once") => Replay::Once,
                    Some("allow") => Replay::Allow,
                    _ => return Err(invalid(name)),
                });
            }
            "require_jti" => issuer.require_jti = Some(flag(value, name)?),
            "typ" => issuer.typ = Some(string(value, name)?),
            "subjects" => issuer.subjects = Some(strings(value, name)?),
            "scopes" => issuer.scopes = Some(strings(value, name)?),
            "claims" => {
                let conditions = list(value).into_iter().enumerate();
                issuer.claims =
                    conditions.map(|(index, one)| condition(index, &one)).collect::<Result<_, _>>()?;
            }
            "claim_mappings" => {
                let mapping = |(from, to): (&String, &Value)| {
                    let token_claim = string(to, &format!("claim_mappings.{from}"))?;
                    Ok(ClaimMapping { assertion_claim: from.clone(), token_claim })
                };
                let members = value.as_object().ok_or_else(|| invalid(name))?;
                issuer.claim_mappings = members.iter().map(mapping).collect::<Result<_, Error>>()?;
            }
            other => return Err(invalid(other)),
        }
    }
    if sources == 1 { Ok(issuer) } else { Err(invalid("jwks_uri")) }
}

fn algorithms(value: &Value) -> Result<Vec<Algorithm>, Error> {
    let names = strings(value, "algorithms")?;
    let algorithm = |(index, name): (usize, String)| {
        Ok(match name.as_str() {
            "RS256" => Algorithm::Rs256,
            "RS384" => Algorithm::Rs384,
            "RS512" => Algorithm::Rs512,
            "PS256" => Algorithm::Ps256,
            "PS384" => Algorithm::Ps384,
            "PS512" => Algorithm::Ps512,
            "ES256" => Algorithm::Es256,
            "ES384" => Algorithm::Es384,
            "ES512" => Algorithm::Es512,
            "EdDSA" | "Ed25519" => Algorithm::Eddsa,
            _ => return Err(invalid(&format!("algorithms[{index}]"))),
        })
    };
    names.into_iter().enumerate().map(algorithm).collect()
}

fn condition(index: usize, given: &Value) -> Result<ClaimCondition, Error> {
    let at = format!("claims[{index}]");
    let mut tests = Vec::new();
    let mut claim = String::new();
    for (name, value) in given.as_object().ok_or_else(|| invalid(&at))? {
        let member = format!("{at}.{name}");
        match name.as_str() {
            "claim" => claim = string(value, &member)?,
            "equals" => tests.push(ClaimTest::Equals(claim_value(value, &member)?)),
            "contains" => tests.push(ClaimTest::Contains(claim_value(value, &member)?)),
            "present" => tests.push(ClaimTest::Present(flag(value, &member)?)),
            "one_of" => {
                let values = list(value);
                let values = values.iter().map(|value| claim_value(value, &member));
                tests.push(ClaimTest::OneOf(values.collect::<Result<_, _>>()?));
            }
            _ => return Err(invalid(&member)),
        }
    }
    match (tests.pop(), tests.is_empty()) {
        (Some(test), true) => Ok(ClaimCondition { claim, test }),
        _ => Err(invalid(&at)),
    }
}

fn claim_value(value: &Value, member: &str) -> Result<ClaimValue, Error> {
    match value {
        Value::String(text) => Ok(ClaimValue::Text(text.clone())),
        Value::Bool(boolean) => Ok(ClaimValue::Boolean(*boolean)),
        Value::Number(number) => Ok(match number.as_i64() {
            Some(integer) => ClaimValue::Integer(integer),
            None => ClaimValue::Decimal(number.as_f64().unwrap_or(f64::NAN)),
        }),
        _ => Err(invalid(member)),
    }
}

fn metadata(record: &Value) -> Result<ApplicationMetadata, Error> {
    let mut metadata = ApplicationMetadata { grant_types: Vec::new(), ..ApplicationMetadata::jwt_bearer() };
    for (name, value) in record.as_object().expect("a record") {
        match name.as_str() {
            "client_name" => metadata.client_name = Some(string(value, name)?),
            "grant_types" => metadata.grant_types = strings(value, name)?,
            "scope" => metadata.scope = Some(string(value, name)?),
            "token_endpoint_auth_method" => {
                metadata.token_endpoint_auth_method = Some(match value.as_str() {
                    Some("client_secret_basic") => AuthMethod::ClientSecretBasic,
                    Some("client_secret_post") => AuthMethod::ClientSecretPost,
                    _ => return Err(invalid(name)),
                });
            }
            "trusted_issuers" => metadata.trusted_issuers = Some(strings(value, name)?),
            "access_token_lifetime" => metadata.access_token_lifetime = Some(seconds(value, name)?),
            "audience" if value.is_string() => metadata.audience = Some(vec![string(value, name)?]),
            "audience" => metadata.audience = Some(strings(value, name)?),
            "enabled" => metadata.enabled = Some(flag(value, name)?),
            other => return Err(invalid(other)),
        }
    }
    Ok(metadata)
}
