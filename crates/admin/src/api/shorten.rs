//! Addresses as those see them who need not know whose line it was.

use spigot_decision::Prefix;
use spigot_event::Record;

/// A text with each address and prefix in it cut to /24 or /48; everything else stays as it is.
pub(crate) fn text(text: &str) -> String {
    let words: Vec<_> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// A word, with what may stand around an address in a sentence.
fn word(word: &str) -> String {
    let bare = word.trim_start_matches(['(', '"']).trim_end_matches([',', ';', ':', '.', ')', '"']);
    let Some(prefix) = Prefix::parse(bare) else { return word.to_owned() };
    word.replacen(bare, &self::prefix(prefix).to_string(), 1)
}

/// The same for an event: its client, and evidence that repeats an address.
pub(crate) fn record(mut record: Record) -> Record {
    record.client = text(&record.client);
    for reason in &mut record.reasons {
        reason.evidence = reason.evidence.as_deref().map(text);
    }
    record
}

/// What one may ask for: a search for single addresses would tell them by what it finds.
pub(crate) fn prefix(prefix: Prefix) -> Prefix {
    let length = if prefix.base.is_ipv4() { 24 } else { 48 };
    Prefix::of(prefix.base, prefix.length.min(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use spigot_event::RecordReason;

    #[test]
    fn addresses_are_cut_wherever_they_stand() {
        let check = |from: &str, to: &str| {
            assert_eq!(text(from), to);
            assert_eq!(text(to), to, "what is cut stays");
        };
        check("192.0.2.77", "192.0.2.0/24");
        check("10.0.0.0/8", "10.0.0.0/8");
        check("2001:db8:1:2::3", "2001:db8:1::/48");
        check("until 3", "until 3");
        check("", "");
        check(
            "clearance-0123456789abcdef behind 203.0.113.77",
            "clearance-0123456789abcdef behind 203.0.113.0/24",
        );
        check(
            "called from 203.0.113.77: all of 198.51.100.0/25.",
            "called from 203.0.113.0/24: all of 198.51.100.0/24.",
        );
        check("the office (2001:db8:1:2::3); bob", "the office (2001:db8:1::/48); bob");
    }

    #[test]
    fn evidence_is_cut_like_the_client() {
        let evidence = Some("from 192.0.2.77, at 198.51.100.9".to_owned());
        let reason = RecordReason { evidence, ..RecordReason::default() };
        let whole = Record { client: "192.0.2.77".into(), reasons: vec![reason], ..Record::default() };
        let cut = record(whole);
        assert_eq!(cut.client, "192.0.2.0/24");
        assert_eq!(cut.reasons[0].evidence.as_deref(), Some("from 192.0.2.0/24, at 198.51.100.0/24"));
    }
}
