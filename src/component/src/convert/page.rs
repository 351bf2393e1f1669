//! Which part of a list is wanted.

use asserta_core::field::FieldError;
use asserta_core::service::Page;

use crate::bindings::wit::types;

impl TryFrom<types::Page> for Page {
    type Error = types::RegistryError;

    fn try_from(page: types::Page) -> Result<Self, types::RegistryError> {
        if page.limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
            return Err(FieldError::new("limit", "must be 1 to 100").into());
        }
        Ok(Self { limit: page.limit.map(|limit| limit as usize), after: page.after })
    }
}
