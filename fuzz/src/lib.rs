//! What every fuzz target shares: while it looks at one input, it may not hold more than 8 MiB.
//!
//! libFuzzer's own `-malloc_limit_mb` needs a sanitizer to see allocations, and sanitizers need a nightly compiler;
//! this allocator needs neither. libFuzzer's memory comes from C++ and is not counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The most that may be held for one input, in bytes.
pub const MOST_HELD: usize = 8 << 20;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator unchanged; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above; `memory` came from `System`.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn take(bytes: usize) {
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(held, Relaxed);
    if held > LIMIT.load(Relaxed) {
        // Printing allocates too.
        LIMIT.store(usize::MAX, Relaxed);
        eprintln!("one input holds more than {MOST_HELD} bytes");
        std::process::abort();
    }
}

/// Looks at one input within the limit. Says how much was held each time that this is more than ever before.
pub fn within_limit(look: impl FnOnce()) {
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    LIMIT.store(before + MOST_HELD, Relaxed);
    look();
    LIMIT.store(usize::MAX, Relaxed);
    let held = PEAK.load(Relaxed) - before;
    if held > MOST.fetch_max(held, Relaxed) {
        eprintln!("held for one input: {held} bytes");
    }
}

/// A fuzz target on bytes.
#[macro_export]
macro_rules! target {
    (|$input:ident| $look:block) => {
        libfuzzer_sys::fuzz_target!(|$input: &[u8]| { $crate::within_limit(|| $look) });
    };
}
