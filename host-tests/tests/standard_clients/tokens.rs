//! Clients that ask about their tokens, and take them back.

use anyhow::Result;
use host_tests::assertion::assertion;
use serde_json::json;

use crate::clients::{Capability, Clients, Installation};

/// R110, R111, R67.
#[tokio::test(flavor = "multi_thread")]
async fn r110_r111_they_look_tokens_up_and_revoke_them() -> Result<()> {
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let given = || {
        let assertion = assertion("es256", &json!({"aud": installation.issuer, "sub": "alice"}))?;
        Ok(installation.given(&json!({"assertion": assertion})))
    };
    let client_id = &installation.application.client_id;
    let known = json!({"active": true, "client_id": client_id, "sub": "alice", "token_type": "Bearer"});
    let expected = json!({"known": known, "unknown": {"active": false}});
    clients.each(Capability::Introspection, given, &expected)?;
    clients.each(Capability::Revocation, given, &json!({"active": false}))?;
    installation.host.stop().await;
    Ok(())
}
