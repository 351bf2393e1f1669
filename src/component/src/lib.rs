//! The exchange as a WebAssembly component: the worlds of `wit/`, `exchanger` unless a feature names another.
//!
//! Everything here is translation. A call from the host becomes a call of core's `Service`, whose ports
//! are the component's imports; what comes back becomes a record. The rules are in core.
//!
//! `no_std`: the component has no operating system under it, only the host's clock, randomness and store.

#![no_std]

extern crate alloc;

mod bindings;
mod convert;
mod exports;
mod instance;
mod ports;

use dlmalloc::GlobalDlmalloc;

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
