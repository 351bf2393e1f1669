//! The life of a JWKS document on the running host, over real sockets and under many requests (R51, R52).

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use asserta::Limits;
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::Answer;
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use host_tests::scenario::resolved::KeyAnswer;
use host_tests::torture::{figure, report};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Instances of each host: the four hosts of this process share the 256 places that one has otherwise.
const INSTANCES: usize = 60;

/// An installation whose `acme` trusts a partner with a JWKS endpoint.
struct Setting {
    host: LocalHost,
    endpoints: KeyEndpoints,
    url: String,
    client: Client,
}

impl Setting {
    async fn start(keys: &[&str]) -> Result<Self> {
        let few = |limits: &mut Limits| limits.instances = INSTANCES;
        let host = LocalHost::of(program("handler.wasm")?).limits(few).start().await?;
        let endpoints = KeyEndpoints::start().await?;
        let url = endpoints.url("life", "partner");
        endpoints.serves(&url, jwks(keys)?);
        let admin = Admin(host.address());
        admin.done("PUT", "acme", Some(&json!({}))).await?;
        admin.register_issuer("partner", "https://partner.example", &json!({"jwks_uri": url})).await?;
        let client = admin.register_application("app").await?;
        Ok(Self { host, endpoints, url, client })
    }

    fn fetches(&self) -> usize {
        self.endpoints.fetches(&self.url)
    }

    fn advance(&self, seconds: u64) {
        self.host.clock.set(self.host.clock.seconds() + seconds);
    }

    /// An assertion by this key, valid now by the host's clock.
    fn assertion(&self, key: &str) -> Result<String> {
        let now = self.host.clock.seconds();
        assertion(key, &json!({"exp": now + 300, "iat": now}))
    }

    /// Exchanges a fresh assertion of each key, all at once.
    async fn exchange(&self, keys: impl IntoIterator<Item = &str>) -> Result<Vec<Answer>> {
        let mut posts = JoinSet::new();
        for key in keys {
            let (client, assertion) = (self.client.clone(), self.assertion(key)?);
            posts.spawn(async move { client.exchange(&assertion).await });
        }
        posts.join_all().await.into_iter().collect()
    }

    /// The same, of which every one must be granted.
    async fn granted(&self, keys: impl IntoIterator<Item = &str>) -> Result<()> {
        for answer in self.exchange(keys).await? {
            ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        }
        Ok(())
    }
}

fn jwks(keys: &[&str]) -> Result<Value> {
    let keys = keys.iter().map(|name| key(name)?.jwk()).collect::<Result<Vec<Value>>>()?;
    Ok(json!({ "keys": keys }))
}

/// An issuer that publishes a key before it signs with it, and keeps the old one until nobody signs with that, sees
/// none of its assertions refused.
#[tokio::test(flavor = "multi_thread")]
async fn r52_rotation_refuses_nobody() -> Result<()> {
    let (old, new) = ("es256/old", "es256/new");
    let both = |number| if number % 2 == 0 { old } else { new };
    let setting = Setting::start(&[old]).await?;
    setting.granted((0..100).map(|_| old)).await?;
    ensure!(setting.fetches() == 1, "{} fetches", setting.fetches());

    setting.endpoints.serves(&setting.url, jwks(&[old, new])?);
    setting.advance(30);
    setting.granted((0..200).map(both)).await?;
    ensure!(setting.fetches() == 2, "{} fetches", setting.fetches());

    // The old key is still used by assertions under way while the document already lacks it.
    setting.endpoints.serves(&setting.url, jwks(&[new])?);
    setting.advance(30);
    setting.granted((0..200).map(both)).await?;
    ensure!(setting.fetches() == 2, "a document that is fresh and has the key is fetched");

    setting.advance(600);
    setting.granted((0..100).map(|_| new)).await?;
    ensure!(setting.fetches() == 3, "{} fetches", setting.fetches());
    for answer in setting.exchange((0..10).map(|_| old)).await? {
        ensure!(answer.status == 400 && answer.member("error")? == "invalid_grant", "{}", answer.text());
    }
    report("exchanges while an issuer rotates its keys", 600, 0);
    setting.host.stop().await;
    Ok(())
}

/// Ten thousand requests with made-up `kid`s within 30 seconds cause two fetches at most.
#[tokio::test(flavor = "multi_thread")]
async fn r52_flood_of_unknown_kids() -> Result<()> {
    const SECONDS: usize = 30;
    const EACH: usize = 334;
    let setting = Setting::start(&["es256"]).await?;
    setting.granted(["es256"]).await?;
    setting.advance(30);
    let (before, sent) = (setting.fetches(), AtomicUsize::new(0));
    for _ in 0..SECONDS {
        let strangers: Vec<String> =
            (0..EACH).map(|_| format!("es256/stranger-{}", sent.fetch_add(1, Ordering::Relaxed))).collect();
        for answer in setting.exchange(strangers.iter().map(String::as_str)).await? {
            ensure!(answer.status == 400, "{} {}", answer.status, answer.text());
            ensure!(answer.member("error")? == "invalid_grant", "{}", answer.text());
        }
        setting.advance(1);
    }
    let fetches = setting.fetches() - before;
    report("requests with unknown kids in 30 s", sent.into_inner(), 0);
    figure(&format!("{fetches} fetches"));
    ensure!((1..=2).contains(&fetches), "{fetches} fetches");
    setting.granted(["es256"]).await?;
    setting.host.stop().await;
    Ok(())
}

/// Two hundred requests that need a document which takes a second wait for one fetch: as many as there are instances
/// while it is under way, the others for an instance.
#[tokio::test(flavor = "multi_thread")]
async fn r52_many_wait_for_one_fetch() -> Result<()> {
    let setting = Setting::start(&["es256"]).await?;
    let slow = KeyAnswer {
        status: 200,
        headers: Default::default(),
        body: jwks(&["es256"])?.to_string(),
        delay_ms: 1000,
    };
    setting.endpoints.answers(&setting.url, vec![slow]);
    setting.granted((0..200).map(|_| "es256")).await?;
    ensure!(setting.fetches() == 1, "{} fetches", setting.fetches());
    report("requests that wait for one fetch", 200, 0);
    setting.host.stop().await;
    Ok(())
}

/// An endpoint that can't even be reached: its last document serves for a day and ten minutes, then the answer is 503.
#[tokio::test(flavor = "multi_thread")]
async fn r51_outage_of_more_than_a_day() -> Result<()> {
    let Setting { host, endpoints, url, client } = Setting::start(&["es256"]).await?;
    let now = host.clock.seconds();
    let exchange = async |seconds: u64| {
        host.clock.set(now + seconds);
        let at = now + seconds;
        client.exchange(&assertion("es256", &json!({"exp": at + 300, "iat": at}))?).await
    };
    ensure!(exchange(0).await?.status == 200, "it works");
    ensure!(endpoints.fetches(&url) == 1, "it was fetched");
    drop(endpoints);
    for minutes in [1, 9, 11, 15, 60, 12 * 60, 24 * 60, 24 * 60 + 9] {
        let answer = exchange(minutes * 60).await?;
        ensure!(answer.status == 200, "after {minutes} minutes: {} {}", answer.status, answer.text());
    }
    for minutes in [24 * 60 + 10, 25 * 60, 48 * 60] {
        let answer = exchange(minutes * 60).await?;
        ensure!(answer.status == 503, "after {minutes} minutes: {} {}", answer.status, answer.text());
        ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
        ensure!(answer.header("retry-after").is_some(), "R51: no Retry-After");
    }
    report("exchanges in an outage of two days", 12, 0);
    host.stop().await;
    Ok(())
}
