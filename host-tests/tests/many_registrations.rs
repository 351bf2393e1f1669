//! Ten thousand issuers: the first page of their list is there in less than a tenth of a second, and so is any other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use asserta::keyvalue::SqliteStores;
use host_tests::admin::Admin;
use host_tests::client::{Answer, Connection};
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{ADMIN_TOKEN, LocalHost};
use host_tests::torture::figure;
use serde_json::{Value, json};

const ISSUERS: usize = 10_000;

/// A page of the list, at the median.
const MOST: Duration = Duration::from_millis(100);

/// Writes what a registration of the issuer writes, for as many as are wanted, in one transaction: one by one each would
/// wait for the disk.
fn register_many(data: &std::path::Path) -> Result<()> {
    let mut database = rusqlite::Connection::open(data.join("default.db"))?;
    let transaction = database.transaction()?;
    let one: Vec<u8> = transaction.query_row(
        "SELECT value FROM entries WHERE key = 'trusted-issuer/acme/issuer-00000'",
        [],
        |row| row.get(0),
    )?;
    let mut record: Value = serde_json::from_slice(&one)?;
    for number in 1..ISSUERS {
        record["name"] = format!("issuer-{number:05}").into();
        record["issuer"] = format!("https://{number:05}.example").into();
        let key = format!("trusted-issuer/acme/issuer-{number:05}");
        transaction.execute("INSERT INTO entries VALUES (?1, ?2)", (key, record.to_string().into_bytes()))?;
    }
    Ok(transaction.commit()?)
}

async fn page(connection: &mut Connection, query: &str) -> Result<Answer> {
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let path = format!("/admin/organizations/acme/trusted-issuers{query}");
    let answer =
        connection.send("GET", &path, &[("authorization", bearer.as_bytes())], String::new()).await?;
    ensure!(answer.status == 200, "{query}: {} {}", answer.status, answer.text());
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_ten_thousand_issuers() -> Result<()> {
    let data = tempfile::tempdir()?;
    let stores = Arc::new(SqliteStores::open(data.path())?);
    let host = LocalHost::of(program("handler.wasm")?).stores(stores).start().await?;
    let admin = Admin(host.address());
    admin.done("PUT", "acme", Some(&json!({}))).await?;
    let keys = json!({"jwks": {"keys": [key("es256")?.jwk()?]}});
    admin.register_issuer("issuer-00000", "https://00000.example", &keys).await?;
    register_many(data.path())?;

    let mut connection = Connection::open(host.address()).await?;
    for (query, first, next) in [
        ("", "issuer-00000", Some("issuer-00099")),
        ("?after=issuer-04999", "issuer-05000", Some("issuer-05099")),
        ("?after=issuer-09899", "issuer-09900", None),
    ] {
        let mut times = Vec::new();
        for _ in 0..21 {
            let begin = Instant::now();
            let answer = page(&mut connection, query).await?;
            times.push(begin.elapsed());
            let list = answer.json()?;
            let items = list["items"].as_array().context("items")?;
            ensure!(items.len() == 100 && items[0]["name"] == first, "{query}: {}", items.len());
            ensure!(list["next"].as_str() == next, "{query}: {}", list["next"]);
        }
        times.sort_unstable();
        let median = times[times.len() / 2];
        figure(&format!("a page of {ISSUERS} issuers, {query:?}: {} ms", median.as_millis()));
        ensure!(median < MOST, "{query:?}: {median:?}");
    }
    host.stop().await;
    Ok(())
}
