//! A trusted issuer, parsed: every member of its document is acceptable, and its keys are read.

use alloc::format;
use alloc::vec::Vec;

use super::document::{MAX_CLOCK_SKEW, MAX_LIFETIME, TrustedIssuer};
use super::glob;
use crate::field::{FieldError, check_text};
use crate::jwt;
use crate::keys::KeySource;
use crate::oauth::{Scope, is_token};
use crate::tokens;

/// A trusted issuer whose document was parsed: [`Issuer::parse`] alone makes one.
#[derive(Clone, Debug)]
pub struct Issuer {
    document: TrustedIssuer,
    keys: KeySource,
}

impl Issuer {
    /// Reads a document and its keys. `dev`: keys may come from this machine over `http://` (R50).
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    pub fn parse(document: TrustedIssuer, dev: bool) -> Result<Self, FieldError> {
        let keys = check(&document, dev)?;
        Ok(Self { document, keys })
    }

    /// Refuses what [`parse`](Self::parse) would refuse.
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    pub fn check(document: &TrustedIssuer, dev: bool) -> Result<(), FieldError> {
        check(document, dev).map(drop)
    }

    /// What was registered.
    pub fn document(&self) -> &TrustedIssuer {
        &self.document
    }

    /// Its keys, or where they are fetched.
    pub fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// The most that its assertions can be exchanged for; `None`: no cap (R61).
    pub fn scope_cap(&self) -> Option<Scope<'_>> {
        self.document.scopes.as_deref().map(Scope::of_tokens)
    }
}

/// Checks every member, and reads the keys. Once in the component, not in each use case that registers.
#[inline(never)]
fn check(document: &TrustedIssuer, dev: bool) -> Result<KeySource, FieldError> {
    check_text("name", &document.name, 128)?;
    check_text("issuer", &document.issuer, 1024)?;
    if let Some(alias) = &document.alias {
        check_text("alias", alias, 1024)?;
    }
    check_limits(document)?;
    check_policy(document)?;
    keys(document, dev)
}

/// The one source of keys that the document names.
fn keys(document: &TrustedIssuer, dev: bool) -> Result<KeySource, FieldError> {
    match (&document.jwks_uri, &document.jwks, &document.certificate) {
        (Some(uri), None, None) => KeySource::from_uri(uri, dev),
        (None, Some(set), None) => KeySource::from_jwks(set),
        (None, None, Some(text)) => KeySource::from_certificate(text),
        (None, None, None) => {
            Err(FieldError::new("jwks_uri", "exactly one of jwks_uri, jwks and certificate is needed"))
        }
        _ => Err(FieldError::new("jwks_uri", "only one of jwks_uri, jwks and certificate may be given")),
    }
}

fn check_limits(document: &TrustedIssuer) -> Result<(), FieldError> {
    if document.clock_skew > MAX_CLOCK_SKEW {
        return Err(FieldError::new("clock_skew", "must be 0 to 600 seconds"));
    }
    if !(1..=MAX_LIFETIME).contains(&document.max_lifetime) {
        return Err(FieldError::new("max_lifetime", "must be 1 to 172800 seconds"));
    }
    if document.algorithms.as_ref().is_some_and(Vec::is_empty) {
        return Err(FieldError::new("algorithms", "must not be empty"));
    }
    if document.subjects.as_ref().is_some_and(|subjects| subjects.len() > 1000) {
        return Err(FieldError::new("subjects", "must not have more than 1000 elements"));
    }
    if document.claims.len() > 32 {
        return Err(FieldError::new("claims", "must not have more than 32 elements"));
    }
    if document.claim_mappings.len() > 32 {
        return Err(FieldError::new("claim_mappings", "must not have more than 32 members"));
    }
    Ok(())
}

fn check_policy(document: &TrustedIssuer) -> Result<(), FieldError> {
    if let Some(typ) = &document.typ {
        check_text("typ", typ, 256)?;
        if jwt::is_of_another_purpose(typ) {
            return Err(FieldError::new(
                "typ",
                "must not be the type of tokens that serve another purpose (R35)",
            ));
        }
    }
    for (index, subject) in document.subjects.iter().flatten().enumerate() {
        let field = format!("subjects[{index}]");
        check_text(&field, subject, 1024)?;
        if let Some(problem) = glob::problem(subject) {
            return Err(FieldError::new(field, problem));
        }
    }
    for (index, condition) in document.claims.iter().enumerate() {
        condition.check(&format!("claims[{index}]"))?;
    }
    for (index, scope) in document.scopes.iter().flatten().enumerate() {
        if scope.len() > 256 || !is_token(scope) {
            return Err(FieldError::new(
                format!("scopes[{index}]"),
                "must be one scope (RFC 6749 section 3.3)",
            ));
        }
    }
    for (from, to) in &document.claim_mappings {
        let field = format!("claim_mappings.{from}");
        check_text(&field, from, 256)?;
        check_text(&field, to, 256)?;
        if document.claim_mappings.values().filter(|other| *other == to).count() > 1 {
            return Err(FieldError::new(field, format!("the claim {to} is written by another mapping too")));
        }
        if tokens::is_reserved_claim(to) {
            return Err(FieldError::new(
                field,
                format!("must not write the claim {to}, which is ours (R62)"),
            ));
        }
    }
    Ok(())
}
