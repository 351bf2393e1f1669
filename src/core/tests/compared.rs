//! Thirty decisions that people want of their rules (docs/decisions/0012-rules-held-against-others.md), each with tokens
//! that are right and tokens that are wrong: what the page says of ours is what an exchange does.

mod world;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::service::NewApplication;
use serde_json::{Value, json};
use world::*;

const DECISIONS: &str = include_str!("compared/decisions.json");
const PAGE: &str = include_str!("../../../docs/decisions/0012-rules-held-against-others.md");

/// An issuer with the policy of a decision, and an application.
struct Trusting {
    world: World,
    client: NewApplication,
    issuer: Value,
    number: u32,
}

impl Trusting {
    fn of(decision: &Value, policy: &str) -> Self {
        let world = World::default();
        let service = world.service();
        let mut policy = decision["ours"][policy].clone();
        policy["issuer"] = decision["issuer"].clone();
        policy["jwks"] = jwks(&[&key(1)]);
        run(service.registry().create_trusted_issuer(&default_organization(), &issuer(policy)))
            .unwrap_or_else(|error| panic!("{}: {error:?}", decision["what"]));
        let client = run(service.registry().create_application(&default_organization(), metadata(json!({}))))
            .expect("registered");
        drop(service);
        Self { world, client, issuer: decision["issuer"].clone(), number: 0 }
    }

    /// The claims of the access token, or nothing; and what the event says of it.
    fn ask(&mut self, token: &Value) -> (Option<Value>, Value) {
        self.number += 1;
        let mut claims = json!({ "jti": self.number.to_string(), "iss": self.issuer });
        for (name, value) in token["claims"].as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let assertion = assertion(&key(1), START, claims);
        let id = self.client.application.client_id();
        let credentials = Presented::secret(id, secret(&self.client), PresentedBy::Basic);
        let request = TokenRequest::jwt_bearer(credentials, &assertion, token["asks"].as_str(), [])
            .expect("short enough");
        let issued = run(self.world.service().exchange(&default_organization(), &request));
        let event = self.world.events.1.borrow().last().cloned().expect("an event");
        let claims = issued.ok().map(|issued| {
            let claims = issued.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
            serde_json::from_slice(&claims.expect("claims")).expect("JSON")
        });
        (claims, event)
    }
}

fn decisions() -> Vec<Value> {
    let file: Value = serde_json::from_str(DECISIONS).expect("JSON");
    file["decisions"].as_array().expect("a list").clone()
}

fn list<'a>(decision: &'a Value, name: &str) -> &'a [Value] {
    decision[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What a token is refused for: the policy, and no slip in the token.
const REASONS: [&str; 5] = [
    "subject-not-allowed",
    "claim-condition-failed",
    "no-rule-fits",
    "scope-not-allowed",
    "lifetime-too-long",
];

/// R41, R49, R61, R80 to R84: the right tokens pass and the wrong ones don't. Where ours can't say it, exactly those pass
/// that the page names.
#[test]
fn ours_decides_as_the_page_says() {
    let decisions = decisions();
    assert_eq!(decisions.len(), 30);
    for decision in &decisions {
        let (what, ours) = (&decision["what"], &decision["ours"]);
        let (refused, admitted) = judged(decision, "policy");
        assert_eq!(refused > 0, ours["refuses"] == true, "{what}: {refused} of the right tokens are refused");
        assert_eq!(admitted, list(ours, "admits"), "{what}: the wrong tokens that pass");
        let is_right = refused == 0 && admitted.is_empty();
        match ours["says"].as_str() {
            Some("yes") => assert!(is_right, "{what}: it is said to be right"),
            Some("care") => {
                assert!(!is_right, "{what}: there is nothing to take care of");
                assert_eq!(judged(decision, "instead"), (0, vec![]), "{what}: the form that is right");
            }
            _ => assert!(!is_right, "{what}: ours can say it now: so must the page"),
        }
    }
}

/// How many of the right tokens a policy of ours refuses, and which of the wrong ones it admits.
fn judged(decision: &Value, policy: &str) -> (usize, Vec<Value>) {
    let what = &decision["what"];
    let (right, wrong) = (list(decision, "right"), list(decision, "wrong"));
    assert!(!right.is_empty() && !wrong.is_empty(), "{what}: a right and a wrong token");
    let mut trusting = Trusting::of(decision, policy);
    let refused = right.iter().filter(|token| trusting.ask(token).0.is_none()).count();
    let mut admitted = Vec::new();
    for (index, token) in wrong.iter().enumerate() {
        let (granted, event) = trusting.ask(token);
        if granted.is_some() {
            admitted.push(json!(index));
        } else {
            let outcome = event["outcome"].as_str().unwrap_or_default();
            assert!(REASONS.contains(&outcome), "{what}: {token} is refused for {outcome}");
        }
    }
    (refused, admitted)
}

/// R80, R82: what the rules of a decision grant, and who hears of the one that is only watched.
#[test]
fn rules_grant_what_they_say() {
    let of = |what: &str| {
        let decisions = decisions();
        let found =
            decisions.iter().find(|decision| decision["what"].as_str().expect("text").starts_with(what));
        let decision = found.unwrap_or_else(|| panic!("{what}")).clone();
        (Trusting::of(&decision, "policy"), decision)
    };
    let (mut two, decision) = of("Two organizations");
    let granted: Vec<Value> =
        list(&decision, "right").iter().map(|token| two.ask(token).0.expect("granted")).collect();
    let lifetime = |token: &Value| token["exp"].as_u64().expect("exp") - START;
    assert_eq!((&granted[0]["scope"], lifetime(&granted[0])), (&json!("write"), 300));
    assert_eq!((&granted[1]["scope"], lifetime(&granted[1])), (&json!("read"), 3600));
    let (mut watched, decision) = of("A wider rule");
    let (token, event) = watched.ask(&decision["right"][0]);
    assert_eq!(token.expect("granted")["assertion_rule"], "web");
    assert_eq!(event["audit"][0]["rule"], "wider", "{event}");
    let (token, event) = watched.ask(&decision["wrong"][0]);
    assert_eq!((token, &event["outcome"]), (None, &json!("no-rule-fits")));
    assert_eq!(event["audit"][0]["rule"], "wider", "{event}");
}

/// The table of the page is this one.
#[test]
fn the_page_has_the_table() {
    let mut table =
        "| | decision | ours | Vault | octo-sts | Kubernetes |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (index, decision) in decisions().iter().enumerate() {
        let what = decision["what"].as_str().expect("text").replace('|', "\\|");
        table.push_str(&format!("| {} | {what} |", index + 1));
        for peer in ["ours", "vault", "octo_sts", "kubernetes"] {
            let (says, note) = (decision[peer]["says"].as_str(), decision[peer]["note"].as_str());
            let word = match says {
                Some("yes") => "yes",
                Some("care") => "with care",
                Some("no") => "**no**",
                other => panic!("{what}, {peer}: {other:?}"),
            };
            let note = note.map(|note| format!(": {note}")).unwrap_or_default();
            table.push_str(&format!(" {word}{note} |"));
        }
        table.push('\n');
    }
    if !PAGE.contains(&table) {
        panic!("docs/decisions/0012-rules-held-against-others.md must have this table:\n{table}");
    }
}
