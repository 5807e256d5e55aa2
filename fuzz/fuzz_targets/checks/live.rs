//! A live client's message is rejected with a code, or understood.

pub(crate) fn check(bytes: &[u8]) {
    if let Ok(message) = std::str::from_utf8(bytes)
        && let Some(code) = api::live::refusal_of(message)
    {
        assert!(!code.is_empty());
    }
}
