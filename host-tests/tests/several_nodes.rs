//! Several nodes on one Redis: an assertion works once among all of them (R45), also while Redis dies and comes
//! back (R70), and what is used up does not stay (issue "Hard to break").

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use asserta::Secret;
use asserta::keyvalue::{Bucket, KEYS_PER_PAGE, KeyValue, RedisStores, SqliteStores};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::{Answer, send};
use host_tests::components::program;
use host_tests::local_host::{LocalHost, StillClock};
use host_tests::process::Server;
use host_tests::redis_server::RedisServer;
use host_tests::torture::{figure, report, times};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A node: a process of its own with a data directory of its own.
struct Node {
    server: Server,
    _data: TempDir,
}

impl Node {
    fn start(redis: &RedisServer) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let server = Server::start_with(data.path(), &["--store", &redis.url()])?;
        Ok(Self { server, _data: data })
    }

    fn client(&self, client: &Client) -> Client {
        Client { address: self.server.address, ..client.clone() }
    }

    async fn health(&self) -> Result<u16> {
        Ok(send(self.server.address, "GET", "/health", &[], "").await?.status)
    }
}

/// Posts an assertion to each node at the same moment.
async fn post_to_each(clients: &[Client], assertion: &str) -> Vec<Result<Answer>> {
    let mut posts = JoinSet::new();
    for client in clients {
        let (client, assertion) = (client.clone(), assertion.to_owned());
        posts.spawn(async move { client.exchange(&assertion).await });
    }
    posts.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_assertion_works_on_one_node() -> Result<()> {
    const ASSERTIONS: usize = 1000;
    const AT_ONCE: usize = 16;
    let redis = RedisServer::start()?;
    let nodes = [Node::start(&redis)?, Node::start(&redis)?];
    let client = Admin(nodes[0].server.address).register_acme().await?;
    let clients: Arc<[Client]> = nodes.iter().map(|node| node.client(&client)).collect();
    let (mut granted, mut refused, mut begun) = (0_usize, 0_usize, 0);
    let mut pairs = JoinSet::new();
    let mut on = [0; 2];
    loop {
        while begun < ASSERTIONS && pairs.len() < AT_ONCE {
            let (clients, assertion) = (clients.clone(), assertion("es256", &json!({}))?);
            pairs.spawn(async move {
                // In turn the one and the other node is a little earlier.
                let (a, b) = tokio::join!(clients[0].exchange(&assertion), clients[1].exchange(&assertion));
                [a, b]
            });
            begun += 1;
        }
        let Some(pair) = pairs.join_next().await else { break };
        for (node, answer) in pair?.into_iter().enumerate() {
            let answer = answer?;
            match answer.status {
                200 => {
                    granted += 1;
                    on[node] += 1;
                }
                400 if answer.member("error")? == "invalid_grant" => refused += 1,
                other => anyhow::bail!("{other} {}", answer.text()),
            }
        }
    }
    let wrong = granted.abs_diff(ASSERTIONS).max(refused.abs_diff(ASSERTIONS));
    report("an assertion posted to two nodes at once", ASSERTIONS, wrong);
    figure(&format!(
        "{granted} successes ({} on one node, {} on the other), {refused} refusals",
        on[0], on[1]
    ));
    ensure!(wrong == 0, "{granted} successes and {refused} refusals of {ASSERTIONS}");
    ensure!(on.iter().all(|&count| count > 0), "one node alone won every time: {on:?}");
    Ok(())
}

/// What was registered on one node is there on the other.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_registrations_and_keys() -> Result<()> {
    let redis = RedisServer::start()?;
    let nodes = [Node::start(&redis)?, Node::start(&redis)?];
    let client = Admin(nodes[0].server.address).register_acme().await?;
    let answer = nodes[1].client(&client).exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 200, "{}", answer.text());
    let mut documents = Vec::new();
    for node in &nodes {
        documents.push(send(node.server.address, "GET", "/t/acme/oauth2/jwks", &[], "").await?.text());
    }
    ensure!(documents[0] == documents[1] && documents[0].contains("\"kid\""), "{documents:?}");
    Ok(())
}

/// R111, R112: a token that was revoked on one node, alone or with all of its client, is not active on the other one at
/// once, also where that has just said that it was.
#[tokio::test(flavor = "multi_thread")]
async fn r111_r112_what_is_revoked_is_revoked_on_every_node() -> Result<()> {
    let redis = RedisServer::start()?;
    let nodes = [Node::start(&redis)?, Node::start(&redis)?];
    let admin = Admin(nodes[0].server.address);
    let client = admin.register_acme().await?;
    let clients = [nodes[0].client(&client), nodes[1].client(&client)];
    let rounds = times(50, 500);
    for round in 0..rounds {
        let (here, there) = (&clients[round % 2], &clients[(round + 1) % 2]);
        let token = here.exchange(&assertion("es256", &json!({}))?).await?.member("access_token")?;
        ensure!(there.introspect(&token).await?.json()?["active"] == true, "round {round}: it is issued");
        let revoked = here.revoke(&token).await?;
        ensure!(revoked.status == 200, "{}", revoked.text());
        for client in [there, here] {
            let told = client.introspect(&token).await?.text();
            ensure!(told == r#"{"active":false}"#, "round {round}: {told}");
        }
    }
    report("a token revoked on one node and looked up on the other", rounds, 0);
    let token = clients[0].exchange(&assertion("es256", &json!({}))?).await?.member("access_token")?;
    ensure!(clients[1].introspect(&token).await?.json()?["active"] == true, "it is issued");
    admin.done("POST", "acme/revocations", Some(&json!({"client_id": client.client_id}))).await?;
    for client in clients.iter().rev() {
        let told = client.introspect(&token).await?.text();
        ensure!(told == r#"{"active":false}"#, "{told}");
    }
    Ok(())
}

/// R70: Redis dies (SIGKILL) under load, again and again. Answers are then 503; nothing is issued twice; and the
/// nodes serve again by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn redis_dies_under_load() -> Result<()> {
    const AT_ONCE: usize = 8;
    let rounds = times(3, 25);
    let mut redis = RedisServer::start()?;
    let nodes = [Node::start(&redis)?, Node::start(&redis)?];
    let client = Admin(nodes[0].server.address).register_acme().await?;
    let clients: Arc<[Client]> = nodes.iter().map(|node| node.client(&client)).collect();
    let (mut acknowledged, mut unavailable, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (clients, stop) = (clients.clone(), stop.clone());
            workers.spawn(async move {
                let mut statuses: Vec<(String, Vec<u16>)> = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let assertion = assertion("es256", &json!({}))?;
                    let answers = post_to_each(&clients, &assertion).await;
                    let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
                    for answer in answers.iter().filter(|answer| answer.status == 503) {
                        ensure!(answer.member("error")? == "temporarily_unavailable", "{}", answer.text());
                        ensure!(answer.header("retry-after").is_some(), "no Retry-After");
                    }
                    statuses.push((assertion, answers.iter().map(|answer| answer.status).collect()));
                }
                Ok(statuses)
            });
        }
        tokio::time::sleep(Duration::from_millis(300 + 37 * (round as u64 % 10))).await;
        redis.kill()?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        for node in &nodes {
            ensure!(node.health().await? == 503, "health says nothing of it");
        }
        redis.start_again()?;
        let back = Instant::now();
        for node in &nodes {
            while node.health().await? != 200 {
                ensure!(back.elapsed() < Duration::from_secs(5), "a node does not come back");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        slowest = slowest.max(back.elapsed());
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.store(true, Ordering::Relaxed);
        let mut seen: HashMap<String, usize> = HashMap::new();
        while let Some(statuses) = workers.join_next().await {
            for (assertion, statuses) in statuses?? {
                for &status in &statuses {
                    ensure!([200, 400, 503].contains(&status), "round {round}: {status}");
                    unavailable += usize::from(status == 503);
                }
                seen.insert(assertion, statuses.iter().filter(|status| **status == 200).count());
            }
        }
        // Once more to both nodes: used ones are refused, and of the others none works twice.
        for (assertion, before) in &seen {
            acknowledged += before;
            let after = post_to_each(&clients, assertion).await.into_iter().collect::<Result<Vec<_>>>()?;
            let after: Vec<u16> = after.iter().map(|answer| answer.status).collect();
            ensure!(after.iter().all(|status| [200, 400].contains(status)), "round {round}: {after:?}");
            let all = before + after.iter().filter(|status| **status == 200).count();
            ensure!(
                all <= 1,
                "round {round}: an assertion worked {all} times: {before} before, then {after:?}"
            );
        }
    }
    report("Redis killed under the load of two nodes", rounds, 0);
    figure(&format!(
        "{acknowledged} tokens issued, none twice; {unavailable} answers 503; back at most {slowest:?} after Redis"
    ));
    ensure!(
        unavailable > 0 && acknowledged > 0,
        "nothing was hit: {acknowledged} issued, {unavailable} refused"
    );
    Ok(())
}

/// A node that starts while Redis is away answers 503 and serves when it is there; so does one that loses it.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_without_redis() -> Result<()> {
    let mut redis = RedisServer::start()?;
    redis.kill()?;
    let node = Node::start(&redis)?;
    ensure!(node.health().await? == 503, "it is healthy without a store");
    redis.start_again()?;
    let begin = Instant::now();
    while node.health().await? != 200 {
        ensure!(begin.elapsed() < Duration::from_secs(5), "it does not come up: {}", node.server.log()?);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let client = Admin(node.server.address).register_acme().await?;
    let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(answer.status == 200, "{}", answer.text());
    let log = node.server.log()?;
    ensure!(log.contains("Redis cannot be reached"), "the log says nothing: {log}");
    ensure!(!log.contains(host_tests::redis_server::PASSWORD), "the log shows the password: {log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replay_store_is_bounded_in_redis() -> Result<()> {
    let redis = RedisServer::start()?;
    is_bounded("Redis", Arc::new(RedisStores::new(&Secret::new(redis.url()), None)?)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replay_store_is_bounded_in_sqlite() -> Result<()> {
    let directory = tempfile::tempdir()?;
    is_bounded("SQLite", Arc::new(SqliteStores::open(directory.path())?)).await
}

/// R70: what has expired is deleted also in a Redis that is full and takes no word of how far the sweep is. `/health` tells
/// of it until there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_is_swept() -> Result<()> {
    const USED: usize = 20;
    let redis = RedisServer::start()?;
    let stores = Arc::new(RedisStores::new(&Secret::new(redis.url()), None)?);
    let clock = StillClock::at_present();
    let host =
        LocalHost::of(program("handler.wasm")?).stores(stores.clone()).clock(clock.clone()).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    for _ in 0..USED {
        let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
        ensure!(answer.status == 200, "{}", answer.text());
    }
    redis.limit_memory(1)?;
    let refused = client.exchange(&assertion("es256", &json!({}))?).await?;
    ensure!(refused.status == 503, "a full store: {} {}", refused.status, refused.text());
    let replay = stores.open("replay").await?;
    ensure!(count(&*replay).await? == USED, "{} are kept", count(&*replay).await?);
    // Whether the sweep that follows a request is said to fail by the next one.
    let sweep_fails = async || {
        clock.set(clock.seconds() + 361);
        let health = async || {
            let health = send(host.address(), "GET", "/health", &[], "").await?;
            ensure!(health.status == 200, "{} {}", health.status, health.text());
            Ok(health.json()?["sweep"] == "failing")
        };
        health().await?;
        // The answer does not wait for the sweep; this does. What the store can't be told, an instance knows for two minutes.
        tokio::time::sleep(Duration::from_millis(250)).await;
        health().await
    };
    clock.set(clock.seconds() + 4 * 3600);
    let (mut sweeps, mut told) = (0, 0);
    while count(&*replay).await? > 0 {
        ensure!(sweeps < 60, "{} are left after {sweeps} sweeps", count(&*replay).await?);
        told += usize::from(sweep_fails().await?);
        sweeps += 1;
    }
    ensure!(told > 0, "nobody was told in {sweeps} sweeps");
    redis.limit_memory(0)?;
    let mut tries = 0;
    while sweep_fails().await? {
        ensure!(tries < 20, "it is still said to fail");
        tries += 1;
    }
    let claims = json!({ "iat": clock.seconds(), "exp": clock.seconds() + 300 });
    let answer = client.exchange(&assertion("es256", &claims)?).await?;
    ensure!(answer.status == 200, "with room again: {} {}", answer.status, answer.text());
    report("used assertions in a full Redis gone after expiry", USED, 0);
    figure(&format!("{sweeps} sweeps, {told} answers that told of it"));
    host.stop().await;
    Ok(())
}

/// After the expiry of so many assertions, and a sweep, nothing of them is left.
async fn is_bounded(name: &str, stores: Arc<dyn KeyValue>) -> Result<()> {
    let assertions = times(2_500, 10_000);
    let clock = StillClock::at_present();
    let host =
        LocalHost::of(program("handler.wasm")?).stores(stores.clone()).clock(clock.clone()).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    let mut workers = JoinSet::new();
    for worker in 0..16 {
        let client = client.clone();
        let share = assertions / 16 + usize::from(worker < assertions % 16);
        workers.spawn(async move {
            for _ in 0..share {
                let answer = client.exchange(&assertion("es256", &json!({}))?).await?;
                ensure!(answer.status == 200, "{}", answer.text());
            }
            Ok(())
        });
    }
    for worker in workers.join_all().await {
        worker?;
    }
    let replay = stores.open("replay").await?;
    ensure!(count(&*replay).await? == assertions, "{} of {assertions} are kept", count(&*replay).await?);
    // Five minutes of life, ten of the greatest skew, an hour of its bucket and two more later. A sweep runs after an
    // answer, and moves an hour ahead at most.
    clock.set(clock.seconds() + 4 * 3600);
    let mut sweeps = 0;
    while count(&*replay).await? > 0 {
        ensure!(sweeps < 15, "{} are left after {sweeps} sweeps", count(&*replay).await?);
        clock.set(clock.seconds() + 361);
        ensure!(send(host.address(), "GET", "/health", &[], "").await?.status == 200, "it is not healthy");
        let begin = Instant::now();
        let mut before = count(&*replay).await?;
        // The answer does not wait for the sweep; this does.
        while before > 0 && begin.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = count(&*replay).await?;
            if now == before {
                break;
            }
            before = now;
        }
        sweeps += 1;
    }
    report(&format!("used assertions in {name} gone after expiry"), assertions, 0);
    figure(&format!("{sweeps} sweeps"));
    host.stop().await;
    Ok(())
}

async fn count(bucket: &dyn Bucket) -> Result<usize> {
    let (mut count, mut last) = (0, None::<String>);
    loop {
        let page = bucket.keys("", last.as_deref(), KEYS_PER_PAGE).await.context("the store can be read")?;
        let Some(key) = page.last() else { return Ok(count) };
        count += page.len();
        last = Some(key.clone());
    }
}
