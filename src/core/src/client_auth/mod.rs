//! Who asks: what a client says it is.

mod presented;

pub use presented::{ClientCredentials, PresentedBy};
