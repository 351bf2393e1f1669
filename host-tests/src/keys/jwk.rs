//! Test keys as JWK.

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Material, TestKey};

impl TestKey {
    /// The public key (of a symmetric key, the key) as a JWK with `kid` and `use`; it has no `alg`.
    ///
    /// # Errors
    /// The key can't be encoded.
    pub fn jwk(&self) -> Result<Value> {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.material {
            Material::Rsa(pair) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                json!({"kty": "RSA", "n": b64(n.big_endian_without_leading_zero()), "e": b64(e.big_endian_without_leading_zero())})
            }
            Material::WeakRsa(weak) => {
                json!({"kty": "RSA", "n": b64(weak.modulus()), "e": b64(weak.exponent())})
            }
            Material::Ec { pair, curve } => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).context("a point")?.split_at(curve.field_bytes);
                json!({"kty": "EC", "crv": curve.crv, "x": b64(x), "y": b64(y)})
            }
            Material::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())})
            }
            Material::Oct(secret) => json!({"kty": "oct", "k": b64(secret)}),
        };
        jwk["kid"] = self.name().into();
        jwk["use"] = "sig".into();
        Ok(jwk)
    }

    /// The thumbprint of the public key: SHA-256 over its required members in their order (RFC 7638 section 3).
    ///
    /// # Errors
    /// The key can't be encoded.
    pub fn thumbprint(&self) -> Result<String> {
        let jwk = self.jwk()?;
        let required = ["crv", "e", "kty", "n", "x", "y"].iter();
        let members = required.filter_map(|name| Some(format!("\"{name}\":{}", jwk.get(*name)?)));
        let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())))
    }

    /// The key with its private part, which a person might publish by mistake.
    ///
    /// # Errors
    /// Only keys on P-256, P-384 and P-521 are offered in this form.
    pub fn private_jwk(&self) -> Result<Value> {
        let Material::Ec { pair, curve } = &self.material else { bail!("{}: only EC keys", self.name()) };
        let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
        let mut d = vec![0; curve.field_bytes.saturating_sub(scalar.as_ref().len())];
        d.extend_from_slice(scalar.as_ref());
        let mut jwk = self.jwk()?;
        jwk["d"] = URL_SAFE_NO_PAD.encode(d).into();
        Ok(jwk)
    }
}
