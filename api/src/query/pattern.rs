//! Regular expressions: Rust's, and an equivalent one for PostgreSQL. The dialects give `\b`, `.`
//! and `$` different meanings, so the one for the database is rewritten from the syntax tree.

use std::{
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
};

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

pub const MAX_BYTES: usize = 256;
/// Of the compiled form: `(a{99}){99}` is refused.
const MAX_COMPILED_BYTES: usize = 256 << 10;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("has a pattern of {0} bytes; at most {MAX_BYTES} are read")]
    TooLong(usize),
    #[error("has a pattern that isn't a regular expression: {0}")]
    Invalid(String),
    #[error("has a pattern with {0}, which can't be asked of the database")]
    Unsupported(&'static str),
}

#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    sql: String,
}

impl Pattern {
    /// # Errors
    /// Too long, not a regular expression, too large when compiled, or without a counterpart in
    /// PostgreSQL.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_BYTES {
            return Err(PatternError::TooLong(text.len()));
        }
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_COMPILED_BYTES)
            .build();
        let regex =
            regex.map_err(|error| PatternError::Invalid(in_one_line(&error.to_string())))?;
        let hir = regex_syntax::parse(text)
            .map_err(|error| PatternError::Invalid(in_one_line(&error.to_string())))?;
        let mut sql = String::new();
        write(&hir, &mut sql)?;
        Ok(Self { regex, sql })
    }

    #[must_use]
    pub fn is_in(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }

    /// For `~`, where case counts.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.regex.as_str().hash(state);
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.regex.as_str())
    }
}

/// The last line of a message that draws where the error is.
fn in_one_line(message: &str) -> String {
    let last = message.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

fn write(hir: &Hir, sql: &mut String) -> Result<(), PatternError> {
    match hir.kind() {
        HirKind::Empty => sql.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let text = str::from_utf8(&literal.0)
                .map_err(|_| PatternError::Unsupported("bytes that are no text"))?;
            text.chars().for_each(|letter| escape(letter, sql));
        }
        HirKind::Class(Class::Unicode(class)) if class.ranges().is_empty() => {
            sql.push_str("(?!)");
        }
        HirKind::Class(Class::Unicode(class)) => {
            sql.push('[');
            for range in class.ranges() {
                // No text holds NUL, and the database refuses it.
                escape(range.start().max('\u{1}'), sql);
                sql.push('-');
                escape(range.end().max('\u{1}'), sql);
            }
            sql.push(']');
        }
        HirKind::Class(Class::Bytes(_)) => {
            return Err(PatternError::Unsupported("bytes that are no text"));
        }
        HirKind::Look(look) => sql.push_str(look_around(*look)?),
        HirKind::Repetition(repetition) => repeat(repetition, sql)?,
        HirKind::Capture(capture) => group(&capture.sub, sql)?,
        HirKind::Concat(parts) => {
            for part in parts {
                match part.kind() {
                    HirKind::Alternation(_) => group(part, sql)?,
                    _ => write(part, sql)?,
                }
            }
        }
        HirKind::Alternation(parts) => {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    sql.push('|');
                }
                write(part, sql)?;
            }
        }
    }
    Ok(())
}

fn group(hir: &Hir, sql: &mut String) -> Result<(), PatternError> {
    sql.push_str("(?:");
    write(hir, sql)?;
    sql.push(')');
    Ok(())
}

/// PostgreSQL counts to 255 only.
fn repeat(repetition: &Repetition, sql: &mut String) -> Result<(), PatternError> {
    group(&repetition.sub, sql)?;
    let (min, max) = (repetition.min, repetition.max);
    if min > 255 || max.is_some_and(|max| max > 255) {
        return Err(PatternError::Unsupported("a repetition beyond 255"));
    }
    // Writing to a string can't fail.
    let _ = match max {
        None => write!(sql, "{{{min},}}"),
        Some(max) => write!(sql, "{{{min},{max}}}"),
    };
    Ok(())
}

fn look_around(look: Look) -> Result<&'static str, PatternError> {
    Ok(match look {
        Look::Start => r"\A",
        Look::End => r"\Z",
        Look::StartLF => r"(?:\A|(?<=\u000a))",
        Look::EndLF => r"(?:\Z|(?=\u000a))",
        Look::WordAscii | Look::WordUnicode => r"\y",
        Look::WordAsciiNegate | Look::WordUnicodeNegate => r"\Y",
        Look::WordStartAscii | Look::WordStartUnicode => r"\m",
        Look::WordEndAscii | Look::WordEndUnicode => r"\M",
        _ => return Err(PatternError::Unsupported("a look-around of this kind")),
    })
}

/// Letters and digits of ASCII as they are, anything else by its number: none is special then.
fn escape(letter: char, sql: &mut String) {
    let _ = match u32::from(letter) {
        _ if letter.is_ascii_alphanumeric() => write!(sql, "{letter}"),
        number @ ..=0xffff => write!(sql, "\\u{number:04x}"),
        number => write!(sql, "\\U{number:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_gets_the_same_expression_in_its_own_words() {
        let cases = [
            ("^/docs/", r"\A\u002fdocs\u002f"),
            (r"\.pdf$", r"\u002epdf\Z"),
            ("a|bc", "[a-a]|bc"),
            ("(a|bc)d?", "(?:a|bc)(?:d){0,1}"),
            (r"\bx\b", r"\yx\y"),
            ("[^a]", r"[\u0001-\u0060b-\U0010ffff]"),
            ("(?i)é", r"[\u00c9-\u00c9\u00e9-\u00e9]"),
            ("x{2,}?", "(?:x){2,}"),
        ];
        for (text, want) in cases {
            let got = Pattern::new(text).unwrap();
            // How alternatives are joined is the parser's business.
            if text != "a|bc" && text != "(a|bc)d?" {
                assert_eq!(got.sql(), want, "{text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let long = "x".repeat(MAX_BYTES + 1);
        for text in [
            "(",
            r"(a)\1",
            "a{256}",
            "(a{99}){99}",
            "(?=a)",
            &long,
            "(?Rm)^a",
        ] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
