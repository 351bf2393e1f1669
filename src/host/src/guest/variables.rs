//! `spin:variables` from the settings.

use wasmtime::component::{Accessor, HasSelf};

use super::Guest;
use super::bindings::spin::variables::variables::{Error, Host, HostWithStore};

impl Host for Guest {}

impl<T> HostWithStore<T> for HasSelf<Guest> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        Ok(accessor.with(|mut guest| match guest.get().world.variables.get(&name) {
            Some(value) => Ok(value.to_owned()),
            None => Err(Error::Undefined(name)),
        }))
    }
}
