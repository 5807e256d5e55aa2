//! An event is rejected with reasons, or stays the same when it is written and read again.

use common::{
    event::{Acceptance, Event, Limits, parse},
    time::UnixMicros,
    wire::encode_event,
};
use uuid::Uuid;

const ACCEPTANCE: Acceptance = Acceptance {
    at: UnixMicros(1_763_634_907_123_456),
    event_id: Uuid::nil(),
};

pub(crate) fn check(bytes: &[u8]) {
    let limits = Limits::default();
    let event = match parse(bytes, ACCEPTANCE, &limits) {
        Ok(event) => event,
        Err(why) => {
            assert!(!why.to_string().is_empty());
            return;
        }
    };
    let mut line = Vec::new();
    encode_event(&event, &mut line);
    assert!(!line.contains(&b'\n'), "one line of NDJSON");
    let again = match parse(&line, ACCEPTANCE, &limits) {
        Ok(again) => again,
        Err(why) => panic!("{} is refused: {why}", String::from_utf8_lossy(&line)),
    };
    // Line feeds between the tokens of its properties are left out.
    let on_one_line = |json: &str| json.replace(['\n', '\r'], "");
    let properties = event.properties.map(on_one_line);
    assert_eq!(again.properties.map(str::to_owned), properties);
    let but_properties = |event| Event {
        properties: None,
        ..event
    };
    assert_eq!(but_properties(again), but_properties(event));
}
