//! From core's values to those of the WIT interfaces, and back.

mod algorithm;
mod application;
mod claim_condition;
mod error;
mod page;
mod reason;
mod refusal;
mod trusted_issuer;
