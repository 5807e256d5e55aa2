//! W3C Trace Context, level 1: `00-<trace id>-<span id>-<flags>`, hexadecimal.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

const LENGTH: usize = 55;

/// `None` for what isn't one. Later versions are read as far as this one goes.
pub(super) fn read(text: &[u8]) -> Option<SpanContext> {
    let text = std::str::from_utf8(text).ok()?;
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let parts: Vec<&str> = known.split('-').collect();
    let [version, trace, span, flags] = parts.as_slice() else {
        return None;
    };
    let is_hex = |part: &&str, length| {
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        part.len() == length && part.bytes().all(digits)
    };
    if !(is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2)) {
        return None;
    }
    let goes_on = *version != "00" && rest.starts_with('-');
    if *version == "ff" || !(rest.is_empty() || goes_on) {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags & TraceFlags::SAMPLED.to_u8()),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

pub(super) fn write(context: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags().to_u8()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_written_the_same() {
        let context = read(SAMPLED.as_bytes()).unwrap();
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(write(&context), SAMPLED);
        let later = format!("cc{}-more", &SAMPLED[2..]);
        assert_eq!(write(&read(later.as_bytes()).unwrap()), SAMPLED);
    }

    #[test]
    fn what_is_no_traceparent_is_nothing() {
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        ] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(read(&[0xff; LENGTH]), None);
    }
}
