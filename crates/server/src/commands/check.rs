use serde_json::json;
use spigot_intel::Networks;

use crate::account_data::AccountData;
use crate::cli::{CheckArgs, Format};
use crate::config::Config;

pub(crate) fn run(args: &CheckArgs) -> Result<(), String> {
    let file = args.config.display().to_string();
    let text =
        std::fs::read_to_string(&args.config).map_err(|error| format!("{file} cannot be read: {error}"))?;
    match Config::parse(&file, &text) {
        Ok(config) => {
            // Not where a configuration is read: that happens with each change, and these are large.
            let accounts = AccountData::default().follow(&config.server);
            let networks = Networks::read(&config.server.networks).map(|_| ());
            let named = networks.map_err(|error| ("networks", error));
            if let Err((key, error)) =
                named.and(accounts.map_err(|error| ("breach` or `disposable_domains", error)))
            {
                if args.format == Format::Json {
                    let problem = json!({ "line": null, "column": null, "message": error, "help": format!("mend `{key}` or the file") });
                    println!("{}", json!({ "file": file, "ok": false, "problems": [problem] }));
                }
                return Err(format!("`{key}`: {error}"));
            }
            let policy = &config.policy;
            if args.format == Format::Json {
                println!(
                    "{}",
                    json!({ "file": file, "ok": true, "revision": policy.revision, "problems": [] })
                );
            } else {
                println!(
                    "{file} is fine: revision {}, {} routes, {} limits, {} rules, {} lists",
                    policy.revision,
                    policy.routes.len(),
                    policy.limits.len(),
                    policy.rules.len(),
                    policy.lists.len()
                );
            }
            Ok(())
        }
        Err(problems) => {
            let count = problems.problems.len();
            if args.format == Format::Json {
                let all: Vec<_> = problems.problems.iter().map(|problem| {
                    let (line, column) = problems.place(problem);
                    json!({ "line": line, "column": column, "message": problem.message, "help": problem.help })
                }).collect();
                println!("{}", json!({ "file": file, "ok": false, "problems": all }));
            } else {
                print!("{problems}");
            }
            Err(format!("{file} has {count} problem{}", if count == 1 { "" } else { "s" }))
        }
    }
}
