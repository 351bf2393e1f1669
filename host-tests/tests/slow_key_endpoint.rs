//! One issuer's slow JWKS endpoint holds up nobody else (R51, R52). In a process of its own: this host has all
//! the instances that a host can have.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::{Answer, served_and_busy};
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use host_tests::scenario::resolved::KeyAnswer;
use host_tests::torture::{figure, report};
use serde_json::json;
use tokio::task::JoinSet;

/// More than there are instances.
const AT_ONCE: usize = 300;

/// How long the slow endpoint takes: within the 5 seconds of R50.
const DELAY: Duration = Duration::from_millis(4500);

/// An answer that waited for the endpoint came later than this; one that did not, much earlier.
const QUICK: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn others_are_answered_meanwhile() -> Result<()> {
    let endpoints = KeyEndpoints::start().await?;
    let url = endpoints.url("slow", "keys");
    let body = json!({"keys": [key("es256")?.jwk()?]}).to_string();
    let delay_ms = DELAY.as_millis() as u64;
    endpoints.answers(&url, vec![KeyAnswer { status: 200, headers: Default::default(), body, delay_ms }]);
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    admin.register_issuer("slow", "https://slow.example", &json!({"jwks_uri": url})).await?;

    // There is no document yet: some wait for it, the others come again.
    let (answers, others) = flood(&client, host.clock.seconds()).await?;
    let (granted, unavailable) = served_and_busy(&answers)?;
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        ensure!(answer.header("retry-after") == Some("1"), "R51: {:?}", answer.headers);
    }
    ensure!(endpoints.fetches(&url) == 1, "R52: {} fetches", endpoints.fetches(&url));
    ensure!(granted == 64, "R52: {granted} waited, {unavailable} were told to come again");
    report("requests of an issuer whose JWKS endpoint takes 4.5 s", AT_ONCE, 0);
    figure(&format!("{granted} waited, {unavailable} answered 503; meanwhile {others}"));
    others.are_quick()?;

    // A stale one: all are answered from it at once, and one request fetches it behind its answer.
    host.clock.set(host.clock.seconds() + 600);
    let (answers, others) = flood(&client, host.clock.seconds()).await?;
    for answer in answers {
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    report("the same with a stale document", AT_ONCE, 0);
    figure(&format!("meanwhile {others}"));
    others.are_quick()?;
    host.stop().await;
    ensure!(endpoints.fetches(&url) == 2, "R52: {} fetches", endpoints.fetches(&url));
    Ok(())
}

/// What became of another issuer's exchanges.
struct Others {
    count: usize,
    slowest: Duration,
}

impl std::fmt::Display for Others {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} exchanges of another issuer, the slowest took {:?}", self.count, self.slowest)
    }
}

impl Others {
    fn are_quick(&self) -> Result<()> {
        ensure!(self.slowest < QUICK, "{self}");
        Ok(())
    }
}

/// Requests of the slow issuer all at once, and of the other one, one after the other, until the endpoint has
/// answered.
async fn flood(client: &Client, now: u64) -> Result<(Vec<Answer>, Others)> {
    let begin = Instant::now();
    let claims = json!({"iss": "https://slow.example", "exp": now + 300, "iat": now});
    let mut posts = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (client, assertion) = (client.clone(), assertion("es256", &claims)?);
        posts.spawn(async move { client.exchange(&assertion).await });
    }
    let mut others = Others { count: 0, slowest: Duration::ZERO };
    while begin.elapsed() < DELAY {
        let sent = Instant::now();
        let answer = client.exchange(&assertion("es256", &json!({"exp": now + 300, "iat": now}))?).await?;
        ensure!(answer.status == 200, "another issuer: {} {}", answer.status, answer.text());
        others = Others { count: others.count + 1, slowest: others.slowest.max(sent.elapsed()) };
    }
    let answers = posts.join_all().await.into_iter().collect::<Result<_>>()?;
    Ok((answers, others))
}
