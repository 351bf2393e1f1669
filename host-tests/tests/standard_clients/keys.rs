//! Clients with a key: one that authenticates them, or one that their tokens are bound to.

use anyhow::{Context as _, Result};
use host_tests::assertion::assertion;
use host_tests::keys::key;
use serde_json::json;

use crate::clients::{Capability, Clients, Installation};

/// The key that an application is registered with.
const KEY: &str = "es256/client";

/// R27: `private_key_jwt`, with a new client assertion for each request.
#[tokio::test(flavor = "multi_thread")]
async fn r27_they_authenticate_by_key() -> Result<()> {
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let client_id = installation.admin().register_application_by_key(KEY).await?;
    let private_key = key(KEY)?.private_pem()?;
    let given = || {
        let assertion = assertion("es256", &json!({"aud": installation.issuer}))?;
        let key =
            json!({"client_id": client_id, "private_key": private_key, "kid": KEY, "assertion": assertion});
        Ok(installation.given(&key))
    };
    // The second request got past the authentication.
    let expected = json!({"client_id": client_id, "replayed": "invalid_grant"});
    clients.each(Capability::PrivateKeyJwt, given, &expected)?;
    installation.host.stop().await;
    Ok(())
}

/// R100 to R102: proofs that somebody else makes, and the nonce that is asked for once: each token brings the next.
#[tokio::test(flavor = "multi_thread")]
async fn r101_they_bind_their_tokens() -> Result<()> {
    let clients = Clients::installed().await?;
    for (dpop_nonce, requests) in [(false, 2), (true, 3)] {
        let installation = Installation::of("ES256", dpop_nonce).await?;
        let by_key = installation.admin().register_application_by_key(KEY).await?;
        let private_key = key(KEY)?.private_pem()?;
        // A secret, and a key: the refusal that brings the nonce costs neither a client assertion nor the assertion.
        let with_key = json!({"client_id": by_key, "private_key": private_key, "kid": KEY});
        for credentials in [json!({}), with_key] {
            let given = || {
                let mine = || assertion("es256", &json!({"aud": installation.issuer}));
                let mut given = installation.given(&credentials);
                given["assertions"] = json!([mine()?, mine()?]);
                Ok(given)
            };
            let expected = json!({"token_types": ["dpop", "dpop"], "bound": true, "requests": requests});
            clients
                .each(Capability::Dpop, given, &expected)
                .with_context(|| format!("nonces: {dpop_nonce}"))?;
        }
        installation.host.stop().await;
    }
    Ok(())
}
