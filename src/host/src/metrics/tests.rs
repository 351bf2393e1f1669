use std::collections::BTreeSet;

use prometheus_client::encoding::text::encode;

use super::*;

fn shown(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, &metrics.registry).expect("text");
    text
}

fn has(metrics: &Metrics, line: &str) -> bool {
    shown(metrics).lines().any(|shown| shown == line)
}

/// R75, R82: a decision is counted under what it came to, and a rule that is only watched under an outcome of its own.
#[test]
fn a_decision_is_counted() {
    let metrics = Metrics::new();
    metrics.note(
        r#"{"event":"exchange","organization":"acme","grant_type":"jwt","client_id":"app","trusted_issuer":"ci",
            "rule":"deploy","audit":[{"rule":"strict","outcome":"no-rule-fits","status":400}],"outcome":"granted",
            "status":200,"microseconds":300}"#,
    );
    let of = r#"organization="acme",trusted_issuer="ci",rule="strict",outcome="no-rule-fits""#;
    assert!(has(&metrics, &format!("asserta_audited_total{{{of}}} 1")), "{}", shown(&metrics));
    let of = r#"organization="acme",grant_type="jwt",trusted_issuer="ci",rule="deploy",outcome="granted""#;
    assert!(has(&metrics, &format!("asserta_exchanges_total{{{of}}} 1")), "{}", shown(&metrics));
    assert!(has(&metrics, r#"asserta_exchange_duration_seconds_bucket{le="0.0005"} 1"#));
    // No client is a label: there may be as many as there are users.
    assert!(!shown(&metrics).contains("app"));
}

/// R110, R111: what was asked about tokens, by what it came to.
#[test]
fn r110_r111_a_question_is_counted() {
    let metrics = Metrics::new();
    metrics.note(
        r#"{"event":"introspection","organization":"acme","client_id":"app","outcome":"inactive","status":200,
            "cause":"revoked","jti_sha256":"x","microseconds":9}"#,
    );
    metrics
        .note(r#"{"event":"revocation","organization":"made-up","outcome":"wrong-media-type","status":400}"#);
    for (organization, endpoint, outcome) in
        [("acme", "introspection", "inactive"), ("", "revocation", "wrong-media-type")]
    {
        let of = format!(r#"organization="{organization}",endpoint="{endpoint}",outcome="{outcome}""#);
        assert!(has(&metrics, &format!("asserta_token_requests_total{{{of}}} 1")), "{}", shown(&metrics));
    }
}

/// Strangers choose the path; what they choose is no label.
#[test]
fn an_unknown_organization_has_no_name() {
    let metrics = Metrics::new();
    // Before the organization is looked for a request can be refused for its form.
    for name in ["one", "two"] {
        let event = format!(
            r#"{{"event":"exchange","organization":"{name}","outcome":"wrong-media-type","status":400,"microseconds":9}}"#
        );
        metrics.note(&event);
    }
    let of = r#"organization="",grant_type="",trusted_issuer="",rule="",outcome="wrong-media-type""#;
    assert!(has(&metrics, &format!("asserta_exchanges_total{{{of}}} 2")), "{}", shown(&metrics));
}

#[test]
fn what_is_no_event_counts_nothing() {
    let (metrics, fresh) = (Metrics::new(), Metrics::new());
    for event in
        ["", "[]", "{}", r#"{"event":7}"#, r#"{"event":"exchange","microseconds":-1}"#, r#"{"event":"new"}"#]
    {
        metrics.note(event);
    }
    assert_eq!(shown(&metrics), shown(&fresh));
}

/// Names by the thousand are counted as one from some number on.
#[test]
fn series_are_bounded() {
    let metrics = Metrics::new();
    for number in 0..MAX_SERIES + 5 {
        metrics.store_failure("default", &number.to_string());
    }
    assert!(has(&metrics, r#"asserta_store_failures_total{store="",operation=""} 5"#));
    assert!(has(&metrics, r#"asserta_store_failures_total{store="default",operation="7"} 1"#));
}

/// docs/metrics.md names each metric, and no other.
#[test]
fn the_page_names_them() {
    let metrics = Metrics::new();
    metrics.note(r#"{"event":"exchange","outcome":"granted","audit":[{"rule":"a","outcome":"granted"}]}"#);
    metrics.note(r#"{"event":"keys-failed","organization":"acme","client_id":"app","cause":"it is away"}"#);
    metrics.note(r#"{"event":"revocation","outcome":"revoked"}"#);
    metrics.store_failure("replay", "increment");
    metrics.response(200);
    let shown = shown(&metrics);
    let types = shown.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let served: BTreeSet<String> = types
        .map(|(name, kind)| match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
        .collect();
    let page = include_str!("../../../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let named: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(served, named);
}
