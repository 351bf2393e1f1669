//! R64: OAuth clients and resource servers of other people do their work with us, and know nothing of us but our
//! issuer identifier: Authlib, joserfc and PyJWT in Python, oauth4webapi, openid-client and jose in JavaScript.

use anyhow::{Context as _, Result, ensure};
use host_tests::admin::{Admin, Client};
use host_tests::assertion::assertion;
use host_tests::components::program;
use host_tests::keys::key;
use host_tests::local_host::LocalHost;
use host_tests::standard_clients::{Interpreter, node, python};
use serde_json::{Value, json};

/// Each algorithm that our access tokens may have.
const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

#[tokio::test(flavor = "multi_thread")]
async fn authlib_joserfc_and_pyjwt() -> Result<()> {
    let python = tokio::task::spawn_blocking(python).await??;
    for algorithm in ALGORITHMS {
        let (host, client, issuer) = installation(algorithm).await?;
        let token_endpoint = format!("{issuer}/oauth2/token");
        let scripts = ["resource_server.py", "client.py"];
        exchange_and_call(&python, scripts, &issuer, &token_endpoint, &client).with_context(|| algorithm)?;
        host.stop().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi_and_jose() -> Result<()> {
    let node = tokio::task::spawn_blocking(node).await??;
    for algorithm in ALGORITHMS {
        let (host, client, issuer) = installation(algorithm).await?;
        let scripts = ["resource-server.mjs", "client.mjs"];
        exchange_and_call(&node, scripts, &issuer, &issuer, &client).with_context(|| algorithm)?;
        host.stop().await;
    }
    Ok(())
}

/// R27: their `private_key_jwt`, with nothing set but key and issuer identifier.
#[tokio::test(flavor = "multi_thread")]
async fn r27_oauth4webapi_and_authlib_with_a_key() -> Result<()> {
    const KEY: &str = "es256/client";
    let node = tokio::task::spawn_blocking(node).await??;
    let python = tokio::task::spawn_blocking(python).await??;
    let (host, _, issuer) = installation("ES256").await?;
    let client_id = Admin(host.address()).register_application_by_key(KEY).await?;
    let private_key = key(KEY)?.private_pem()?;
    for (interpreter, script) in [(&node, "key-client.mjs"), (&python, "key_client.py")] {
        let assertion = assertion("es256", &json!({"aud": issuer}))?;
        let arguments = [issuer.as_str(), &client_id, &private_key, &assertion];
        let seen = tokio::task::block_in_place(|| interpreter.client(script, &arguments))?;
        let expected = json!({"listed": true, "client_id": client_id, "replayed": "invalid_grant"});
        ensure!(seen == expected, "{script}: {seen}, expected {expected}");
    }
    host.stop().await;
    Ok(())
}

/// R110, R111, R67: they find both endpoints in the metadata, look their token up, and take it back.
#[tokio::test(flavor = "multi_thread")]
async fn r110_r111_oauth4webapi_openid_client_and_authlib() -> Result<()> {
    let node = tokio::task::spawn_blocking(node).await??;
    let python = tokio::task::spawn_blocking(python).await??;
    let (host, client, issuer) = installation("ES256").await?;
    let scripts =
        [(&node, "token-client.mjs"), (&node, "openid-token-client.mjs"), (&python, "token_client.py")];
    for (interpreter, script) in scripts {
        let assertion = assertion("es256", &json!({"aud": issuer, "sub": "alice"}))?;
        let arguments = [issuer.as_str(), &client.client_id, &client.client_secret, &assertion];
        let seen = tokio::task::block_in_place(|| interpreter.client(script, &arguments))?;
        let before = json!({
            "active": true, "client_id": client.client_id, "sub": "alice", "token_type": "Bearer",
        });
        let expected = json!({"before": before, "after": {"active": false}});
        ensure!(seen == expected, "{script}: {seen}, expected {expected}");
    }
    host.stop().await;
    Ok(())
}

/// R90, R92: their token exchange, with nothing of ours.
#[tokio::test(flavor = "multi_thread")]
async fn r90_oauth4webapi_and_authlib_exchange_tokens() -> Result<()> {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    let node = tokio::task::spawn_blocking(node).await??;
    let python = tokio::task::spawn_blocking(python).await??;
    let (host, _, issuer) = installation("ES256").await?;
    let admin = Admin(host.address());
    let exchange = json!({"actor_claim": "azp", "allowed_actors": ["web"]});
    let keys = json!({"keys": [key("es256")?.jwk()?]});
    let partner = json!({"name": "partner", "issuer": "https://partner.example", "jwks": keys, "token_exchange": exchange});
    admin.done("PUT", "acme/trusted-issuers/partner", Some(&partner)).await?;
    let application = json!({"client_name": "exchanger", "grant_types": [GRANT], "scope": "read"});
    let made = admin.done("POST", "acme/applications", Some(&application)).await?;
    let (client_id, client_secret) = (made.member("client_id")?, made.member("client_secret")?);
    for (interpreter, script) in [(&node, "exchange-client.mjs"), (&python, "exchange_client.py")] {
        let subject = assertion("es256", &json!({"aud": issuer, "sub": "alice", "azp": "web"}))?;
        let actor = assertion("es256", &json!({"aud": issuer, "sub": "service"}))?;
        let arguments = [issuer.as_str(), &client_id, &client_secret, &subject, &actor];
        let seen = tokio::task::block_in_place(|| interpreter.client(script, &arguments))?;
        let expected = json!({
            "listed": true,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "sub": "alice",
            "actor": "service",
            "elsewhere": "invalid_target",
        });
        ensure!(seen == expected, "{script}: {seen}, expected {expected}");
    }
    host.stop().await;
    Ok(())
}

/// R37: an ID-JAG that Authlib issues as the identity provider of an enterprise.
#[tokio::test(flavor = "multi_thread")]
async fn r37_an_id_jag_of_authlib() -> Result<()> {
    const PROVIDER: &str = "https://enterprise.example";
    let python = tokio::task::spawn_blocking(python).await??;
    let (host, client, issuer) = installation("ES256").await?;
    let enterprise = json!({"jwks": {"keys": [key("es256")?.jwk()?]}, "profile": "id-jag"});
    Admin(host.address()).register_issuer("enterprise", PROVIDER, &enterprise).await?;
    let private_key = key("es256")?.private_pem()?;
    let arguments = [issuer.as_str(), &client.client_id, &client.client_secret, PROVIDER, &private_key];
    let seen = tokio::task::block_in_place(|| python.client("id_jag_client.py", &arguments))?;
    let expected = json!({
        "sub": "alice", "client_id": client.client_id, "scope": "read",
        "replayed": "invalid_grant", "of another client": "invalid_grant",
    });
    ensure!(seen == expected, "{seen}, expected {expected}");
    host.stop().await;
    Ok(())
}

/// R100 to R102: proofs that somebody else makes, and the nonce that is asked for once: each token brings the next.
#[tokio::test(flavor = "multi_thread")]
async fn r101_oauth4webapi_and_openid_client_with_dpop() -> Result<()> {
    let node = tokio::task::spawn_blocking(node).await??;
    for (dpop_nonce, tries) in [(false, 2), (true, 3)] {
        let host = LocalHost::of(program("handler.wasm")?).settings(|settings| {
            settings.public_url = None;
            settings.dpop_nonce = dpop_nonce;
        });
        let host = host.start().await?;
        let issuer = format!("http://{}/t/acme", host.address());
        let client = Admin(host.address()).register_acme().await?;
        let mine = || assertion("es256", &json!({"aud": issuer}));
        let (first, second) = (mine()?, mine()?);
        let arguments = [issuer.as_str(), &client.client_id, &client.client_secret, &first, &second];
        let seen = tokio::task::block_in_place(|| node.client("dpop-client.mjs", &arguments))?;
        let expected =
            json!({"listed": true, "token_types": ["dpop", "dpop"], "bound": true, "tries": tries});
        ensure!(seen == expected, "{seen}, expected {expected}");
        let (first, second) = (mine()?, mine()?);
        let arguments = [issuer.as_str(), &client.client_id, &client.client_secret, &first, &second];
        let seen = tokio::task::block_in_place(|| node.client("openid-dpop-client.mjs", &arguments))?;
        ensure!(seen == json!({"token_types": ["dpop", "dpop"], "bound": true}), "openid-client: {seen}");
        host.stop().await;
    }
    Ok(())
}

/// A host whose public URL is where it can be reached, and the issuer identifier of `acme` on it.
async fn installation(algorithm: &str) -> Result<(LocalHost, Client, String)> {
    let host = LocalHost::of(program("handler.wasm")?).settings(|settings| {
        settings.public_url = None;
        settings.access_token_algorithm = Some(algorithm.to_owned());
    });
    let host = host.start().await?;
    let issuer = format!("http://{}/t/acme", host.address());
    let client = Admin(host.address()).register_acme().await?;
    Ok((host, client, issuer))
}

/// The client gets a token and calls the resource server with it; a forged token and a used assertion fail.
fn exchange_and_call(
    interpreter: &Interpreter,
    [resource_server, client_script]: [&str; 2],
    issuer: &str,
    server: &str,
    client: &Client,
) -> Result<()> {
    let assertion = assertion("es256", &json!({"aud": issuer, "sub": "alice"}))?;
    let resource = interpreter.resource_server(resource_server, &[issuer, issuer])?;
    let arguments = [server, &client.client_id, &client.client_secret, &assertion, &resource.url];
    let seen = tokio::task::block_in_place(|| interpreter.client(client_script, &arguments))?;
    let is = |name: &str, expected: Value| -> Result<()> {
        ensure!(seen[name] == expected, "{name} is {}, expected {expected}: {seen}", seen[name]);
        Ok(())
    };
    is("status", json!(200))?;
    is("forged", json!(401))?;
    is("replayed", json!("invalid_grant"))?;
    ensure!(seen["token_type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("bearer")), "{seen}");
    let wrong = seen["wrong_secret"].as_str().unwrap_or_default();
    ensure!(wrong == "invalid_client" || wrong == "basic", "wrong_secret is {wrong}");
    let claims = &seen["claims"];
    ensure!(claims["sub"] == "alice" && claims["iss"] == issuer && claims["scope"] == "read", "{claims}");
    ensure!(claims["client_id"] == client.client_id.as_str(), "{claims}");
    Ok(())
}
