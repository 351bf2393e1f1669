//! R67: from the issuer identifier to the endpoints.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::clients::{Capability, Clients, Installation};

/// Their members of the metadata, wherever they look for it.
fn endpoints(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "introspection_endpoint": format!("{issuer}/oauth2/introspect"),
        "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
        "jwks_uri": format!("{issuer}/oauth2/jwks"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn r67_they_find_the_endpoints() -> Result<()> {
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let expected = endpoints(&installation.issuer);
    let given = || Ok(installation.given(&json!({})));
    for capability in [Capability::DiscoveryOauth2, Capability::DiscoveryOpenid] {
        clients.each_sees(capability, given, |seen| {
            for (name, url) in expected.as_object().into_iter().flatten() {
                ensure!(seen[name] == *url, "{name}: {seen}");
            }
            Ok(())
        })?;
    }
    // What a client goes by before it uses it. One of them keeps no lists.
    clients.each_sees(Capability::DiscoveryOauth2, given, |seen| {
        for (list, member) in [
            ("grant_types_supported", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("token_endpoint_auth_methods_supported", "private_key_jwt"),
            ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
            ("dpop_signing_alg_values_supported", "ES256"),
        ] {
            let listed =
                seen[list].as_array().is_some_and(|values| values.iter().any(|value| value == member));
            ensure!(listed, "{list} lacks {member}: {seen}");
        }
        Ok(())
    })?;
    installation.host.stop().await;
    Ok(())
}

/// Known: `AuthorizationServerMetadata.validate()` of Authlib takes an empty list for none. RFC 8414 section 2 requires
/// `response_types_supported`, and no grant here has a response type. Authlib itself does not call it.
#[tokio::test(flavor = "multi_thread")]
async fn authlib_validates_all_but_the_empty_list() -> Result<()> {
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let given = installation.given(&json!({})).to_string();
    let seen =
        tokio::task::block_in_place(|| clients.python.client("authlib_client.py", &["complaints", &given]))?;
    ensure!(seen == json!(["\"response_types_supported\" is required"]), "{seen}");
    installation.host.stop().await;
    Ok(())
}
