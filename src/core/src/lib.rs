//! The rules of Asserta: exchanging a third party's JWT assertion for an access token of one's own
//! (the JWT bearer grant, RFC 7521 and RFC 7523 section 2.1).
//!
//! Two levels, imports pointing one way:
//!
//! * **rules** are pure functions over values: [`jose`], [`assertion`], [`trust`], [`application`],
//!   [`oauth`], [`access_token`], and [`grant`], which holds the whole grant in one ordered list;
//! * the [`service`] runs them over the [`ports`]: it is the only part that does input and output,
//!   and it does it through traits that a shell implements.
//!
//! The crate knows no clock, no randomness, no storage and no network, and needs only `alloc`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod access_token;
pub mod application;
pub mod assertion;
pub mod field;
pub mod grant;
pub mod jose;
pub mod oauth;
pub mod organization;
pub mod ports;
pub mod refusal;
pub mod scope;
pub mod service;
pub mod trust;
mod words;
