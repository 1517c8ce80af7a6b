use std::io;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;

use super::{lines, tell_place};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(act: impl FnOnce()) -> String {
    let paper = Paper::default();
    let sink = paper.clone();
    let subscriber = tracing_subscriber::registry().with(lines(Level::INFO, move || sink.clone()));
    tracing::subscriber::with_default(subscriber, act);
    paper.text()
}

#[test]
fn an_event_is_one_line_of_json() {
    let text = written(|| tracing::info!(count = 3, "looked"));
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(line.get("message").and_then(serde_json::Value::as_str), Some("looked"));
    assert_eq!(line.get("count").and_then(serde_json::Value::as_i64), Some(3));
}

#[test]
fn libraries_are_not_heard_below_error() {
    let text = written(|| {
        tracing::warn!(target: "aws_smithy_runtime::client", "request with a secret");
        tracing::info!(target: "lambda_runtime", "event");
        tracing::debug!("own, below the level");
        tracing::warn!(target: "lambda_runtime", "poll");
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("poll"));
}

#[test]
#[expect(clippy::panic, reason = "it is what is tested")]
fn a_panic_tells_its_place_and_not_its_text() {
    let text = written(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(tell_place));
        let outcome = catch_unwind(|| std::panic::panic_any("canary 1990-01-01".to_owned()));
        std::panic::set_hook(before);
        assert!(outcome.is_err());
    });
    assert!(text.contains("panicked") && text.contains("log/tests.rs"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
