//! The whole grant on claims that a trusted issuer really signed, against the rule book written a second time over
//! serde_json's values (R40 to R46, R49). The first byte of the input chooses the policy.
#![no_main]

use std::sync::LazyLock;

use asserta_core::application::{Application, ApplicationMetadata};
use asserta_core::grants::jwt_bearer::{Facts, decide, expectations, time_left};
use asserta_core::jose::{Portable, SigningAlgorithm, SigningKey, VerificationKey, base64url};
use asserta_core::json;
use asserta_core::jwt::{Keys, UnverifiedJwt, Verification};
use asserta_core::keys::KeySource;
use asserta_core::organization::{OrganizationId, OrganizationUrls};
use asserta_core::trust::policy::{Asker, Claimed, Terms, admit, explain_judgement};
use asserta_core::trust::{AudienceMode, Issuer, TrustedIssuer};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const ALIAS: &str = "https://known-as.example";

struct Setting {
    key: SigningKey,
    organization: OrganizationId,
    urls: OrganizationUrls,
    application: Application,
    issuers: Vec<Issuer>,
}

// The facts of a decision are shared by reference counting within one thread; libFuzzer has only one.
struct OneThread(Setting);
// SAFETY: libFuzzer calls a target from one thread.
unsafe impl Sync for OneThread {}
// SAFETY: as above.
unsafe impl Send for OneThread {}

static SETTING: LazyLock<OneThread> = LazyLock::new(|| {
    let key = SigningKey::generate(SigningAlgorithm::EdDsa, &[7; 32]);
    let jwk: Value =
        serde_json::from_str(&json::Value::Object(key.public_key().jwk_members()).to_text()).expect("JSON");
    let policies = [
        json!({}),
        json!({ "alias": ALIAS, "audience_mode": "exactly-one", "require_jti": true, "clock_skew": 0 }),
        json!({ "subjects": ["prod", "user-*"], "max_lifetime": 60, "typ": "JWT" }),
        json!({ "claims": [{ "claim": "hd", "equals": "example.com" }, { "claim": "level", "one_of": [1, 2.5, true] }] }),
        json!({ "claims": [{ "claim": "groups", "contains": 18_446_744_073_709_551_615_u64 },
                           { "claim": "x", "present": false }] }),
    ];
    let issuers = policies.map(|mut policy| {
        policy["name"] = "partner".into();
        policy["issuer"] = "https://partner.example".into();
        policy["jwks"] = json!({ "keys": [jwk] });
        let document: TrustedIssuer = serde_json::from_value(policy).expect("a trusted issuer");
        Issuer::parse(document, false).expect("a good one")
    });
    let metadata: ApplicationMetadata = serde_json::from_value(json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "scope": "read write",
    }))
    .expect("an application");
    OneThread(Setting {
        key,
        organization: OrganizationId::default_organization(),
        urls: OrganizationUrls::new("https://as.example", &OrganizationId::default_organization()),
        application: Application::parse("app".into(), None, 0, metadata, false).expect("a good one"),
        issuers: issuers.into(),
    })
});

asserta_fuzz::target!(|input| {
    let setting = &LazyLock::force(&SETTING).0;
    let Some((policy, payload)) = input.split_first() else { return };
    let issuer = &setting.issuers[usize::from(*policy) % setting.issuers.len()];
    let signed =
        format!("{}.{}", base64url::encode(br#"{"alg":"EdDSA","typ":"JWT"}"#), base64url::encode(payload));
    let token = format!("{signed}.{}", base64url::encode(&setting.key.sign(signed.as_bytes(), &[0; 32])));
    let Ok(jwt) = UnverifiedJwt::parse(&token) else { return };
    let KeySource::Inline(keys) = issuer.keys() else { panic!("the policies above hold keys") };
    let keys: &[VerificationKey] = keys;
    let asker = Asker::Application(&setting.application);
    let terms = Terms { urls: &setting.urls, asker, issuer, scope: None, resources: &[] };
    let keys = Keys { keys, have_kid: true };
    let verify =
        |findings| Verification::new(&jwt, expectations(&terms), NOW, findings).verify(keys, &Portable);

    let decide = |assertion| {
        let terms = admit(terms).expect("a good issuer");
        let time_left = time_left(issuer.document(), &assertion, NOW);
        decide(&Facts { organization: &setting.organization, terms, assertion, time_left }).granted
    };
    let decision = match verify(false) {
        Ok(assertion) => decide(assertion).map_err(|reason| format!("{reason}")),
        Err(problem) => Err(format!("{problem:?}")),
    };
    let claims: Value = serde_json::from_slice(payload).expect("R30: JSON to others too");
    let allowed = rule_book(&claims, issuer.document());
    assert_eq!(decision.is_ok(), allowed.is_ok(), "{:?} {allowed:?}", decision.err());
    match verify(true) {
        Ok(assertion) => {
            let findings = explain_judgement(terms, assertion.claims(), &Claimed::NOTHING);
            assert_eq!(decide(assertion).is_ok(), decision.is_ok(), "explain grants otherwise");
            assert_eq!(
                findings.iter().all(|finding| finding.verdict.is_ok()),
                decision.is_ok(),
                "explain differs"
            );
        }
        Err(_) => assert!(decision.is_err(), "explain verifies otherwise"),
    }
    if let Ok(grant) = decision {
        assert_eq!(Some(grant.subject()), claims["sub"].as_str(), "R62");
        let until = grant.mark().expect("once is the default").until;
        let expires = claims["exp"].as_f64().expect("R43") + f64::from(issuer.document().clock_skew);
        assert!(until as f64 >= expires, "R45: forgotten while it is valid");
    }
});

fn rule_book(claims: &Value, issuer: &TrustedIssuer) -> Result<(), &'static str> {
    let (now, skew, most) = (NOW as f64, f64::from(issuer.clock_skew), f64::from(issuer.max_lifetime));
    let ensure = |holds: bool, rule| if holds { Ok(()) } else { Err(rule) };
    let subject = claims["sub"].as_str().ok_or("R41")?;
    ensure((1..=1024).contains(&subject.len()), "R41")?;
    if let Some(subjects) = &issuer.subjects {
        // The patterns above have one star at their end: one or more characters of a segment.
        let in_segment = |rest: &str| !rest.is_empty() && !rest.contains(['/', ':', '@', '|']);
        let allowed = |entry: &String| match entry.strip_suffix('*') {
            Some(beginning) => subject.strip_prefix(beginning).is_some_and(in_segment),
            None => subject == entry,
        };
        ensure(subjects.iter().any(allowed), "R41")?;
    }
    let audience = match &claims["aud"] {
        Value::Array(elements) => elements.clone(),
        other => vec![other.clone()],
    };
    ensure(audience.iter().all(Value::is_string), "R42")?;
    ensure(issuer.audience_mode == AudienceMode::Any || audience.len() == 1, "R42")?;
    let ours = ["https://as.example", "https://as.example/oauth2/token"];
    let named = |name: &str| audience.iter().any(|element| element == name);
    ensure(ours.into_iter().any(named) || issuer.alias.as_deref().is_some_and(named), "R42")?;
    let expires = claims["exp"].as_f64().ok_or("R43")?;
    ensure(expires > now - skew && expires <= now + most + skew, "R43")?;
    if let Some(not_before) = claims.get("nbf") {
        ensure(not_before.as_f64().ok_or("R44")? <= now + skew, "R44")?;
    }
    if let Some(issued) = claims.get("iat") {
        let issued = issued.as_f64().ok_or("R44")?;
        ensure(issued <= now + skew && issued >= now - most - skew && issued <= expires, "R44")?;
    }
    match claims.get("jti") {
        None => ensure(!issuer.require_jti, "R46")?,
        Some(id) => ensure((1..=256).contains(&id.as_str().ok_or("R46")?.len()), "R46")?,
    }
    ensure(claims.get("cnf").is_none(), "R36")?;
    for condition in &issuer.claims {
        let claim = claims.get(&condition.claim);
        let elements = claim.and_then(Value::as_array);
        let contains = |value: &json::Value| {
            elements.is_some_and(|elements| elements.iter().any(|element| same(element, value)))
        };
        // Of an array one element is enough (R83).
        let equals = |value: &json::Value| claim.is_some_and(|claim| same(claim, value)) || contains(value);
        ensure(condition.equals.as_ref().is_none_or(equals), "R49")?;
        let one_of = |values: &Vec<json::Value>| values.iter().any(equals);
        ensure(condition.one_of.as_ref().is_none_or(one_of), "R49")?;
        ensure(condition.contains.as_ref().is_none_or(contains), "R49")?;
        let is_there = claim.is_some_and(|claim| !claim.is_null());
        ensure(condition.present.is_none_or(|present| present == is_there), "R49")?;
    }
    Ok(())
}

/// `1` and `1.0` are the same number, and integers beyond 64 bits are equal to nothing; else a value is itself alone.
fn same(claim: &Value, value: &json::Value) -> bool {
    let value: Value = serde_json::from_str(&value.to_text()).expect("core writes JSON");
    match (claim, &value) {
        (Value::Number(one), Value::Number(other)) => match (whole(one), whole(other)) {
            (Whole::Is(one), Whole::Is(other)) => one == other,
            (Whole::Fraction(one), Whole::Fraction(other)) => one == other,
            _ => false,
        },
        _ => *claim == value,
    }
}

enum Whole {
    Is(i128),
    Fraction(f64),
    BeyondSixtyFourBits,
}

fn whole(number: &serde_json::Number) -> Whole {
    if let Some(value) = number.as_i64() {
        return Whole::Is(value.into());
    }
    if let Some(value) = number.as_u64() {
        return Whole::Is(value.into());
    }
    match number.as_f64().expect("a number") {
        value if value.fract() != 0.0 => Whole::Fraction(value),
        value if value > -(2f64.powi(63)) && value < 2f64.powi(64) => Whole::Is(value as i128),
        _ => Whole::BeyondSixtyFourBits,
    }
}
