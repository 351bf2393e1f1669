//! The exchanger: the component with its store and its budget.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::Exchanger as Bindings;
use crate::bindings::exports::asserta::exchange::configuration::Settings;
use crate::bindings::exports::asserta::exchange::exchange::{
    self as wit, ClientAssertion, ClientSecret, Credentials, DpopProof, Grant,
};
use crate::component::{World, compiled};
use crate::documents::Explanation;
use crate::error::Error;
use crate::host::{Clock, Host, system_clock};
use crate::registrations::read;
use crate::store::Store;
use crate::{AccessToken, FieldError};

/// How an exchanger works.
#[derive(Clone)]
pub struct Options {
    pub(crate) settings: Settings,
    pub(crate) fuel: Option<u64>,
    pub(crate) memory: usize,
    pub(crate) clock: Clock,
    pub(crate) world: World,
}

impl Options {
    /// The defaults, for this public URL: the issuer of our tokens.
    pub fn new(public_url: impl Into<String>) -> Self {
        let settings = Settings {
            public_url: public_url.into(),
            access_token_algorithm: None,
            dev: false,
            dpop_nonce: false,
        };
        Self { settings, fuel: None, memory: 64 << 20, clock: system_clock(), world: World::Portable }
    }

    /// What signs access tokens: `ES256`, the default, `EdDSA` or `RS256`.
    #[must_use]
    pub fn access_token_algorithm(mut self, algorithm: impl Into<String>) -> Self {
        self.settings.access_token_algorithm = Some(algorithm.into());
        self
    }

    /// Allows `http` JWKS endpoints on this machine's loopback.
    #[must_use]
    pub fn dev(mut self, dev: bool) -> Self {
        self.settings.dev = dev;
        self
    }

    /// Whether a DPoP proof needs a nonce, which a client gets at its first attempt (RFC 9449 section 8). Default: false.
    #[must_use]
    pub fn dpop_nonce(mut self, dpop_nonce: bool) -> Self {
        self.settings.dpop_nonce = dpop_nonce;
        self
    }

    /// Bounds the work of one call, in units of about one WebAssembly instruction. Default: unbounded.
    #[must_use]
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.fuel = Some(fuel);
        self
    }

    /// Bounds the component's memory, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Another clock: the time since 1970. Default: the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Whether signatures are verified and made by aws-lc, outside of the sandbox: many times as fast, for those
    /// who trust it. Our private keys pass through it. Default: false.
    #[cfg(feature = "host-signatures")]
    #[must_use]
    pub fn host_signatures(mut self, host_signatures: bool) -> Self {
        self.world = if host_signatures { World::HostSignatures } else { World::Portable };
        self
    }
}

/// What a client says that its JWT is. It decides what the JWT must say; what it looks like does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAssertionType {
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`: made to authenticate with (RFC 7523 section 2.2).
    #[default]
    JwtBearer,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-spiffe`: a JWT-SVID. It needs the application's identifier, and
    /// without a `jti` it works until it expires.
    JwtSpiffe,
}

/// An exchange that is asked for.
#[derive(Clone, Debug)]
pub struct ExchangeRequest<'a> {
    /// The organization; `default` is the one at the root.
    pub organization: &'a str,
    /// The assertion: a signed JWT in compact form.
    pub assertion: &'a str,
    /// The application's identifier. With a client assertion it may be `None`, unless a trusted issuer vouches for the
    /// application; without both it is what the rule is called by that grants without a client, or `None`.
    pub client_id: Option<&'a str>,
    /// Its secret. `None`, and no client assertion either: nobody authenticates, which works only under a rule of the issuer
    /// with `client: "none"`.
    pub client_secret: Option<&'a str>,
    /// A JWT that its key signs, in place of a secret (RFC 7523 section 2.2). It works once.
    pub client_assertion: Option<&'a str>,
    /// What the client says that JWT is: `client_assertion_type` of its request.
    pub client_assertion_type: ClientAssertionType,
    /// Scopes, separated by single spaces. `None`: all that may be granted.
    pub scope: Option<&'a str>,
    /// What the token is for (RFC 8707), at most 8. Empty: the application's audience.
    pub resources: &'a [&'a str],
    /// The value of the header `DPoP` in the client's request, if it has one: the token is bound to its key then (RFC 9449).
    pub dpop_proof: Option<&'a str>,
    /// The URL that the client has sent that request to, which the proof must name. `None`: our token endpoint.
    pub dpop_url: Option<&'a str>,
}

impl<'a> ExchangeRequest<'a> {
    /// A request in the organization `default`, for all that may be granted.
    pub fn new(assertion: &'a str, client_id: &'a str, client_secret: &'a str) -> Self {
        let (client_id, client_secret) = (Some(client_id), Some(client_secret));
        Self { client_id, client_secret, ..Self::without_client(assertion) }
    }

    /// The same for an application that authenticates by key.
    pub fn by_key(assertion: &'a str, client_assertion: &'a str) -> Self {
        Self { client_assertion: Some(client_assertion), ..Self::without_client(assertion) }
    }

    /// The same for an application that authenticates with a JWT-SVID (draft-ietf-oauth-spiffe-client-auth).
    pub fn by_svid(assertion: &'a str, client_id: &'a str, svid: &'a str) -> Self {
        Self {
            client_id: Some(client_id),
            client_assertion_type: ClientAssertionType::JwtSpiffe,
            ..Self::by_key(assertion, svid)
        }
    }

    /// The same without a client (RFC 7521 section 4.1).
    pub fn without_client(assertion: &'a str) -> Self {
        Self {
            organization: "default",
            assertion,
            client_id: None,
            client_secret: None,
            client_assertion: None,
            client_assertion_type: ClientAssertionType::JwtBearer,
            scope: None,
            resources: &[],
            dpop_proof: None,
            dpop_url: None,
        }
    }
}

/// Exchanges assertions for access tokens, over one store.
pub struct Exchanger<S: 'static> {
    options: Options,
    engine: Engine,
    component: Component,
    linker: Linker<Host<S>>,
    store: S,
    instance: Option<Instance<S>>,
}

struct Instance<S: 'static> {
    store: wasmtime::Store<Host<S>>,
    bindings: Bindings,
}

impl<S: Store + Clone> Exchanger<S> {
    /// Starts the component. The first time in a process it is compiled, which takes seconds. The store is
    /// cloned into each instance: its clones must share what they hold.
    ///
    /// # Errors
    /// The public URL can't be accepted, or the component can't be started.
    pub fn new(store: S, options: Options) -> Result<Self, Error> {
        let (engine, component) = compiled(options.world, options.fuel.is_some())?;
        let mut linker: Linker<Host<S>> = Linker::new(&engine);
        Bindings::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).map_err(Error::NotStarted)?;
        #[cfg(feature = "host-signatures")]
        if options.world == World::HostSignatures {
            use crate::signatures::{Signatures, bindings};
            let added =
                bindings::Signatures::add_to_linker::<_, Signatures>(&mut linker, |host| &host.signatures);
            added.map_err(Error::NotStarted)?;
        }
        let mut exchanger = Self { options, engine, component, linker, store, instance: None };
        exchanger.instance()?;
        Ok(exchanger)
    }

    /// Exchanges an assertion for an access token.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::KeysNeeded`], [`Error::Invalid`] where there is a secret and a client assertion, or
    /// [`Error::Trapped`].
    pub fn exchange(&mut self, request: &ExchangeRequest<'_>) -> Result<AccessToken, Error> {
        let grant = Grant::JwtBearer(request.assertion.to_owned());
        let credentials = credentials(
            request.client_id,
            request.client_secret,
            request.client_assertion,
            request.client_assertion_type,
        )?;
        let proof = dpop_proof(request.dpop_proof, request.dpop_url);
        self.exchange_grant(
            request.organization,
            &grant,
            &credentials,
            request.scope,
            request.resources,
            proof,
        )
    }

    pub(crate) fn exchange_grant(
        &mut self,
        organization: &str,
        grant: &Grant,
        credentials: &Credentials,
        scope: Option<&str>,
        resources: &[&str],
        proof: Option<DpopProof>,
    ) -> Result<AccessToken, Error> {
        let options = options(scope, resources, proof);
        Ok(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_exchange(store, organization, grant, credentials, &options)
        })??)
    }

    /// Looks into an assertion as an exchange would. Nothing is consumed.
    ///
    /// # Errors
    /// The organization or the application is unknown, or the store fails.
    pub fn explain(
        &mut self,
        organization: &str,
        assertion: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, Error> {
        let nothing_else = ExchangeRequest::without_client(assertion);
        self.explain_request(&ExchangeRequest { organization, client_id, ..nothing_else })
    }

    /// The same of a whole request, with scope, resources and DPoP proof. How the client authenticates is not looked at.
    ///
    /// # Errors
    /// The organization or the application is unknown, or the store fails.
    pub fn explain_request(&mut self, request: &ExchangeRequest<'_>) -> Result<Explanation, Error> {
        let grant = Grant::JwtBearer(request.assertion.to_owned());
        let proof = dpop_proof(request.dpop_proof, request.dpop_url);
        let options = options(request.scope, request.resources, proof);
        self.explain_grant(request.organization, &grant, request.client_id, &options)
    }

    pub(crate) fn explain_grant(
        &mut self,
        organization: &str,
        grant: &Grant,
        client_id: Option<&str>,
        options: &wit::Options,
    ) -> Result<Explanation, Error> {
        read(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_explain_request(store, organization, grant, client_id, options)
        })?)
    }

    /// Looks into a JWT of a client as an exchange would. Nothing is consumed.
    ///
    /// # Errors
    /// The organization is unknown, or the store fails.
    pub fn explain_client(
        &mut self,
        organization: &str,
        client_assertion: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, Error> {
        read(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_explain_client(store, organization, client_assertion, client_id)
        })?)
    }

    /// The same of a JWT-SVID.
    ///
    /// # Errors
    /// The organization is unknown, or the store fails.
    pub fn explain_svid(
        &mut self,
        organization: &str,
        svid: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, Error> {
        read(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_explain_jwt_svid(store, organization, svid, client_id)
        })?)
    }

    /// Forgets used assertions that have expired, and says how many. Call it once a minute.
    ///
    /// # Errors
    /// The store fails.
    pub fn sweep(&mut self) -> Result<u64, Error> {
        let swept = self.call(|bindings, store| bindings.asserta_exchange_exchange().call_sweep(store))?;
        Ok(swept?)
    }

    /// Calls the component. A trap makes its instance unusable: the next call gets another one.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnOnce(&Bindings, &mut wasmtime::Store<Host<S>>) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        let fuel = self.options.fuel;
        let instance = self.instance()?;
        refuel(&mut instance.store, fuel).map_err(Error::NotStarted)?;
        let outcome = call(&instance.bindings, &mut instance.store);
        outcome.map_err(|trap| {
            self.instance = None;
            Error::Trapped(trap)
        })
    }

    fn instance(&mut self) -> Result<&mut Instance<S>, Error> {
        if self.instance.is_none() {
            self.instance = Some(self.start()?);
        }
        Ok(self.instance.as_mut().expect("it was started above"))
    }

    fn start(&self) -> Result<Instance<S>, Error> {
        let host = Host::new(self.store.clone(), self.options.clock.clone(), self.options.memory);
        let mut store = wasmtime::Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        refuel(&mut store, self.options.fuel).map_err(Error::NotStarted)?;
        let bindings =
            Bindings::instantiate(&mut store, &self.component, &self.linker).map_err(Error::NotStarted)?;
        let configuration = bindings.asserta_exchange_configuration();
        let configured = configuration.call_configure(&mut store, &self.options.settings);
        configured.map_err(Error::Trapped)?.map_err(Error::Invalid)?;
        Ok(Instance { store, bindings })
    }
}

/// How the application authenticates, if there is one.
pub(crate) fn credentials(
    client_id: Option<&str>,
    client_secret: Option<&str>,
    client_assertion: Option<&str>,
    client_assertion_type: ClientAssertionType,
) -> Result<Credentials, Error> {
    let client_id = client_id.map(ToOwned::to_owned);
    Ok(match (client_secret, client_assertion) {
        (Some(client_secret), None) => Credentials::ClientSecret(ClientSecret {
            client_id: client_id.unwrap_or_default(),
            client_secret: client_secret.to_owned(),
        }),
        (None, Some(assertion)) => {
            let presented = ClientAssertion { client_id, assertion: assertion.to_owned() };
            match client_assertion_type {
                ClientAssertionType::JwtBearer => Credentials::ClientAssertion(presented),
                ClientAssertionType::JwtSpiffe => Credentials::JwtSvid(presented),
            }
        }
        (None, None) => Credentials::NoClient(client_id),
        (Some(_), Some(_)) => {
            let (field, problem) = ("client_assertion", "must not be given beside client_secret");
            return Err(Error::Invalid(FieldError { field: field.into(), problem: problem.into() }));
        }
    })
}

pub(crate) fn refuel<T>(store: &mut wasmtime::Store<T>, fuel: Option<u64>) -> wasmtime::Result<()> {
    fuel.map_or(Ok(()), |fuel| store.set_fuel(fuel))
}

/// What a client asks for, and sends along.
pub(crate) fn options(scope: Option<&str>, resources: &[&str], proof: Option<DpopProof>) -> wit::Options {
    let resources = resources.iter().map(ToString::to_string).collect();
    wit::Options { scope: scope.map(ToOwned::to_owned), resources, proof }
}

/// A proof, and the URL that it was made for where that is not our token endpoint.
pub(crate) fn dpop_proof(proof: Option<&str>, url: Option<&str>) -> Option<DpopProof> {
    let proof = proof?.to_owned();
    Some(DpopProof { proof, url: url.map(ToOwned::to_owned) })
}
