//! A policy for Asserta, as an expression of CEL: `policy.cel`, compiled in.
//!
//! Build it for `wasm32-unknown-unknown` as a component (scripts/build-wasm.sh policy-cel) and compose it in
//! (scripts/compose-policy.sh). It imports nothing: it has no clock, no network, no file, and can ask nobody.

mod bindings;
mod decide;

use cel::Program;

use bindings::exports::asserta::exchange::policy::{Context, Decision, Guest};

/// The decision, as an expression.
const EXPRESSION: &str = include_str!("../policy.cel");

thread_local! {
    /// The expression, read once in each instance. `None`: it is none, and everything is refused.
    static PROGRAM: Option<Program> = Program::compile(EXPRESSION).ok();
}

struct Policy;

impl Guest for Policy {
    fn decide(context: Context) -> Decision {
        PROGRAM.with(|program| decide::decide(program.as_ref(), &context))
    }
}
