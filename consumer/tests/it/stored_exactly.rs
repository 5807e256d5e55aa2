//! What is stored is what was sent: every column, whatever it holds.

use std::borrow::Cow;

use common::{event::Event, time::UnixMicros, wire::encode_event};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use uuid::Uuid;

use crate::harness::{World, instant};

prop_compose! {
    fn text(max: usize)(chars in prop::collection::vec(any::<char>(), 0..max)) -> Cow<'static, str> {
        let chars = chars.into_iter().filter(|c| *c != '\0').chain(['x']);
        chars.take(max).collect::<String>().into()
    }
}

prop_compose! {
    fn event()(
        id in any::<u128>(),
        age_us in 0..3_600_000_000_i64,
        user_id in text(128),
        page in text(2_048),
        session_id in prop::option::of(text(128)),
        referrer in prop::option::of(text(2_048)),
        country in prop::option::of("[A-Z]{2}"),
        device in prop::option::of(text(32)),
        browser in prop::option::of(text(64)),
        os in prop::option::of(text(64)),
        value_micros in prop::option::of(any::<i64>()),
        duration_ms in prop::option::of(0..=i32::MAX),
        properties in prop::sample::select(vec![
            None, Some("{}"), Some(r#"{"a": [1.50, {"b": null}], "é": "\u00fc\t"}"#),
        ]),
    ) -> Event<'static> {
        Event {
            event_id: Uuid::from_u128(id),
            event_type: "page_view".into(),
            occurred_at: UnixMicros(instant(0).0 - age_us),
            user_id,
            session_id,
            page: Some(page),
            referrer,
            country: country.map(Cow::Owned),
            device,
            browser,
            os,
            value_micros,
            duration_ms,
            properties,
        }
    }
}

const EVENT: &str = "SELECT event_type, occurred_at, user_id, session_id, page, referrer, country,
        device, browser, os, value_micros, duration_ms, properties IS NOT DISTINCT FROM $2::text::jsonb
   FROM events WHERE event_id = $1";

#[tokio::test]
async fn every_column_is_what_was_sent() {
    let mut world = World::new().await;
    let mut runner = TestRunner::deterministic();
    let sent: Vec<_> = (0..300)
        .map(|_| event().new_tree(&mut runner).unwrap().current())
        .collect();
    for entry in sent.chunks(30) {
        let mut lines = Vec::new();
        for event in entry {
            encode_event(event, &mut lines);
            lines.push(b'\n');
        }
        world.producer.add(&[("batch", &lines)]).await;
    }
    let consumer = world.consumer(&[]).await;
    world.settled(300).await;
    for event in &sent {
        let row = world
            .db
            .query_one(EVENT, &[&event.event_id, &event.properties])
            .await
            .unwrap();
        let text = |column: usize| row.get::<_, Option<String>>(column).map(Cow::<str>::Owned);
        assert_eq!(text(0).as_ref(), Some(&event.event_type));
        assert_eq!(row.get::<_, UnixMicros>(1), event.occurred_at);
        assert_eq!(text(2).as_ref(), Some(&event.user_id));
        let fields = [
            &event.session_id,
            &event.page,
            &event.referrer,
            &event.country,
            &event.device,
            &event.browser,
            &event.os,
        ];
        for (column, field) in (3..).zip(fields) {
            assert_eq!(&text(column), field, "column {column}");
        }
        assert_eq!(row.get::<_, Option<i64>>(10), event.value_micros);
        assert_eq!(row.get::<_, Option<i32>>(11), event.duration_ms);
        assert!(row.get::<_, bool>(12), "properties {:?}", event.properties);
    }
    consumer.stop().await;
}

#[tokio::test]
async fn absent_ids_and_instants_are_made_of_the_entrys_place() {
    let mut world = World::new().await;
    let lines = br#"{"event_type":"login","user_id":"u"}
{"event_type":"login","user_id":"u"}"#;
    let id = world.producer.add(&[("batch", lines)]).await;
    let consumer = world.consumer(&[]).await;
    world.settled(2).await;
    let ms: i64 = id.split('-').next().unwrap().parse().unwrap();
    let at = format!(
        "SELECT count(DISTINCT event_id) FROM events
          WHERE occurred_at = accepted_at AND extract(epoch FROM accepted_at) * 1000 = {ms}"
    );
    assert_eq!(world.count(&at).await, 2);
    consumer.stop().await;
}
