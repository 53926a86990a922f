use aho_corasick::AhoCorasick;

/// Words that are looked for all at once, in one pass whatever their number. A `|` at a word's end means that no letter
/// may follow there, at its beginning that neither letter nor digit may come before it.
pub(super) struct Words<T: 'static> {
    matcher: AhoCorasick,
    rows: &'static [(&'static str, T)],
}

/// One word, where it stands.
pub(super) struct Found<'a, T> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) word: &'static str,
    pub(super) says: &'a T,
}

impl<T> Words<T> {
    pub(super) fn new(rows: &'static [(&'static str, T)]) -> Self {
        let matcher = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(rows.iter().map(|(word, _)| word.trim_matches('|')))
            .expect("a short fixed list");
        Self { matcher, rows }
    }

    /// All of them by their ends, a longer one before a shorter one that ends with it.
    pub(super) fn all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Found<'a, T>> {
        let bytes = text.as_bytes();
        self.matcher.find_overlapping_iter(text).filter_map(move |found| {
            let (word, says) = &self.rows[found.pattern().as_usize()];
            let before = found.start().checked_sub(1).map(|at| bytes[at]);
            let after = bytes.get(found.end());
            let begins = !word.starts_with('|') || !before.is_some_and(|byte| byte.is_ascii_alphanumeric());
            let ends = !word.ends_with('|') || !after.is_some_and(u8::is_ascii_alphabetic);
            (begins && ends).then(|| Found {
                start: found.start(),
                end: found.end(),
                word: word.trim_matches('|'),
                says,
            })
        })
    }
}
