//! Names in messages.

/// `"a", "b" or "c"`.
#[must_use]
pub fn quoted(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("\"{one}\""),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("\"{name}\"")).collect();
            format!("{} or \"{last}\"", first.join(", "))
        }
    }
}

/// `a, b, c`, cut when there are many; `(none)` when there is none.
#[must_use]
pub fn listing(names: &[&str]) -> String {
    const SHOWN_MAX: usize = 24;
    match names.len() {
        0 => "(none)".to_owned(),
        n if n > SHOWN_MAX => format!("{} and {} more", names[..SHOWN_MAX].join(", "), n - SHOWN_MAX),
        _ => names.join(", "),
    }
}

/// `; did you mean "x"?` when one of the names is close enough to be meant, else nothing.
#[must_use]
pub fn nearest(word: &str, names: &[&str]) -> String {
    let closest = names.iter().map(|name| (strsim::damerau_levenshtein(word, name), name)).min();
    match closest {
        Some((distance, name)) if distance <= (name.len().max(word.len()) / 3).max(1) => {
            format!("; did you mean \"{name}\"?")
        }
        _ => String::new(),
    }
}
