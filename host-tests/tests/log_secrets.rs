//! R3: whatever is asked of a server and however much it logs, no secret that was in use is in its log.

use std::io::Write as _;
use std::net::TcpStream;

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::client::{form, form_encoded, send};
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::ADMIN_TOKEN;
use host_tests::process::Server;
use host_tests::redis_server::{PASSWORD, RedisServer};
use host_tests::torture::{figure, report};
use serde_json::json;

const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");

/// The most that an operator can ask the log for.
const EVERYTHING: [(&str, &str); 1] = [("ASSERTA_LOG", "trace")];

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() -> Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::start_in(data.path(), &[], &EVERYTHING)?;
    let mut secrets = use_it(&server).await?;
    let database = rusqlite::Connection::open(data.path().join("default.db"))?;
    let mut values = database.prepare("SELECT value FROM entries WHERE typeof(value) = 'blob'")?;
    let values = values.query_map([], |row| row.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    secrets.extend(values.iter().flat_map(|value| private_keys(value)));
    let ours = values.iter().flat_map(|value| private_keys(value)).count();
    nothing_is_shown("SQLite", &server, &secrets, ours)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis() -> Result<()> {
    let mut redis = RedisServer::start()?;
    let data = tempfile::tempdir()?;
    let options = ["--store", &redis.url()];
    let server = Server::start_in(data.path(), &options, &EVERYTHING)?;
    let mut secrets = use_it(&server).await?;
    let mut connection = redis::Client::open(redis.url())?.get_connection()?;
    let mut ours = 0;
    let keys: Vec<String> = redis::cmd("KEYS").arg("asserta:default:value:*").query(&mut connection)?;
    for key in keys {
        let value: Vec<u8> = redis::cmd("GET").arg(key).query(&mut connection)?;
        let private = private_keys(&value);
        ours += private.len();
        secrets.extend(private);
    }
    // What a lost server makes it say.
    redis.kill()?;
    ensure!(send(server.address, "GET", "/health", &[], "").await?.status == 503, "it is healthy");
    redis.start_again()?;
    secrets.push(PASSWORD.to_owned());
    nothing_is_shown("Redis", &server, &secrets, ours)
}

fn nothing_is_shown(store: &str, server: &Server, secrets: &[String], private_keys: usize) -> Result<()> {
    let log = server.log()?;
    ensure!(log.contains("DEBUG"), "this is not the whole log");
    ensure!(log.contains("granted"), "nothing was done: {log}");
    ensure!(private_keys > 0, "no private key of ours");
    let mut shown = 0;
    for secret in secrets {
        for line in log.lines().filter(|line| line.contains(secret.as_str())).take(1) {
            shown += 1;
            println!("{secret} is in: {line}");
        }
    }
    report(&format!("secrets looked for in a log at level trace, {store}"), secrets.len(), shown);
    figure(&format!("{} lines of log", log.lines().count()));
    ensure!(shown == 0, "{shown} secrets are in the log");
    Ok(())
}

/// The private keys in a record of ours, as it holds them.
fn private_keys(record: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(record);
    let keys = text.split("\"private_key\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    keys.map(str::to_owned).collect()
}

/// Asks everything of a server that one can ask with a secret; what was secret.
async fn use_it(server: &Server) -> Result<Vec<String>> {
    let address = server.address;
    // What is no HTTP is told at level debug.
    TcpStream::connect(address)?.write_all(b"\x16\x03\x01\r\n\r\n")?;
    let admin = Admin(address);
    let client = admin.register_acme().await?;
    let endpoints = KeyEndpoints::start().await?;
    let url = endpoints.url("secrets", "jwks");
    endpoints.serves(&url, json!({"keys": [key("es256/remote")?.jwk()?]}));
    admin.register_issuer("remote", "https://remote.example", &json!({"jwks_uri": url})).await?;
    let remote = json!({"iss": "https://remote.example"});
    let mut secrets = vec![ADMIN_TOKEN.to_owned(), client.client_secret.clone()];
    let mut assertions = vec![
        assertion("es256", &json!({}))?,
        assertion("es256", &json!({"exp": 1}))?,
        assertion("es256/stranger", &json!({}))?,
        assertion("es256", &json!({"iss": "https://unknown.example"}))?,
        assertion("es256/remote", &remote)?,
        assertion("es256/rotated", &remote)?,
    ];
    let basic = STANDARD.encode(format!("{}:{}", client.client_id, client.client_secret));
    let authorization = format!("Basic {basic}");
    secrets.push(basic);
    for assertion in &assertions {
        for _ in 0..2 {
            let answer = client.exchange(assertion).await?;
            if answer.status == 200 {
                secrets.push(answer.member("access_token")?);
            }
        }
    }
    // A secret that is wrong, and one in the wrong place.
    let guessed = "a-guess-at-somebody-s-secret".to_owned();
    let wrong = Client { client_secret: guessed.clone(), ..client.clone() };
    let misplaced = assertion("es256", &json!({}))?;
    wrong.exchange(&misplaced).await?;
    secrets.push(guessed);
    let parameters = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", misplaced.as_str()),
        ("client_id", client.client_id.as_str()),
        ("client_secret", client.client_secret.as_str()),
    ];
    let headers = [FORM, ("authorization", authorization.as_bytes())];
    send(address, "POST", "/t/acme/oauth2/token", &[FORM], form(&parameters)).await?;
    send(address, "POST", "/t/acme/oauth2/token", &headers, form(&parameters)).await?;
    send(address, "POST", &format!("/t/acme/oauth2/token?{}", form(&parameters)), &headers, "").await?;
    send(address, "GET", &format!("/t/acme/oauth2/token?{}", form(&parameters)), &[], "").await?;
    send(address, "GET", &format!("/admin/{ADMIN_TOKEN}"), &[], "").await?;
    send(address, "POST", "/t/acme/oauth2/token", &[FORM], &b"assertion=%zz&client_secret=\xff"[..]).await?;
    assertions.push(misplaced);
    // A token of ours, inspected and revoked.
    let token = assertion("es256", &json!({}))?;
    let token = client.exchange(&token).await?.member("access_token")?;
    for path in ["introspect", "revoke", "introspect"] {
        send(address, "POST", &format!("/t/acme/oauth2/{path}"), &headers, form(&[("token", &token)]))
            .await?;
    }
    secrets.push(token);
    // The admin API: with another token, with secrets in its documents and answers, with an assertion.
    let other = "Bearer not-the-admin-token-but-near-it";
    let path = "/admin/organizations/acme/applications";
    send(address, "GET", path, &[("authorization", other.as_bytes())], "").await?;
    secrets.push(other["Bearer ".len()..].to_owned());
    let renewed = admin.done("POST", &format!("acme/applications/{}/secret", client.client_id), None).await?;
    secrets.push(renewed.member("client_secret")?);
    admin.done("POST", "acme/keys/rotate", None).await?;
    let explained = assertion("es256", &json!({}))?;
    admin.done("POST", "acme/explain", Some(&json!({"assertion": explained}))).await?;
    assertions.push(explained);
    let private = key("es256")?.private_pem()?;
    let record = json!({"name": "mistaken", "issuer": "https://m.example", "certificate": private});
    admin.send("POST", "acme/trusted-issuers", Some(&record)).await?;
    secrets.extend(private.lines().filter(|line| line.len() == 64).map(str::to_owned));
    let unknown = json!({"name": "x", "client_secret": "a-secret-in-a-member-that-is-none"});
    admin.send("POST", "acme/trusted-issuers", Some(&unknown)).await?;
    secrets.push("a-secret-in-a-member-that-is-none".to_owned());
    for assertion in assertions {
        secrets.extend(assertion.split('.').skip(1).map(str::to_owned));
        secrets.push(form_encoded(&assertion));
    }
    Ok(secrets)
}
