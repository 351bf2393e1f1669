//! `wasi:filesystem`, which Rust's standard library imports and nothing in the endpoint calls: a call is a trap, so that
//! there is no file and no code that could open one.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

use super::Guest;

/// A file or directory. There are none.
struct NoFile;

/// Defines whatever the component imports of it.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>, component: &Component) -> wasmtime::Result<()> {
    let engine = component.engine();
    for (interface, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(items) = item.ty else { continue };
        if !interface.starts_with("wasi:filesystem/") {
            continue;
        }
        let mut instance = linker.instance(interface)?;
        for (name, item) in items.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => instance.func_new(name, |_, _, _, _| {
                    Err(wasmtime::Error::msg("the endpoint asked for a file, of which it has none"))
                })?,
                // Others come from wasi:io and are defined there.
                ComponentItem::Resource(_) if matches!(name, "descriptor" | "directory-entry-stream") => {
                    instance.resource(name, ResourceType::host::<NoFile>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}
