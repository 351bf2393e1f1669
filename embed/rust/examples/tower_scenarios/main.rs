//! Carries out on the `tower` service of this crate what the scenario runner asks for, in lines of JSON
//! (host-tests/README.md).

use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use asserta_exchanger::http::{FetchProblem, HttpEndpoint};
use asserta_exchanger::{KeyDocument, MemoryStore, Options};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower_service::Service as _;
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::http::header::CACHE_CONTROL;

type Endpoint = HttpEndpoint<MemoryStore>;

/// What the largest document may have, in bytes (R50).
const MAX_DOCUMENT: u64 = 64 * 1024;

fn main() {
    let clock = Arc::new(AtomicU64::new(0));
    let (sender, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        io::stdin().lock().lines().map_while(Result::ok).for_each(|line| _ = sender.send(line));
    });
    println!("{}", json!({"protocol": 1, "http": true}));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(serve(lines, &clock));
    // A fetch that nobody waits for any more must not keep the driver.
    runtime.shutdown_background();
}

async fn serve(mut lines: mpsc::UnboundedReceiver<String>, clock: &Arc<AtomicU64>) {
    let mut endpoint = None;
    while let Some(line) = lines.recv().await {
        let request: Value = serde_json::from_str(&line).expect("JSON");
        clock.store(request["at"].as_u64().expect("a time"), Ordering::Relaxed);
        match endpoint.clone().filter(|_| request["do"] != "start") {
            Some(endpoint) => _ = tokio::spawn(respond(endpoint, request)),
            None => {
                endpoint = Some(started(&request, clock));
                println!("{}", json!({"id": request["id"], "ok": {}}));
            }
        }
    }
}

fn started(settings: &Value, clock: &Arc<AtomicU64>) -> Endpoint {
    let clock = Arc::clone(clock);
    let mut options = Options::new(text(&settings["public_url"]))
        .dev(settings["dev"] == true)
        .dpop_nonce(settings["dpop_nonce"] == true)
        .clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
    if let Some(algorithm) = settings["access_token_algorithm"].as_str() {
        options = options.access_token_algorithm(algorithm);
    }
    let agent = agent();
    let mut builder =
        HttpEndpoint::builder(MemoryStore::default(), options).fetch(move |uri| fetch(&agent, uri));
    if let Some(token) = settings["admin_token"].as_str() {
        builder = builder.admin_token(token);
    }
    if settings["trust"].is_object() {
        builder = builder.trust(settings["trust"].to_string());
    }
    builder.start().expect("it starts")
}

async fn respond(mut endpoint: Endpoint, asked: Value) {
    let mut request = http::Request::builder().method(text(&asked["method"])).uri(text(&asked["path"]));
    for header in asked["headers"].as_array().expect("headers") {
        request = request.header(text(&header[0]), bytes(&header[1]));
    }
    let request = request.body(Full::new(Bytes::from(bytes(&asked["body"])))).expect("a request");
    let Ok(response) = endpoint.call(request).await;
    let (parts, body) = response.into_parts();
    let headers =
        parts.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().expect("text")]));
    let headers: Vec<Value> = headers.collect();
    let Ok(body) = body.collect().await;
    let body = String::from_utf8(body.to_bytes().into()).expect("text");
    let http = json!({"status": parts.status.as_u16(), "headers": headers, "body": body});
    println!("{}", json!({"id": asked["id"], "http": http}));
}

/// What fetches as [`fetch`](asserta_exchanger::http::Builder::fetch) asks it to.
fn agent() -> Agent {
    Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .proxy(None)
        .build()
        .into()
}

fn fetch(agent: &Agent, uri: &str) -> Result<KeyDocument, FetchProblem> {
    let mut response = agent.get(uri).header("accept-encoding", "identity").call().map_err(problem)?;
    match response.status().as_u16() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    let max_age = max_age(response.headers());
    let text = response.body_mut().with_config().limit(MAX_DOCUMENT).read_to_string().map_err(problem)?;
    Ok(KeyDocument { text, max_age })
}

/// For how long the document is fresh, in seconds; not at all where caching is forbidden.
fn max_age(headers: &HeaderMap) -> Option<u64> {
    let mut directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    directives.find_map(|line| {
        line.split(',').find_map(|directive| match directive.trim() {
            "no-store" | "no-cache" => Some(0),
            directive => directive.strip_prefix("max-age=")?.parse().ok(),
        })
    })
}

fn problem(error: ureq::Error) -> FetchProblem {
    match error {
        ureq::Error::Timeout(_) => FetchProblem::TimedOut,
        ureq::Error::BodyExceedsLimit(_) => FetchProblem::TooLarge,
        ureq::Error::HostNotFound => FetchProblem::NameUnknown,
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => FetchProblem::Unreachable,
        _ => FetchProblem::Unknown,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn bytes(value: &Value) -> Vec<u8> {
    let bytes = value.as_array().into_iter().flatten();
    bytes.map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()).expect("a byte")).collect()
}
