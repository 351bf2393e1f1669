//! What an issuer withdraws, and what an administrator removes, is gone in every instance of every node at its next
//! request (R48, R52), however long the document of before would have been fresh.

use std::sync::Arc;

use anyhow::{Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::Answer;
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, StillClock};
use host_tests::scenario::resolved::KeyAnswer;
use host_tests::torture::report;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Instances of each node.
const INSTANCES: usize = 16;
/// Requests at once: more than there are instances, so that each has some.
const AT_ONCE: usize = 4 * INSTANCES;

const OLD: &str = "es256/old";
const NEW: &str = "es256/new";

/// Two nodes that share their stores.
struct Nodes {
    hosts: Vec<LocalHost>,
    clients: Vec<Client>,
    endpoints: KeyEndpoints,
    url: String,
    clock: StillClock,
}

impl Nodes {
    async fn start() -> Result<Self> {
        let (clock, stores) = (StillClock::at_present(), Arc::new(MemoryStores::new()));
        let mut hosts = Vec::new();
        for _ in 0..2 {
            let stores: Arc<dyn KeyValue> = stores.clone();
            let host = LocalHost::of(program("handler.wasm")?).stores(stores).clock(clock.clone());
            hosts.push(host.limits(|limits| limits.instances = INSTANCES).start().await?);
        }
        let endpoints = KeyEndpoints::start().await?;
        let url = endpoints.url("withdrawn", "partner");
        Admin(hosts[0].address()).done("PUT", "acme", Some(&json!({}))).await?;
        let client = Admin(hosts[0].address()).register_application("app").await?;
        let clients = hosts.iter().map(|host| Client { address: host.address(), ..client.clone() }).collect();
        Ok(Self { hosts, clients, endpoints, url, clock })
    }

    async fn register(&self) -> Result<()> {
        let admin = Admin(self.hosts[0].address());
        let issuer = json!({ "jwks_uri": self.url });
        admin.register_issuer("partner", "https://partner.example", &issuer).await.map(drop)
    }

    fn serve(&self, keys: &[&str]) -> Result<()> {
        let keys = keys.iter().map(|name| key(name)?.jwk()).collect::<Result<Vec<Value>>>()?;
        let answer = KeyAnswer {
            status: 200,
            headers: [("cache-control".to_owned(), "max-age=86400".to_owned())].into_iter().collect(),
            body: json!({ "keys": keys }).to_string(),
            delay_ms: 0,
        };
        self.endpoints.answers(&self.url, vec![answer]);
        Ok(())
    }

    fn assertion(&self, key: &str) -> Result<String> {
        let now = self.clock.seconds();
        assertion(key, &json!({ "exp": now + 300, "iat": now }))
    }

    /// Exchanges assertions of this key on both nodes, all at once.
    async fn exchange(&self, key: &str) -> Result<Vec<Answer>> {
        let mut posts = JoinSet::new();
        for number in 0..2 * AT_ONCE {
            let (client, assertion) = (self.clients[number % 2].clone(), self.assertion(key)?);
            posts.spawn(async move { client.exchange(&assertion).await });
        }
        posts.join_all().await.into_iter().collect()
    }

    async fn all(&self, key: &str, status: u16) -> Result<()> {
        for answer in self.exchange(key).await? {
            ensure!(answer.status == status, "{key}: {} {}", answer.status, answer.text());
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r48_a_withdrawn_key_is_refused_by_every_instance() -> Result<()> {
    let nodes = Nodes::start().await?;
    nodes.serve(&[OLD, NEW])?;
    nodes.register().await?;
    nodes.all(OLD, 200).await?;
    ensure!(nodes.endpoints.fetches(&nodes.url) == 1);

    nodes.serve(&[NEW])?;
    nodes.clock.set(nodes.clock.seconds() + 40);
    let unknown = nodes.clients[0].exchange(&nodes.assertion("es256/stranger")?).await?;
    ensure!(unknown.status == 400, "{}", unknown.text());
    ensure!(nodes.endpoints.fetches(&nodes.url) == 2, "the one fetch that is forced");
    nodes.all(OLD, 400).await?;
    nodes.all(NEW, 200).await?;
    ensure!(nodes.endpoints.fetches(&nodes.url) == 2);

    // Removed and registered again: within the same half minute, with a document that was fresh for a day.
    nodes.serve(&["es256"])?;
    let path = "acme/trusted-issuers/partner";
    Admin(nodes.hosts[1].address()).done("DELETE", path, None).await?;
    nodes.register().await?;
    nodes.all(NEW, 400).await?;
    nodes.all("es256", 200).await?;
    ensure!(nodes.endpoints.fetches(&nodes.url) == 3);
    report("requests on two nodes after a key is withdrawn", 8 * AT_ONCE, 0);
    for host in nodes.hosts {
        host.stop().await;
    }
    Ok(())
}
