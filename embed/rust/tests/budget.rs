//! What one exchange costs at most, and what happens to a store when it may not cost as much.

mod partner;

use asserta_exchanger::documents::NewApplication;
use asserta_exchanger::{Area, Error, ExchangeRequest, MemoryStore, Options, Store as _};

use partner::{PUBLIC_URL, Partner, exchanger};

/// What docs/embedding.md promises where JWTs name their key, whatever the algorithm (ES384 takes the most).
const FUEL: u64 = 500_000_000;
const MEMORY: usize = 16 << 20;

fn request<'a>(app: &'a NewApplication, assertion: &'a str) -> ExchangeRequest<'a> {
    ExchangeRequest::new(assertion, &app.application.client_id, &app.client_secret)
}

fn within_budget() -> Options {
    Options::new(PUBLIC_URL).fuel(FUEL).memory(MEMORY)
}

#[test]
fn an_exchange_stays_within_the_budget() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), within_budget());
    for number in 0..3 {
        let assertion = partner.assertion(&number.to_string());
        let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
        exchanger.exchange(&request).expect("R60");
    }
}

/// R15, R30: whatever a stranger sends is refused, never a trap.
#[test]
fn hostile_assertions_stay_within_the_budget() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), within_budget());
    let encode =
        |text: &str| jwt_simple::reexports::ct_codecs::Base64UrlSafeNoPadding::encode_to_string(text);
    use jwt_simple::reexports::ct_codecs::Encoder as _;
    let token = |claims: &str| {
        format!("{}.{}.AAAA", encode(r#"{"alg":"ES256"}"#).expect("text"), encode(claims).expect("text"))
    };
    let hostile = [
        token(&"[".repeat(11_000)),
        token(&format!("{}{}", r#"{"a":"#.repeat(2_000), "}".repeat(2_000))),
        token(&format!(r#"{{"exp":{}}}"#, "9".repeat(11_000))),
        token(&format!(r#"{{"exp":1e{}}}"#, "9".repeat(11_000))),
        token(&format!("{{{}}}", (0..1_500).map(|i| format!(r#""{i}":1"#)).collect::<Vec<_>>().join(","))),
        token(&format!(r#"{{"iss":"{}"}}"#, "\\u0041".repeat(1_900))),
        ".".repeat(16 * 1024),
        "A".repeat(16 * 1024),
        "A".repeat(1024 * 1024),
        "\u{0}".repeat(16 * 1024),
        "\u{1F512}".repeat(4 * 1024),
    ];
    for assertion in &hostile {
        let request = ExchangeRequest::new(assertion, &app.application.client_id, &app.client_secret);
        match exchanger.exchange(&request) {
            Err(Error::Refused(refusal)) => {
                let expected = ["assertion-malformed", "assertion-too-large", "issuer-unknown"];
                assert!(expected.contains(&refusal.reason.as_str()), "{refusal:?}");
            }
            other => panic!("{other:?}: {}", &assertion[..40]),
        }
    }
}

/// A trap at any point of an exchange leaves the store consistent; the next call on a fresh instance works.
#[test]
fn a_trap_hurts_nobody_else() {
    let partner = Partner::new();
    let mut store = MemoryStore::default();
    let (mut generous, app) = exchanger(&partner, store.clone(), within_budget());
    let first = partner.assertion("first");
    generous.exchange(&request(&app, &first)).expect("R60");
    let registry = |store: &mut MemoryStore| -> Vec<(String, Option<String>)> {
        let keys = store.keys(Area::Registry, "", None, usize::MAX).expect("memory");
        keys.into_iter().map(|key| (key.clone(), store.get(Area::Registry, &key).expect("memory"))).collect()
    };
    let before = registry(&mut store);

    let (mut traps, mut granted) = (0, 0);
    // From too little to start with up to enough: it runs dry at points all over the exchange.
    for step in 1..=12_u64 {
        let assertion = partner.assertion(&format!("trap-{step}"));
        let options = Options::new(PUBLIC_URL).fuel(step * FUEL / 12).memory(MEMORY);
        let mut scarce = asserta_exchanger::Exchanger::new(store.clone(), options).expect("it starts");
        match scarce.exchange(&request(&app, &assertion)) {
            Ok(_) => granted += 1,
            Err(Error::Trapped(_)) => {
                traps += 1;
                assert_eq!(registry(&mut store), before, "an exchange changes no registration");
                // Used up or not, it is never issued twice.
                let again = [
                    generous.exchange(&request(&app, &assertion)),
                    generous.exchange(&request(&app, &assertion)),
                ];
                assert!(again.iter().filter(|outcome| outcome.is_ok()).count() <= 1);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(traps > 0 && granted > 0, "{traps} traps, {granted} granted");
    let last = partner.assertion("last");
    generous.exchange(&request(&app, &last)).expect("R71: everything still works");
}

#[test]
fn an_exchanger_recovers_from_its_own_trap() {
    let partner = Partner::new();
    let store = MemoryStore::default();
    let (_, app) = exchanger(&partner, store.clone(), within_budget());
    let mut scarce = asserta_exchanger::Exchanger::new(store, Options::new(PUBLIC_URL).fuel(FUEL / 100))
        .expect("it starts");
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
    assert!(matches!(scarce.exchange(&request), Err(Error::Trapped(_))));
    assert!(scarce.urls("default").is_ok(), "the next call runs on a fresh instance");
}
