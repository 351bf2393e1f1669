//! How long the issuer's keys are good, and when they are looked for (R51, R52).

use super::*;

/// R51: fresh for ten minutes, stale for a day, then refused with 503 and never as a bad token.
#[test]
fn r51_life_of_the_keys() {
    let mut guard = Guard::new(settings(""));
    let good = token(&format!(r#"{{"exp":{}}}"#, NOW + 1_000_000));
    let needed = |outcome: Outcome| matches!(outcome, Outcome::KeysNeeded(uri) if uri == JWKS);
    assert!(needed(bearer(&mut guard, &good, NOW)));
    guard.supply_keys(None, None, NOW);
    let challenge = refused(bearer(&mut guard, &good, NOW + 10));
    assert_eq!((challenge.answer.status, challenge.reason), (503, Reason::KeysUnavailable));
    assert!(challenge.answer.headers.contains(&("retry-after", "20".to_string())));
    assert!(www_authenticate(&challenge).is_empty());

    let start = NOW + 30;
    assert!(needed(bearer(&mut guard, &good, start)));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, start);
    assert!(passes(&bearer(&mut guard, &good, start)));
    assert_eq!(guard.refresh_due(start + 599), None);
    assert_eq!(guard.refresh_due(start + 600), Some(JWKS));
    // Stale, and the endpoint is gone: what there is is used.
    guard.supply_keys(None, None, start + 600);
    assert!(passes(&bearer(&mut guard, &good, start + 700)));
    assert_eq!(guard.refresh_due(start + 629), None);
    assert!(passes(&bearer(&mut guard, &good, start + 600 + 86_399)));
    let late = start + 600 + 86_400;
    guard.supply_keys(None, None, late);
    assert_eq!(refused(bearer(&mut guard, &good, late + 1)).answer.status, 503);
}

/// R51: `max-age` counts between a minute and a day.
#[test]
fn r51_max_age() {
    for (max_age, fresh) in [(0, 60), (300, 300), (1_000_000, 86_400)] {
        let mut guard = Guard::new(settings(""));
        guard.supply_keys(Some(set(&[ours()]).as_bytes()), Some(max_age), NOW);
        assert_eq!(guard.refresh_due(NOW + fresh - 1), None);
        assert_eq!(guard.refresh_due(NOW + fresh), Some(JWKS));
    }
}

/// R52: a key that is not known is looked for once in 30 seconds, whatever strangers send.
#[test]
fn r52_new_keys() {
    let new = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    let signed_by_new = sign(&header(&new), &claims("{}"), &new);
    let mut guard = Guard::new(settings(""));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    assert_eq!(refused(bearer(&mut guard, &signed_by_new, NOW + 29)).reason.name(), "key-unknown");
    assert!(matches!(bearer(&mut guard, &signed_by_new, NOW + 30), Outcome::KeysNeeded(_)));
    // What is no set, or has no key to use, leaves the last good one.
    let mut now = NOW + 30;
    for unusable in ["", "<html>", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
        guard.supply_keys(Some(unusable.as_bytes()), None, now);
        assert!(passes(&bearer(&mut guard, &token("{}"), now + 1)), "{unusable}");
        assert_eq!(refused(bearer(&mut guard, &signed_by_new, now + 29)).reason.name(), "key-unknown");
        now += 30;
        assert!(matches!(bearer(&mut guard, &signed_by_new, now), Outcome::KeysNeeded(_)));
    }
    guard.supply_keys(Some(set(&[&new]).as_bytes()), None, now);
    assert!(passes(&bearer(&mut guard, &signed_by_new, now)));
    // The old one is gone at once, remembered or not.
    assert!(!passes(&bearer(&mut guard, &token("{}"), now)));
}

/// R52: requests at the same moment share one fetch. Where each has made its own, the first document counts: one that comes
/// after it may be older, and must not bring back a key that was withdrawn.
#[test]
fn r52_fetches_at_once() {
    let new = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    let (by_old, by_new) = (token("{}"), sign(&header(&new), &claims("{}"), &new));
    let needed = |outcome: Outcome| matches!(outcome, Outcome::KeysNeeded(uri) if uri == JWKS);
    let (old_set, new_set) = (set(&[ours()]), set(&[&new]));
    let mut guard = Guard::new(settings(""));
    // Both wait, and neither is told 503.
    assert!(needed(bearer(&mut guard, &by_old, NOW)) && needed(bearer(&mut guard, &by_new, NOW + 1)));
    guard.supply_keys(Some(new_set.as_bytes()), None, NOW + 2);
    guard.supply_keys(Some(old_set.as_bytes()), Some(86_400), NOW + 4);
    assert!(passes(&bearer(&mut guard, &by_new, NOW + 4)));
    assert_eq!(refused(bearer(&mut guard, &by_old, NOW + 4)).reason.name(), "key-unknown");
    assert_eq!(guard.refresh_due(NOW + 602), Some(JWKS), "as long as the newer one says");
    // Where one brings nothing, another may.
    let mut guard = Guard::new(settings(""));
    assert!(needed(bearer(&mut guard, &by_new, NOW)) && needed(bearer(&mut guard, &by_new, NOW)));
    guard.supply_keys(None, None, NOW + 1);
    assert_eq!(refused(bearer(&mut guard, &by_new, NOW + 1)).answer.status, 503);
    guard.supply_keys(Some(new_set.as_bytes()), None, NOW + 2);
    assert!(passes(&bearer(&mut guard, &by_new, NOW + 2)));
}

/// R52: stale keys are refreshed by one of those that pass, however long that takes it; where it never comes back, by another
/// one half a minute later.
#[test]
fn r52_one_refresh() {
    let mut guard = Guard::new(settings(""));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    let stale = NOW + 600;
    assert_eq!(guard.refresh_due(stale), Some(JWKS));
    for second in 0..30 {
        assert!(passes(&bearer(&mut guard, &token("{}"), stale + second)));
        assert_eq!(guard.refresh_due(stale + second), None);
    }
    assert_eq!(guard.refresh_due(stale + 30), Some(JWKS));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, stale + 34);
    assert_eq!(guard.refresh_due(stale + 600), None);
}

/// The tokens of others cause no fetch.
#[test]
fn r52_strangers_cause_no_fetch() {
    let mut guard = Guard::new(settings(""));
    let foreign = token(r#"{"iss":"https://idp.example"}"#);
    assert_eq!(refused(bearer(&mut guard, &foreign, NOW)).reason.name(), "issuer-not-ours");
    let typed = sign(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, ours().kid()), &claims("{}"), ours());
    assert_eq!(refused(bearer(&mut guard, &typed, NOW)).reason.name(), "type-not-allowed");
}
