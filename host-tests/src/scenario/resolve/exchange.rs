//! An exchange, with all that it presents.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::Context;
use crate::driver::TokenExchange;
use crate::scenario::placeholder::Fill as _;
use crate::scenario::resolved::{Exchange, Proof};
use crate::scenario::source;

/// The assertion with other claims.
fn varied(assertion: &source::Assertion, claims: &Map<String, Value>) -> Result<source::Assertion> {
    let source::Assertion::Recipe(recipe) = assertion else { bail!("each: the assertion is a text") };
    let mut recipe = recipe.clone();
    recipe.claims.extend(claims.clone());
    Ok(source::Assertion::Recipe(recipe))
}

/// The proof with what else is said of it.
fn varied_proof(proof: &source::Assertion, more: &source::Recipe) -> Result<source::Assertion> {
    let source::Assertion::Recipe(recipe) = proof else { bail!("each_proof: the proof is a text") };
    let mut recipe = recipe.clone();
    let more = more.clone();
    recipe.header.extend(more.header);
    recipe.claims.extend(more.claims);
    recipe.without.extend(more.without);
    recipe.key = more.key.or(recipe.key);
    recipe.sign_as = more.sign_as.or(recipe.sign_as);
    recipe.header_text = more.header_text.or(recipe.header_text);
    recipe.claims_text = more.claims_text.or(recipe.claims_text);
    recipe.signature = more.signature.or(recipe.signature);
    recipe.text = more.text.or(recipe.text);
    Ok(source::Assertion::Recipe(recipe))
}

impl Context<'_> {
    pub(super) fn exchange(&self, written: &source::Exchange, label: Option<&str>) -> Result<Exchange> {
        let all = |one: &source::Assertion, each: &[Map<String, Value>]| match each {
            [] => Ok(vec![one.clone()]),
            each => each.iter().map(|claims| varied(one, claims)).collect::<Result<Vec<_>>>(),
        };
        let each = all(&written.assertion, &written.each)?;
        let mut each_client = Vec::new();
        if written.is_by_jwt() {
            each_client = all(&written.client_assertion, &written.each_client)?;
        }
        let each_proof = match (&written.proof, written.each_proof.as_slice()) {
            (None, []) => Vec::new(),
            (None, _) => bail!("each_proof: there is no proof"),
            (Some(proof), []) => vec![proof.clone()],
            (Some(proof), each) => {
                each.iter().map(|more| varied_proof(proof, more)).collect::<Result<Vec<_>>>()?
            }
        };
        let (mut assertions, mut client_assertions) = (Vec::new(), Vec::new());
        let mut proofs = Vec::new();
        for number in 0..each.len().max(each_client.len()).max(each_proof.len()) {
            for _ in 0..written.times {
                let assertion = each.get(number).or_else(|| each.last()).context("an assertion")?;
                assertions.push(self.assertion(assertion, &written.organization)?);
                if let Some(one) = each_client.get(number).or_else(|| each_client.last()) {
                    client_assertions.push(self.client_assertion(one, written)?);
                }
                if let Some(one) = each_proof.get(number).or_else(|| each_proof.last()) {
                    proofs.push(self.proof(one, &written.organization, written.nonce_of.as_deref())?);
                }
            }
        }
        for (suffix, made) in [("", &assertions), ("-client", &client_assertions)] {
            if let (Some(label), Some(first)) = (label, made.first()) {
                self.minted.borrow_mut().insert(format!("{label}{suffix}"), first.clone());
            }
        }
        if let (Some(label), Some(Proof::Made(first))) = (label, proofs.first()) {
            self.minted.borrow_mut().insert(format!("{label}-proof"), first.clone());
        }
        let token_exchange = written.token_exchange.as_ref();
        let token_exchange = token_exchange
            .map(|exchange| self.token_exchange(exchange, &written.organization))
            .transpose()?;
        let application = &written.application;
        let or_own = |text: &Option<String>, own: &str| match text {
            Some(text) => self.text(text),
            None => Ok(format!("${{{own}:{application}}}")),
        };
        let fill = |text: &Option<String>| text.as_ref().map(|text| self.text(text)).transpose();
        Ok(Exchange {
            organization: written.organization.clone(),
            credentials: written.credentials.clone(),
            client_id: match written.credentials.as_str() {
                // What the client assertion has to say, which is signed before anything runs.
                "key" => written.client_id.clone().unwrap_or_else(|| application.clone()),
                _ => or_own(&written.client_id, "client_id")?,
            },
            sends_client_id: match written.credentials.as_str() {
                "none" => false,
                "key" => written.client_id.is_some(),
                _ => true,
            },
            client_assertions,
            client_secret: or_own(&written.client_secret, "client_secret")?,
            scope: fill(&written.scope)?,
            resource: fill(&written.resource)?,
            assertions,
            token_exchange,
            proofs,
            at_once: written.at_once,
        })
    }

    fn token_exchange(&self, written: &source::TokenExchange, organization: &str) -> Result<TokenExchange> {
        let whole = |name: &str| match name.contains(':') {
            true => name.to_owned(),
            false => format!("urn:ietf:params:oauth:token-type:{name}"),
        };
        let actor = written.actor.as_ref().map(|actor| self.assertion(actor, organization)).transpose()?;
        Ok(TokenExchange {
            subject_token_type: whole(&written.subject_token_type),
            actor_token_type: actor.as_ref().map(|_| whole(&written.actor_token_type)),
            actor_token: actor,
            audience: written.audience.iter().map(|audience| self.text(audience)).collect::<Result<_>>()?,
        })
    }
}
