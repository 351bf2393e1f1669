//! Exchanges a third party's JWT assertion for an OAuth 2.0 access token (RFC 7523), inside your program.
//!
//! The rules run as a WebAssembly component on wasmtime that has no network and no files: it sees the
//! [`Store`] that you hand over, the time, and random numbers, and works within the fuel and memory that
//! [`Options`] grants it.
//!
//! ```no_run
//! use asserta_exchanger::documents::{ApplicationMetadata, TrustedIssuer};
//! use asserta_exchanger::{ExchangeRequest, Exchanger, MemoryStore, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut exchanger = Exchanger::new(MemoryStore::default(), Options::new("https://tokens.example.com"))?;
//! let certificate = Some(std::fs::read_to_string("partner.pem")?);
//! let partner = TrustedIssuer { certificate, ..TrustedIssuer::new("partner", "https://partner.example") };
//! exchanger.replace_trusted_issuer("default", &partner)?;
//! let app = exchanger.register_application("default", &ApplicationMetadata::jwt_bearer())?;
//!
//! let assertion = std::fs::read_to_string("assertion.jwt")?;
//! let request = ExchangeRequest::new(assertion.trim(), &app.application.client_id, &app.client_secret);
//! let token = exchanger.exchange(&request)?;
//! println!("{} {}", token.token, token.expires_in);
//! # Ok(())
//! # }
//! ```

mod bindings;
mod component;
mod error;
mod exchanger;
mod fetching;
mod host;
mod registrations;
#[cfg(feature = "host-signatures")]
mod signatures;
mod store;
mod token_exchange;
mod tokens;

pub mod documents;
#[cfg(feature = "http")]
pub mod http;

pub use bindings::exports::asserta::exchange::exchange::{AccessToken, KeyOwner, KeysNeeded, Refusal};
pub use bindings::exports::asserta::exchange::organizations::OrganizationUrls;
pub use bindings::exports::asserta::exchange::types::{FieldError, Page, RegistryError};
pub use error::{BoxError, Error};
pub use exchanger::{ClientAssertionType, ExchangeRequest, Exchanger, Options};
pub use fetching::KeyDocument;
pub use store::{Area, MemoryStore, Store, StoreError};
pub use token_exchange::{ACCESS_TOKEN, ID_TOKEN, JWT, TokenExchangeRequest};
pub use tokens::TokenRequest;
