//! Schemathesis sends what `/admin/openapi.json` allows and forbids, and finds each response documented: no status, media
//! type, header or member that the document doesn't have.

use anyhow::{Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{ADMIN_TOKEN, LocalHost};
use host_tests::standard_clients::schemathesis;
use serde_json::json;

/// Statuses of success that nothing brings about: a token at the root needs an application there, and what is put under
/// the names that are set is there before.
const NEVER_SUCCEED: [&str; 6] = [
    "POST /oauth2/introspect: 200",
    "POST /oauth2/revoke: 200",
    "POST /oauth2/token: 200",
    "PUT /admin/organizations/{organization}: 201",
    "PUT /admin/organizations/{organization}/applications/{client_id}: 201",
    "PUT /admin/organizations/{organization}/trusted-issuers/{issuer}: 201",
];

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing() -> Result<()> {
    let python = tokio::task::spawn_blocking(schemathesis).await??;
    let host = LocalHost::of(program("handler.wasm")?).settings(|settings| settings.public_url = None);
    let host = host.start().await?;
    let url = format!("http://{}", host.address());
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let jwks = json!({"keys": [key("es256")?.jwk()?]});
    // What is deleted, and whose secret is renewed.
    admin.register_issuer("goes", "https://goes.example", &json!({"jwks": jwks})).await?;
    let goes = json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "client_secret_sha256": "ab".repeat(32),
    });
    admin.done("PUT", "acme/applications/goes", Some(&goes)).await?;
    let assertion = assertion("es256", &json!({"aud": format!("{url}/t/acme")}))?;
    let arguments =
        [&url, ADMIN_TOKEN, &client.client_id, &client.client_secret, &assertion, &jwks.to_string()];
    let seen = tokio::task::block_in_place(|| python.client("openapi.py", &arguments))?;
    ensure!(seen["operations"].as_u64() > Some(40) && seen["requests"].as_u64() > Some(1000), "{seen}");
    ensure!(seen["never succeeded"] == json!(NEVER_SUCCEED), "{seen}");
    host.stop().await;
    Ok(())
}
