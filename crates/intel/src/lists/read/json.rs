use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Entries, add};

/// A whole document: Google's form, which most operators of crawlers keep to, that of Amazon, or a plain array.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Published {
        prefixes: Vec<Entry>,
        #[serde(default)]
        ipv6_prefixes: Vec<Entry>,
    },
    Array(Vec<Entry>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Text(String),
    Object(Object),
    Other(IgnoredAny),
}

/// The members that hold a prefix, by whoever publishes them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    #[serde(rename = "ipv4Prefix")]
    ipv4_prefix: Option<String>,
    #[serde(rename = "ipv6Prefix")]
    ipv6_prefix_of_google: Option<String>,
    ip_prefix: Option<String>,
    ipv6_prefix: Option<String>,
    cidr: Option<String>,
    ip: Option<String>,
}

impl Object {
    fn text(&self) -> Option<&str> {
        let members = [
            &self.ipv4_prefix,
            &self.ipv6_prefix_of_google,
            &self.ip_prefix,
            &self.ipv6_prefix,
            &self.cidr,
            &self.ip,
        ];
        members.into_iter().find_map(|member| member.as_deref())
    }
}

pub(super) fn read(bytes: &[u8], most: usize) -> Result<Entries, String> {
    let mut entries = Entries::default();
    let one = |entries: &mut Entries, entry: &Entry| match entry {
        Entry::Text(text) => add(entries, text, most),
        Entry::Object(object) => match object.text() {
            Some(text) => add(entries, text, most),
            None => Ok(()),
        },
        Entry::Other(_) => Ok(()),
    };
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    // A line for each, as Spamhaus has it: the first is a whole object and not the only one.
    if lines.clone().nth(1).is_some()
        && let Some(Ok(_)) = lines.clone().next().map(serde_json::from_slice::<Object>)
    {
        for line in lines {
            match serde_json::from_slice::<Object>(line) {
                Ok(object) => one(&mut entries, &Entry::Object(object))?,
                Err(_) => entries.unread += 1,
            }
        }
        return Ok(entries);
    }
    let document = serde_json::from_slice::<Document>(bytes)
        .map_err(|_| "it is no JSON with `prefixes`, no array, and no JSON lines with `cidr`".to_owned())?;
    let all = match document {
        Document::Published { prefixes, ipv6_prefixes } => prefixes.into_iter().chain(ipv6_prefixes),
        Document::Array(all) => all.into_iter().chain(Vec::new()),
    };
    for entry in all {
        one(&mut entries, &entry)?;
    }
    Ok(entries)
}
