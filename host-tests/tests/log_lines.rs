//! R3: the log says what happened, and nothing secret or personal.

use anyhow::{Result, ensure};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::client::{form, send};
use host_tests::local_host::ADMIN_TOKEN;
use host_tests::process::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::start(data.path())?;
    let client = Admin(server.address).register_acme().await?;
    let claims = json!({"sub": "alice@personal.example", "jti": "a-personal-identifier"});
    let good = assertion("es256", &claims)?;
    let granted = client.exchange(&good).await?;
    ensure!(granted.status == 200, "{}", granted.text());
    let mut answers = vec![client.exchange(&good).await?];
    for hostile in [
        assertion("es256/stranger", &claims)?,
        assertion("es256", &json!({"sub": "alice@personal.example", "iss": "https://line\nbreak.example"}))?,
        good.replace('.', "\n"),
    ] {
        answers.push(client.exchange(&hostile).await?);
    }
    let parameters = [("assertion", good.as_str()), ("client_secret", &client.client_secret)];
    let path = format!("/t/acme/oauth2/token?{}", form(&parameters));
    let headers: [(&str, &[u8]); 1] = [("content-type", b"application/x-www-form-urlencoded")];
    answers.push(send(server.address, "POST", &path, &headers, "").await?);
    answers.push(send(server.address, "GET", &format!("/admin/{ADMIN_TOKEN}"), &[], "").await?);

    let log = server.log()?;
    for outcome in
        ["granted", "assertion-replayed", "key-unknown", "assertion-malformed", "credentials-in-query"]
    {
        ensure!(log.contains(outcome), "the log does not say {outcome}: {log}");
    }
    let token = granted.member("access_token")?;
    let secrets = [
        &good,
        good.rsplit('.').next().unwrap_or_default(),
        &client.client_secret,
        ADMIN_TOKEN,
        &token,
        "alice@personal.example",
        "a-personal-identifier",
    ];
    for secret in secrets {
        ensure!(!log.contains(secret), "the log shows {secret}: {log}");
        for answer in &answers {
            let all = format!("{:?}{}", answer.headers, answer.text());
            ensure!(!all.contains(secret), "an answer shows {secret}: {all}");
        }
    }
    Ok(())
}
