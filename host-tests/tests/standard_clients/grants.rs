//! Each grant, by each client.

use anyhow::{Context as _, Result, bail, ensure};
use host_tests::assertion::assertion;
use host_tests::keys::key;
use serde_json::{Value, json};

use crate::clients::{Capability, Clients, Installation};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// R64: a token of each algorithm, with which they call APIs; a forged token and a used assertion fail.
#[tokio::test(flavor = "multi_thread")]
async fn r64_they_get_a_token_and_call_an_api() -> Result<()> {
    let clients = Clients::installed().await?;
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let installation = Installation::of(algorithm, false).await?;
        let [jose, python] = clients.resource_servers(&installation.issuer)?;
        let given = || {
            let assertion = assertion("es256", &json!({"aud": installation.issuer, "sub": "alice"}))?;
            Ok(installation.given(&json!({"assertion": assertion, "resources": [jose.url, python.url]})))
        };
        clients
            .each_sees(Capability::JwtBearer, given, |seen| accepted(&installation, seen))
            .context(algorithm)?;
        installation.host.stop().await;
    }
    Ok(())
}

/// What a client sees of us, and of the APIs that take its token.
fn accepted(installation: &Installation, seen: &Value) -> Result<()> {
    ensure!(seen["replayed"] == "invalid_grant", "{seen}");
    ensure!(seen["token_type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("bearer")), "{seen}");
    // Some read the challenge of the 401, some its body.
    ensure!(seen["wrong_secret"] == "invalid_client" || seen["wrong_secret"] == "basic", "{seen}");
    let [first, second] = seen["calls"].as_array().map_or(&[][..], Vec::as_slice) else {
        bail!("not both APIs were called: {seen}");
    };
    for call in [first, second] {
        ensure!(call["status"] == 200 && call["forged"] == 401, "{seen}");
        let claims = &call["claims"];
        ensure!(claims["sub"] == "alice" && claims["scope"] == "read", "{claims}");
        ensure!(claims["iss"] == installation.issuer.as_str(), "{claims}");
        ensure!(claims["client_id"] == installation.application.client_id.as_str(), "{claims}");
    }
    Ok(())
}

/// A workload that signs its assertions itself gets a new one for each token.
#[tokio::test(flavor = "multi_thread")]
async fn they_sign_their_own_assertions() -> Result<()> {
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let signs =
        json!({"assertion_issuer": "https://partner.example", "assertion_key": key("es256")?.private_pem()?});
    let given = || Ok(installation.given(&signs));
    clients.each(Capability::SignedAssertion, given, &json!(["alice", "alice"]))?;
    installation.host.stop().await;
    Ok(())
}

/// R37: an ID-JAG that Authlib issues as the identity provider of an enterprise, and one for somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn r37_an_id_jag_of_authlib() -> Result<()> {
    const PROVIDER: &str = "https://enterprise.example";
    let clients = Clients::installed().await?;
    let installation = Installation::plain().await?;
    let client_id = &installation.application.client_id;
    let enterprise = json!({"jwks": {"keys": [key("es256")?.jwk()?]}, "profile": "id-jag"});
    installation.admin().register_issuer("enterprise", PROVIDER, &enterprise).await?;
    let private_key = key("es256")?.private_pem()?;
    let arguments = [PROVIDER, &private_key, &installation.issuer, client_id, "another"];
    let given = || {
        let issued = tokio::task::block_in_place(|| clients.python.client("id_jag_issuer.py", &arguments))?;
        Ok(installation.given(&json!({"assertion": issued[0], "of_another_client": issued[1]})))
    };
    let expected = json!({
        "sub": "alice", "client_id": client_id, "scope": "read",
        "replayed": "invalid_grant", "of_another_client": "invalid_grant",
    });
    clients.each(Capability::IdJag, given, &expected)?;
    installation.host.stop().await;
    Ok(())
}

/// R90, R92: the token of another issuer, with an actor; once more for a target that there is not.
#[tokio::test(flavor = "multi_thread")]
async fn r90_they_exchange_tokens() -> Result<()> {
    let clients = Clients::installed().await?;
    let mut installation = Installation::plain().await?;
    let admin = installation.admin();
    let partner = json!({
        "name": "partner", "issuer": "https://partner.example", "jwks": {"keys": [key("es256")?.jwk()?]},
        "token_exchange": {"actor_claim": "azp", "allowed_actors": ["web"]},
    });
    admin.done("PUT", "acme/trusted-issuers/partner", Some(&partner)).await?;
    let application = json!({"client_name": "exchanger", "grant_types": [TOKEN_EXCHANGE], "scope": "read"});
    let made = admin.done("POST", "acme/applications", Some(&application)).await?;
    installation.application.client_id = made.member("client_id")?;
    installation.application.client_secret = made.member("client_secret")?;
    let given = || {
        let subject = json!({"aud": installation.issuer, "sub": "alice", "azp": "web"});
        let actor = json!({"aud": installation.issuer, "sub": "service"});
        let (subject_token, actor_token) = (assertion("es256", &subject)?, assertion("es256", &actor)?);
        Ok(installation.given(&json!({"subject_token": subject_token, "actor_token": actor_token})))
    };
    let expected = json!({
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "sub": "alice",
        "actor": "service",
        "elsewhere": "invalid_target",
    });
    clients.each(Capability::TokenExchange, given, &expected)?;
    installation.host.stop().await;
    Ok(())
}
