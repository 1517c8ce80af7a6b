//! One line of JSON per event, on standard error.
//!
//! Our own events are closed: names, codes and ids, never a value of a person. Libraries are heard from `error` on
//! (Lambda's runtime from `warn`), because below that the SDK writes requests and answers. A panic's text may quote what
//! it stumbled over, so the hook tells only the place.

use std::panic::PanicHookInfo;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Our own crates.
const OWN: [&str; 6] =
    ["idv_gateway", "webhook_ingress", "event_fetcher", "onboarding_initiator", "result_deliverer", "reconciler"];

/// Begins to log, once per process; a second call changes nothing.
pub fn start(level: Level) {
    let begun = tracing_subscriber::registry().with(lines(level, std::io::stderr)).try_init();
    if begun.is_ok() {
        std::panic::set_hook(Box::new(tell_place));
    }
}

fn lines<S, W>(level: Level, writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
        .with_filter(heard(level))
}

fn heard(level: Level) -> Targets {
    Targets::new()
        .with_default(LevelFilter::ERROR)
        .with_target("lambda_runtime", LevelFilter::WARN.min(level.into()))
        .with_targets(OWN.map(|target| (target, level)))
}

fn tell_place(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
    tracing::error!(event = "panicked", place = place.as_deref().unwrap_or("unknown"));
}

#[cfg(test)]
mod tests;
