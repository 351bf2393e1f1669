//! Two concurrent registrations of one name, or of one issuer value: exactly one is made, and nothing is lost.

use std::sync::Arc;

use anyhow::{Result, ensure};
use asserta::keyvalue::SqliteStores;
use host_tests::admin::Admin;
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use serde_json::{Value, json};

const ROUNDS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn one_name_and_one_issuer_value() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let stores = Arc::new(SqliteStores::open(directory.path())?);
    let host = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    let admin = Admin(host.address());
    admin.done("PUT", "acme", Some(&json!({}))).await?;
    let record = |name: String, issuer: String| -> Result<Value> {
        Ok(json!({"name": name, "issuer": issuer, "jwks": {"keys": [key("es256")?.jwk()?]}}))
    };
    for round in 0..ROUNDS {
        // One name under two issuer values; one issuer value under two names. The four race with each other.
        let same_name = [
            record(format!("n{round}"), format!("a{round}"))?,
            record(format!("n{round}"), format!("b{round}"))?,
        ];
        let same_issuer = [
            record(format!("x{round}"), format!("i{round}"))?,
            record(format!("y{round}"), format!("i{round}"))?,
        ];
        let path = "acme/trusted-issuers";
        let (a, b, c, d) = tokio::try_join!(
            admin.send("POST", path, Some(&same_name[0])),
            admin.send("POST", path, Some(&same_name[1])),
            admin.send("POST", path, Some(&same_issuer[0])),
            admin.send("POST", path, Some(&same_issuer[1])),
        )?;
        for pair in [[&a, &b], [&c, &d]] {
            let mut statuses = pair.map(|answer| answer.status);
            statuses.sort_unstable();
            ensure!(
                statuses == [201, 409],
                "round {round}: {statuses:?} {} {}",
                pair[0].text(),
                pair[1].text()
            );
        }
        // What was acknowledged is there, as it was sent; what was refused is not.
        for (answer, sent) in
            [(&a, &same_name[0]), (&b, &same_name[1]), (&c, &same_issuer[0]), (&d, &same_issuer[1])]
        {
            let name = sent["name"].as_str().unwrap_or_default();
            let stored = admin.send("GET", &format!("{path}/{name}"), None).await?;
            let is_there = stored.status == 200 && stored.json()?["issuer"] == sent["issuer"];
            ensure!(is_there == (answer.status == 201), "round {round}: {sent} was {}", answer.status);
        }
    }
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin.done("GET", &format!("acme/trusted-issuers?limit=30{after}"), None).await?.json()?;
        names.extend(page["items"].as_array().into_iter().flatten().map(|item| item["name"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    ensure!(names.len() == 2 * ROUNDS, "{} issuers are listed", names.len());
    host.stop().await;
    Ok(())
}
