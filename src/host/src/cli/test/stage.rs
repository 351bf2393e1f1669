//! Where a case is run: the endpoint component itself, on a store of its own in memory and with the time of the case. It
//! holds no address that keys could be fetched from, so that nothing leaves this machine.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asserta::clock::WallClock;
use asserta::keyvalue::MemoryStores;
use asserta::{Host, Program, Secret, Settings};
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::Value;
use tokio::runtime::Runtime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use ureq::Agent;

use super::cases::{Outcome, scope};
use super::trust::Ready;
use crate::cli::admin::{AdminClient, encoded};
use crate::cli::app::JWT_BEARER;
use crate::cli::data::random_text;
use crate::cli::failure::Failure;
use crate::cli::server_url::ServerUrl;

/// What all cases share.
pub(super) struct Theatre {
    runtime: Runtime,
    program: Program,
    settings: Settings,
    admin_token: String,
    log: Log,
}

/// A component with a store of its own.
pub(super) struct Stage<'a> {
    theatre: &'a Theatre,
    host: Host,
    pub(super) client: AdminClient,
}

/// What the component decided.
pub(super) struct Decided {
    pub(super) outcome: Outcome,
    pub(super) rule: Option<String>,
    /// The sentence that a client is told of a refusal.
    pub(super) sentence: Option<String>,
}

impl Theatre {
    /// Once in a process: the log of the component comes here.
    pub(super) fn new(program: Program, public_url: String, dev: bool) -> Result<Self, Failure> {
        let log = Log::default();
        let endpoint = Targets::new().with_target("endpoint", tracing::Level::INFO);
        tracing_subscriber::registry().with(log.clone().with_filter(endpoint)).init();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let admin_token = random_text()?;
        let settings = Settings {
            public_url: Some(public_url),
            admin_token: Some(Secret::new(admin_token.clone())),
            dev,
            // Nobody asks what was decided.
            activity: Some(false),
            ..Settings::default()
        };
        Ok(Self { runtime, program, settings, admin_token, log })
    }

    /// A stage at that time: seconds since 1970.
    pub(super) fn stage(&self, at: u64) -> Result<Stage<'_>, Failure> {
        let stores = Arc::new(MemoryStores::new());
        let host = Host::builder(self.program.clone(), stores)
            .settings(self.settings.clone())
            .clock(At(Duration::from_secs(at)));
        let host = self.runtime.block_on(host.start())?;
        let client = AdminClient::new(ServerUrl::of_this_process(host.url()), &self.admin_token)?;
        Ok(Stage { theatre: self, host, client })
    }
}

impl Stage<'_> {
    /// Exchanges the assertion, as the application does.
    pub(super) fn exchange(
        &self,
        ready: &Ready,
        asked: Option<&str>,
        secret: &str,
    ) -> Result<Decided, Failure> {
        let url = match ready.organization.as_str() {
            "default" => format!("{}/oauth2/token", self.host.url()),
            name => format!("{}/t/{}/oauth2/token", self.host.url(), encoded(name)),
        };
        let mut form = format!("grant_type={}&assertion={}", encoded(JWT_BEARER), encoded(&ready.assertion));
        if let Some(asked) = asked {
            form.push_str(&format!("&scope={}", encoded(asked)));
        }
        // RFC 6749 section 2.3.1: both are form-encoded first.
        let credentials = Base64::encode_to_string(format!("{}:{}", encoded(&ready.client), encoded(secret)));
        let credentials = credentials.map_err(|error| Failure::invalid("client", error))?;
        let unreachable =
            |source: ureq::Error| Failure::Unreachable { url: url.clone(), source: Box::new(source) };
        self.theatre.log.clear();
        let config = Agent::config_builder().http_status_as_error(false).proxy(None);
        let agent: Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
        let sent = agent
            .post(&url)
            .header("Authorization", format!("Basic {credentials}"))
            .content_type("application/x-www-form-urlencoded")
            .send(form);
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body: Value = response.body_mut().read_json().map_err(unreachable)?;
        let text = |from: &Value, member: &str| from.get(member).and_then(Value::as_str).map(str::to_owned);
        let event = self.theatre.log.decision().ok_or_else(|| {
            Failure::invalid("the decision", "can't be read: its line in the log is too long, or missing")
        })?;
        let outcome = match text(&event, "outcome").unwrap_or_default() {
            granted if granted == "granted" && status == 200 => {
                // RFC 6749 section 5.1: left out where it is what was asked for.
                let granted = text(&body, "scope").or_else(|| asked.map(str::to_owned));
                Outcome::Granted(Some(scope(&granted.unwrap_or_default())))
            }
            reason => Outcome::Refused(reason),
        };
        Ok(Decided { outcome, rule: text(&event, "rule"), sentence: text(&body, "error_description") })
    }

    /// The checks of an exchange, each with what it saw.
    pub(super) fn explain(&self, ready: &Ready) -> Result<Vec<Value>, Failure> {
        let path = format!("/admin/organizations/{}/explain", encoded(&ready.organization));
        let question = serde_json::json!({"assertion": ready.assertion, "client_id": ready.client});
        match self.client.post(&path, &question) {
            Ok(mut explanation) => match explanation.get_mut("checks").map(Value::take) {
                Some(Value::Array(checks)) => Ok(checks),
                _ => Err(self.client.strange(200)),
            },
            // The application is not registered: then there is nothing to explain.
            Err(Failure::Refused { field: Some(field), .. }) if field == "client_id" => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn close(self) {
        drop(self.client);
        self.theatre.runtime.block_on(self.host.stop());
    }
}

/// A clock that stands still.
struct At(Duration);

impl WallClock for At {
    fn now(&self) -> Duration {
        self.0
    }
}

/// What the component tells (R75): decisions with their reasons, which no response has.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The decision on the last request for a token.
    fn decision(&self) -> Option<Value> {
        self.last("exchange")
    }

    fn last(&self, name: &str) -> Option<Value> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = lines.iter().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.find(|event| event.get("event").and_then(Value::as_str) == Some(name))
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Message(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)));
    }
}

struct Message<'a>(&'a mut Vec<String>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.push(format!("{value:?}"));
        }
    }
}
