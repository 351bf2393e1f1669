//! What a component of ours gets from its host, as core's ports. Everything here is translation.

#![no_std]

extern crate alloc;

pub mod bindings;
mod clock;
mod entropy;
mod events;
mod keys;
mod policy;
mod run;
mod signatures;
mod store;

pub use clock::WallClock;
pub use entropy::HostEntropy;
pub use events::Told;
pub use keys::CallerSupplies;
pub use policy::ComposedPolicy;
pub use run::run;
pub use signatures::Imported;
pub use store::AreaStore;
