//! Rows as text: CSV (RFC 4180) or a JSON object on each line.

use std::{borrow::Cow, fmt::Write as _, io::Write as _};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    NdJson,
}

/// Writes rows of known columns into a buffer.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    /// As JSON strings with a colon; CSV has them in its first line.
    names: Vec<String>,
    out: Vec<u8>,
    cell: usize,
}

impl Writer {
    #[must_use]
    pub fn new(format: Format, names: impl Iterator<Item = &'static str>) -> Self {
        let names: Vec<_> = names.collect();
        let mut out = Vec::new();
        if format == Format::Csv {
            out.extend_from_slice(names.join(",").as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        Self {
            format,
            names: names.iter().map(|name| format!("\"{name}\":")).collect(),
            out,
            cell: 0,
        }
    }

    #[must_use]
    pub const fn held(&self) -> usize {
        self.out.len()
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    pub fn begin(&mut self) {
        self.cell = 0;
        if self.format == Format::NdJson {
            self.out.push(b'{');
        }
    }

    pub fn end(&mut self) {
        match self.format {
            Format::Csv => self.out.extend_from_slice(b"\r\n"),
            Format::NdJson => self.out.extend_from_slice(b"}\n"),
        }
    }

    fn next(&mut self) {
        if self.cell > 0 {
            self.out.push(b',');
        }
        if self.format == Format::NdJson {
            self.out.extend_from_slice(self.names[self.cell].as_bytes());
        }
        self.cell += 1;
    }

    /// Text that a client chose.
    pub fn text(&mut self, text: Option<&str>) {
        self.next();
        match (self.format, text) {
            (Format::Csv, Some(text)) => csv_text(&mut self.out, text),
            (Format::NdJson, Some(text)) => json_text(&mut self.out, text),
            _ => self.absent(),
        }
    }

    /// A JSON document.
    pub fn json(&mut self, json: Option<&str>) {
        self.next();
        match (self.format, json) {
            (Format::Csv, Some(json)) => quoted(&mut self.out, &json_without_formulas(json)),
            (Format::NdJson, Some(json)) => self.out.extend_from_slice(json.as_bytes()),
            _ => self.absent(),
        }
    }

    /// Our own words, which hold nothing that needs quoting in CSV; in JSON a string.
    pub fn plain(&mut self, text: &str) {
        self.next();
        self.unquoted(text);
    }

    pub fn optional_plain(&mut self, text: Option<String>) {
        self.next();
        match text {
            Some(text) => self.unquoted(&text),
            None => self.absent(),
        }
    }

    fn unquoted(&mut self, text: &str) {
        match self.format {
            Format::Csv => self.out.extend_from_slice(text.as_bytes()),
            Format::NdJson => json_text(&mut self.out, text),
        }
    }

    pub fn number(&mut self, number: Option<i32>) {
        self.next();
        match number {
            // Writing to memory can't fail.
            Some(number) => drop(write!(self.out, "{number}")),
            None => self.absent(),
        }
    }

    /// Nothing between two commas is absent; an empty text is a pair of quotes.
    fn absent(&mut self) {
        if self.format == Format::NdJson {
            self.out.extend_from_slice(b"null");
        }
    }
}

fn json_text(out: &mut Vec<u8>, text: &str) {
    // Strings can always be written, and so can memory.
    drop(serde_json::to_writer(out, text));
}

/// A spreadsheet runs a cell that begins like this as a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];
/// Where one begins a cell that splits at something else than commas. It knows no quotes then
/// but those at the beginning of its own cells.
const SPLITS: [char; 4] = [';', '\t', '\r', '\n'];

/// Where in `text` what a spreadsheet may take for a cell begins with a formula: the places of
/// the beginning and of the sign. Blanks and quotes before the sign may be dropped.
fn formulas(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let splits = text
        .match_indices(SPLITS)
        .map(|(at, split)| at + split.len());
    std::iter::once(0).chain(splits).filter_map(|at| {
        let cell = &text[at..];
        let rest = cell.trim_start_matches([' ', '"']);
        let sign = text.len() - rest.len();
        rest.starts_with(FORMULA).then_some((at, sign))
    })
}

/// With an apostrophe before each of them: it is text then.
fn without_formulas(text: &str) -> Cow<'_, str> {
    let first = text.starts_with(['\t', '\r']).then_some(0);
    let mut places = first
        .into_iter()
        .chain(formulas(text).map(|(at, _)| at))
        .peekable();
    if places.peek().is_none() {
        return text.into();
    }
    let (mut safe, mut done) = (String::with_capacity(text.len() + 8), 0);
    for at in places {
        safe.push_str(&text[done..at]);
        safe.push('\'');
        done = at;
    }
    safe.push_str(&text[done..]);
    safe.into()
}

/// With its signs as JSON's escapes: it is the same JSON. Only strings hold semicolons, and the
/// database writes tabs and line ends as escapes.
fn json_without_formulas(json: &str) -> Cow<'_, str> {
    let mut signs = formulas(json).map(|(_, sign)| sign).peekable();
    if json.starts_with(FORMULA) || signs.peek().is_none() {
        return json.into();
    }
    let (mut safe, mut done) = (String::with_capacity(json.len() + 8), 0);
    for sign in signs {
        safe.push_str(&json[done..sign]);
        // Writing to memory can't fail; a sign is one byte.
        let _ = write!(safe, "\\u{:04x}", json.as_bytes()[sign]);
        done = sign + 1;
    }
    safe.push_str(&json[done..]);
    safe.into()
}

fn csv_text(out: &mut Vec<u8>, text: &str) {
    let safe = without_formulas(text);
    let special = |byte: &u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    let blank = text.trim() != text || text.is_empty();
    let same = matches!(safe, Cow::Borrowed(_));
    if same && !blank && !text.as_bytes().iter().any(special) {
        out.extend_from_slice(text.as_bytes());
    } else {
        quoted(out, &safe);
    }
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format) -> String {
        let mut writer = Writer::new(format, ["a", "b", "c", "d"].into_iter());
        writer.begin();
        writer.text(Some("say \"hi\", all\r\n"));
        writer.text(None);
        writer.optional_plain(Some("-1.5".into()));
        writer.json(Some("{\"x\": [1]}"));
        writer.end();
        writer.begin();
        writer.text(Some(""));
        writer.number(Some(-3));
        writer.optional_plain(None);
        writer.json(None);
        writer.end();
        String::from_utf8(writer.take()).unwrap()
    }

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        let want = "a,b,c,d\r\n\
                    \"say \"\"hi\"\", all\r\n\",,-1.5,\"{\"\"x\"\": [1]}\"\r\n\
                    \"\",-3,,\r\n";
        assert_eq!(written(Format::Csv), want);
    }

    #[test]
    fn json_has_every_column_on_each_line() {
        let want = "{\"a\":\"say \\\"hi\\\", all\\r\\n\",\"b\":null,\"c\":\"-1.5\",\"d\":{\"x\": [1]}}\n\
                    {\"a\":\"\",\"b\":-3,\"c\":null,\"d\":null}\n";
        assert_eq!(written(Format::NdJson), want);
    }

    #[test]
    fn no_text_is_a_formula() {
        let cell = |text: &str| {
            let mut out = Vec::new();
            csv_text(&mut out, text);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("-2+3"), "\"'-2+3\"");
        assert_eq!(cell("\t=1"), "\"'\t'=1\"");
        assert_eq!(cell("a=1"), "a=1");
        // Split at semicolons, tabs or lines, these are cells of their own.
        assert_eq!(cell("a;=1"), "\"a;'=1\"");
        assert_eq!(cell("a; \"@b;c\"=;+2"), "\"a;' \"\"@b;c\"\"=;'+2\"");
        assert_eq!(cell("a\t-1"), "\"a\t'-1\"");
        assert_eq!(cell("a\n=1\r\n=2"), "\"a\n'=1\r\n'=2\"");
        assert_eq!(cell(" =1"), "\"' =1\"");
        assert_eq!(cell("a;b=1; c"), "a;b=1; c");
        assert_eq!(cell(" x"), "\" x\"");
    }

    #[test]
    fn no_json_is_a_formula_and_all_of_it_is_the_same() {
        let cell = |json: &str| {
            let mut writer = Writer::new(Format::Csv, ["a"].into_iter());
            writer.take();
            writer.json(Some(json));
            String::from_utf8(writer.take()).unwrap()
        };
        let json = r#"{"a;=1": ["x; +y;-z", ";", -1, "=2"]}"#;
        let safe = r#"{"a;\u003d1": ["x; \u002by;\u002dz", ";", -1, "=2"]}"#;
        assert_eq!(cell(json), format!("\"{}\"", safe.replace('"', "\"\"")));
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(json), read(safe));
    }
}
