//! Spans for an OpenTelemetry collector.

use std::{sync::OnceLock, time::Duration};

use opentelemetry::{
    Context, KeyValue,
    trace::{
        Link, Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan},
};

use super::{Kind, MOST_LINKS, export::Plain, parent};
use crate::config::ProcessConfig;

/// For what has not been sent yet when the process ends.
const FLUSH: Duration = Duration::from_secs(2);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

tokio::task_local! {
    static CURRENT: Trace;
}

/// A place in a trace: a span that others may begin under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace(SpanContext);

impl Default for Trace {
    fn default() -> Self {
        Self(SpanContext::NONE)
    }
}

impl Trace {
    /// What a caller sent; nowhere if it isn't a `traceparent`.
    #[must_use]
    pub fn read(traceparent: &[u8]) -> Self {
        parent::read(traceparent).map(Self).unwrap_or_default()
    }

    /// Whether it is recorded by those who came before.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.is_valid() && self.0.is_sampled()
    }

    /// For those who come after; only where it is recorded.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.is_sampled().then(|| parent::write(&self.0))
    }
}

/// A step on its way. It ends when it is dropped.
#[derive(Debug)]
pub struct Span(Option<SdkSpan>);

impl Span {
    /// A step requested from outside; a trace begins with it if the caller has none. `name`
    /// is only asked for where traces are wanted.
    pub fn begin(name: impl FnOnce() -> String, kind: Kind, caller: &Trace) -> Self {
        Self::of(name, kind, caller, std::iter::empty())
    }

    /// A step within `parent`'s trace; none where that isn't recorded.
    pub fn under(name: impl FnOnce() -> String, kind: Kind, parent: &Trace) -> Self {
        Self::linked(name, kind, parent, std::iter::empty())
    }

    /// A step within `parent`'s trace that has to do with others, too.
    pub fn linked<'t>(
        name: impl FnOnce() -> String,
        kind: Kind,
        parent: &Trace,
        links: impl Iterator<Item = &'t Trace>,
    ) -> Self {
        match parent.is_sampled() {
            true => Self::of(name, kind, parent, links),
            false => Self(None),
        }
    }

    fn of<'t>(
        name: impl FnOnce() -> String,
        kind: Kind,
        parent: &Trace,
        links: impl Iterator<Item = &'t Trace>,
    ) -> Self {
        let Some(tracer) = TRACER.get() else {
            return Self(None);
        };
        let links = links.filter(|trace| trace.is_sampled()).take(MOST_LINKS);
        let links = links.map(|trace| Link::new(trace.0.clone(), Vec::new(), 0));
        let kind = match kind {
            Kind::Server => SpanKind::Server,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
            Kind::Client => SpanKind::Client,
        };
        let builder = tracer
            .span_builder(name())
            .with_kind(kind)
            .with_links(links.collect());
        let context = Context::new().with_remote_span_context(parent.0.clone());
        Self(Some(builder.start_with_context(tracer, &context)))
    }

    #[must_use]
    pub fn trace(&self) -> Trace {
        let span = self.0.as_ref();
        span.map(|span| Trace(span.span_context().clone()))
            .unwrap_or_default()
    }

    pub fn set(&mut self, name: &'static str, value: i64) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(name, value));
        }
    }

    pub fn fail(&mut self, why: impl FnOnce() -> String) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(why()));
        }
    }
}

/// Sends what is left when the process ends.
#[derive(Debug)]
pub struct Flush(Option<SdkTracerProvider>);

impl Flush {
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        // It waits for a thread of its own.
        let flush = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH));
        match flush.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans were not sent"),
            Err(error) => tracing::warn!(%error, "the last spans were not sent"),
        }
    }
}

/// Sends spans to `OTLP_ENDPOINT`, if that is set, from a thread of their own: whoever makes a
/// span never waits. Those that the collector doesn't take are dropped. The first call counts.
pub fn begin(service: &'static str, config: &ProcessConfig) -> Flush {
    let Some(endpoint) = &config.otlp_endpoint else {
        return Flush(None);
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Plain)
        .with_endpoint(format!("{}/v1/traces", endpoint.0.trim_end_matches('/')))
        .build();
    let exporter = match exporter {
        Ok(exporter) => exporter,
        Err(error) => {
            tracing::error!(%error, "no traces: the exporter can't be made");
            return Flush(None);
        }
    };
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
        config.trace_sample_ratio,
    )));
    let resource = Resource::builder_empty()
        .with_service_name(format!("tidemark-{service}"))
        .with_attribute(KeyValue::new(
            "deployment.environment.name",
            config.app_env.clone(),
        ));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource.build())
        .build();
    let _ = TRACER.set(provider.tracer("tidemark"));
    Flush(Some(provider))
}

/// `work`, with [`current`] saying `trace` inside of it.
pub fn within<F: Future>(trace: Trace, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(trace, work)
}

/// The trace of the request that is being answered.
#[must_use]
pub fn current() -> Trace {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}
