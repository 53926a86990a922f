use serde_json::json;

use crate::cli::{CheckArgs, Format};
use crate::config::Config;

pub(crate) fn run(args: &CheckArgs) -> Result<(), String> {
    let file = args.config.display().to_string();
    let text =
        std::fs::read_to_string(&args.config).map_err(|error| format!("{file} cannot be read: {error}"))?;
    match Config::parse_with_files(&file, &text) {
        Ok(config) => {
            let policy = &config.policy;
            if args.format == Format::Json {
                say!("{}", json!({ "file": file, "ok": true, "revision": policy.revision, "problems": [] }));
            } else {
                say!(
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
                say!("{}", json!({ "file": file, "ok": false, "problems": all }));
            } else {
                tell!("{problems}");
            }
            Err(format!("{file} has {count} problem{}", if count == 1 { "" } else { "s" }))
        }
    }
}
