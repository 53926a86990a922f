use spigot_decision::{Action, Prefix};

use crate::{DecisionId, Query};

/// Longer values find nothing; what is stored is shorter.
const VALUE_MAX: usize = 512;

impl Query {
    /// What [`Query::narrow`] takes.
    pub const NARROWED_BY: [&str; 10] =
        ["route", "reason", "ip", "fingerprint", "action", "network", "country", "device", "path", "account"];

    /// Restricts it by one more property, as people write it; an empty value restricts nothing.
    ///
    /// # Errors
    /// What may be written instead.
    pub fn narrow(&mut self, by: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(());
        }
        if value.len() > VALUE_MAX {
            return Err(format!("{by} is longer than {VALUE_MAX} bytes; nothing stored is as long"));
        }
        match by {
            "route" => self.route = Some(value.to_owned()),
            "reason" => self.reason = Some(value.to_owned()),
            "ip" => {
                let prefix = Prefix::parse(value);
                self.ip = Some(prefix.ok_or_else(|| format!("\"{value}\" is no address or prefix"))?);
            }
            "fingerprint" => self.fingerprint = Some(value.to_ascii_lowercase()),
            "action" => {
                let action = Action::from_name(value).ok_or_else(|| {
                    let names = "allow, log, throttle, challenge, shadow or block";
                    format!("\"{value}\" is no action; write {names}")
                });
                self.action = Some(action?);
            }
            "network" => {
                let number = value.trim_start_matches(['A', 'S', 'a', 's']).parse();
                let number =
                    number.map_err(|_| format!("\"{value}\" is no network; write its number, AS64500"))?;
                self.network = Some(number);
            }
            "country" => {
                let code = <[u8; 2]>::try_from(value.to_ascii_uppercase().as_bytes());
                let code = code.ok().filter(|code| code.iter().all(u8::is_ascii_uppercase));
                self.country = Some(
                    code.ok_or_else(|| format!("\"{value}\" is no country's code; write two letters, DE"))?,
                );
            }
            "device" => self.device = Some(value.to_owned()),
            "path" => self.path = Some(value.to_owned()),
            "account" => {
                let hash = u64::from_str_radix(value, 16).ok().filter(|_| value.len() == 16);
                self.account = Some(hash.ok_or_else(|| {
                    format!("\"{value}\" is no account's hash; an event shows it, 16 hexadecimal digits")
                })?);
            }
            "id" => {
                let id = DecisionId::parse(value);
                self.id = Some(id.ok_or_else(|| {
                    format!("\"{value}\" is no decision's id; it has 16 letters and digits")
                })?);
            }
            _ => {
                return Err(format!("events cannot be told by {by}; write {}", Self::NARROWED_BY.join(", ")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        let check = |by: &str, value: &str, expected: Result<Query, &str>| {
            let mut query = Query::default();
            match (query.narrow(by, value), expected) {
                (Ok(()), Ok(expected)) => assert_eq!(query, expected, "{by} {value}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{by} {value}: {error}"),
                (result, _) => panic!("{by} {value}: {result:?}"),
            }
        };
        let all = Query::default();
        check("route", " ", Ok(all.clone()));
        check("route", "login", Ok(Query { route: Some("login".to_owned()), ..all.clone() }));
        check("ip", "192.0.2.0/24", Ok(Query { ip: Prefix::parse("192.0.2.0/24"), ..all.clone() }));
        check("ip", "here", Err("no address or prefix"));
        check("network", "AS64500", Ok(Query { network: Some(64_500), ..all.clone() }));
        check("network", "64500", Ok(Query { network: Some(64_500), ..all.clone() }));
        check("network", "Hetzner", Err("write its number"));
        check("country", "de", Ok(Query { country: Some(*b"DE"), ..all.clone() }));
        check("country", "Germany", Err("two letters"));
        check("country", "ü", Err("two letters"));
        check("account", "00000000000000ff", Ok(Query { account: Some(255), ..all.clone() }));
        check("account", "me@example.org", Err("16 hexadecimal digits"));
        check("action", "block", Ok(Query { action: Some(Action::Block), ..all }));
        check("action", "ban", Err("write allow, log"));
        check("id", "short", Err("16 letters and digits"));
        check("colour", "red", Err("write route, reason"));
        check("path", &"a".repeat(600), Err("longer than 512"));
    }
}
