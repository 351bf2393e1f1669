//! The `curl` of the product guide, host apart, as it stands: for an issuer with a certificate and one with a
//! JWKS endpoint, on `/t/acme/oauth2/token`.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, present};
use serde_json::{Value, json};

/// The command of the guide.
const CURL: &str = r#"curl -v -k -X POST https://api.asgardeo.io/t/<organization_name>/oauth2/token \
    --header "Authorization: Basic <Base64Encoded(CLIENT_ID:CLIENT_SECRET)>" \
    --header "Content-Type:application/x-www-form-urlencoded" \
    --data-urlencode "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer" \
    --data-urlencode "assertion=<jwt_token>""#;

#[test]
fn the_readme_has_the_command_of_the_guide() -> Result<()> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let ours = CURL
        .replace("https://api.asgardeo.io", "http://127.0.0.1:3000")
        .replace("<organization_name>", "acme")
        .replace("\n    --", "\n--");
    ensure!(readme.contains(&ours), "README.md has another command than\n{ours}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_a_token() -> Result<()> {
    let host = LocalHost::of(program("handler.wasm")?).start().await?;
    let key_endpoints = KeyEndpoints::start().await?;
    let url = key_endpoints.url("guide", "jwks");
    key_endpoints.serves(&url, json!({"keys": [key("rsa")?.jwk()?]}));
    let admin = Admin(host.address());
    let client = admin.register_acme().await?;
    let now = i64::try_from(present())?;
    let certificate = json!({"certificate": key("rsa/pem")?.certificate_pem(now - 60, now + 3600)?});
    admin.register_issuer("by-pem", "https://pem.example", &certificate).await?;
    admin.register_issuer("by-jwks", "https://jwks.example", &json!({"jwks_uri": url})).await?;

    let pair = format!("{}:{}", client.client_id, client.client_secret);
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    for (key, issuer) in [("rsa/pem", "https://pem.example"), ("rsa", "https://jwks.example")] {
        let command = CURL
            .replace("https://api.asgardeo.io", &format!("http://{}", host.address()))
            .replace("<organization_name>", "acme")
            .replace("<Base64Encoded(CLIENT_ID:CLIENT_SECRET)>", &basic)
            .replace("<jwt_token>", &assertion(key, &json!({"iss": issuer, "sub": "alice"}))?);
        let output = run(&command).await?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        ensure!(answer["token_type"] == "Bearer", "{issuer}: {answer}");
        ensure!(answer["access_token"].is_string(), "{issuer}: {answer}");
        // The same once more.
        let output = run(&command).await?;
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        ensure!(answer["error"] == "invalid_grant", "R45: {issuer}: {answer}");
    }
    host.stop().await;
    Ok(())
}

async fn run(command: &str) -> Result<Output> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    tokio::task::spawn_blocking(move || shell.output()).await?.context("curl is needed")
}
