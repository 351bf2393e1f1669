//! R64, R29: MCP's clients do their work with us. Its SDK gets tokens in each way that it has for the JWT bearer grant, and
//! what its conformance suite makes a client send (workload identity, SEP-1933) is replayed, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use host_tests::admin::Admin;
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, present};
use host_tests::standard_clients::{mcp_conformance, node};
use host_tests::token_request::basic;
use serde_json::{Value, json};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The secret of the application whose `client_id` the conformance suite chose: `printf %s "$secret" | sha256sum`.
const SECRET: &str = "a-secret-of-the-workload";
const SECRET_SHA256: &str = "21b8a03a6e84f5282bbd04352a58d5835cce74bab5dfdbb6d0a286dff2a9db8b";

/// A host whose public URL is where it can be reached, and the issuer identifier of `acme` on it.
async fn installation() -> Result<(LocalHost, String)> {
    let host = LocalHost::of(program("handler.wasm")?).settings(|settings| settings.public_url = None);
    let host = host.start().await?;
    let issuer = format!("http://{}/t/acme", host.address());
    Admin(host.address()).register_acme().await?;
    Ok((host, issuer))
}

/// Registers an application for a resource.
async fn application(admin: Admin, method: &str, resource: &str) -> Result<Value> {
    let application = json!({
        "client_name": "MCP", "grant_types": [GRANT_TYPE], "scope": "read write", "audience": resource,
        "token_endpoint_auth_method": method,
    });
    let made = admin.done("POST", "acme/applications", Some(&application)).await?;
    Ok(json!({"id": made.member("client_id")?, "secret": made.member("client_secret")?}))
}

/// The SDK finds us from the MCP server (RFC 9728, RFC 8414), asks for a token for that server (RFC 8707), and the server
/// takes it.
#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_gets_tokens() -> Result<()> {
    let node = tokio::task::spawn_blocking(node).await??;
    let (host, issuer) = installation().await?;
    let admin = Admin(host.address());
    let server = node.resource_server("mcp-server.mjs", &[&issuer])?;
    let resource = format!("{}mcp", server.url);
    let basic = application(admin, "client_secret_basic", &resource).await?;
    let post = application(admin, "client_secret_post", &resource).await?;
    let ask = |claims: Value| -> Result<Value> {
        let assertions = (0..6).map(|_| assertion("es256", &claims)).collect::<Result<Vec<_>>>()?;
        let configuration = json!({
            "server": resource, "issuer": issuer, "basic": basic, "post": post, "label": "a-workload",
            "assertions": assertions,
        });
        tokio::task::block_in_place(|| node.client("mcp-client.mjs", &[&configuration.to_string()]))
    };

    let seen = ask(json!({"aud": issuer, "sub": "alice"}))?;
    for (way, client) in
        [("cross_app", &basic), ("client_secret_basic", &basic), ("client_secret_post", &post)]
    {
        let (status, claims) = (&seen[way]["status"], &seen[way]["claims"]);
        ensure!(*status == 200, "{way}: {seen}");
        ensure!(claims["sub"] == "alice" && claims["client_id"] == client["id"], "{way}: {claims}");
        ensure!(claims["aud"] == resource.as_str() && claims["iss"] == issuer.as_str(), "{way}: {claims}");
    }
    ensure!(seen["cross_app"]["claims"]["scope"] == "read", "the scope of the MCP server: {seen}");
    ensure!(seen["wrong_secret"]["error"] == "invalid_client", "{seen}");
    ensure!(seen["workload_identity"]["error"] == "invalid_client", "without a rule for it: {seen}");
    // Known: the SDK wants an authorization_endpoint in metadata, whatever the grants. It says so before it asks for a token.
    let told = seen["as_it_is"]["message"].as_str().unwrap_or_default();
    ensure!(told.contains("authorization_endpoint"), "the SDK takes our metadata as it is now: {seen}");

    // R29: under a rule for it, a workload needs no client. The SDK sees `none` in our metadata, and sends the label alone.
    let rule = without_client("a-workload", "alice", &resource);
    let robots = json!({"jwks": {"keys": [key("es256")?.jwk()?]}, "rules": [rule]});
    admin.register_issuer("robots", "https://robots.example", &robots).await?;
    let seen = ask(json!({"iss": "https://robots.example", "aud": issuer, "sub": "alice"}))?;
    let (status, claims) = (&seen["workload_identity"]["status"], &seen["workload_identity"]["claims"]);
    ensure!(*status == 200 && claims["client_id"] == "a-workload", "{seen}");
    ensure!(claims["scope"] == "read" && claims["aud"] == resource.as_str(), "{claims}");
    ensure!(claims["assertion_rule"] == "workload", "{claims}");
    // It fits no client that authenticates.
    ensure!(seen["cross_app"]["error"] == "invalid_grant", "{seen}");
    host.stop().await;
    Ok(())
}

/// What a client sends to the token endpoint of the conformance suite, in its scenario `auth/wif-jwt-bearer`, and the suite
/// accepts, we accept: headers and body as they were, with our path in place of the suite's.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_the_conformance_suite() -> Result<()> {
    let suite = tokio::task::spawn_blocking(mcp_conformance).await??;
    let folder = tempfile::tempdir()?;
    let folder = folder.path().to_str().context("a path in UTF-8")?;
    let recorded = tokio::task::block_in_place(|| suite.client("scenario.mjs", &[folder]))?;
    ensure!(recorded["said"].as_str().is_some_and(|said| said.contains("OVERALL: PASSED")), "{recorded}");
    let (requests, keys) = (&recorded["requests"], &recorded["keys"]);
    ensure!(requests.as_array().map(Vec::len) == Some(1) && keys.as_array().map(Vec::len) == Some(1));
    let request = STANDARD.decode(requests[0].as_str().context("a request")?)?;
    let request = String::from_utf8(request)?;
    let Sent { issuer, audience, resource, client_id } = Sent::read(&request)?;

    // The suite's token endpoint has another path and its own name; we know it by an alias.
    let (host, _) = installation().await?;
    host.clock.set(present());
    let admin = Admin(host.address());
    admin.register_issuer("workloads", &issuer, &json!({"jwks": {"keys": keys}, "alias": audience})).await?;
    let ours = request.replacen("POST /token ", "POST /t/acme/oauth2/token ", 1);

    // Nobody trusts a workload without a client here.
    let (status, body) = replay(host.address(), &ours)?;
    ensure!(status == 401 && body["error"] == "invalid_client", "{status} {body}");

    // With a client's credentials in a header more, since the client_id is that of an application here.
    let application = json!({
        "client_name": "MCP", "grant_types": [GRANT_TYPE], "scope": "read", "audience": resource,
        "client_secret_sha256": SECRET_SHA256,
    });
    admin.done("PUT", &format!("acme/applications/{client_id}"), Some(&application)).await?;
    let credentials = basic(&client_id, SECRET);
    let with_client = ours.replacen("\r\n", &format!("\r\nauthorization: Basic {credentials}\r\n"), 1);
    let (status, body) = replay(host.address(), &with_client)?;
    ensure!(status == 200 && body["token_type"] == "Bearer", "{status} {body}");

    // R29: as it is, under a rule for it; once.
    admin.done("PUT", "workloads", Some(&json!({}))).await?;
    let rule = without_client(&client_id, "conformance-workload", &resource);
    let trusted = json!({
        "name": "workloads", "issuer": issuer, "jwks": {"keys": keys}, "alias": audience, "rules": [rule],
    });
    admin.done("POST", "workloads/trusted-issuers", Some(&trusted)).await?;
    let unchanged = request.replacen("POST /token ", "POST /t/workloads/oauth2/token ", 1);
    let (status, body) = replay(host.address(), &unchanged)?;
    ensure!(status == 200 && body["token_type"] == "Bearer" && body["scope"] == "read", "{status} {body}");
    let (status, body) = replay(host.address(), &unchanged)?;
    ensure!(status == 400 && body["error"] == "invalid_grant", "the second time: {status} {body}");
    host.stop().await;
    Ok(())
}

/// A rule under which a subject needs no client (R29).
fn without_client(label: &str, subject: &str, resource: &str) -> Value {
    json!({
        "name": "workload", "client": "none", "client_id": label, "subjects": [subject], "scopes": ["read"],
        "audience": resource,
    })
}

/// What a request says.
struct Sent {
    issuer: String,
    audience: String,
    resource: String,
    client_id: String,
}

impl Sent {
    fn read(request: &str) -> Result<Self> {
        let (head, body) = request.split_once("\r\n\r\n").context("a head and a body")?;
        ensure!(
            !head.to_ascii_lowercase().contains("\r\nauthorization:"),
            "it has no client credentials: {head}"
        );
        let parameter = |name: &str| -> Result<String> {
            let found = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            let encoded = found.with_context(|| format!("no {name} in {body}"))?;
            Ok(encoded.replace("%3A", ":").replace("%2F", "/"))
        };
        ensure!(parameter("grant_type")? == GRANT_TYPE, "{body}");
        let assertion = parameter("assertion")?;
        let claims = assertion.split('.').nth(1).context("a JWT")?;
        let claims = URL_SAFE_NO_PAD.decode(claims)?;
        let claims: Value = serde_json::from_slice(&claims)?;
        let claim =
            |name: &str| claims[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        Ok(Self {
            issuer: claim("iss")?,
            audience: claim("aud")?,
            resource: parameter("resource")?,
            client_id: parameter("client_id")?,
        })
    }
}

/// Sends the bytes, and reads the response.
fn replay(address: SocketAddr, request: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut read = Vec::new();
    // The connection stays open, as the request wants it: the response ends where its length says.
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.context("no content-length")? {
                let status = head.split(' ').nth(1).context("a status")?.parse()?;
                return Ok((status, serde_json::from_str(body)?));
            }
        }
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer)?;
        ensure!(count > 0, "the connection ended: {text}");
        read.extend_from_slice(&buffer[..count]);
    }
}
