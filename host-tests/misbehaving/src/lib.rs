//! A component that misbehaves when its path says so. The endpoint has no bug to show what the host does where a
//! component has one (R71): this has nothing else.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use bindings::asserta::exchange::events;
use bindings::exports::asserta::exchange::http::{
    BadSetting, Fetched, Guest, Later, Outcome, Request, Response, Setting,
};

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({
        inline: "
            package asserta:misbehaving;
            world misbehaving {
                import asserta:exchange/events@0.2.0;
                export asserta:exchange/http@0.2.0;
            }
        ",
        path: "../../wit",
        world: "asserta:misbehaving/misbehaving",
        generate_all,
    });

    use super::Misbehaving;
    export!(Misbehaving);
}

/// How many requests this instance has begun: shows whether a request meets what another one left behind.
static REQUESTS: AtomicU32 = AtomicU32::new(0);
/// What the instance does after the response that is on its way.
static LATER: AtomicU32 = AtomicU32::new(NOTHING);
const NOTHING: u32 = 0;
const LOOP: u32 = 1;
const ABORT: u32 = 2;
/// The ticket of what waits before its response.
const RESPONSE: u32 = 3;

struct Misbehaving;

impl Guest for Misbehaving {
    fn configure(_settings: Vec<Setting>) -> Result<(), BadSetting> {
        Ok(())
    }

    fn handle(request: Request) -> Outcome {
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        match request.path.as_str() {
            "/abort" => std::process::abort(),
            "/panic" => panic!("it was asked to"),
            "/loop" => compute_without_end(),
            "/grow" => grow_without_end(),
            "/recurse" => _ = black_box(recurse(0)),
            // What an instance does after its response fails too.
            "/late-loop" => LATER.store(LOOP, Ordering::Relaxed),
            "/late-abort" => LATER.store(ABORT, Ordering::Relaxed),
            // Keeps megabytes of a request for the next one to find.
            "/hoard" => {
                Box::leak(vec![1_u8; 24 << 20].into_boxed_slice()).iter().for_each(|byte| _ = black_box(byte))
            }
            // Keeps its instance.
            "/wait" => return Outcome::Later(Later { ticket: RESPONSE, milliseconds: 2000 }),
            "/print" => (0..1000).for_each(|_| events::emit(&"endless ".repeat(1000))),
            _ => {}
        }
        respond()
    }

    fn resume(ticket: u32, _fetched: Option<Fetched>) -> Outcome {
        match ticket {
            LOOP => compute_without_end(),
            ABORT => std::process::abort(),
            _ => respond(),
        }
    }

    fn after_response() -> Outcome {
        match LATER.swap(NOTHING, Ordering::Relaxed) {
            NOTHING => Outcome::Done,
            ticket => Outcome::Later(Later { ticket, milliseconds: 100 }),
        }
    }
}

fn respond() -> Outcome {
    let requests = REQUESTS.load(Ordering::Relaxed).to_string();
    Outcome::Response(Response { status: 200, headers: Vec::new(), body: requests.into_bytes() })
}

fn compute_without_end() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn grow_without_end() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is what is asked for")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth) + 1)) + 1
}
