//! Examples in the help of every command: a command that has commands of its own shows one of each, and each of those
//! shows its own again.

use clap::Command;

const HEADING: &str = "Example:";

/// Gives every command without examples those of its parent that are about it.
pub(super) fn handed_down(command: Command) -> Command {
    let path = command.get_name().to_owned();
    below(command, &path, "")
}

/// `path` is how the command is called, `examples` its parent's.
fn below(mut command: Command, path: &str, examples: &str) -> Command {
    let mut own = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    if own.is_empty() {
        let about_it = |line: &&str| {
            line.trim().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let lines: Vec<&str> = examples.lines().filter(about_it).collect();
        if !lines.is_empty() {
            own = format!("{HEADING}\n{}", lines.join("\n"));
            command = command.after_help(own.clone());
        }
    }
    let names: Vec<String> = command.get_subcommands().map(|known| known.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(name, |known| below(known, &path, &own));
    }
    command
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn without(command: &Command, path: &str, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        if path.contains(' ') && !help.contains(&format!("  {path}")) {
            found.push(path.to_owned());
        }
        for known in command.get_subcommands() {
            without(known, &format!("{path} {}", known.get_name()), found);
        }
    }

    #[test]
    fn every_command_shows_how_it_is_called() {
        let mut found = Vec::new();
        without(&handed_down(crate::cli::Cli::command()), "spigot", &mut found);
        assert!(found.is_empty(), "no example in the help of: {}", found.join(", "));
    }
}
