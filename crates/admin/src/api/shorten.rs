//! Addresses as those see them who need not know whose line it was.

use spigot_decision::Prefix;
use spigot_event::Record;

/// A text that is an address or a prefix, cut to /24 or /48; anything else as it is.
pub(crate) fn text(text: &str) -> String {
    let Some(prefix) = Prefix::parse(text) else { return text.to_owned() };
    let length = if prefix.base.is_ipv4() { 24 } else { 48 };
    Prefix::of(prefix.base, prefix.length.min(length)).to_string()
}

/// The same for an event: its client, and evidence that repeats an address.
pub(crate) fn record(mut record: Record) -> Record {
    record.client = text(&record.client);
    for reason in &mut record.reasons {
        reason.evidence = reason.evidence.as_deref().map(|evidence| {
            let words = evidence.split(' ').map(text);
            words.collect::<Vec<_>>().join(" ")
        });
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
        let check = |from: &str, to: &str| assert_eq!(text(from), to);
        check("192.0.2.77", "192.0.2.0/24");
        check("10.0.0.0/8", "10.0.0.0/8");
        check("2001:db8:1:2::3", "2001:db8:1::/48");
        check("until 3", "until 3");
        let evidence = Some("from 192.0.2.77, at 198.51.100.9".to_owned());
        let reason = RecordReason { evidence, ..RecordReason::default() };
        let whole = Record { client: "192.0.2.77".into(), reasons: vec![reason], ..Record::default() };
        let cut = record(whole);
        assert_eq!(cut.client, "192.0.2.0/24");
        assert!(cut.reasons[0].evidence.as_deref().is_some_and(|text| text.ends_with("198.51.100.0/24")));
    }
}
