//! The claims that the conditions of an issuer name. An exchange looks for each of them once, however many conditions
//! look at it.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use crate::json::{Object, Pointer, Value};

/// Which of the named claims.
pub(super) type Which = usize;

/// Claims by their names or by JSON Pointers (R83), each once.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedClaims(Vec<(String, Pointer)>);

impl NamedClaims {
    /// The claim with this name, which is added where it is new.
    ///
    /// # Errors
    /// What is wrong with the name, as the second half of a sentence.
    pub(super) fn add(&mut self, name: &str) -> Result<Which, &'static str> {
        if let Some(known) = self.0.iter().position(|(known, _)| known == name) {
            return Ok(known);
        }
        self.0.push((name.into(), Pointer::parse(name)?));
        Ok(self.0.len() - 1)
    }
}

/// The named claims in one JWT, each looked for when it is first asked for.
pub(super) struct FoundClaims<'a> {
    named: &'a NamedClaims,
    claims: &'a Object,
    found: Vec<Cell<Option<Option<&'a Value>>>>,
}

impl<'a> FoundClaims<'a> {
    pub(super) fn of(named: &'a NamedClaims, claims: &'a Object) -> Self {
        Self { named, claims, found: vec![Cell::new(None); named.0.len()] }
    }

    /// The name, as it is registered.
    pub(super) fn name(&self, which: Which) -> &'a str {
        &self.named.0[which].0
    }

    /// The value, where there is one.
    pub(super) fn get(&self, which: Which) -> Option<&'a Value> {
        let found = &self.found[which];
        found.get().unwrap_or_else(|| {
            let value = self.named.0[which].1.find(self.claims);
            found.set(Some(value));
            value
        })
    }
}
