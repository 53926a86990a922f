//! Durations, sizes and rates as people write them. Every parser's error is the help for the person who wrote it.

/// The longest window that counters keep. Their times are 32-bit milliseconds, which grow ambiguous after 24.8 days.
pub const WINDOW_MILLIS_MAX: u64 = 24 * 86_400_000;

/// Reads a duration with its unit, `90s`, `20m`, `1h30m`, `14d`, into milliseconds (at least 1, at most 400 days).
///
/// # Errors
/// The help text: which units there are.
pub fn duration_millis(text: &str) -> Result<u64, String> {
    let help = || "write a number and a unit (ms, s, m, h, d), for example \"20m\" or \"1h30m\"".to_owned();
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(help());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(help)?;
        let number: u64 = rest[..digits].parse().map_err(|_| help())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let factor = match &rest[..unit] {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(help()),
        };
        total = number.checked_mul(factor).and_then(|n| total.checked_add(n)).ok_or_else(help)?;
        rest = &rest[unit..];
    }
    if (1..=400 * 86_400_000).contains(&total) {
        Ok(total)
    } else {
        Err("write a duration from 1ms to 400d".to_owned())
    }
}

/// Reads a duration over which something is counted, at most [`WINDOW_MILLIS_MAX`].
///
/// # Errors
/// The help text.
pub fn window_millis(text: &str) -> Result<u64, String> {
    duration_millis(text).and_then(|millis| {
        let too_long = || "write at most \"24d\": counters look back no further".to_owned();
        if millis <= WINDOW_MILLIS_MAX { Ok(millis) } else { Err(too_long()) }
    })
}

/// Milliseconds as the shortest text that [`duration_millis`] reads back.
#[must_use]
pub fn duration_text(millis: u64) -> String {
    let mut rest = millis;
    let mut text = String::new();
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= factor {
            text.push_str(&format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads a size with its unit, `64KiB`, `2MiB`, `1GiB`, `512B`, into bytes.
///
/// # Errors
/// The help text: which units there are.
pub fn size_bytes(text: &str) -> Result<u64, String> {
    let help = || "write a number and a unit (B, KiB, MiB, GiB), for example \"64KiB\"".to_owned();
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(help)?;
    let number: u64 = text[..digits].parse().map_err(|_| help())?;
    let factor = match text[digits..].trim() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(help()),
    };
    number.checked_mul(factor).ok_or_else(help)
}

/// What a limit counts by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyPart {
    /// The client: its clearance when it holds one, else its address prefix.
    Client,
    /// The address prefix, whatever clearance it holds.
    Address,
    /// The account the request names; requests that name none are not counted.
    Account,
    /// The route.
    Route,
    /// The path.
    Path,
    /// The host.
    Host,
    /// The user agent.
    UserAgent,
    /// The body's digest; requests without a body are not counted.
    Body,
    /// The network, or the /24 or /48 around an address of an unknown one.
    Network,
    /// The fingerprints of all layers together; requests of which none is known are not counted.
    Fingerprint,
    /// A header's value; requests without it are not counted.
    Header(String),
}

/// So many events per window per key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many pass; the next one does not.
    pub events: u32,
    /// The sliding window in milliseconds.
    pub window_millis: u64,
    /// What is counted apart; empty means one count for everybody.
    pub key: Vec<KeyPart>,
}

/// Parts of one rate's key; nobody counts by that many things, and it bounds the work for a request.
pub(crate) const KEY_PARTS_MAX: usize = 8;

/// Reads `5 per 1m per address`, `100 per 1h per account and route`, `1000 per 1s`.
///
/// # Errors
/// The help text.
pub fn rate(text: &str) -> Result<Rate, String> {
    let help = || {
        "write for example \"5 per 1m per address\": a number, a duration, and what is counted apart"
            .to_owned()
    };
    let mut parts = text.split(" per ").map(str::trim);
    let events: u32 = parts.next().and_then(|n| n.parse().ok()).ok_or_else(help)?;
    let window = parts.next().ok_or_else(help)?;
    // "5 per minute" is what people say.
    let window_millis = match window {
        "second" => 1000,
        "minute" => 60_000,
        "hour" => 3_600_000,
        "day" => 86_400_000,
        other => duration_millis(other).map_err(|help| format!("{help}, or second, minute, hour or day"))?,
    };
    let key = match parts.next() {
        None => Vec::new(),
        Some(names) => names
            .split(['+', ','])
            .flat_map(|n| n.split(" and "))
            .map(|n| key_parts(n.trim()))
            .collect::<Result<Vec<_>, _>>()?
            .concat(),
    };
    if parts.next().is_some() || !(1..=1_000_000).contains(&events) || window_millis > WINDOW_MILLIS_MAX {
        return Err(format!("{}; at most 1000000 events and 24d", help()));
    }
    if key.len() > KEY_PARTS_MAX {
        return Err(format!("count at most {KEY_PARTS_MAX} things apart"));
    }
    Ok(Rate { events, window_millis, key })
}

const KEY_NAMES: [&str; 12] = [
    "client",
    "address",
    "account",
    "route",
    "path",
    "host",
    "user_agent",
    "body",
    "network",
    "fingerprint",
    "cohort",
    "header:NAME",
];

/// What a name stands for; a cohort is a fingerprint in a network.
fn key_parts(name: &str) -> Result<Vec<KeyPart>, String> {
    match name {
        "cohort" => Ok(vec![KeyPart::Network, KeyPart::Fingerprint]),
        name => key_part(name).map(|part| vec![part]),
    }
}

fn key_part(name: &str) -> Result<KeyPart, String> {
    Ok(match name {
        "client" => KeyPart::Client,
        "address" | "ip" => KeyPart::Address,
        "account" => KeyPart::Account,
        "route" => KeyPart::Route,
        "path" => KeyPart::Path,
        "host" => KeyPart::Host,
        "user_agent" => KeyPart::UserAgent,
        "body" => KeyPart::Body,
        "network" => KeyPart::Network,
        "fingerprint" => KeyPart::Fingerprint,
        other => match other.strip_prefix("header:") {
            Some(header) if !header.is_empty() => KeyPart::Header(header.to_ascii_lowercase()),
            _ => {
                let near = super::source::nearest(other, &KEY_NAMES);
                return Err(format!("count by {}{near}", super::source::quoted(&KEY_NAMES)));
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check =
            |text: &str, millis: Option<u64>| assert_eq!(duration_millis(text).ok(), millis, "{text}");
        check("20m", Some(1_200_000));
        check("1h30m", Some(5_400_000));
        check("250ms", Some(250));
        check("14d", Some(1_209_600_000));
        for bad in ["", "20", "m", "20 m", "-1s", "0s", "401d", "1y", "99999999999999999999s"] {
            check(bad, None);
        }
        for millis in [1, 999, 60_000, 5_400_000, 90_061_001] {
            assert_eq!(duration_millis(&duration_text(millis)), Ok(millis));
        }
    }

    #[test]
    fn rates() {
        let five = rate("5 per 1m per address").unwrap();
        assert_eq!((five.events, five.window_millis, five.key), (5, 60_000, vec![KeyPart::Address]));
        assert_eq!(rate("9 per hour per account and route").unwrap().key, [KeyPart::Account, KeyPart::Route]);
        assert_eq!(
            rate("9 per hour per header:X-Key+path").unwrap().key,
            [KeyPart::Header("x-key".into()), KeyPart::Path]
        );
        assert_eq!(rate("1000 per second").unwrap().key, []);
        let cohort = [KeyPart::Network, KeyPart::Fingerprint];
        assert_eq!(rate("9 per hour per cohort").unwrap().key, cohort);
        assert_eq!(rate("9 per hour per network and fingerprint").unwrap().key, cohort);
        for bad in [
            "",
            "5",
            "5 per",
            "x per 1m",
            "5 per 1m per adress",
            "0 per 1m",
            "5 per 1m per address per x",
            "5 per 25d",
        ] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size_bytes("64KiB"), Ok(65_536));
        assert_eq!(size_bytes("1 GiB"), Ok(1 << 30));
        for bad in ["", "64", "64kb", "64KB", "99999999999999GiB"] {
            assert!(size_bytes(bad).is_err(), "{bad}");
        }
    }
}
