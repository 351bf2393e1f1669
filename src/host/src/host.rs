//! A running endpoint.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

use crate::clock::{SystemClock, WallClock};
use crate::connections::Front;
use crate::instance::{NoResponse, World};
use crate::instances::Instances;
use crate::keyvalue::KeyValue;
use crate::metrics::{self, Metrics};
use crate::outbound::{Outbound, OutboundRules};
use crate::program::{MAX_INSTANCES, MAX_MEMORY_BYTES, Program};
use crate::settings::{EndpointSettings, Limits, Settings};
use crate::shares::ShareLimits;
use crate::signatures::Signatures;

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The component does not come up.
    #[error("the endpoint does not start: {0}")]
    Endpoint(String),
    /// A setting cannot be used.
    #[error("the setting {setting} cannot be used: {problem}")]
    Setting {
        /// Its name, such as `public_url`.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Puts a host together. Made by [`Host::builder`].
#[derive(Clone)]
pub struct HostBuilder {
    program: Program,
    stores: Arc<dyn KeyValue>,
    listen: String,
    metrics_listen: Option<String>,
    settings: Settings,
    outbound: OutboundRules,
    clock: Arc<dyn WallClock>,
    limits: Limits,
}

impl HostBuilder {
    /// The address to listen on, as `host:port`; port 0 takes a free one. By default `127.0.0.1:0`.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// The address on which metrics are served, as `host:port`: `GET /metrics`, without any authentication. By default
    /// nothing is counted.
    pub fn metrics_listen(mut self, address: impl Into<String>) -> Self {
        self.metrics_listen = Some(address.into());
        self
    }

    /// The endpoint's settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// What the endpoint may fetch.
    pub fn outbound(mut self, rules: OutboundRules) -> Self {
        self.outbound = rules;
        self
    }

    /// The clock that the endpoint reads.
    pub fn clock(mut self, clock: impl WallClock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What connections, requests and instances get at most.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Listens, starts the endpoint, and serves in the background, on the current tokio runtime.
    // Boxed, so that all of the host is compiled in this crate, and not once more in each that awaits this.
    pub fn start(self) -> Pin<Box<dyn Future<Output = Result<Host, StartError>> + Send>> {
        Box::pin(self.serve())
    }

    async fn serve(self) -> Result<Host, StartError> {
        let (listener, address) = listen(self.listen).await?;
        let metrics_listener = match self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let metrics = metrics_listener.is_some().then(|| Arc::new(Metrics::new()));

        let makes_rsa_keys = self.settings.access_token_algorithm.as_deref() == Some("RS256");
        let computing_time = if makes_rsa_keys { 10 } else { 1 };
        let computing_time = self.limits.computing_time.unwrap_or(Duration::from_secs(computing_time));
        let settings = EndpointSettings::new(self.settings, own_url(address));
        let public_url = settings.public_url().to_owned();
        let world = Arc::new(World {
            stores: self.stores,
            settings,
            clock: self.clock,
            outbound: Outbound::new(self.outbound),
            signatures: Signatures::default(),
            metrics: metrics.clone(),
            memory_limit: self.limits.memory.min(MAX_MEMORY_BYTES),
            computing_time,
        });
        let at_once = self.limits.instances.clamp(1, MAX_INSTANCES as usize);
        let shares = ShareLimits {
            requests: self.limits.requests_per_organization,
            instances: self.limits.instances_per_organization.max(1),
            computing: tokio::runtime::Handle::current().metrics().num_workers(),
        };
        let instances = Instances::new(self.program, world, at_once, shares, self.limits.request_time);
        let instances = Arc::new(instances);
        warm_up(&instances).await?;

        let stop = CancellationToken::new();
        let stop_of_serving = stop.clone();
        let metrics_address = metrics_listener.as_ref().map(|(_, address)| *address);
        let watching = metrics_listener.zip(metrics.clone()).map(|((listener, _), metrics)| {
            // It ends with the host, not before: what a stop takes is watched too.
            AbortOnDropHandle::new(tokio::spawn(metrics::server::serve(listener, metrics)))
        });
        let front = Arc::new(Front::new(instances.clone(), self.limits, metrics));
        let serving = tokio::spawn(async move {
            serve(front, listener, instances, stop_of_serving).await;
            drop(watching);
        });
        Ok(Host { address, metrics_address, public_url, stop: stop.drop_guard(), serving })
    }
}

/// A host that serves. Dropping it stops it without waiting; [`Host::stop`] waits.
pub struct Host {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    public_url: String,
    stop: DropGuard,
    serving: JoinHandle<()>,
}

impl Host {
    /// A host for `program`, on `stores`.
    pub fn builder(program: Program, stores: Arc<dyn KeyValue>) -> HostBuilder {
        HostBuilder {
            program,
            stores,
            listen: "127.0.0.1:0".to_owned(),
            metrics_listen: None,
            settings: Settings::default(),
            outbound: OutboundRules::default(),
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
        }
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address on which it serves metrics, where it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The URL of that address, without a trailing slash. It is where this process can reach the
    /// endpoint, whatever the public URL is.
    pub fn url(&self) -> String {
        own_url(self.address)
    }

    /// The URL under which clients reach it: what assertions name as their audience.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Takes no more connections, and returns when the running requests are finished.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the host did not stop in order");
        }
    }
}

/// A listener, and on which address it is.
async fn listen(address: String) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(&address).await.and_then(|listener| {
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    });
    bound.map_err(|source| StartError::Listen { address, source })
}

async fn serve(front: Arc<Front>, listener: TcpListener, instances: Arc<Instances>, stop: CancellationToken) {
    let cleaning = tokio::spawn(async move {
        let mut interval = tokio::time::interval(Duration::from_secs(5));
        loop {
            interval.tick().await;
            instances.drop_idle();
        }
    });
    front.serve(listener, stop).await;
    cleaning.abort();
}

/// Asks the endpoint for its health before anybody else can: the first client finds an instance that is
/// there, and an operator learns at once what does not work.
async fn warm_up(instances: &Instances) -> Result<(), StartError> {
    let request = http::Request::get("/health").body(Bytes::new()).expect("a plain request is valid");
    let (sender, response) = oneshot::channel();
    instances.handle(request, sender).await;
    match response.await {
        Ok(Ok(response)) if response.status() == StatusCode::OK => Ok(()),
        Ok(Ok(response)) => {
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            if serde_json::from_slice::<Health>(&body).is_ok_and(|health| health.status == "misconfigured") {
                // All that can be judged without the stores was judged before.
                return Err(StartError::Setting {
                    setting: "trust".to_owned(),
                    problem:
                        "does not go with what is registered; the line `bad-setting` of the log says why"
                            .to_owned(),
                });
            }
            // A store that does not answer may do so later.
            tracing::warn!(status, "the endpoint says that it is not healthy");
            Ok(())
        }
        Ok(Err(NoResponse::Setting { setting, problem })) => Err(StartError::Setting { setting, problem }),
        Ok(Err(error)) => Err(StartError::Endpoint(error.to_string())),
        Err(_) => Err(StartError::Endpoint("the host panicked".to_owned())),
    }
}

/// The response to `GET /health`.
#[derive(serde::Deserialize)]
struct Health {
    status: String,
}

fn own_url(address: SocketAddr) -> String {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{reachable}")
}
