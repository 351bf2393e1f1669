//! R112, R120, R121: `guard.wasm` composed in front of another component (`host-tests/guarded`, which says what reached it), as Spin
//! serves it, with tokens of a real installation.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use host_tests::admin::{Admin, Client};
use host_tests::assertion::{assertion, proof};
use host_tests::client::{Answer, form, send};
use host_tests::components::program;
use host_tests::local_host::{LocalHost, present};
use host_tests::spin::{Spin, SpinApp};
use host_tests::token_request::basic;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const AUDIENCE: &str = "https://api.example/mcp";
const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An installation, a guarded component that takes its tokens, and one of these.
struct World {
    host: LocalHost,
    app: SpinApp,
    issuer: String,
    client: Client,
    token: String,
    _spin: Spin,
}

impl World {
    /// With these settings over the usual ones.
    async fn new(settings: &[(&'static str, &str)]) -> Result<Self> {
        let host = LocalHost::of(program("handler.wasm")?).settings(|settings| settings.public_url = None);
        let host = host.start().await?;
        host.clock.set(present());
        let issuer = format!("http://{}/t/acme", host.address());
        let admin = Admin(host.address());
        admin.register_acme().await?;
        let client = application(&host, AUDIENCE).await?;
        let token = token(&client, &issuer).await?;
        let mut variables = BTreeMap::from([
            ("guard_issuer", issuer.clone()),
            ("guard_audience", AUDIENCE.to_owned()),
            ("guard_scopes", "read".to_owned()),
        ]);
        if settings.contains(&("guard_introspect", "true")) {
            // An application may ask about tokens for its audience (R110).
            let api = application(&host, AUDIENCE).await?;
            variables.insert("guard_client_id", api.client_id);
            variables.insert("guard_client_secret", api.client_secret);
        }
        variables.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let spin = Spin::load("guard-guarded.wasm")?;
        let app = spin.start(present(), &variables)?;
        Ok(Self { host, app, issuer, client, token, _spin: spin })
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        send(self.app.address, "POST", path, &headers, "a body").await
    }

    async fn with_token(&self, token: &str) -> Result<Answer> {
        self.ask("/mcp?a=b", &[("authorization", &format!("Bearer {token}"))]).await
    }
}

/// An application of `acme` whose tokens are for this audience.
async fn application(host: &LocalHost, audience: &str) -> Result<Client> {
    let application = json!({
        "client_name": audience, "grant_types": [GRANT_TYPE], "scope": "read write", "audience": audience,
    });
    let made = Admin(host.address()).done("POST", "acme/applications", Some(&application)).await?;
    Ok(Client {
        address: host.address(),
        client_id: made.member("client_id")?,
        client_secret: made.member("client_secret")?,
    })
}

async fn token(client: &Client, issuer: &str) -> Result<String> {
    let assertion = assertion("es256", &json!({"aud": issuer, "sub": "alice"}))?;
    client.exchange(&assertion).await?.member("access_token")
}

/// RFC 6750 section 3, RFC 9728: without a token a client learns where to get one, and with it the call passes.
#[tokio::test(flavor = "multi_thread")]
async fn r120_r121_from_the_challenge_to_the_call() -> Result<()> {
    let world = World::new(&[]).await?;
    let bare = world.ask("/mcp", &[]).await?;
    ensure!(bare.status == 401 && bare.text().is_empty(), "{} {}", bare.status, bare.text());
    let challenge = bare.header("www-authenticate").context("no challenge")?;
    let wanted = format!("Bearer scope=\"read\", resource_metadata=\"https://api.example{METADATA}\"");
    ensure!(challenge == wanted, "{challenge}");
    let metadata = send(world.app.address, "GET", METADATA, &[], "").await?;
    ensure!(metadata.status == 200, "{}", metadata.text());
    ensure!(metadata.json()?["resource"] == AUDIENCE, "{}", metadata.text());
    ensure!(metadata.json()?["authorization_servers"] == json!([world.issuer]), "{}", metadata.text());

    let authorization = format!("Bearer {}", world.token);
    let smuggled = [("x-asserta-subject", "root"), ("X_Asserta_Scope", "root"), ("x-asserta-admin", "root")];
    let headers =
        [&[("authorization", authorization.as_str()), ("x-other", "stays")][..], &smuggled[..]].concat();
    for _ in 0..2 {
        let passed = world.ask("/mcp?a=b", &headers).await?;
        ensure!(passed.status == 200, "{} {}", passed.status, passed.text());
        let text = passed.text();
        let (head, body) = text.split_once("\n\n").context("no body")?;
        let lines: Vec<&str> = head.lines().collect();
        ensure!(
            body == "a body" && lines[0] == "target: /mcp?a=b" && lines.contains(&"x-other: stays"),
            "{text}"
        );
        ensure!(lines.contains(&"x-asserta-subject: alice"), "{text}");
        ensure!(lines.contains(&"x-asserta-scope: read write"), "{text}");
        ensure!(!text.contains("root") && !text.contains("admin"), "{text}");
        let claims =
            lines.iter().find_map(|line| line.strip_prefix("x-asserta-claims: ")).context("no claims")?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
        ensure!(claims["aud"] == AUDIENCE && claims["iss"] == world.issuer.as_str(), "{claims}");
    }
    world.host.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r120_what_does_not_pass() -> Result<()> {
    let world = World::new(&[]).await?;
    let refused = |answer: Answer, status: u16, code: &str| -> Result<()> {
        ensure!(answer.status == status, "{code}: {} {}", answer.status, answer.text());
        ensure!(answer.member("error")? == code, "{}", answer.text());
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        ensure!(challenge.contains(&format!("error=\"{code}\"")), "{challenge}");
        Ok(())
    };
    let mut varied = world.token.clone();
    varied.replace_range(varied.len() - 4.., "AAAA");
    refused(world.with_token(&varied).await?, 401, "invalid_token")?;
    let other = application(&world.host, "https://other.example").await?;
    let other = token(&other, &world.issuer).await?;
    refused(world.with_token(&other).await?, 401, "invalid_token")?;
    let both = format!("Bearer {}", world.token);
    let both = [("authorization", both.as_str()), ("authorization", both.as_str())];
    refused(world.ask("/mcp", &both).await?, 400, "invalid_request")?;
    let query = world.ask(&format!("/mcp?access_token={}", world.token), &[]).await?;
    ensure!(query.status == 401, "{}", query.status);
    // Its own clock decides.
    world.app.set_clock(present() + 4000)?;
    refused(world.with_token(&world.token).await?, 401, "invalid_token")?;
    world.host.stop().await;

    let more = World::new(&[("guard_scopes", "read admin")]).await?;
    refused(more.with_token(&more.token).await?, 403, "insufficient_scope")?;
    more.host.stop().await;
    Ok(())
}

/// R111: a token that was revoked passes no more, where the issuer is asked; without that it does, until it expires.
#[tokio::test(flavor = "multi_thread")]
async fn r120_a_revoked_token() -> Result<()> {
    for (introspect, after) in [("true", 401), ("false", 200)] {
        let world = World::new(&[("guard_introspect", introspect)]).await?;
        for _ in 0..2 {
            let passed = world.with_token(&world.token).await?;
            ensure!(passed.status == 200, "{introspect}: {} {}", passed.status, passed.text());
        }
        let authorization = format!("Basic {}", basic(&world.client.client_id, &world.client.client_secret));
        let headers: [(&str, &[u8]); 2] = [
            ("authorization", authorization.as_bytes()),
            ("content-type", b"application/x-www-form-urlencoded"),
        ];
        let body = form(&[("token", world.token.as_str())]);
        let revoked = send(world.host.address(), "POST", "/t/acme/oauth2/revoke", &headers, body).await?;
        ensure!(revoked.status == 200, "{} {}", revoked.status, revoked.text());
        let answer = world.with_token(&world.token).await?;
        ensure!(answer.status == after, "{introspect}: {} {}", answer.status, answer.text());
        world.host.stop().await;
    }
    Ok(())
}

/// R112: with all tokens of its application revoked, one passes no more where the issuer is asked, although it has before.
#[tokio::test(flavor = "multi_thread")]
async fn r112_all_of_an_application_revoked() -> Result<()> {
    let world = World::new(&[("guard_introspect", "true")]).await?;
    let passed = world.with_token(&world.token).await?;
    ensure!(passed.status == 200, "{} {}", passed.status, passed.text());
    let whose = json!({"client_id": world.client.client_id});
    Admin(world.host.address()).done("POST", "acme/revocations", Some(&whose)).await?;
    let answer = world.with_token(&world.token).await?;
    ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
    world.host.stop().await;
    Ok(())
}

/// RFC 9449 section 7: a token that is bound to a key passes with a proof of it, and never as a bearer's.
#[tokio::test(flavor = "multi_thread")]
async fn r120_a_bound_token() -> Result<()> {
    let world = World::new(&[]).await?;
    let client = format!("Basic {}", basic(&world.client.client_id, &world.client.client_secret));
    let binding = proof("es256", &json!({"htu": format!("{}/oauth2/token", world.issuer)}))?;
    let headers: [(&str, &[u8]); 3] = [
        ("authorization", client.as_bytes()),
        ("content-type", b"application/x-www-form-urlencoded"),
        ("dpop", binding.as_bytes()),
    ];
    let assertion = assertion("es256", &json!({"aud": world.issuer, "sub": "alice"}))?;
    let body = form(&[("grant_type", GRANT_TYPE), ("assertion", assertion.as_str())]);
    let granted = send(world.host.address(), "POST", "/t/acme/oauth2/token", &headers, body).await?;
    ensure!(granted.status == 200, "{} {}", granted.status, granted.text());
    let token: String = granted.member("access_token")?;

    let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()));
    let good = || proof("es256", &json!({"htu": AUDIENCE, "ath": ath}));
    let (bound, bearer) = (format!("DPoP {token}"), format!("Bearer {token}"));
    for _ in 0..2 {
        let proof = good()?;
        let headers = [("authorization", bound.as_str()), ("dpop", proof.as_str())];
        let passed = world.ask("/mcp?a=b", &headers).await?;
        ensure!(passed.status == 200, "{} {}", passed.status, passed.text());
        ensure!(passed.text().contains("x-asserta-subject: alice"), "{}", passed.text());
    }
    let (one, elsewhere) =
        (good()?, proof("es256", &json!({"htu": "https://other.example/mcp", "ath": ath}))?);
    for headers in [
        &[("authorization", bearer.as_str())][..],
        &[("authorization", bearer.as_str()), ("dpop", one.as_str())],
        &[("authorization", bound.as_str())],
        &[("authorization", bound.as_str()), ("dpop", one.as_str()), ("dpop", one.as_str())],
        &[("authorization", bound.as_str()), ("dpop", elsewhere.as_str())],
    ] {
        let answer = world.ask("/mcp", headers).await?;
        ensure!(answer.status == 401, "{headers:?}: {} {}", answer.status, answer.text());
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        ensure!(challenge.starts_with("DPoP error=") && challenge.contains("algs="), "{challenge}");
    }
    world.host.stop().await;
    Ok(())
}

/// Nothing passes where the settings can't be used, or the issuer can't be asked for its keys or about a token.
#[tokio::test(flavor = "multi_thread")]
async fn r51_r120_it_fails_closed() -> Result<()> {
    for settings in [
        ("guard_issuer", ""),
        ("guard_issuer", "http://tokens.example"),
        ("guard_audience", ""),
        ("guard_introspect", "yes"),
        ("guard_jwks_uri", "http://127.0.0.1:9/jwks"),
    ] {
        let world = World::new(&[settings]).await?;
        let answer = world.with_token(&world.token).await?;
        ensure!(answer.status == 503, "{settings:?}: {} {}", answer.status, answer.text());
        world.host.stop().await;
    }
    Ok(())
}
