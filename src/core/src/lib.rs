//! The rules of Asserta: exchanging a third party's JWT assertion for an access token of one's own
//! (the JWT bearer grant, RFC 7521 and RFC 7523 section 2.1).
//!
//! Two levels, imports pointing one way:
//!
//! * **rules** are pure functions over values: [`json`], [`jose`], [`jwt`], [`proof`], [`organization`], [`tokens`], [`oauth`],
//!   [`keys`], [`application`], [`trust`], [`client_auth`] and [`grants`];
//! * [`resource`] holds the rules of the other side, which takes the access tokens; nothing above needs it;
//! * the [`service`] runs them over the [`ports`]: it is the only part that does input and output,
//!   and it does it through traits that a shell implements.
//!
//! The crate knows no clock, no randomness, no storage and no network, and needs only `alloc`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod application;
pub mod check;
pub mod client_auth;
pub mod field;
pub mod grants;
pub mod jose;
pub mod json;
pub mod jwt;
pub mod keys;
pub mod oauth;
pub mod organization;
pub mod ports;
pub mod proof;
pub mod resource;
#[cfg(feature = "schema")]
pub mod schema;
pub mod service;
#[cfg(feature = "schema")]
mod shape;
pub mod tokens;
pub mod trust;
pub mod words;
