//! The clients, what each can do, and the installation that they do it with.

use anyhow::{Context as _, Result, ensure};
use host_tests::admin::{Admin, Client as Application};
use host_tests::components::program;
use host_tests::local_host::{LocalHost, present};
use host_tests::standard_clients::{Interpreter, ResourceServer, node, python};
use serde_json::{Value, json};

/// Something that a client does with us. A test of this folder asks for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    DiscoveryOauth2,
    DiscoveryOpenid,
    JwtBearer,
    SignedAssertion,
    IdJag,
    TokenExchange,
    PrivateKeyJwt,
    Dpop,
    Introspection,
    Revocation,
}

impl Capability {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 10] = [
        Self::DiscoveryOauth2,
        Self::DiscoveryOpenid,
        Self::JwtBearer,
        Self::SignedAssertion,
        Self::IdJag,
        Self::TokenExchange,
        Self::PrivateKeyJwt,
        Self::Dpop,
        Self::Introspection,
        Self::Revocation,
    ];

    /// What the scripts call it, and what the table does.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::DiscoveryOauth2 => ("discovery-oauth2", "discovery, RFC 8414"),
            Self::DiscoveryOpenid => ("discovery-openid", "discovery, OpenID Connect"),
            Self::JwtBearer => ("jwt-bearer", "JWT bearer grant"),
            Self::SignedAssertion => ("signed-assertion", "the same, and signs the assertion"),
            Self::IdJag => ("id-jag", "ID-JAG"),
            Self::TokenExchange => ("token-exchange", "token exchange"),
            Self::PrivateKeyJwt => ("private-key-jwt", "`private_key_jwt`"),
            Self::Dpop => ("dpop", "DPoP, with and without a nonce"),
            Self::Introspection => ("introspection", "introspection"),
            Self::Revocation => ("revocation", "revocation"),
        }
    }

    /// Its row of the table.
    pub(crate) fn title(self) -> &'static str {
        self.words().1
    }

    /// Who can do it.
    fn clients(self) -> impl Iterator<Item = &'static Client> {
        CLIENTS.iter().filter(move |client| client.can(self))
    }
}

/// An OAuth client of somebody else.
pub(crate) struct Client {
    /// The name of its package.
    pub(crate) name: &'static str,
    script: &'static str,
    lacks: &'static [Capability],
}

impl Client {
    /// Whether it has code for this.
    pub(crate) fn can(&self, capability: Capability) -> bool {
        !self.lacks.contains(&capability)
    }
}

pub(crate) const CLIENTS: [Client; 4] = [
    Client { name: "oauth4webapi", script: "oauth4webapi.mjs", lacks: &[Capability::SignedAssertion] },
    Client { name: "openid-client", script: "openid-client.mjs", lacks: &[Capability::SignedAssertion] },
    Client { name: "Authlib", script: "authlib_client.py", lacks: &[Capability::Dpop] },
    Client {
        name: "requests_oauth2client",
        script: "requests_oauth2client_client.py",
        // It puts the well-known part of RFC 8414 before the path of an issuer, and the name of the document behind it.
        lacks: &[Capability::DiscoveryOauth2, Capability::SignedAssertion],
    },
];

/// What runs the clients of each language.
pub(crate) struct Clients {
    node: Interpreter,
    pub(crate) python: Interpreter,
}

impl Clients {
    /// Installs their packages where they aren't yet.
    ///
    /// # Errors
    /// There is no Node or no Python, or the packages can't be had.
    pub(crate) async fn installed() -> Result<Self> {
        let installing = tokio::task::spawn_blocking(|| Ok(Self { node: node()?, python: python()? }));
        installing.await?
    }

    /// Each client that can do this does it with what is made for it, and sees what is expected.
    ///
    /// # Errors
    /// One can't, or sees something else.
    pub(crate) fn each(
        &self,
        capability: Capability,
        given: impl Fn() -> Result<Value>,
        expected: &Value,
    ) -> Result<()> {
        self.each_sees(capability, given, |seen| {
            ensure!(seen == expected, "{seen}, expected {expected}");
            Ok(())
        })
    }

    /// The same, where what is seen differs from client to client.
    ///
    /// # Errors
    /// One can't, or sees something else.
    pub(crate) fn each_sees(
        &self,
        capability: Capability,
        given: impl Fn() -> Result<Value>,
        expected: impl Fn(&Value) -> Result<()>,
    ) -> Result<()> {
        for client in capability.clients() {
            self.ask(client, capability, &given()?)
                .and_then(|seen| expected(&seen))
                .with_context(|| format!("{}: {}", client.name, capability.title()))?;
        }
        Ok(())
    }

    fn ask(&self, client: &Client, capability: Capability, given: &Value) -> Result<Value> {
        let interpreter = if client.script.ends_with(".py") { &self.python } else { &self.node };
        let (word, _) = capability.words();
        tokio::task::block_in_place(|| interpreter.client(client.script, &[word, &given.to_string()]))
    }

    /// An API that verifies with jose, and one that does with joserfc and PyJWT. They know this issuer identifier.
    ///
    /// # Errors
    /// One doesn't start.
    pub(crate) fn resource_servers(&self, issuer: &str) -> Result<[ResourceServer; 2]> {
        Ok([
            self.node.resource_server("resource-server.mjs", &[issuer, issuer])?,
            self.python.resource_server("resource_server.py", &[issuer, issuer])?,
        ])
    }
}

/// A host whose public URL is where it can be reached, with the organization `acme`.
pub(crate) struct Installation {
    pub(crate) host: LocalHost,
    /// The issuer identifier of `acme`.
    pub(crate) issuer: String,
    /// An application for the JWT bearer grant.
    pub(crate) application: Application,
}

impl Installation {
    /// One that signs access tokens with this algorithm, and wants a nonce in proofs or doesn't.
    ///
    /// # Errors
    /// It can't be had.
    pub(crate) async fn of(algorithm: &str, dpop_nonce: bool) -> Result<Self> {
        let host = LocalHost::of(program("handler.wasm")?).settings(|settings| {
            settings.public_url = None;
            settings.access_token_algorithm = Some(algorithm.to_owned());
            settings.dpop_nonce = dpop_nonce;
        });
        let host = host.start().await?;
        let issuer = format!("http://{}/t/acme", host.address());
        let application = Admin(host.address()).register_acme().await?;
        Ok(Self { host, issuer, application })
    }

    /// One that leaves everything as it is.
    ///
    /// # Errors
    /// It can't be had.
    pub(crate) async fn plain() -> Result<Self> {
        Self::of("ES256", false).await
    }

    /// Its admin API.
    pub(crate) fn admin(&self) -> Admin {
        Admin(self.host.address())
    }

    /// What a client is told: our issuer identifier, its credentials, and these members. The host's clock stands still, and
    /// catches up with the client's here.
    pub(crate) fn given(&self, members: &Value) -> Value {
        self.host.clock.set(present());
        let mut given = json!({
            "issuer": self.issuer,
            "client_id": self.application.client_id,
            "client_secret": self.application.client_secret,
        });
        for (name, value) in members.as_object().into_iter().flatten() {
            given[name] = value.clone();
        }
        given
    }
}
