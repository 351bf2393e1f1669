//! Compresses the files of the console into `OUT_DIR`, and lists them for `src/console.rs`. The files are served as they
//! are written: nothing is bundled, rewritten or fetched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use miniz_oxide::deflate::compress_to_vec;

/// The level at which the least is left.
const LEVEL: u8 = 10;

fn main() -> io::Result<()> {
    let sources = Path::new("console");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut paths = fs::read_dir(sources)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let mut list = String::from("[\n");
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in ASCII");
        let body = gzip(&fs::read(&path)?);
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
fn gzip(bytes: &[u8]) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    let length = u32::try_from(bytes.len()).expect("a console of less than 4 GiB");
    [&HEADER, compress_to_vec(bytes, LEVEL).as_slice(), &crc32(bytes).to_le_bytes(), &length.to_le_bytes()]
        .concat()
}

/// RFC 1952 section 8.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// Tells one build's file from the next's: what an entity tag is for. Nobody gains by a collision.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
