//! The component, compiled and linked: `wasi:http/handler@0.3`, or `wasi:http/incoming-handler@0.2`.

use std::path::Path;

use anyhow::{Result, anyhow};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi_http::handler::{Proxy, ProxyPre};
use wasmtime_wasi_http::{p2, p3};

use crate::world::{App, World, bindings};

/// What serves requests.
#[derive(Clone)]
pub(crate) struct Trigger {
    engine: Engine,
    linked: std::sync::Arc<ProxyPre<World>>,
}

impl Trigger {
    /// Compiles a component.
    pub(crate) fn load(component: &Path) -> Result<Self> {
        Self::link(component).map_err(|error| anyhow!("{}: {error:#}", component.display()))
    }

    fn link(component: &Path) -> wasmtime::Result<Self> {
        let engine = Engine::new(Config::new().wasm_component_model_async(true))?;
        let component = Component::from_file(&engine, component)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi::p3::clocks::add_to_linker(&mut linker)?;
        wasmtime_wasi::p3::random::add_to_linker(&mut linker)?;
        p2::add_only_http_to_linker_async(&mut linker)?;
        p3::add_to_linker(&mut linker)?;
        bindings::Services::add_to_linker::<_, HasSelf<World>>(&mut linker, |world| world)?;
        let old = component
            .component_type()
            .exports(&engine)
            .any(|(name, _)| name.starts_with("wasi:http/incoming-handler@0.2"));
        let linked = linker.instantiate_pre(&component)?;
        let linked = if old {
            ProxyPre::P2(p2::bindings::ProxyPre::new(linked)?)
        } else {
            ProxyPre::P3(p3::bindings::ServicePre::new(linked)?)
        };
        Ok(Self { engine, linked: linked.into() })
    }

    /// A new instance.
    pub(crate) async fn instantiate(
        &self,
        app: &std::sync::Arc<App>,
    ) -> wasmtime::Result<(Store<World>, Proxy)> {
        let mut store = Store::new(&self.engine, World::new(app.clone()));
        let proxy = self.linked.instantiate_async(&mut store).await?;
        Ok((store, proxy))
    }
}
