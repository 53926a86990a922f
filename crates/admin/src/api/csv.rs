//! Events as lines of comma-separated values (RFC 4180), safe to be opened in a spreadsheet.

use spigot_event::Record;

const COLUMNS: [&str; 22] = [
    "time",
    "id",
    "revision",
    "route",
    "host",
    "method",
    "path",
    "client",
    "network",
    "country",
    "device",
    "user_agent",
    "sender",
    "account",
    "action",
    "effective",
    "risk",
    "reasons",
    "challenge",
    "clearance",
    "upstream_status",
    "added_micros",
];

pub(crate) fn head() -> String {
    format!("{}\r\n", COLUMNS.join(","))
}

pub(crate) fn line(record: &Record) -> String {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let reasons: Vec<&str> = record.reasons.iter().map(|reason| reason.name.as_str()).collect();
    let challenge = record.challenge.as_ref().map(|step| format!("{} {}", step.kind, step.result));
    let cells = [
        record.time.clone(),
        record.id.clone(),
        record.revision.clone(),
        record.route.clone(),
        record.host.clone(),
        record.method.clone(),
        record.path.clone(),
        record.client.clone(),
        record.network.map(|number| number.to_string()).unwrap_or_default(),
        optional(&record.country),
        optional(&record.device),
        record.user_agent.clone(),
        record.sender.clone(),
        optional(&record.account),
        record.action.clone(),
        record.effective.clone(),
        record.risk.to_string(),
        reasons.join(" "),
        challenge.unwrap_or_default(),
        optional(&record.clearance),
        record.upstream_status.map(|status| status.to_string()).unwrap_or_default(),
        record.added_micros.to_string(),
    ];
    let mut line = cells.map(|text| cell(&text)).join(",");
    line.push_str("\r\n");
    line
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it: paths and user agents are whatever
/// a client sends (OWASP, CSV Injection).
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guarded = if is_formula { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_no_formulas_and_lines_no_more_than_one() {
        let check = |from: &str, to: &str| assert_eq!(cell(from), to);
        check("/search", "/search");
        check("", "");
        check("a,b", "\"a,b\"");
        check("say \"no\"", "\"say \"\"no\"\"\"");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("=1,2\n", "\"'=1,2\n\"");
        let record = Record { path: "/a,b".into(), user_agent: "=1".into(), ..Record::default() };
        let text = line(&record);
        assert_eq!(text.matches("\r\n").count(), 1);
        assert!(text.contains(",\"/a,b\",") && text.contains(",'=1,"), "{text}");
    }
}
