//! One log event is one line: foreign text can neither break the line nor control a terminal.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, Writer},
    },
    registry::LookupSpan,
};

/// A JSON object with `service`, for programs.
pub(super) struct JsonLine {
    service: &'static str,
    json: Format<Json>,
}

impl JsonLine {
    pub(super) fn new(service: &'static str) -> Self {
        Self {
            service,
            json: Format::default().json().flatten_event(true),
        }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.json
            .format_event(context, Writer::new(&mut line), event)?;
        let members = line.strip_prefix('{').unwrap_or(&line).trim_end();
        write!(writer, "{{\"service\":\"{}\",", self.service)?;
        // What JSON lets pass; it is in strings only.
        escape(members, &mut writer, |c| c.is_control() || reorders(c))?;
        writeln!(writer)
    }
}

/// Text, for people.
pub(super) struct PlainLine {
    plain: Format,
    is_coloured: bool,
}

impl PlainLine {
    pub(super) fn new(is_coloured: bool) -> Self {
        Self {
            plain: Format::default().with_ansi(is_coloured),
            is_coloured,
        }
    }
}

impl<S, N> FormatEvent<S, N> for PlainLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.plain
            .format_event(context, Writer::new(&mut line), event)?;
        // An escape of a value's own is written out by the format already: these are its colours.
        let is_colour = |c| self.is_coloured && c == '\x1b';
        let is_unsafe = |c: char| (c.is_control() || reorders(c)) && !is_colour(c);
        escape(line.trim_end_matches('\n'), &mut writer, is_unsafe)?;
        writeln!(writer)
    }
}

fn escape(line: &str, writer: &mut Writer<'_>, is_unsafe: impl Fn(char) -> bool) -> fmt::Result {
    for c in line.chars() {
        if is_unsafe(c) {
            write!(writer, "\\u{:04x}", u32::from(c))?;
        } else {
            writer.write_char(c)?;
        }
    }
    Ok(())
}

/// Characters that show what follows in another order, and ends of lines of Unicode's own.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Printed(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Printed {
        fn lines(&self) -> Vec<String> {
            let bytes = self.0.lock().unwrap().clone();
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.strip_suffix('\n').expect("it ends with a line end");
            lines.split('\n').map(str::to_owned).collect()
        }
    }

    const FORGED: &str =
        "evil\r\n2026-11-21T12:00:00Z ERROR forged\x1b[31m\x07\u{9b}2J\u{202e}\u{2028}\0\x7f";

    /// In every way to write a value.
    fn say(forged: &str) {
        let _span = tracing::info_span!("request", path = %forged, id = ?forged).entered();
        tracing::info!(forged, shown = %forged, debug = ?forged, "{forged}");
        tracing::warn!(error = %io::Error::other(forged.to_owned()), "failed");
    }

    #[test]
    fn a_json_line_holds_what_was_sent_and_nothing_else() {
        let printed = Printed::default();
        let writer = printed.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine::new("test"))
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || say(FORGED));
        let lines = printed.lines();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        for line in &lines {
            assert!(
                !line.chars().any(|c| c.is_control() || reorders(c)),
                "{line:?}"
            );
            let parsed: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(parsed["service"], "test");
        }
        let parsed: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            (&parsed["forged"], &parsed["message"]),
            (&FORGED.into(), &FORGED.into())
        );
    }

    #[test]
    fn a_plain_line_is_one_line() {
        for is_coloured in [false, true] {
            let printed = Printed::default();
            let writer = printed.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(is_coloured)
                .event_format(PlainLine::new(is_coloured))
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::with_default(subscriber, || say(FORGED));
            let lines = printed.lines();
            assert_eq!(lines.len(), 2, "{lines:#?}");
            for line in &lines {
                let bare = line.replace("\x1b[", "");
                assert!(
                    !bare.chars().any(|c| c.is_control() || reorders(c)),
                    "{line:?}"
                );
                assert!(
                    !line.contains("\x1b[31m\u{7}") && !line.contains("\x1b[2J"),
                    "{line:?}"
                );
            }
        }
    }
}
