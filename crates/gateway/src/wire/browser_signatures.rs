//! Recorded connections of real browsers against the shipped rules: none of them contradicts itself.

use std::path::Path;

use arrayvec::ArrayVec;
use spigot_decision::Agent;
use spigot_decision::story::{Rules, Sent, Tls, claimed};

use super::client_hello::ClientHello;
use super::ja4::Ja4;

/// What a recording holds, as far as it matters here.
#[derive(Default)]
struct Recorded {
    ciphers: Vec<u16>,
    grease: bool,
    alpn: bool,
    window: Option<String>,
    order: Vec<String>,
    settings: Vec<String>,
    fields: Vec<(String, String)>,
}

impl Recorded {
    /// Of a YAML file that a program wrote, line by line.
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        let mut section = "";
        for line in text.lines() {
            let line = line.trim();
            let item = line.strip_prefix("- ").unwrap_or(line).trim();
            let bare = unquoted(item);
            match line {
                "ciphersuites:" | "headers:" | "pseudo_headers:" => section = line,
                "third_party:" => break,
                _ if bare.starts_with("key: ") => found.settings.push(bare["key: ".len()..].to_owned()),
                _ if bare.starts_with("value: ") => {
                    let key = found.settings.pop().unwrap();
                    found.settings.push(format!("{key}:{}", &bare["value: ".len()..]));
                }
                _ if bare.starts_with("window_size_increment: ") => {
                    found.window = Some(bare["window_size_increment: ".len()..].to_owned());
                }
                _ if line.starts_with("- ") => found.item(section, bare),
                // A long value goes on in the next line.
                _ if section == "headers:" && !found.fields.is_empty() && !line.ends_with(':') => {
                    let value = &mut found.fields.last_mut().unwrap().1;
                    value.push(' ');
                    value.push_str(bare);
                }
                _ => section = "",
            }
        }
        found
    }

    fn item(&mut self, section: &str, item: &str) {
        match section {
            "ciphersuites:" if item == "GREASE" => self.grease = true,
            "ciphersuites:" => self.ciphers.push(item.parse().unwrap()),
            "pseudo_headers:" => self.order.push(item[1..2].to_owned()),
            "headers:" => {
                let (name, value) = item.split_once(": ").unwrap();
                self.fields.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            _ if item == "h2" => self.alpn = true,
            _ => {}
        }
    }

    fn ja4(&self) -> Ja4 {
        let mut hello = ClientHello {
            version: 0x0304,
            names_server: true,
            ciphers: self.ciphers.iter().copied().collect(),
            extensions: ArrayVec::new(),
            signatures: ArrayVec::new(),
            alpn: self.alpn.then_some(b"h2"),
            grease: self.grease,
        };
        Ja4::of(&mut hello)
    }

    /// As [`super::frames`] writes it. Some recordings have no window; then there is nothing to compare.
    fn http2(&self) -> Option<String> {
        let window = self.window.as_ref()?;
        Some(format!("{}|{window}|0|{}", self.settings.join(";"), self.order.join(",")))
    }
}

/// Without the quotes around all of it, which may end in another line; those within stay.
fn unquoted(text: &str) -> &str {
    let quoted = |quote: char| text.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
    quoted('\'').or_else(|| quoted('"')).unwrap_or_else(|| text.trim_end_matches('\''))
}

#[test]
fn no_real_browser_contradicts_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/browser-signatures");
    if !folder.is_dir() {
        return eprintln!("SKIPPED: no ../shared/data/browser-signatures beside the workspace");
    }
    let rules = Rules::shipped();
    let (mut seen, mut compared) = (0, 0);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let recorded = Recorded::read(&std::fs::read_to_string(&path).unwrap());
        let field = |name: &str| recorded.fields.iter().find(|(known, _)| known == name);
        let agent = Agent::of(&field("user-agent").unwrap_or_else(|| panic!("{}", path.display())).1);
        assert!(claimed(&agent).is_some() && recorded.ciphers.len() > 10, "{}: {agent:?}", path.display());
        let ja4 = recorded.ja4();
        let tls = Tls { ja4: ja4.as_str(), grease: Some(recorded.grease) };
        let sent = || recorded.fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let sent = Sent::of("GET", sent());
        let http2 = recorded.http2();
        compared += usize::from(http2.is_some());
        let found = [
            rules.tls(&agent, &tls),
            http2.and_then(|http2| rules.http2(&agent, &http2)),
            rules.headers(&agent, &sent, true),
            rules.hints(&agent, &sent),
        ];
        assert_eq!(found, [None; 4], "{}: {ja4} {:?}", path.display(), recorded.fields);
        // A version of the future with the same is none either, and this one with another's TLS is.
        let other = if matches!(agent.browser.unwrap().engine, spigot_decision::Engine::Gecko) {
            "t13d1516h2_8daaf6152771_02713d6af862"
        } else {
            "t13d1716h2_5b57614c22b0_eeeea6562960"
        };
        assert!(rules.tls(&agent, &Tls { ja4: other, grease: None }).is_some(), "{}", path.display());
        seen += 1;
    }
    println!("{seen} browsers, HTTP/2 of {compared}");
    assert!(seen >= 30 && compared >= 15, "{seen}, {compared}");
}
