//! The component's way out: the documents of issuers' keys, and nothing else (R50).
//!
//! This host only GETs, only over https (http to loopback in development), only from addresses on the public internet unless told otherwise, follows no
//! redirect, and waits and reads only so much.

mod address;
mod document;
mod fetch;
mod proxy;
mod tls;

use std::time::Duration;

use http::uri::Scheme;
use hyper_util::client::proxy::matcher::Matcher;

use self::address::Reach;
use crate::bindings::http::{Fetch, FetchProblem, Fetched};
pub use tls::{Authorities, AuthorityError};

/// A whole fetch takes at most so long: name, connection, TLS, and the last byte of the document.
const MAX_TIME: Duration = Duration::from_secs(5);

/// A document has at most so many bytes.
const MAX_SIZE: usize = 64 * 1024;

/// What the component may fetch.
#[derive(Clone, Debug, Default)]
pub struct OutboundRules {
    /// Development: `http` to loopback addresses is fine, and `https` to them as well.
    pub dev: bool,
    /// Which endpoints may have addresses of private networks.
    pub private: PrivateAddresses,
    /// Certificate authorities beside those of the operating system. Those of a registration stand in place of both.
    pub authorities: Authorities,
    /// `https` goes through the proxy that the environment names (`HTTPS_PROXY`, `ALL_PROXY`; R57), but to the hosts of
    /// `NO_PROXY`. The proxy resolves the names then: it, and not this host, decides which addresses are reached.
    pub proxy_of_environment: bool,
}

/// Which endpoints may have addresses of private networks: RFC 1918, shared by carriers (RFC 6598), unique local. Never this
/// machine's own, link-local addresses, or the cloud's metadata (R55).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// None, whatever a registration says: who registers issuers must not open the operator's network.
    #[default]
    Refused,
    /// Those of the issuers whose registration has `allow_private`.
    Registered,
    /// All.
    Allowed,
}

/// The rules with what is made of them once.
pub(crate) struct Outbound {
    rules: OutboundRules,
    tls: tls::Tls,
    proxies: Option<Matcher>,
}

impl Outbound {
    pub(crate) fn new(rules: OutboundRules) -> Self {
        let tls = tls::Tls::new(rules.authorities.clone());
        let proxies = rules.proxy_of_environment.then(Matcher::from_env);
        Self { rules, tls, proxies }
    }

    /// GETs a document, in the time that there is. Why there is none is told in the component's words (R56).
    pub(crate) async fn get(&self, wanted: &Fetch) -> Fetched {
        let fetched = tokio::time::timeout(MAX_TIME, fetch::fetch(self, wanted)).await;
        fetched.unwrap_or(Err(FetchProblem::TimedOut)).inspect_err(|problem| {
            // The component tells the operator; this is for who must know more.
            tracing::debug!(?problem, "a fetch for the component failed");
        })
    }

    /// Whether a connection to this address may be made, for a registration that allows private ones or not.
    fn permits(&self, scheme: &Scheme, address: std::net::IpAddr, allow_private: bool) -> bool {
        let loopback_in_dev = self.rules.dev && address::is_loopback(address);
        loopback_in_dev
            || *scheme == Scheme::HTTPS
                && match address::reach(address) {
                    Reach::Public => true,
                    Reach::Private => match self.rules.private {
                        PrivateAddresses::Refused => false,
                        PrivateAddresses::Registered => allow_private,
                        PrivateAddresses::Allowed => true,
                    },
                    Reach::Never => false,
                }
    }
}

#[cfg(test)]
mod tests;
