//! What an exchange costs: in Wasm beside native code, over HTTP beside other endpoints, in one run.
//!
//! `make bench` prints the figures and writes `target/bench.json`. The library is there for the tests.

pub mod assertion;
pub mod chart;
pub mod cores;
pub mod engine;
pub mod exchange;
pub mod figures;
pub mod fuel;
pub mod growth;
pub mod guard;
pub mod guest;
pub mod keys;
pub mod load;
pub mod measure;
pub mod profile;
pub mod report;
pub mod rules;
pub mod server;
pub mod signatures;
