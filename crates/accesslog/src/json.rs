//! A scanner for one JSON object on one line. It borrows, allocates nothing, looks at each byte once, and forgives:
//! what logs call JSON has bare words, missing values (`"status":,`) and `\x22`. What is broken ends the object; what
//! came before counts.

/// The members of an object, in order. Keys and texts are as logged, escapes and all.
#[derive(Debug, Clone)]
pub(crate) struct Members<'a> {
    text: &'a str,
    place: usize,
    /// `place` is at the bracket of a nested value that nobody has looked into yet.
    at_nested: bool,
}

/// One value, as logged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// A string, without its quotes.
    Text(&'a str),
    /// A number or a bare word.
    Bare(&'a str),
    /// An object or array: see [`Members::each_inside`] and [`Members::first`].
    Nested,
}

impl<'a> Value<'a> {
    /// A string's or number's text; `None` for `null` and what is nested.
    #[inline]
    pub(crate) fn scalar(self) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Bare("null") | Value::Nested => None,
            Value::Bare(text) => Some(text),
        }
    }
}

/// The object that `text` is, `None` if it does not begin as one.
#[inline]
pub(crate) fn object(text: &str) -> Option<Members<'_>> {
    text.starts_with('{').then_some(Members { text, place: 1, at_nested: false })
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.at_nested) {
            self.skip_nested()?;
        }
        self.skip(|byte| byte == b',' || byte.is_ascii_whitespace());
        if self.byte()? != b'"' {
            return None;
        }
        let key = self.string()?;
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.byte()? != b':' {
            return None;
        }
        self.place += 1;
        Some((key, self.value()?))
    }
}

impl<'a> Members<'a> {
    /// Goes through the members of the object that was just given as [`Value::Nested`].
    pub(crate) fn each_inside(&mut self, mut each: impl FnMut(&mut Self, &'a str, Value<'a>)) {
        if !self.at_nested || self.byte() != Some(b'{') {
            return;
        }
        self.at_nested = false;
        self.place += 1;
        while let Some((key, value)) = self.next() {
            each(self, key, value);
        }
        if self.byte() == Some(b'}') {
            self.place += 1;
        }
    }

    /// The scalar itself, or the first of the array that was just given as [`Value::Nested`].
    pub(crate) fn first(&self, value: Value<'a>) -> Option<&'a str> {
        match value {
            Value::Nested if self.byte() == Some(b'[') => {
                Members { text: self.text, place: self.place + 1, at_nested: false }.value()?.scalar()
            }
            value => value.scalar(),
        }
    }

    #[inline]
    fn value(&mut self) -> Option<Value<'a>> {
        self.skip(|byte| byte.is_ascii_whitespace());
        let start = self.place;
        match self.byte()? {
            b'"' => self.string().map(Value::Text),
            b'{' | b'[' => {
                self.at_nested = true;
                Some(Value::Nested)
            }
            _ => {
                self.skip(|byte| !matches!(byte, b',' | b'}' | b']'));
                Some(Value::Bare(self.text[start..self.place].trim_ascii_end()))
            }
        }
    }

    /// The string whose opening quote is here.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        let start = self.place + 1;
        let mut place = start;
        loop {
            // Measured against eight and sixteen bytes at a time in place: memchr is faster even for short strings.
            place += memchr::memchr2(b'"', b'\\', self.text.as_bytes().get(place..)?)?;
            if self.text.as_bytes()[place] == b'"' {
                self.place = place + 1;
                return Some(&self.text[start..place]);
            }
            place += 2;
        }
    }

    fn skip_nested(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        loop {
            match *bytes.get(self.place)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.place += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    #[inline]
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&skipped) {
            self.place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: &Expect) {
        let shown: String =
            object(text).into_iter().flatten().map(|(key, value)| format!("{key} = {value:?}\n")).collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn good_objects() {
        check(
            r#"{ "a" : "x\"y\\" ,"b":-1.5e3, "c":{"d":[1,"}"],"e":"]"},"f":null,"g":true,"":[]}"#,
            &expect![[r#"
                a = Text("x\\\"y\\\\")
                b = Bare("-1.5e3")
                c = Nested
                f = Bare("null")
                g = Bare("true")
                 = Nested
            "#]],
        );
    }

    #[test]
    fn broken_objects_keep_what_came_before() {
        check(
            r#"{"a":1,"b":,"c":- ,"d":"\x22","e":"unfinished"#,
            &expect![[r#"
            a = Bare("1")
            b = Bare("")
            c = Bare("-")
            d = Text("\\x22")
        "#]],
        );
        check(
            r#"{"a":1 "b":2,"c":[1,[2]"#,
            &expect![[r#"
                a = Bare("1 \"b\":2")
                c = Nested
            "#]],
        );
        check("{", &expect![[""]]);
        check("[1]", &expect![[""]]);
        check(r#"{"a""#, &expect![[""]]);
        check(r#"{"a\"#, &expect![[""]]);
    }

    #[test]
    fn looking_into_nested_values() {
        let text = r#"{"a":{"b":["x","y"],"c":{"d":{}},"e":1},"f":["z"],"g":[],"h":{}}"#;
        let mut members = object(text).unwrap();
        let mut shown = Vec::new();
        while let Some((key, value)) = members.next() {
            shown.push((key, members.first(value)));
            members.each_inside(|members, key, value| shown.push((key, members.first(value))));
        }
        let expected = [
            ("a", None),
            ("b", Some("x")),
            ("c", None),
            ("e", Some("1")),
            ("f", Some("z")),
            ("g", Some("")),
            ("h", None),
        ];
        assert_eq!(shown, expected);
    }
}
