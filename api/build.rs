//! The page is embedded when the crate is compiled. Where it isn't built, a placeholder that
//! says so takes its place, so that the Rust workspace builds alone.

use std::{fs, io, path::Path};

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Tidemark</title>\n\
    <p>The dashboard isn't built. Run <code>make web</code>, then build the api again.</p></html>\n";

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let index = folder.join("index.html");
    if index.exists() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    fs::write(index, PLACEHOLDER)
}
