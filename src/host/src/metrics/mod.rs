//! What happens, counted, for whoever watches several nodes at once (R75, R82): the events of the component, and how
//! requests end on this side. [`server`] shows it in OpenMetrics' text form.
//!
//! The names of organizations, trusted issuers and rules are labels: those that are registered, never what a stranger
//! sends. No client and no subject is one.

mod event;
pub(crate) mod server;

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use self::event::Event;

/// How many combinations of labels a counter tells apart. Further ones are counted as one, with empty labels: who
/// registers names by the thousand must not fill our memory.
const MAX_SERIES: usize = 10_000;

/// The upper bounds of the times of an exchange, in seconds.
const BOUNDS: [f64; 11] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExchangeLabels {
    organization: String,
    grant_type: String,
    trusted_issuer: String,
    rule: String,
    outcome: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AuditLabels {
    organization: String,
    trusted_issuer: String,
    rule: String,
    outcome: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    organization: String,
    endpoint: String,
    outcome: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FetchLabels {
    organization: String,
    trusted_issuer: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreLabels {
    store: String,
    operation: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    exchanges: Counted<ExchangeLabels>,
    exchange_seconds: Histogram,
    audits: Counted<AuditLabels>,
    token_requests: Counted<TokenLabels>,
    key_fetches: Counted<FetchLabels>,
    unreadable_records: Counter,
    swept: Counter,
    store_failures: Counted<StoreLabels>,
    responses: Counted<StatusLabels>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("asserta");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "This program", version);
        let exchange_seconds = Histogram::new(BOUNDS);
        registry.register_with_unit(
            "exchange_duration",
            "From a token request to its response, inside the component",
            Unit::Seconds,
            exchange_seconds.clone(),
        );
        let unreadable_records = Counter::default();
        registry.register(
            "unreadable_records",
            "Records of the store that can't be read",
            unreadable_records.clone(),
        );
        let swept = Counter::default();
        registry.register("swept_marks", "Used assertions that were deleted, expired", swept.clone());
        Self {
            exchanges: Counted::new(
                &mut registry,
                "exchanges",
                "Decisions on token requests: granted, or the reason of the refusal",
            ),
            audits: Counted::new(
                &mut registry,
                "audited",
                "What rules that are only watched would have come to",
            ),
            token_requests: Counted::new(
                &mut registry,
                "token_requests",
                "What was asked about tokens, and which were taken back",
            ),
            key_fetches: Counted::new(
                &mut registry,
                "key_fetches",
                "Fetches of keys, of issuers and clients",
            ),
            store_failures: Counted::new(&mut registry, "store_failures", "Calls of the store that failed"),
            responses: Counted::new(&mut registry, "responses", "HTTP responses, by status"),
            exchange_seconds,
            unreadable_records,
            swept,
            registry,
        }
    }

    /// Counts an event of the component.
    pub(crate) fn note(&self, event: &str) {
        // What is none is counted nowhere; the log has the line.
        let Ok(event) = serde_json::from_str::<Event<'_>>(event) else { return };
        match &*event.event {
            "exchange" => self.exchange(&event),
            "introspection" | "revocation" => self.token_request(&event),
            "keys-fetched" => self.fetch(&event, "fetched"),
            "keys-failed" => self.fetch(&event, "failed"),
            "record-unreadable" => _ = self.unreadable_records.inc(),
            "swept" => _ = self.swept.inc_by(event.deleted),
            _ => {}
        }
    }

    /// Counts a call of the store that failed.
    pub(crate) fn store_failure(&self, store: &str, operation: &str) {
        let labels = StoreLabels { store: store.to_owned(), operation: operation.to_owned() };
        self.store_failures.count(labels);
    }

    /// Counts a response.
    pub(crate) fn response(&self, status: u16) {
        self.responses.count(StatusLabels { status });
    }

    fn exchange(&self, event: &Event<'_>) {
        let organization = organization(event);
        for audited in &event.audit {
            self.audits.count(AuditLabels {
                organization: organization.clone(),
                trusted_issuer: text(event.trusted_issuer.as_ref()),
                rule: audited.rule.to_string(),
                outcome: audited.outcome.to_string(),
            });
        }
        self.exchanges.count(ExchangeLabels {
            organization,
            grant_type: text(event.grant_type.as_ref()),
            trusted_issuer: text(event.trusted_issuer.as_ref()),
            rule: text(event.rule.as_ref()),
            outcome: event.outcome.to_string(),
        });
        // Integers of that size are exact.
        self.exchange_seconds.observe(event.microseconds as f64 / 1e6);
    }

    fn token_request(&self, event: &Event<'_>) {
        self.token_requests.count(TokenLabels {
            organization: organization(event),
            endpoint: event.event.to_string(),
            outcome: event.outcome.to_string(),
        });
    }

    fn fetch(&self, event: &Event<'_>, outcome: &'static str) {
        self.key_fetches.count(FetchLabels {
            organization: text(event.organization.as_ref()),
            trusted_issuer: text(event.trusted_issuer.as_ref()),
            outcome,
        });
    }
}

/// The path says whose a request is, and strangers choose it. That it is registered shows in what was found there.
fn organization(event: &Event<'_>) -> String {
    let is_known = event.client_id.is_some() || event.trusted_issuer.is_some();
    if is_known { text(event.organization.as_ref()) } else { String::new() }
}

fn text(name: Option<&Cow<'_, str>>) -> String {
    name.map_or_else(String::new, ToString::to_string)
}

/// Counters, one for each combination of labels, up to [`MAX_SERIES`].
struct Counted<L> {
    family: Family<L, Counter>,
    known: Mutex<HashSet<L>>,
}

impl<L> Counted<L>
where
    L: Clone + Default + Eq + Hash + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static,
{
    fn new(registry: &mut Registry, name: &str, help: &str) -> Self {
        let family = Family::default();
        registry.register(name, help, family.clone());
        Self { family, known: Mutex::default() }
    }

    fn count(&self, labels: L) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = known.contains(&labels) || known.len() < MAX_SERIES && known.insert(labels.clone());
        drop(known);
        let labels = if is_told { labels } else { L::default() };
        self.family.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
mod tests;
