//! The resource's side: what an API or an MCP server in front of which we stand takes as an access token of ours, and how
//! it answers what it does not (RFC 6750, RFC 9449, RFC 9728; R120, R121).
//!
//! [`Guard`] decides, without input or output: where it lacks keys or an introspection, it says so, and is asked again with
//! them. Every shell (a component before another one, the packages) goes through it, so that there is one rule set.

mod challenge;
mod credentials;
mod guard;
mod introspection;
mod key_life;
mod metadata;
mod passed;
mod percent;
mod possession;
mod remembered;
mod request;
mod scheme;
mod settings;
mod token;
mod used_proofs;

pub use challenge::{Answer, Challenge, Reason};
pub use guard::{Guard, Outcome};
pub use introspection::Introspection;
pub use passed::{Passed, is_our_header};
pub use percent::percent_encoded;
pub use request::Request;
pub use settings::{Settings, SettingsProblem};

#[cfg(test)]
mod tests;
