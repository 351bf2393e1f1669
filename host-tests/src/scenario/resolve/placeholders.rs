//! The values of placeholders.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{Context, JWT_BEARER};
use crate::keys::key;
use crate::local_host::ADMIN_TOKEN;
use crate::scenario::placeholder::{Fill, Filling};

impl Fill for Context<'_> {
    fn fill(&self, placeholder: &str) -> Result<Filling> {
        use base64::Engine as _;
        let base64 = |bytes: Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
        let parts: Vec<&str> = placeholder.split(':').collect();
        let filling = match parts.as_slice() {
            ["assertion"] => self.known_assertion("")?.into(),
            ["assertion", label] => self.known_assertion(label)?.into(),
            ["proof"] => self.known_assertion("-proof")?.into(),
            ["proof", label] => self.known_assertion(&format!("{label}-proof"))?.into(),
            ["jkt", name] => key(name)?.thumbprint()?.into(),
            ["any"] => Filling::Later,
            ["client_id" | "client_secret" | "previous_client_secret", _] => Filling::Later,
            ["basic" | "basic-escaped" | "access_token", _] => Filling::Later,
            ["issuer"] => self.issuer_identifier("acme").into(),
            ["issuer", organization] => self.issuer_identifier(organization).into(),
            ["token-endpoint"] => format!("{}/oauth2/token", self.issuer_identifier("acme")).into(),
            ["admin-token"] => ADMIN_TOKEN.to_owned().into(),
            ["grant-type"] => JWT_BEARER.replace(':', "%3A").into(),
            ["endpoint", name] => (self.setting.endpoint_url)(self.id, name).into(),
            ["unique"] => self.unique().into(),
            ["byte", hex] => Filling::Bytes(vec![u8::from_str_radix(hex, 16)?]),
            ["repeat", text, times] => text.repeat(times.parse()?).into(),
            ["nested", depth] => {
                let depth: usize = depth.parse()?;
                format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into()
            }
            ["jwk", name] => Filling::Json(key(name)?.jwk()?),
            ["jwks", names] => {
                let keys = names.split(',').map(|name| key(name)?.jwk()).collect::<Result<Vec<_>>>()?;
                Filling::Json(json!({ "keys": keys }))
            }
            ["private-jwk", name] => Filling::Json(key(name)?.private_jwk()?),
            ["pem", name] => key(name)?.public_pem()?.into(),
            ["public-der", name] => base64(key(name)?.public_der()?).into(),
            ["private-pem", name] => key(name)?.private_pem()?.into(),
            ["certificate", name, validity @ ..] => {
                let (from, to) = self.certificate_validity(validity)?;
                key(name)?.certificate_pem(from, to)?.into()
            }
            ["certificate-der", name, validity @ ..] => {
                let (from, to) = self.certificate_validity(validity)?;
                base64(key(name)?.certificate_der(from, to)?).into()
            }
            [time] if time.starts_with("now") => Filling::Json(self.time(time)?),
            _ => bail!("there is no placeholder {placeholder:?}"),
        };
        Ok(filling)
    }
}

impl Context<'_> {
    fn known_assertion(&self, label: &str) -> Result<String> {
        self.minted
            .borrow()
            .get(label)
            .cloned()
            .with_context(|| format!("no earlier step is labelled {label:?}"))
    }

    /// `now`, `now+300`, `now-61`, `now+0.5`.
    fn time(&self, text: &str) -> Result<Value> {
        let offset = text.trim_start_matches("now");
        let now = i64::try_from(self.now.get())?;
        if offset.is_empty() {
            return Ok(now.into());
        }
        match offset.parse::<i64>() {
            Ok(whole) => Ok((now + whole).into()),
            Err(_) => Ok((now as f64 + offset.parse::<f64>().context("a time")?).into()),
        }
    }

    fn certificate_validity(&self, arguments: &[&str]) -> Result<(i64, i64)> {
        let now = i64::try_from(self.now.get())?;
        Ok(match arguments {
            [] => (now - 86_400, now + 365 * 86_400),
            [from, to] => (now + from.parse::<i64>()?, now + to.parse::<i64>()?),
            _ => bail!("a certificate has a beginning and an end"),
        })
    }
}
