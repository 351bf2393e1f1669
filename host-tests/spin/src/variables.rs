//! Variables: in the versions of Spin 4.1, and of Spin 3 and 4.0.

use wasmtime::component::{Accessor, HasSelf};

use crate::world::World;
use crate::world::bindings::fermyon::spin::variables as old;
use crate::world::bindings::spin::variables::variables as new;

impl World {
    fn variable(&self, name: &str) -> Option<String> {
        self.app.variables.get(name).cloned()
    }
}

impl new::Host for World {}

impl<T> new::HostWithStore<T> for HasSelf<World> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, new::Error>> {
        let text = accessor.with(|mut world| world.get().variable(&name));
        Ok(text.ok_or(new::Error::Undefined(name)))
    }
}

impl old::Host for World {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, old::Error>> {
        Ok(self.variable(&name).ok_or(old::Error::Undefined(name)))
    }
}
