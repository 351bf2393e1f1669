//! Plain good assertions, and a plain good DPoP proof, for tests in code.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::keys::key;
use crate::local_host::{PUBLIC_URL, present};

/// An assertion of `https://partner.example` about `user-1` for `acme`, with other claims put over these.
///
/// # Errors
/// There is no such key.
pub fn assertion(key_name: &str, claims: &Value) -> Result<String> {
    signed(key_name, None, claims)
}

/// The same as an ID-JAG, which is issued to this client.
///
/// # Errors
/// There is no such key.
pub fn id_jag(key_name: &str, client_id: &str, claims: &Value) -> Result<String> {
    let mut claims = claims.clone();
    claims["client_id"] = client_id.into();
    signed(key_name, Some("oauth-id-jag+jwt"), &claims)
}

fn signed(key_name: &str, typ: Option<&str>, claims: &Value) -> Result<String> {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let (key, now) = (key(key_name)?, present());
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let mut all = json!({
        "iss": "https://partner.example",
        "sub": "user-1",
        "aud": format!("{PUBLIC_URL}/t/acme"),
        "exp": now + 300,
        "iat": now,
        "jti": format!("{}-{serial}", std::process::id()),
    });
    for (name, value) in claims.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let mut header = json!({"alg": key.algorithm(), "kid": key.name()});
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&all));
    let signature = key.sign(key.algorithm(), message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A DPoP proof by this test key for the token endpoint of `acme`, with other claims put over good ones.
///
/// # Errors
/// There is no such key.
pub fn proof(key_name: &str, claims: &Value) -> Result<String> {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let key = key(key_name)?;
    let mut all = json!({
        "htm": "POST",
        "htu": format!("{PUBLIC_URL}/t/acme/oauth2/token"),
        "iat": present(),
        "jti": format!("{}-{}", std::process::id(), SERIAL.fetch_add(1, Ordering::Relaxed)),
    });
    for (name, value) in claims.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let header = json!({"typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.jwk()?});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(&all));
    let signature = key.sign(key.algorithm(), message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
