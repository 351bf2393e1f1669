//! `guard.wasm`: a middleware of `wasi:http` that passes on requests with a good access token of ours, and answers the
//! others. The rules are in core (`resource`); here is how requests come in and go on, and how keys are fetched.

#![no_std]

extern crate alloc;

mod bindings;
mod exchange;
mod instance;
mod outbound;
mod settings;

use asserta_core::resource::{Answer, Introspection, Outcome};
use dlmalloc::GlobalDlmalloc;

use crate::bindings::Middleware;
use crate::bindings::exports::wasi::http::handler::Guest;
use crate::bindings::wasi::clocks::system_clock;
use crate::bindings::wasi::http::handler;
use crate::bindings::wasi::http::types::{ErrorCode, Request, Response};
use crate::exchange::Received;
use crate::instance::Instance;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// A panic is a bug of ours: it ends the instance as a trap, and the host starts another one.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    // Lints alone are run elsewhere.
    #[cfg(not(target_arch = "wasm32"))]
    loop {}
}

/// How often one request may ask for something before it is decided: keys, then an introspection.
const MAX_ROUNDS: u32 = 3;

impl Guest for Middleware {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let Some(instance) = Instance::get() else { return exchange::answer(not_configured()) };
        let received = Received::read(&request);
        match decide(instance, &received).await {
            Outcome::Passed(passed) => {
                let response = handler::handle(received.forward(request, &passed.headers())?).await;
                if let Some(address) = instance.take_refresh(now()) {
                    wit_bindgen::spawn_local(async move { fetch_keys(instance, &address).await });
                }
                response
            }
            Outcome::Metadata(answer) => exchange::answer(answer),
            Outcome::Challenge(challenge) => exchange::answer(challenge.answer),
            // It still lacks something after it was given everything: it can't be decided.
            Outcome::KeysNeeded(_) | Outcome::IntrospectionNeeded(_) => exchange::answer(not_configured()),
        }
    }
}

async fn decide(instance: &Instance, received: &Received) -> Outcome {
    let mut response = None;
    let mut outcome = instance.check(received, Introspection::NotAsked, now());
    for _ in 0..MAX_ROUNDS {
        match &outcome {
            Outcome::KeysNeeded(address) => fetch_keys(instance, address).await,
            Outcome::IntrospectionNeeded(address) => {
                response = Some(outbound::introspect(address, received.token(), &instance.credentials).await);
            }
            _ => break,
        }
        let introspection = match &response {
            None => Introspection::NotAsked,
            Some(None) => Introspection::Failed,
            Some(Some(body)) => Introspection::Response(body),
        };
        outcome = instance.check(received, introspection, now());
    }
    outcome
}

/// R52: one fetch for all who need the keys at the same moment.
async fn fetch_keys(instance: &Instance, address: &str) {
    let Some(fetch) = instance.begin_fetch(now()) else {
        return instance.fetched().await;
    };
    let fetched = outbound::get(address).await;
    let (document, max_age) = fetched.map_or((None, None), |(document, max_age)| (Some(document), max_age));
    fetch.end(document.as_deref(), max_age, now());
}

/// Nothing passes a guard whose settings can't be used.
fn not_configured() -> Answer {
    Answer { status: 503, headers: [("cache-control", "no-store".into())].into(), body: "".into() }
}

/// Seconds since 1970.
fn now() -> u64 {
    u64::try_from(system_clock::now().seconds).unwrap_or(0)
}
