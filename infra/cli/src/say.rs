//! The two outputs: one for programs, one for people.

use std::io::Write;

/// A line on standard error. A closed one changes nothing.
pub(crate) fn to_people(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A line on standard output, at once: a script waits for it.
#[cfg(feature = "local")]
pub(crate) fn to_programs(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
