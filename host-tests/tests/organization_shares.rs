//! R71: an organization whose requests cost much takes nothing from another: of the instances and of the computing time
//! it has its share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{Connection, form};
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, PUBLIC_URL};
use host_tests::torture::{figure, report};
use serde_json::json;
use tokio::task::JoinSet;

/// So many requests of the hostile organization are under way at once.
const HOSTILE: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_keys_of_one_organization_hold_up_no_other() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let exchange = |client: host_tests::admin::Client| async move {
        let mut connection = Connection::open(client.address).await?;
        let mut times = Vec::new();
        for _ in 0..60 {
            let assertion = assertion("es256", &json!({}))?;
            let begin = Instant::now();
            let answer = client.exchange_on(&mut connection, &assertion).await?;
            ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        anyhow::Ok(times)
    };
    let alone = exchange(client.clone()).await?;

    // Sixteen keys under one kid, each of which has to be tried, and none of which is the right one.
    admin.done("PUT", "hostile", Some(&json!({}))).await?;
    let mut keys = Vec::new();
    for number in 0..16 {
        let mut jwk = key(&format!("es384/{number}"))?.jwk()?;
        jwk["kid"] = "es384".into();
        keys.push(jwk);
    }
    let issuer = json!({"name": "x", "issuer": "https://hostile.example", "jwks": {"keys": keys}});
    admin.done("POST", "hostile/trusted-issuers", Some(&issuer)).await?;
    let application = json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let made = admin.done("POST", "hostile/applications", Some(&application)).await?;
    let claims = json!({"iss": "https://hostile.example", "aud": format!("{PUBLIC_URL}/t/hostile")});
    let body = form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", &made.member("client_id")?),
        ("client_secret", &made.member("client_secret")?),
        ("assertion", &assertion("es384", &claims)?),
    ]);

    let (over, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut posts = JoinSet::new();
    for _ in 0..HOSTILE {
        let (address, body, over, refused) = (host.address(), body.clone(), over.clone(), refused.clone());
        posts.spawn(async move {
            let headers: &[(&str, &[u8])] = &[("content-type", b"application/x-www-form-urlencoded")];
            let mut connection = Connection::open(address).await?;
            while !over.load(Ordering::Relaxed) {
                let answer =
                    connection.send("POST", "/t/hostile/oauth2/token", headers, body.clone()).await?;
                ensure!([400, 503].contains(&answer.status), "{} {}", answer.status, answer.text());
                refused.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let beside = exchange(client).await?;
    over.store(true, Ordering::Relaxed);
    for post in posts.join_all().await {
        post?;
    }
    let (alone, beside, slowest) = (alone[30], beside[30], beside[59]);
    report("requests with hostile keys at once", HOSTILE, 0);
    figure(&format!(
        "an exchange of another organization: median {alone:?} alone, {beside:?} beside {} of them, slowest {slowest:?}",
        refused.load(Ordering::Relaxed)
    ));
    ensure!(beside < Duration::from_millis(50), "another organization waits {beside:?}");
    host.stop().await;
    Ok(())
}
