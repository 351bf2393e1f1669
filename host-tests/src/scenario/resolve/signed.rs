//! What is signed for an exchange: the assertion, what the client authenticates with, and the proof.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::Context;
use crate::keys::key;
use crate::scenario::placeholder::Fill as _;
use crate::scenario::recipe::{Defaults, mint};
use crate::scenario::resolved::Proof;
use crate::scenario::source;

impl Context<'_> {
    pub(super) fn assertion(&self, written: &source::Assertion, organization: &str) -> Result<String> {
        let recipe = match written {
            source::Assertion::Text(text) => return self.text(text),
            source::Assertion::Recipe(recipe) => recipe,
        };
        let claims = json!({
            "iss": "https://partner.example",
            "sub": "user-1",
            "aud": self.issuer_identifier(organization),
            "exp": self.now.get() + 300,
            "iat": self.now.get(),
            "jti": self.unique(),
        });
        let Value::Object(mut claims) = claims else { bail!("claims are an object") };
        claims.extend(self.object(self.claims)?);
        let header = self.object(self.header)?;
        mint(recipe, Defaults { key: "es256".to_owned(), header, claims }, self)
    }

    /// What a client authenticates with: signed by a key of its own, or by the issuer that knows it.
    pub(super) fn client_assertion(
        &self,
        written: &source::Assertion,
        exchange: &source::Exchange,
    ) -> Result<String> {
        let recipe = match written {
            source::Assertion::Text(text) => return self.text(text),
            source::Assertion::Recipe(recipe) => recipe,
        };
        let (key, iss, sub) = match exchange.credentials.as_str() {
            "federated" => ("es256", "https://partner.example", "client-1"),
            "svid" => ("es256/spire", "", "spiffe://prod.example.org/client-1"),
            _ => ("es256/client", exchange.application.as_str(), exchange.application.as_str()),
        };
        let mut claims = json!({
            "sub": sub,
            "aud": self.issuer_identifier(&exchange.organization),
            "exp": self.now.get() + 300,
            "iat": self.now.get(),
        });
        // SPIRE puts neither into a JWT-SVID, unless it is told to.
        if exchange.credentials != "svid" {
            claims["iss"] = iss.into();
            claims["jti"] = self.unique().into();
        }
        let Value::Object(claims) = claims else { bail!("claims are an object") };
        mint(recipe, Defaults { key: key.to_owned(), header: Map::new(), claims }, self)
    }

    /// A DPoP proof (RFC 9449 section 4.2), by the key `es256/dpop` where nothing else is said, for the token endpoint.
    pub(super) fn proof(
        &self,
        written: &source::Assertion,
        organization: &str,
        nonce_of: Option<&str>,
    ) -> Result<Proof> {
        let mut recipe = match written {
            source::Assertion::Text(text) => return Ok(Proof::Made(self.text(text)?)),
            source::Assertion::Recipe(recipe) => recipe.clone(),
        };
        let name = recipe.key.clone().unwrap_or_else(|| "es256/dpop".to_owned());
        let mut header = Map::new();
        header.insert("typ".to_owned(), "dpop+jwt".into());
        header.insert("jwk".to_owned(), key(&name)?.jwk()?);
        let claims = json!({
            "htm": "POST",
            "htu": format!("{}/oauth2/token", self.issuer_identifier(organization)),
            "iat": self.now.get(),
            "jti": self.unique(),
        });
        let Value::Object(mut claims) = claims else { bail!("claims are an object") };
        if let Some(label) = nonce_of {
            header.insert("alg".to_owned(), key(&name)?.algorithm().into());
            claims.extend(self.object(&recipe.claims)?);
            return Ok(Proof::WithNonce { of: label.to_owned(), key: name, header, claims });
        }
        recipe.without.push("header.kid".to_owned());
        Ok(Proof::Made(mint(&recipe, Defaults { key: name, header, claims }, self)?))
    }
}
