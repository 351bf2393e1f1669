//! Compresses `openapi.json`, core's `schema.json` and the files of the console into `OUT_DIR`, and lists the last for
//! `src/console.rs`. They are served as they are written: nothing is bundled, rewritten or fetched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let sources = Path::new("console");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rerun-if-changed=build.rs");
    for description in ["openapi.json", "../core/schema.json"].map(Path::new) {
        println!("cargo::rerun-if-changed={}", description.display());
        let name = description.file_name().and_then(|name| name.to_str()).expect("a name in ASCII");
        fs::write(out.join(format!("{name}.gz")), gzip(&fs::read(description)?)?)?;
    }
    let mut paths = fs::read_dir(sources)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let mut list = String::from("[\n");
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in ASCII");
        let body = gzip(&fs::read(&path)?)?;
        fs::write(out.join(format!("{name}.gz")), &body)?;
        writeln!(
            list,
            "File {{ name: {name:?}, tag: \"\\\"{:016x}\\\"\", body: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\")) }},",
            fnv1a(&body),
        )
        .expect("a string takes everything");
    }
    list.push(']');
    fs::write(out.join("console_files.rs"), list)
}

/// A gzip member (RFC 1952): no name and no time in it, so that the same file gives the same bytes.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut member = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut member)?;
    Ok(member)
}

/// Tells one build's file from the next's: what an entity tag is for. Nobody gains by a collision.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
