//! A component that misbehaves when its path says so. The endpoint has no bug to show what the host does where a
//! component has one (R71): this has nothing else.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::wasip3::clocks::monotonic_clock::wait_for;
use spin_sdk::wasip3::spawn;

/// How many requests this instance has begun: shows whether a request meets what another one left behind.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

/// Where the host hands in each request.
#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    let requests = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    match request.uri().path() {
        "/abort" => std::process::abort(),
        "/panic" => panic!("it was asked to"),
        "/loop" => compute_without_end(),
        "/grow" => grow_without_end(),
        "/recurse" => _ = black_box(recurse(0)),
        // What an instance does after its answer fails too.
        "/late-loop" => spawn(later(compute_without_end)),
        "/late-abort" => spawn(later(|| std::process::abort())),
        // Keeps megabytes of a request for the next one to find.
        "/hoard" => {
            Box::leak(vec![1_u8; 24 << 20].into_boxed_slice()).iter().for_each(|byte| _ = black_box(byte))
        }
        // Keeps its instance.
        "/wait" => wait_for(2_000_000_000).await,
        "/print" => (0..1000).for_each(|_| eprint!("{}", "endless ".repeat(1000))),
        _ => {}
    }
    requests.to_string()
}

/// Does something when the answer is out.
async fn later(what: impl FnOnce()) {
    wait_for(100_000_000).await;
    what();
}

fn compute_without_end() {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn grow_without_end() {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is what is asked for")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth) + 1)) + 1
}
