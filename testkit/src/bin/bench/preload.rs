//! Fills a stream with events made here: in shapes that our own publisher doesn't write.

use std::fmt::Write as _;

use common::{
    event::{Event, Limits},
    time::UnixMicros,
    wire::{FIELD_BATCH, FIELD_EVENT, encode_event},
};
use ingestion::source::synthetic::{Content, Kind, Population, Run};
use testkit::Services;

/// Events of one XADD pipeline.
const PIPELINE: u64 = 5_000;
/// Events of a batch entry, as the publisher makes them.
const BATCH: u64 = 500;
const SEED: u64 = 42;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entries {
    /// One event in each, as other programs write them.
    Single,
    Batches,
}

/// Which pages the events have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pages {
    /// The generator's own.
    Usual,
    /// So many different ones, all equally frequent.
    Distinct(u64),
}

pub(crate) async fn preload(
    services: &Services,
    events: u64,
    entries: Entries,
    pages: Pages,
) -> anyhow::Result<()> {
    let mut redis = services.redis().await;
    let stream = services.keys().stream;
    let run = Run {
        seed: SEED,
        started: UnixMicros::now(),
    };
    let content = Content::new(run, &Population::default(), 0, &Limits::default());
    let mut scratch = content.scratch();
    let (field, size) = match entries {
        Entries::Single => (FIELD_EVENT, 1),
        Entries::Batches => (FIELD_BATCH, BATCH),
    };
    let mut next = 0;
    while next < events {
        let now = UnixMicros::now();
        let mut pipe = redis::pipe();
        let end = events.min(next + PIPELINE);
        while next < end {
            let mut payload = Vec::with_capacity(size as usize * 320);
            for i in next..end.min(next + size) {
                let mut event = content.event(i, Kind::Normal, now, &mut scratch);
                let mut page = String::new();
                pages.replace(i, &mut event, &mut page);
                encode_event(&event, &mut payload);
                payload.push(b'\n');
            }
            next = end.min(next + size);
            if entries == Entries::Single {
                payload.pop();
            }
            pipe.cmd("XADD")
                .arg(&stream)
                .arg("*")
                .arg(field)
                .arg(payload);
        }
        let _: redis::Value = pipe.query_async(&mut redis).await?;
    }
    Ok(())
}

impl Pages {
    fn replace<'e>(self, i: u64, event: &mut Event<'e>, page: &'e mut String) {
        let Self::Distinct(count) = self else { return };
        // Steps by a prime that doesn't divide the count: all pages in mixed order.
        // Writing to a String can't fail.
        let _ = write!(page, "/catalogue/item-{}", i * 7_919 % count);
        event.page = Some(page.as_str().into());
    }
}
