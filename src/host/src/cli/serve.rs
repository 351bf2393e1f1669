//! `asserta serve`: runs the endpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use asserta::keyvalue::{KeyValue, MemoryStores, RedisStores, SqliteStores};
use asserta::outbound::{Authorities, OutboundRules, PrivateAddresses};
use asserta::{Host, Limits, Secret, Settings};
use clap::builder::{FalseyValueParser, UnknownArgumentValueParser};
use clap::{Arg, Args, ValueEnum};

use super::data::DataDirectory;
use super::explain::read_argument;
use super::failure::Failure;
use super::greeting::Greeting;
use super::{address, component, document, log};

/// Serves the token endpoint, the metadata and the admin API.
///
/// For a first try:  ASSERTA_DEV=1 asserta serve
///
/// That makes an admin token and a demo organization, and prints a line that gets an access token.
/// SIGTERM or Ctrl-C stops the server when the running requests are finished.
#[derive(Args)]
#[command(arg = listen_instead("port"), arg = listen_instead("host"))]
pub(crate) struct Serve {
    /// The address to listen on.
    #[arg(long, env = "ASSERTA_LISTEN", default_value = "127.0.0.1:3000", value_name = "HOST:PORT")]
    listen: String,

    /// Serve metrics on this address: `GET /metrics`, in OpenMetrics' text form, to whoever can reach it.
    #[arg(long, env = "ASSERTA_METRICS_LISTEN", value_name = "HOST:PORT")]
    metrics_listen: Option<String>,

    /// The URL under which clients reach the server: our issuer identifier, and what assertions name as
    /// their audience. By default that of the address.
    #[arg(long, env = "ASSERTA_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,

    /// The directory for all that is kept: databases, the compiled endpoint.
    #[arg(long, env = "ASSERTA_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,

    /// Where registrations and used assertions are kept: `sqlite` (files in the data directory), `memory`
    /// (gone when the server stops), or `redis://[user:password@]host[:port][/database]` for several nodes
    /// (`rediss://` with TLS).
    #[arg(
        long,
        env = "ASSERTA_STORE",
        hide_env_values = true,
        default_value = "sqlite",
        value_name = "STORE"
    )]
    store: String,

    /// Certificate authorities for a Redis with TLS instead of those of the system, in PEM.
    #[arg(long, env = "ASSERTA_STORE_CA", value_name = "FILE")]
    store_ca: Option<PathBuf>,

    /// The bearer token of the admin API. Without one there is no admin API and no console.
    #[arg(long, env = "ASSERTA_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    admin_token: Option<String>,

    /// Organizations, trusted issuers and applications to register at start: JSON, or @FILE.
    #[arg(long, env = "ASSERTA_TRUST", hide_env_values = true, value_name = "JSON")]
    trust: Option<String>,

    /// What signs access tokens.
    #[arg(long, env = "ASSERTA_ACCESS_TOKEN_ALGORITHM", default_value = "ES256", value_name = "ALG")]
    access_token_algorithm: TokenAlgorithm,

    /// Whether each organization's last decisions are kept, for `asserta activity` and the console.
    #[arg(long, env = "ASSERTA_ACTIVITY", default_value = "on", value_name = "on|off")]
    activity: Kept,

    /// Development: JWKS endpoints on loopback may be http, an admin token and a demo are made.
    #[arg(long, env = "ASSERTA_DEV", value_parser = FalseyValueParser::new())]
    dev: bool,

    /// DPoP proofs need a nonce, which clients get at their first attempt (RFC 9449 section 8).
    #[arg(long, env = "ASSERTA_DPOP_NONCE", value_parser = FalseyValueParser::new())]
    dpop_nonce: bool,

    /// Threads that serve. By default one for each processor.
    #[arg(long, env = "ASSERTA_WORKERS", value_name = "N")]
    workers: Option<std::num::NonZeroUsize>,

    /// The endpoint component. By default handler.wasm beside this program, or where it was built.
    #[arg(long, env = "ASSERTA_COMPONENT", value_name = "FILE")]
    component: Option<PathBuf>,

    /// Leave the arithmetic of signatures to this program (aws-lc) instead of the sandbox: many times as fast.
    /// Runs handler-host-signatures.wasm.
    #[arg(long, env = "ASSERTA_HOST_SIGNATURES", value_parser = FalseyValueParser::new(), conflicts_with = "component")]
    host_signatures: bool,

    #[command(flatten)]
    jwks: Jwks,

    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Args)]
#[command(next_help_heading = "JWKS endpoints")]
struct Jwks {
    /// JWKS endpoints may be in private networks (RFC 1918, 100.64.0.0/10, fc00::/7): with `registered` those of issuers
    /// that are registered with `allow_private`, with `true` all. Never on this machine, a link-local address, or the
    /// cloud's metadata.
    #[arg(long, env = "ASSERTA_ALLOW_PRIVATE_JWKS", value_parser = private_jwks, num_args = 0..=1,
        default_missing_value = "true", default_value = "false", value_name = "WHICH")]
    allow_private_jwks: PrivateAddresses,

    /// Certificate authorities for JWKS endpoints beside those of the system, in PEM.
    #[arg(long, env = "ASSERTA_JWKS_CA", value_name = "FILE")]
    jwks_ca: Option<PathBuf>,

    /// With `environment`, JWKS endpoints are fetched through the proxy that HTTPS_PROXY names, but for the hosts of
    /// NO_PROXY. The proxy resolves the names, so it must be what keeps private addresses out of reach.
    #[arg(long, env = "ASSERTA_EGRESS_PROXY", default_value = "none", value_name = "WHICH")]
    egress_proxy: EgressProxy,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EgressProxy {
    None,
    Environment,
}

#[derive(Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Requests at once; further ones are answered with 503.
    #[arg(long, env = "ASSERTA_MAX_REQUESTS", default_value_t = 1024, value_name = "N")]
    max_requests: u32,

    /// Requests of one organization at once; further ones are answered with 503. By default half of --max-requests.
    #[arg(long, env = "ASSERTA_MAX_REQUESTS_PER_ORGANIZATION", value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_requests_per_organization: Option<u32>,

    /// Computing time of one request. By default 1000, with RS256 for access tokens 10000, which is for its keys.
    #[arg(long, env = "ASSERTA_MAX_COMPUTING_MS", value_name = "MS")]
    max_computing_ms: Option<u64>,

    /// Memory of one instance of the endpoint, at most 64.
    #[arg(long, env = "ASSERTA_MAX_MEMORY_MIB", default_value_t = 64, value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    max_memory_mib: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kept {
    On,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
enum TokenAlgorithm {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "RS256")]
    Rs256,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        log::start();
        // Each connection is a file handle, and the usual soft limit is 1024.
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(workers) = self.workers {
            runtime.worker_threads(workers.get());
        }
        // What has arrived is looked for after so many steps of work. With 61, as it is by default, requests that compute
        // for long in each step would keep all others waiting for seconds.
        let runtime = runtime.event_interval(5).enable_all().build()?;
        let served = runtime.block_on(self.serve());
        // What is left are connections that had their time to finish.
        runtime.shutdown_timeout(Duration::from_secs(1));
        served
    }

    async fn serve(self) -> Result<(), Failure> {
        // Listened for before anything is there to be stopped.
        let mut signals = Signals::new()?;
        let metrics_listen = self.metrics_listen.as_deref().filter(|address| !address.is_empty());
        address::check("--listen", &self.listen)?;
        metrics_listen.map_or(Ok(()), |address| address::check("--metrics-listen", address))?;
        let data = DataDirectory::create(&self.data)?;
        let compiled = data.file("compiled");
        let program = component::load(self.component.as_deref(), self.host_signatures, Some(&compiled))?;
        let store_ca = authorities("--store-ca", self.store_ca.as_deref())?;
        let stores = stores(&self.store, store_ca.as_ref(), data.path())?;
        let (settings, token_was_made) = self.settings(&data)?;
        let greeting = Greeting { token: settings.admin_token.clone(), token_was_made, dev: self.dev, data };
        let mut builder = Host::builder(program, stores);
        if let Some(address) = metrics_listen {
            builder = builder.metrics_listen(address);
        }
        let host = builder
            .listen(&self.listen)
            .settings(settings)
            .outbound(self.outbound()?)
            .limits(self.limits.limits())
            .start()
            .await?;
        greeting.print(&host).await?;
        if let Some(address) = host.metrics_address() {
            tracing::info!(%address, "metrics are served");
        }
        signals.next().await;
        tracing::info!("stopping; running requests may finish");
        tokio::select! {
            () = host.stop() => {}
            () = signals.next() => tracing::warn!("stopped a second time: running requests are cut off"),
        }
        Ok(())
    }

    /// The settings, and whether the admin token is one that this command made.
    fn settings(&self, data: &DataDirectory) -> Result<(Settings, bool), Failure> {
        let given = self.admin_token.clone().filter(|token| !token.is_empty());
        let (admin_token, made) = match given {
            Some(token) => (Some(token), false),
            None if self.dev => (Some(data.make_admin_token()?), true),
            None => (None, false),
        };
        let algorithm = self.access_token_algorithm.to_possible_value();
        let settings = Settings {
            public_url: self.public_url.as_deref().map(check_public_url).transpose()?,
            admin_token: admin_token.map(Secret::new),
            trust: self.trust.as_deref().map(read_trust).transpose()?,
            access_token_algorithm: algorithm.map(|value| value.get_name().to_owned()),
            dev: self.dev,
            activity: Some(self.activity == Kept::On),
            dpop_nonce: self.dpop_nonce,
        };
        Ok((settings, made))
    }

    fn outbound(&self) -> Result<OutboundRules, Failure> {
        let authorities = authorities("--jwks-ca", self.jwks.jwks_ca.as_deref())?;
        Ok(OutboundRules {
            dev: self.dev,
            private: self.jwks.allow_private_jwks,
            authorities: authorities.unwrap_or_default(),
            proxy_of_environment: self.jwks.egress_proxy == EgressProxy::Environment,
        })
    }
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        let per_organization = self.max_requests_per_organization.unwrap_or(self.max_requests.div_ceil(2));
        Limits {
            requests: self.max_requests as usize,
            requests_per_organization: per_organization as usize,
            computing_time: self.max_computing_ms.map(Duration::from_millis),
            memory: (self.max_memory_mib as usize) << 20,
            ..Limits::default()
        }
    }
}

/// What other programs have for the address: not here, and the refusal says what is.
fn listen_instead(name: &'static str) -> Arg {
    let parser = UnknownArgumentValueParser::suggest_arg("--listen").and_suggest("it takes HOST:PORT");
    Arg::new(name).long(name).value_parser(parser).hide(true)
}

/// The values of a switch, and `registered`.
fn private_jwks(text: &str) -> Result<PrivateAddresses, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "" | "false" | "f" | "no" | "n" | "off" | "0" => Ok(PrivateAddresses::Refused),
        "registered" => Ok(PrivateAddresses::Registered),
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(PrivateAddresses::Allowed),
        _ => Err("must be true, registered or false"),
    }
}

/// The certificate authorities of the file that an option names.
fn authorities(option: &'static str, file: Option<&Path>) -> Result<Option<Authorities>, Failure> {
    let authorities = file.map(Authorities::from_pem_file).transpose();
    authorities.map_err(|source| Failure::Authorities { option, source })
}

/// The stores of the setting `store`. It may hold a password: no message shows it.
fn stores(store: &str, authorities: Option<&Authorities>, data: &Path) -> Result<Arc<dyn KeyValue>, Failure> {
    Ok(match store {
        "sqlite" | "memory" if authorities.is_some() => {
            return Err(Failure::invalid("--store-ca", "is for a store that begins with rediss://"));
        }
        "sqlite" => Arc::new(SqliteStores::open(data)?),
        "memory" => Arc::new(MemoryStores::new()),
        url if url.starts_with("redis://") || url.starts_with("rediss://") => {
            let stores = RedisStores::new(&Secret::new(url), authorities);
            Arc::new(stores.map_err(|error| Failure::invalid("--store", error))?)
        }
        _ => {
            return Err(Failure::invalid(
                "--store",
                "must be sqlite, memory or begin with redis:// or rediss://",
            ));
        }
    })
}

/// An issuer identifier is a URL with neither query nor fragment (RFC 8414 section 2).
pub(super) fn check_public_url(url: &str) -> Result<String, Failure> {
    let wrong = |problem: &str| Failure::invalid("--public-url", problem);
    let parsed: ureq::http::Uri = url.parse().map_err(|_| wrong("must be a URL"))?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) {
        return Err(wrong("must begin with http:// or https://"));
    }
    if url.contains(['?', '#', '@']) {
        return Err(wrong("must have no query, no fragment and no credentials"));
    }
    Ok(url.to_owned())
}

/// The endpoint checks the document; here only what it takes to find a mistake in it.
fn read_trust(argument: &str) -> Result<Secret, Failure> {
    let place = if argument.starts_with('@') { format!("--trust {argument}") } else { "--trust".to_owned() };
    let text = match argument.strip_prefix('@') {
        Some(path) => document::text(&place, Path::new(path))?,
        None => read_argument(argument)?,
    };
    // As a variable that is set to nothing; a file of which nothing is left is a mistake.
    if text.is_empty() && !argument.starts_with('@') {
        return Ok(Secret::new(text));
    }
    document::json(&place, &text, "must be JSON, or @FILE")?;
    Ok(Secret::new(document::without_mark(&text)))
}

/// The signals that stop a server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { terminate: signal(SignalKind::terminate())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
