//! Whether the files that a configuration names can be used. Not where a configuration is read: that happens with each
//! change, some of these are large, and what stands stays in force while one of them is being exchanged.

use std::ops::Range;
use std::path::{Path, PathBuf};

use spigot_decision::policy::source::Section;
use spigot_intel::{Breached, Domains, Networks};

use super::TlsFiles;
use crate::tls;

/// Reads them all, and notes each that cannot be used at the key that names it.
pub(super) fn check(top: &Section<'_, '_>, tls: Option<&TlsFiles>) {
    each(top, "networks", |files| Networks::read(files).map(drop));
    for domains in ["disposable_domains", "ill_reputed_domains"] {
        each(top, domains, |files| Domains::read(files).map(drop));
    }
    let is_array = |(value, _): &(&toml::de::DeValue<'_>, Range<usize>)| value.as_array().is_some();
    let lists = top.raw("list").filter(is_array).map(|_| top.tables("list")).unwrap_or_default();
    for part in &lists {
        // While it runs one that is not there is waited for; who asks beforehand wants to know.
        let file = part.raw("file").and_then(|(value, span)| Some((value.as_str()?.to_owned(), span)));
        if let Some((file, span)) = file
            && let Err(error) = std::fs::File::open(&file)
        {
            note(part, span, format!("{file} cannot be read: {error}"));
        }
    }
    if let Some(breach) = top.raw("breach").and_then(|_| top.table("breach"))
        && let Some(file) = breach.text("file")
        && let Err(error) = Breached::read(Path::new(file.value))
    {
        note(&breach, file.span, error);
    }
    if let (Some(files), Some(part)) = (tls, top.raw("tls").and_then(|_| top.table("tls"))) {
        // What are no sites was said when they were read.
        let sites = if files.sites.is_empty() { Vec::new() } else { part.tables("site") };
        for tls::Wrong { site, key, error } in tls::wrong(files) {
            let named = site.and_then(|site| sites.get(site)).unwrap_or(&part);
            let span = named.raw(key).map_or(named.span.clone(), |(_, span)| span);
            note(named, span, error);
        }
    }
}

fn each(section: &Section<'_, '_>, key: &'static str, read: impl Fn(&[PathBuf]) -> Result<(), String>) {
    // What is no list of texts was said when it was read.
    let is_texts = |(value, _): &(&toml::de::DeValue<'_>, Range<usize>)| {
        value.as_str().is_some()
            || value.as_array().is_some_and(|list| list.iter().all(|one| one.get_ref().as_str().is_some()))
    };
    if section.raw(key).filter(is_texts).is_none() {
        return;
    }
    let files = section.texts(key).unwrap_or_default();
    let mut all_fit = true;
    for file in &files {
        if let Err(error) = read(&[PathBuf::from(file.value)]) {
            all_fit = false;
            note(section, file.span.clone(), error);
        }
    }
    // Each by itself, and together too many or too large.
    let paths: Vec<PathBuf> = files.iter().map(|file| file.value.into()).collect();
    if let (true, Some((_, span)), Err(error)) = (all_fit, section.raw(key), read(&paths)) {
        note(section, span, error);
    }
}

fn note(section: &Section<'_, '_>, span: Range<usize>, error: String) {
    let help = "mend the file, let this user read it, or name another; relative names start from the folder that Spigot is started in";
    section.reader.problem(span, error, help);
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    /// Each problem's place in the text, and what it is about.
    fn check(text: &str, expected: &[(usize, &str)]) {
        let problems = Config::parse_with_files("spigot.toml", text).err();
        let found: Vec<(usize, String)> = problems
            .iter()
            .flat_map(|all| all.problems.iter().map(|one| (all.place(one).0, one.message.clone())))
            .collect();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for ((line, message), (wanted, said)) in found.iter().zip(expected) {
            assert!(line == wanted && message.contains(said), "{text}: {found:?}, not {wanted}: {said}");
            assert!(!message.contains('\u{fffd}'), "{message}");
        }
        let shown = problems.map_or(String::new(), |problems| problems.to_string());
        assert!(!shown.contains('\u{fffd}'), "{shown}");
    }

    #[test]
    fn missing_files_are_said_at_once_with_their_places() {
        let text = "upstream = \"https://127.0.0.1:3000\"
lisen = 1
upstream_ca = \"/nowhere/ca.pem\"
browsers = \"/nowhere/browsers.toml\"
networks = [\"/nowhere/a.mmdb\",
  \"/nowhere/b.csv\"]
disposable_domains = \"/nowhere/domains.txt\"
ill_reputed_domains = \"/nowhere/ill.txt\"
[breach]
file = \"/nowhere/breached.spigot\"
[tls]
certificate = \"/nowhere/site.pem\"
key = \"/nowhere/site.key\"
client_ca = \"/nowhere/clients.pem\"
[[list]]
name = \"bad\"
kind = \"deny\"
file = \"/nowhere/bad.netset\"
action = \"block\"
";
        check(
            text,
            &[
                (2, "`lisen` means nothing"),
                (3, "/nowhere/ca.pem"),
                (4, "/nowhere/browsers.toml"),
                (5, "/nowhere/a.mmdb"),
                (6, "/nowhere/b.csv"),
                (7, "/nowhere/domains.txt"),
                (8, "/nowhere/ill.txt"),
                (10, "/nowhere/breached.spigot"),
                (12, "/nowhere/site.pem"),
                (13, "/nowhere/site.key"),
                (14, "/nowhere/clients.pem"),
                (18, "/nowhere/bad.netset"),
            ],
        );
        assert!(
            Config::parse("spigot.toml", "upstream = \"h2c://127.0.0.1:1\"\nnetworks = \"/nowhere\"").is_ok()
        );
    }

    #[test]
    fn files_that_are_none_of_the_kind_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let one = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
        let (empty, certificate) = (file("empty", ""), file("one.pem", &one.cert.pem()));
        let (fits, does_not) = (
            file("one.key", &one.signing_key.serialize_pem()),
            file("other.key", &other.signing_key.serialize_pem()),
        );
        let tls = |certificate: &str, key: &str| {
            format!(
                "upstream = \"http://127.0.0.1:3000\"\n[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n"
            )
        };
        check(&tls(&certificate, &fits), &[]);
        check(&tls(&certificate, &does_not), &[(4, "cannot be used together")]);
        check(&tls(&empty, &fits), &[(3, "no certificate")]);
        check(&tls(&certificate, &empty), &[(4, "empty")]);
        let nameless = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
        let of_nobody = (
            file("nobody.pem", &nameless.cert.pem()),
            file("nobody.key", &nameless.signing_key.serialize_pem()),
        );
        let more = |certificate: &str, key: &str| {
            format!(
                "{}[[tls.site]]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n",
                tls(&of_nobody.0, &of_nobody.1)
            )
        };
        check(&more(&certificate, &fits), &[]);
        check(&more(&certificate, &does_not), &[(7, "cannot be used together")]);
        check(
            &more("/nowhere/site.pem", "/nowhere/site.key"),
            &[(6, "/nowhere/site.pem"), (7, "/nowhere/site.key")],
        );
        check(&more(&of_nobody.0, &of_nobody.1), &[(6, "names no host")]);
        // The first is for everybody, whatever it names.
        check(&tls(&of_nobody.0, &of_nobody.1), &[]);
        check(&format!("browsers = \"{}\"", file("browsers.toml", "x = 1\ny = 2\n")), &[(1, "x")]);
        check(&format!("networks = [\"{}\"]", file("a.csv", "x\n")), &[(1, "a.csv")]);
        // What is of the wrong type is said once.
        let wrong = "networks = 1\ndisposable_domains = [1]\n[breach]\nfile = 1\n";
        check(wrong, &[(1, "number"), (2, "number"), (4, "number")]);
    }
}
