//! Assertions, minted before anything is measured.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::keys::IssuerKey;

/// The issuer identifier of every server under test: what assertions name as their audience. Where a
/// server listens is another matter, so that all of them can be given the same assertions.
pub const AUDIENCE: &str = "https://id.example";

/// The application.
pub const CLIENT_ID: &str = "bench-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "5a7d3f1e9b2c4860a1d3e5f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b";

/// The bearer token of our admin API.
pub const ADMIN_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// The `iss` of assertions under an algorithm: each has an issuer of its own.
pub fn issuer(key: &IssuerKey) -> String {
    format!("https://issuer.example/{}", key.algorithm().name().to_lowercase())
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// What makes one assertion differ from another of the same key.
pub struct Differing {
    /// `iss`.
    pub issuer: String,
    /// `jti`.
    pub jwt_id: String,
    /// Claims beside those that each assertion has.
    pub claims: Map<String, Value>,
}

/// Mints one assertion, valid for almost an hour from `now` on.
pub fn mint(key: &IssuerKey, issuer: &str, jwt_id: &str, now: u64) -> Result<String> {
    let differing = Differing { issuer: issuer.to_owned(), jwt_id: jwt_id.to_owned(), claims: Map::new() };
    mint_differing(key, differing, now)
}

/// Mints one assertion with claims of its own, valid for almost an hour from `now` on.
pub fn mint_differing(key: &IssuerKey, differing: Differing, now: u64) -> Result<String> {
    let header = json!({ "alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT" });
    let mut claims = json!({
        "iss": differing.issuer,
        "sub": "248289761001",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 3500,
        "jti": differing.jwt_id,
        "email": "jane.doe@example.com",
    });
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(differing.claims);
    }
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signing_input = format!("{}.{}", encode(&header), encode(&claims));
    let signature = key.sign(signing_input.as_bytes())?;
    Ok(format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Mints many, each with a `jti` of its own, on all processors.
pub fn mint_many(key: &IssuerKey, prefix: &str, count: usize) -> Result<Vec<String>> {
    let issuer = issuer(key);
    let differing =
        |index| Differing { issuer: issuer.clone(), jwt_id: format!("{prefix}-{index}"), claims: Map::new() };
    mint_each(key, count, differing)
}

/// Mints many, in order, on all processors.
pub fn mint_each(
    key: &IssuerKey,
    count: usize,
    differing: impl Fn(usize) -> Differing + Sync,
) -> Result<Vec<String>> {
    let (threads, now) = (std::thread::available_parallelism()?.get(), now());
    let (share, differing) = (count.div_ceil(threads), &differing);
    let mint_share = move |thread: usize| -> Result<Vec<String>> {
        let indices = thread * share..((thread + 1) * share).min(count);
        indices.map(|index| mint_differing(key, differing(index), now)).collect()
    };
    std::thread::scope(|scope| {
        let minters: Vec<_> = (0..threads).map(|thread| scope.spawn(move || mint_share(thread))).collect();
        let mut all = Vec::with_capacity(count);
        for minter in minters {
            all.extend(minter.join().ok().context("a minting thread panicked")??);
        }
        Ok(all)
    })
}

/// The body of a token request.
pub fn form(assertion: &str) -> String {
    format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}")
}

/// The value of its `Authorization` header.
pub fn authorization(client_id: &str, client_secret: &str) -> String {
    let credentials = format!("{client_id}:{client_secret}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}
