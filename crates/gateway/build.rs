//! Lists the built files of the interstitial and the widget, so that whatever `web/*/dist` holds is served, and compresses
//! them once and for all; Brotli's form lies beside those that have one. A tree without them builds, too.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};

fn main() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    for part in ["challenge", "widget"] {
        if let Err(error) = table(part, &web.join(part).join("dist"), &out) {
            println!("cargo::error=the built files of web/{part} cannot be embedded: {error}");
        }
    }
}

/// Writes `<part>_files.rs`: name, media type, entity tag, content and the compressed contents of each file.
fn table(part: &str, root: &Path, out: &Path) -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    list(root, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string().replace('\\', "/");
        let Some(media_type) = media_type(&name) else { continue };
        let plain = std::fs::read(file)?;
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&plain)?;
        let compressed = out.join(format!("{part}_{number}.gz"));
        std::fs::write(&compressed, gzip.finish()?)?;
        let brotli = match file.with_file_name(brotli_name(file)) {
            beside if beside.is_file() => format!("include_bytes!({:?})", beside.display().to_string()),
            _ => "&[]".to_owned(),
        };
        let (path, compressed) = (file.display().to_string(), compressed.display().to_string());
        let _ = writeln!(
            table,
            "    File {{ name: {name:?}, media_type: {media_type:?}, tag: \"{:016x}\", \
             plain: include_bytes!({path:?}), gzip: include_bytes!({compressed:?}), brotli: {brotli} }},",
            hasher.finish(),
        );
    }
    table.push(']');
    std::fs::write(out.join(format!("{part}_files.rs")), table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}

fn brotli_name(file: &Path) -> std::ffi::OsString {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".br");
    name
}

fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next()? {
        "js" => "text/javascript; charset=utf-8",
        // The interstitial's texts are filled in by the gateway.
        "json" if name != "texts.json" => "application/json",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        _ => return None,
    })
}
