//! R87: policies that are composed in, as the component is built and served: the two examples, and one that is contrary.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use asserta::keyvalue::{KeyValue, MemoryStores};
use asserta_core::oauth::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::Answer;
use host_tests::components::program;
use host_tests::local_host::LocalHost;
use host_tests::process::Server;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CONTRARY: &str = "handler-policy-contrary.wasm";

async fn contrary() -> Result<LocalHost> {
    LocalHost::of(program(CONTRARY)?).start().await
}

/// The claims of the token, and the response.
fn granted(what: &str, answer: &Answer) -> Result<(Value, Value)> {
    ensure!(answer.status == 200, "{what}: {} {}", answer.status, answer.text());
    let token = answer.member("access_token")?;
    let claims = token.split('.').nth(1).context("no token")?;
    Ok((serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?, answer.json()?))
}

/// R2, R87: `invalid_grant`, and nothing of what the policy says.
fn refused(what: &str, answer: &Answer) -> Result<()> {
    ensure!(answer.status == 400, "{what}: {} {}", answer.status, answer.text());
    ensure!(answer.member("error")? == "invalid_grant", "{what}: {}", answer.text());
    let sentence = answer.member("error_description")?;
    ensure!(sentence == Reason::PolicyDenied.sentence(), "{what}: {sentence}");
    Ok(())
}

async fn ask(client: &Client, subject: &str) -> Result<Answer> {
    client.exchange(&assertion("es256", &json!({"sub": subject}))?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn r87_it_is_told_and_narrows() -> Result<()> {
    let host = contrary().await?;
    let client = Admin(host.address()).register_acme().await?;
    let (claims, response) = granted("allow", &ask(&client, "somebody").await?)?;
    ensure!(claims["scope"] == "read write" && response["expires_in"] == 3600, "{claims} {response}");
    let (claims, response) = granted("narrow", &ask(&client, "narrow").await?)?;
    ensure!(claims["scope"] == "read" && response["scope"] == "read", "{claims} {response}");
    ensure!(response["expires_in"] == 60 && claims["environment"] == "prod", "{claims} {response}");
    ensure!(claims["exp"].as_u64() == claims["iat"].as_u64().map(|at| at + 60), "{claims}");
    let (claims, _) = granted("tell", &ask(&client, "tell").await?)?;
    let told = "acme jwt-bearer true partner - read+write https://as.example/t/acme 3600 true";
    ensure!(claims["told"] == told, "{claims}");
    ensure!(claims["now"].as_u64() == claims["iat"].as_u64(), "{claims}");
    host.stop().await;
    Ok(())
}

/// R45, R87: what is refused is not used up, be it by the policy's word or since its decision is malformed.
#[tokio::test(flavor = "multi_thread")]
async fn r87_refusals_and_malformed_decisions() -> Result<()> {
    let stores: Arc<dyn KeyValue> = Arc::new(MemoryStores::new());
    let host = LocalHost::of(program(CONTRARY)?).stores(stores.clone()).start().await?;
    let plain = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    let elsewhere = Client { address: plain.address(), ..client.clone() };
    for subject in [
        "deny",
        "deny-in-prose",
        "another-scope",
        "no-scope",
        "many-scopes",
        "reserved-claim",
        "no-json",
        "large-claims",
        "long-life",
        "short-life",
    ] {
        let assertion = assertion("es256", &json!({"sub": subject}))?;
        for _ in 0..2 {
            refused(subject, &client.exchange(&assertion).await?)?;
        }
        // Where no policy is, the same assertion works, and then once.
        granted(subject, &elsewhere.exchange(&assertion).await?)?;
        let again = elsewhere.exchange(&assertion).await?;
        ensure!(again.status == 400, "{subject}: {}", again.text());
    }
    host.stop().await;
    plain.stop().await;
    Ok(())
}

/// R71, R87: a policy that traps, computes or takes memory without end ends its instance: 500, nothing issued, nothing used
/// up, and no other request hurt.
#[tokio::test(flavor = "multi_thread")]
async fn r87_a_policy_that_fails_grants_nothing() -> Result<()> {
    let stores: Arc<dyn KeyValue> = Arc::new(MemoryStores::new());
    let host = LocalHost::of(program(CONTRARY)?)
        .stores(stores.clone())
        .limits(|limits| limits.computing_time = Some(Duration::from_millis(500)))
        .start()
        .await?;
    let plain = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    let elsewhere = Client { address: plain.address(), ..client.clone() };
    let mut failing = JoinSet::new();
    for subject in ["trap", "panic", "loop", "grow", "flood"] {
        let (client, elsewhere) = (client.clone(), elsewhere.clone());
        let assertion = assertion("es256", &json!({"sub": subject}))?;
        failing.spawn(async move {
            for _ in 0..2 {
                let answer = client.exchange(&assertion).await?;
                ensure!(answer.status == 500, "{subject}: {} {}", answer.status, answer.text());
                ensure!(answer.member("error")? == "server_error", "{subject}: {}", answer.text());
                ensure!(answer.json()?.get("access_token").is_none(), "{subject}: {}", answer.text());
            }
            granted(subject, &elsewhere.exchange(&assertion).await?).map(drop)
        });
    }
    while !failing.is_empty() {
        granted("another", &ask(&client, "somebody").await?)?;
        while let Some(failed) = failing.try_join_next() {
            failed??;
        }
    }
    host.stop().await;
    plain.stop().await;
    Ok(())
}

/// R87: `explain` tells an administrator what the client is not told.
#[tokio::test(flavor = "multi_thread")]
async fn r87_explain_asks_it() -> Result<()> {
    let host = contrary().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    for (subject, passed, saw) in [
        ("narrow", true, r#"it grants "read" for 60 s"#),
        ("deny", false, "it refuses: not-today"),
        ("deny-in-prose", false, "it refuses, and gives no name for it"),
        ("long-life", false, "its decision is malformed: lifetime asks for what it may not give"),
    ] {
        let assertion = assertion("es256", &json!({"sub": subject}))?;
        let question = json!({"assertion": assertion, "client_id": client.client_id});
        let explained = admin.done("POST", "acme/explain", Some(&question)).await?.json()?;
        let checks = explained["checks"].as_array().context("no checks")?;
        let check = checks.iter().find(|check| check["rule"] == "R87").context("no step of the policy")?;
        ensure!(check["passed"] == passed && check["saw"] == saw, "{subject}: {check}");
        ensure!(explained["accepted"] == passed, "{subject}: {explained}");
    }
    host.stop().await;
    Ok(())
}

/// R3, R75, R87: the log has the policy's name for its refusal, and no other text of it.
#[tokio::test(flavor = "multi_thread")]
async fn r87_the_log_says_why() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::start_component(CONTRARY, data.path(), &[], &[])?;
    let client = Admin(server.address).register_acme().await?;
    for subject in ["deny", "deny-in-prose", "no-json"] {
        refused(subject, &ask(&client, subject).await?)?;
    }
    let log = server.log()?;
    for reason in ["policy-denied", "not-today", "malformed: claims"] {
        ensure!(log.contains(reason), "the log does not say {reason}: {log}");
    }
    ensure!(!log.contains("alice@personal.example"), "{log}");
    Ok(())
}

/// The claims of a job: of this owner, from this ref.
fn job(owner: &str, from: &str) -> Value {
    json!({"repository_owner_id": owner, "ref": format!("refs/heads/{from}")})
}

/// The example in CEL: examples/policy-cel/policy.cel.
#[tokio::test(flavor = "multi_thread")]
async fn r87_the_example_in_cel() -> Result<()> {
    let host = LocalHost::of(program("handler-policy-cel.wasm")?).start().await?;
    let client = Admin(host.address()).register_acme().await?;
    let ask = async |claims: Value| client.exchange(&assertion("es256", &claims)?).await;
    let (claims, response) = granted("main", &ask(job("4242", "main")).await?)?;
    ensure!(claims["scope"] == "read write" && claims["environment"] == "production", "{claims}");
    ensure!(response["expires_in"] == 3600, "{response}");
    let (claims, response) = granted("a branch", &ask(job("4242", "try")).await?)?;
    ensure!(claims["scope"] == "read" && claims["environment"] == "review", "{claims}");
    ensure!(response["expires_in"] == 300, "{response}");
    refused("a stranger", &ask(job("1", "main")).await?)?;
    refused("no owner", &ask(json!({})).await?)?;
    refused("no ref", &ask(json!({"repository_owner_id": "4242"})).await?)?;
    refused("another type", &ask(json!({"repository_owner_id": 4242, "ref": "refs/heads/main"})).await?)?;
    host.stop().await;
    Ok(())
}

/// The example in Cedar: examples/policy-cedar/policies.cedar.
#[tokio::test(flavor = "multi_thread")]
async fn r87_the_example_in_cedar() -> Result<()> {
    let host = LocalHost::of(program("handler-policy-cedar.wasm")?).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let ask = async |claims: Value| client.exchange(&assertion("es256", &claims)?).await;
    let (claims, response) = granted("main", &ask(job("4242", "main")).await?)?;
    ensure!(claims["scope"] == "read write" && response["expires_in"] == 3600, "{claims} {response}");
    let (claims, response) = granted("a branch", &ask(job("4242", "try")).await?)?;
    ensure!(claims["scope"] == "read" && response["expires_in"] == 300, "{claims} {response}");
    refused("a stranger", &ask(job("1", "main")).await?)?;
    refused("no owner", &ask(json!({})).await?)?;
    let with = |name: &str, value: Value| {
        let mut claims = job("4242", "main");
        claims[name] = value;
        claims
    };
    refused("frozen", &ask(with("environment", json!("frozen"))).await?)?;
    refused("what Cedar can't hold", &ask(with("level", json!(1.5))).await?)?;
    let escape = json!({"__entity": {"type": "Issuer", "id": "partner"}});
    refused("an entity in a claim", &ask(with("owner", escape)).await?)?;
    host.stop().await;
    Ok(())
}
