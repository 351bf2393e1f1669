//! What an operator can set: for the endpoint, and for the host around it.

use std::fmt;
use std::time::Duration;

/// A text that no log and no debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The endpoint's settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The URL under which clients reach the endpoint. By default that of the address listened to.
    pub public_url: Option<String>,
    /// The bearer token of the admin API. Without one there is no admin API.
    pub admin_token: Option<Secret>,
    /// A JSON document of organizations, trusted issuers and applications, applied at start.
    pub trust: Option<Secret>,
    /// `ES256` (the default), `EdDSA` or `RS256`.
    pub access_token_algorithm: Option<String>,
    /// Development: JWKS endpoints on loopback may be `http`.
    pub dev: bool,
    /// Whether each organization's last decisions are kept. `None`: they are.
    pub activity: Option<bool>,
    /// Whether a DPoP proof needs a nonce (R101).
    pub dpop_nonce: bool,
}

/// What the host gives at most to connections, requests and instances.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections; further ones wait to be accepted.
    pub connections: usize,
    /// Requests that run or wait for an instance; further ones are answered with 503.
    pub requests: usize,
    /// Requests of one organization that run or wait; further ones are answered with 503 (R71).
    pub requests_per_organization: usize,
    /// Instances that run at once, at most 256. Requests that wait for a JWKS endpoint hold one; the endpoint
    /// lets 64 wait for one issuer (R52).
    pub instances: usize,
    /// Instances that run at once for one organization; its further requests wait.
    pub instances_per_organization: usize,
    /// Linear memory of an instance in bytes, at most 64 MiB.
    pub memory: usize,
    /// Computing time of one request. `None`: a second; ten where access tokens are signed with RS256, since to make an
    /// RSA key takes seconds, once for each organization.
    pub computing_time: Option<Duration>,
    /// Time of one request from its last byte to the end of what it started.
    pub request_time: Duration,
    /// Time in which the head of a request has to arrive; also how long a connection may idle. Longer than
    /// the minute after which load balancers in front let an idle connection go: they must be first.
    pub head_time: Duration,
    /// Time in which the body of a request has to arrive.
    pub body_time: Duration,
    /// Time in which a client has to take something of what it is sent.
    pub write_time: Duration,
    /// Size of the head of a request in bytes.
    pub head_size: usize,
    /// Size of the body of a request in bytes. The token endpoint itself takes less (R15).
    pub body_size: usize,
    /// How long a stop waits for running requests.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            requests: 1024,
            requests_per_organization: 512,
            instances: 256,
            instances_per_organization: 128,
            memory: 64 << 20,
            computing_time: None,
            request_time: Duration::from_secs(30),
            head_time: Duration::from_secs(75),
            body_time: Duration::from_secs(10),
            write_time: Duration::from_secs(10),
            head_size: 32 << 10,
            body_size: 128 << 10,
            stop_time: Duration::from_secs(30),
        }
    }
}

/// The settings as the component takes them.
pub(crate) struct EndpointSettings {
    public_url: String,
    settings: Settings,
}

impl EndpointSettings {
    pub(crate) fn new(settings: Settings, own_url: String) -> Self {
        let public_url = settings.public_url.clone().unwrap_or(own_url);
        Self { public_url: public_url.trim_end_matches('/').to_owned(), settings }
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.public_url
    }

    /// All of them, by name. One that is not set is empty.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        let settings = &self.settings;
        let secret = |secret: &Option<Secret>| secret.as_ref().map_or("", Secret::reveal).to_owned();
        let algorithm = settings.access_token_algorithm.as_deref().unwrap_or_default();
        let all = [
            ("public_url", self.public_url.clone()),
            ("admin_token", secret(&settings.admin_token)),
            ("trust", secret(&settings.trust)),
            ("access_token_algorithm", algorithm.to_owned()),
            ("dev", settings.dev.to_string()),
            ("activity", settings.activity.map(|activity| activity.to_string()).unwrap_or_default()),
            ("dpop_nonce", settings.dpop_nonce.to_string()),
        ];
        all.map(|(name, text)| (name.to_owned(), text)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(settings: EndpointSettings) -> Vec<String> {
        settings.all().into_iter().map(|(name, text)| format!("{name}={text}")).collect()
    }

    #[test]
    fn the_component_gets_each_setting_or_an_empty_one() {
        let unset = EndpointSettings::new(Settings::default(), "http://127.0.0.1:3000".to_owned());
        assert_eq!(
            of(unset),
            [
                "public_url=http://127.0.0.1:3000",
                "admin_token=",
                "trust=",
                "access_token_algorithm=",
                "dev=false",
                "activity=",
                "dpop_nonce=false"
            ]
        );
        let settings = Settings {
            public_url: Some("https://id.example/".to_owned()),
            admin_token: Some(Secret::new("hidden")),
            dev: true,
            activity: Some(false),
            dpop_nonce: true,
            ..Settings::default()
        };
        assert!(!format!("{settings:?}").contains("hidden"));
        let set = EndpointSettings::new(settings, String::new());
        assert_eq!(
            of(set),
            [
                "public_url=https://id.example",
                "admin_token=hidden",
                "trust=",
                "access_token_algorithm=",
                "dev=true",
                "activity=false",
                "dpop_nonce=true"
            ]
        );
    }
}
