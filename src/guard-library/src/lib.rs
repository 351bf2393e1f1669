//! The resource's side as a WebAssembly component: the world `guard-library` of `wit/`. Everything here is translation; the
//! rules are in core (`resource`).
//!
//! `no_std`: the component imports nothing at all, neither a clock nor randomness.

#![no_std]

extern crate alloc;

mod bindings;
mod instance;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use asserta_core::resource::{self, Guard, Outcome, Settings};
use dlmalloc::GlobalDlmalloc;

use crate::bindings::Library;
use crate::bindings::wit;

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

impl wit::Guest for Library {
    fn configure(settings: wit::Settings) -> Result<(), String> {
        instance::set(None);
        let wit::Settings { issuer, audience, scopes, jwks_uri, introspect } = settings;
        let settings = Settings::parse(&issuer, &audience, &scopes, jwks_uri.as_deref(), introspect);
        instance::set(Some(Guard::new(settings.map_err(|problem| problem.to_string())?)));
        Ok(())
    }

    fn check(request: wit::Request, introspection: wit::Introspection, now: u64) -> wit::Outcome {
        let authorization: Vec<&str> = request.authorization.iter().map(String::as_str).collect();
        let dpop: Vec<&str> = request.dpop.iter().map(String::as_str).collect();
        let request = resource::Request {
            method: &request.method,
            target: &request.target,
            authorization: &authorization,
            dpop: &dpop,
        };
        let introspection = match &introspection {
            wit::Introspection::NotAsked => resource::Introspection::NotAsked,
            wit::Introspection::Failed => resource::Introspection::Failed,
            wit::Introspection::Response(body) => resource::Introspection::Response(body),
        };
        match instance::with(|guard| guard.check(&request, introspection, now)) {
            Some(outcome) => outcome_record(outcome),
            None => wit::Outcome::Answered(wit::Answer {
                reason: "not-configured".into(),
                status: 503,
                headers: Vec::new(),
                body: String::new(),
            }),
        }
    }

    fn supply_keys(document: Option<Vec<u8>>, max_age: Option<u64>, now: u64) {
        instance::with(|guard| guard.supply_keys(document.as_deref(), max_age, now));
    }

    fn refresh_due(now: u64) -> Option<String> {
        instance::with(|guard| guard.refresh_due(now).map(String::from)).flatten()
    }

    fn is_our_header(name: String) -> bool {
        resource::is_our_header(&name)
    }
}

fn outcome_record(outcome: Outcome) -> wit::Outcome {
    match outcome {
        Outcome::Passed(passed) => wit::Outcome::Passed(wit::Passed {
            subject: passed.subject().into(),
            client_id: passed.client_id().into(),
            scope: passed.scope().into(),
            claims: passed.claims().into(),
            expires_at: passed.expires_at(),
            headers: headers(passed.headers()),
        }),
        Outcome::Metadata(answer) => answered("metadata", answer),
        Outcome::Challenge(challenge) => answered(challenge.reason.name(), challenge.answer),
        Outcome::KeysNeeded(address) => wit::Outcome::KeysNeeded(address),
        Outcome::IntrospectionNeeded(address) => wit::Outcome::IntrospectionNeeded(address),
    }
}

fn answered(reason: &str, answer: resource::Answer) -> wit::Outcome {
    wit::Outcome::Answered(wit::Answer {
        reason: reason.into(),
        status: answer.status,
        headers: headers(answer.headers),
        body: answer.body,
    })
}

fn headers(headers: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.into(), value)).collect()
}
