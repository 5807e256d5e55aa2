//! Reports the outcome of a batch in the traces of its entries.

use common::trace::{Kind, MOST_LINKS, Span, Trace};

use crate::decode::Batch;

/// From the finished batch to the known commit. A batch joins many entries: its step belongs to
/// the first one's trace and names the others, and each of these has a step that names it.
#[derive(Debug)]
pub(super) struct Traced {
    batch: Span,
    others: Vec<Span>,
}

impl Traced {
    pub(super) fn begin(batch: &Batch) -> Self {
        let traces = batch.entries.iter().map(|entry| &entry.trace);
        let traces = traces.filter(|trace| trace.is_sampled()).take(MOST_LINKS);
        let traces: Vec<&Trace> = traces.collect();
        let nowhere = Trace::default();
        let first = traces.first().copied().unwrap_or(&nowhere);
        let others = || traces.iter().skip(1).copied();
        let name = || "store batch".to_owned();
        let mut span = Span::linked(name, Kind::Consumer, first, others());
        span.set("tidemark.batch.entries", batch.entries.len() as i64);
        span.set("tidemark.batch.events", batch.events() as i64);
        let of_batch = span.trace();
        let step = |trace| {
            let name = || "store entry".to_owned();
            Span::linked(name, Kind::Consumer, trace, std::iter::once(&of_batch))
        };
        Self {
            others: others().map(step).collect(),
            batch: span,
        }
    }

    /// One attempt to commit it.
    pub(super) fn attempt(&self) -> Span {
        Span::under(|| "commit".into(), Kind::Client, &self.batch.trace())
    }

    /// The batch is left in the stream.
    pub(super) fn fail(&mut self, why: &str) {
        for span in self.others.iter_mut().chain([&mut self.batch]) {
            span.fail(|| why.to_owned());
        }
    }
}
