//! Verifies our access tokens as a resource server would, with aws-lc-rs (R62, R64).

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Run;
use super::expect::member;
use crate::driver::{Driver, Operation, Outcome};
use crate::local_host::PUBLIC_URL;
use crate::scenario::resolved::Step;
use crate::token_request::organization_path;

/// A verified access token.
pub struct AccessToken {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

/// Verifies a token with a JWK set, and says what it holds.
///
/// # Errors
/// No key of the set verifies it.
pub fn verify_with(jwks: &Value, token: &str) -> Result<AccessToken> {
    let (message, signature) = token.rsplit_once('.').context("no token")?;
    let (header, claims) = message.split_once('.').context("no token")?;
    let signature = URL_SAFE_NO_PAD.decode(signature)?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let keys = jwks["keys"].as_array().context("no keys")?;
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).context("no key with that kid")?;
    ensure!(key["alg"] == header["alg"], "alg of the key: {key}");
    let bytes = |member: &str| -> Result<Vec<u8>> {
        Ok(URL_SAFE_NO_PAD.decode(key[member].as_str().context("a member of the key")?)?)
    };
    let message = message.as_bytes();
    let verified = match header["alg"].as_str() {
        Some("ES256") => {
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
        }
        Some("EdDSA") => UnparsedPublicKey::new(&ED25519, bytes("x")?).verify(message, &signature),
        Some("RS256") => RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message,
            &signature,
        ),
        other => bail!("the token's alg is {other:?}"),
    };
    ensure!(verified.is_ok(), "the token's signature does not verify");
    Ok(AccessToken { header, claims })
}

impl<D: Driver> Run<'_, D> {
    /// That what was granted is a token after RFC 9068, for this organization and client.
    pub(super) async fn check_access_token(
        &mut self,
        step: &Step,
        organization: &str,
        client_id: Option<&str>,
        body: &Value,
    ) -> Result<()> {
        let jwks = match self.call(Operation::Jwks { organization: organization.to_owned() }).await?.outcome {
            Outcome::Ok(jwks) => jwks,
            other => bail!("R64: there is no JWK set: {}", serde_json::to_string(&other)?),
        };
        let token = body["access_token"].as_str().context("R60: there is no access_token")?.to_owned();

        let AccessToken { header, claims } = verify_with(&jwks, &token).context("R64")?;
        let token_type = if claims.get("cnf").is_some() { "DPoP" } else { "Bearer" };
        ensure!(body["token_type"] == token_type, "R60, R102: token_type is {}", body["token_type"]);
        ensure!(header["typ"] == "at+jwt", "R62: {header}");
        let issuer = format!("{PUBLIC_URL}{}", organization_path(organization));
        let expected = json!({"iss": issuer, "iat": step.at});
        self.check_members("R62: token", &claims, expected.as_object().context("an object")?)?;
        for claim in ["sub", "aud", "client_id", "assertion_issuer"] {
            ensure!(claims.get(claim).is_some(), "R62: there is no {claim}: {claims}");
        }
        if let Some(client_id) = client_id {
            ensure!(claims["client_id"] == client_id, "R62: {claims}");
        }
        let lifetime = body["expires_in"].as_u64().context("R60: expires_in")?;
        ensure!(claims["exp"] == step.at + lifetime, "R62: exp is {}", claims["exp"]);
        let id = claims["jti"].as_str().context("R62: jti")?.to_owned();
        ensure!(id.len() >= 22, "R62: jti has less than 128 bits: {id}");
        ensure!(!self.used.contains(&id), "R62: jti is not unique");
        self.used.push(id);

        self.check_members("token", &claims, &step.expect.token)?;
        for claim in &step.expect.token_without {
            ensure!(member(&claims, claim).is_none(), "the token has a claim {claim}: {claims}");
        }
        if let Some(label) = &step.label {
            self.known.insert(format!("access_token:{label}"), token);
        }
        Ok(())
    }
}
