//! R64, R67, R29, R37: MCP's clients do their work with us. Its SDK gets tokens in each way that it has for the JWT bearer
//! grant, and what its conformance suite makes clients send (workload identity, SEP-1933; Enterprise-Managed Authorization,
//! SEP-990) is replayed, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use host_tests::admin::Admin;
use host_tests::assertion::{assertion, id_jag};
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, present};
use host_tests::standard_clients::{Interpreter, mcp_conformance, node};
use host_tests::token_request::basic;
use serde_json::{Value, json};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The secret of the application whose `client_id` the conformance suite chose: `printf %s "$secret" | sha256sum`.
const SECRET: &str = "a-secret-of-the-workload";
const SECRET_SHA256: &str = "21b8a03a6e84f5282bbd04352a58d5835cce74bab5dfdbb6d0a286dff2a9db8b";

/// The secret that the suite gives its client of Enterprise-Managed Authorization.
const SUITE_SECRET: &str = "conformance-test-xaa-secret";
const SUITE_SECRET_SHA256: &str = "35a7ea2dd402c381e260e898f8bc31e9a49ea9f668755e036c678da9a7ab462e";

/// A host whose public URL is where it can be reached, and the issuer identifier of `acme` on it.
async fn installation() -> Result<(LocalHost, String)> {
    let host = LocalHost::of(program("handler.wasm")?).settings(|settings| settings.public_url = None);
    let host = host.start().await?;
    let issuer = format!("http://{}/t/acme", host.address());
    Admin(host.address()).register_acme().await?;
    Ok((host, issuer))
}

/// What an administrator states for clients that take no metadata without it. None of these opens it.
fn stated() -> Value {
    json!({"authorization_endpoint": "https://sign-in.example/authorize"})
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
    let ask_with = |assertion: &dyn Fn() -> Result<String>| -> Result<Value> {
        let assertions = (0..5).map(|_| assertion()).collect::<Result<Vec<_>>>()?;
        let configuration = json!({
            "server": resource, "issuer": issuer, "basic": basic, "post": post, "label": "a-workload",
            "assertions": assertions,
        });
        tokio::task::block_in_place(|| node.client("mcp-client.mjs", &[&configuration.to_string()]))
    };
    let ask = |claims: Value| ask_with(&|| assertion("es256", &claims));

    // The SDK wants an authorization_endpoint in metadata, whatever the grants. It says so before it asks for a token.
    let seen = ask(json!({"aud": issuer, "sub": "alice"}))?;
    let told = seen["cross_app"]["message"].as_str().unwrap_or_default();
    ensure!(
        told.contains("authorization_endpoint"),
        "the SDK takes our metadata as it is by default: {seen}"
    );
    ensure!(seen["client_secret_basic"]["status"] == 200, "the last step alone: {seen}");
    // R67: the administrator of the organization states one, and the SDK works as it is.
    admin.done("PUT", "acme/metadata", Some(&stated())).await?;

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
    let told = seen["redirect"]["message"].as_str().unwrap_or_default();
    ensure!(told.contains("does not support response type"), "nobody is sent to that endpoint: {seen}");
    ensure!(seen["wrong_secret"]["error"] == "invalid_client", "{seen}");
    ensure!(seen["workload_identity"]["error"] == "invalid_client", "without a rule for it: {seen}");

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

    // R37, R38: an enterprise says which client may act for alice at this MCP server. What it issued to that one no other can
    // use, and nobody without a client.
    let enterprise = json!({"jwks": {"keys": [key("es256")?.jwk()?]}, "profile": "id-jag"});
    admin.register_issuer("enterprise", "https://enterprise.example", &enterprise).await?;
    let client_id = basic["id"].as_str().context("a client_id")?;
    let claims = json!({
        "iss": "https://enterprise.example", "aud": issuer, "sub": "alice", "resource": resource, "scope": "read admin",
    });
    let seen = ask_with(&|| id_jag("es256", client_id, &claims))?;
    for way in ["cross_app", "client_secret_basic"] {
        let (status, claims) = (&seen[way]["status"], &seen[way]["claims"]);
        ensure!(
            *status == 200 && claims["sub"] == "alice" && claims["client_id"] == client_id,
            "{way}: {seen}"
        );
        ensure!(claims["aud"] == resource.as_str() && claims["scope"] == "read", "{way}: {claims}");
    }
    for way in ["client_secret_post", "workload_identity"] {
        // The SDK has the code in its message alone, where it takes the last step alone.
        ensure!(seen[way].to_string().contains("invalid_grant"), "{way}: {seen}");
    }
    host.stop().await;
    Ok(())
}

/// R67: the clients that the conformance suite runs do the same here, as they are: challenged by an MCP server they find us by
/// our issuer identifier, get a token, and call the server. All that it takes is what the administrator states once.
#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_the_conformance_suite() -> Result<()> {
    let suite = tokio::task::spawn_blocking(mcp_conformance).await??;
    let (host, issuer) = installation().await?;
    let admin = Admin(host.address());
    let server = suite.resource_server("server.mjs", &[&issuer])?;
    let resource = format!("{}mcp", server.url);
    let against = |client: &str, context: &Value| -> Result<Value> {
        let context = context.to_string();
        tokio::task::block_in_place(|| suite.client("against.mjs", &[client, &resource, &context]))
    };

    let keys = json!({"keys": [key("es256")?.jwk()?]});
    let enterprise = json!({"jwks": keys, "profile": "id-jag"});
    admin.register_issuer("enterprise", "https://enterprise.example", &enterprise).await?;
    let client = application(admin, "client_secret_basic", &resource).await?;
    let client_id = client["id"].as_str().context("a client_id")?;
    let claims = json!({
        "iss": "https://enterprise.example", "aud": issuer, "sub": "alice", "resource": resource, "scope": "read",
    });
    let cross_app = json!({
        "client_id": client_id, "client_secret": client["secret"], "idp_client_id": "at-the-enterprise",
        "idp_token_endpoint": format!("{}idp/token", server.url), "idp_id_token": id_jag("es256", client_id, &claims)?,
    });
    let robots = json!({"jwks": keys, "rules": [without_client("a-workload", "robot", &resource)]});
    admin.register_issuer("robots", "https://robots.example", &robots).await?;
    let claims = json!({"iss": "https://robots.example", "aud": issuer, "sub": "robot"});
    let workload = json!({"client_id": "a-workload", "valid_jwt": assertion("es256", &claims)?});

    let clients = [("cross-app-client.mjs", &cross_app), ("workload-client.mjs", &workload)];
    for (client, context) in clients {
        let ran = against(client, context)?;
        let said = ran["said"].as_str().unwrap_or_default();
        ensure!(ran["status"] != 0 && said.contains("authorization_endpoint"), "{client} before: {ran}");
    }
    admin.done("PUT", "acme/metadata", Some(&stated())).await?;
    for ((client, context), subject) in clients.into_iter().zip(["alice", "robot"]) {
        let ran = against(client, context)?;
        let last = ran["seen"].as_array().and_then(|seen| seen.last()).context("a token was seen")?;
        ensure!(ran["status"] == 0 && last["sub"] == subject && last["scope"] == "read", "{client}: {ran}");
        ensure!(last["client_id"] == context["client_id"], "{client}: {ran}");
    }
    host.stop().await;
    Ok(())
}

/// What a client sends to the token endpoint of the conformance suite, in its scenario `auth/wif-jwt-bearer`, and the suite
/// accepts, we accept: headers and body as they were, with our path in place of the suite's.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_the_conformance_suite() -> Result<()> {
    let suite = tokio::task::spawn_blocking(mcp_conformance).await??;
    let scenario = ["auth/wif-jwt-bearer", "workload-client.mjs"];
    let (request, keys) = tokio::task::block_in_place(|| recorded(&suite, scenario))?;
    ensure!(keys.as_array().map(Vec::len) == Some(1), "{keys}");
    ensure!(!request.to_ascii_lowercase().contains("\r\nauthorization:"), "it has no credentials: {request}");
    let sent = Sent::read(&request)?;
    let (issuer, audience, resource) = (sent.claim("iss")?, sent.claim("aud")?, sent.parameter("resource")?);
    let client_id = sent.parameter("client_id")?;

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

/// The same of its scenario `auth/enterprise-managed-authorization`: the client got an ID-JAG of the suite's identity provider
/// (R37, R38).
#[tokio::test(flavor = "multi_thread")]
async fn the_id_jag_of_the_conformance_suite() -> Result<()> {
    let suite = tokio::task::spawn_blocking(mcp_conformance).await??;
    let scenario = ["auth/enterprise-managed-authorization", "cross-app-client.mjs"];
    let (request, keys) = tokio::task::block_in_place(|| recorded(&suite, scenario))?;
    let sent = Sent::read(&request)?;
    let (issuer, resource, client_id) =
        (sent.claim("iss")?, sent.claim("resource")?, sent.claim("client_id")?);
    ensure!(sent.parameter("resource")? == resource, "{request}");
    let credentials = basic(&client_id, SUITE_SECRET);
    ensure!(request.contains(&format!("\r\nAuthorization: Basic {credentials}\r\n")), "{request}");

    // R37: we have to be the issuer that the ID-JAG is for; no alias will do.
    let audience = sent.claim("aud")?;
    let host =
        LocalHost::of(program("handler.wasm")?).settings(|settings| settings.public_url = Some(audience));
    let host = host.start().await?;
    host.clock.set(present());
    let admin = Admin(host.address());
    let application = json!({
        "client_name": "MCP", "grant_types": [GRANT_TYPE], "scope": "read", "audience": resource,
        "client_secret_sha256": SUITE_SECRET_SHA256,
    });
    admin.done("PUT", &format!("default/applications/{client_id}"), Some(&application)).await?;
    let mut trusted = json!({"name": "enterprise", "issuer": issuer, "jwks": {"keys": keys}});
    admin.done("PUT", "default/trusted-issuers/enterprise", Some(&trusted)).await?;
    let ours = request.replacen("POST /token ", "POST /oauth2/token ", 1);
    let (status, body) = replay(host.address(), &ours)?;
    ensure!(status == 400 && body["error"] == "invalid_grant", "R35, without the profile: {status} {body}");

    trusted["profile"] = "id-jag".into();
    admin.done("PUT", "default/trusted-issuers/enterprise", Some(&trusted)).await?;
    let (status, body) = replay(host.address(), &ours)?;
    ensure!(status == 200 && body["token_type"] == "Bearer" && body["scope"] == "read", "{status} {body}");
    let (status, body) = replay(host.address(), &ours)?;
    ensure!(status == 400 && body["error"] == "invalid_grant", "the second time: {status} {body}");
    host.stop().await;
    Ok(())
}

/// The request for a token under the JWT bearer grant that a scenario of the suite makes a client of ours send, and the keys
/// that the suite made.
fn recorded(suite: &Interpreter, [scenario, client]: [&str; 2]) -> Result<(String, Value)> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path().to_str().context("a path in UTF-8")?;
    let mut recorded = suite.client("scenario.mjs", &[folder, scenario, client])?;
    ensure!(recorded["said"].as_str().is_some_and(|said| said.contains("OVERALL: PASSED")), "{recorded}");
    let mut requests = Vec::new();
    for request in recorded["requests"].as_array().into_iter().flatten() {
        let request = STANDARD.decode(request.as_str().context("a request")?)?;
        requests.push(String::from_utf8(request)?);
    }
    // The identity provider of the suite has such an endpoint, too.
    requests.retain(|request| {
        request.contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&")
    });
    ensure!(requests.len() == 1, "{requests:?}");
    Ok((requests.remove(0), recorded["keys"].take()))
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
    body: String,
    claims: Value,
}

impl Sent {
    fn read(request: &str) -> Result<Self> {
        let (_, body) = request.split_once("\r\n\r\n").context("a head and a body")?;
        let mut sent = Self { body: body.to_owned(), claims: Value::Null };
        ensure!(sent.parameter("grant_type")? == GRANT_TYPE, "{body}");
        let assertion = sent.parameter("assertion")?;
        let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).context("a JWT")?)?;
        sent.claims = serde_json::from_slice(&claims)?;
        Ok(sent)
    }

    fn parameter(&self, name: &str) -> Result<String> {
        let found = self.body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let encoded = found.with_context(|| format!("no {name} in {}", self.body))?;
        Ok(encoded.replace("%3A", ":").replace("%2F", "/"))
    }

    fn claim(&self, name: &str) -> Result<String> {
        self.claims[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"))
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
