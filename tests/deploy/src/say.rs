//! What people see: each step when it begins and how long it took.

use std::io::Write;
use std::time::Instant;

/// A line on standard error. A closed one changes nothing.
pub(crate) fn to_people(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Counts the time of the whole run.
pub(crate) struct Progress(Instant);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// A line with the time since the beginning.
    pub(crate) fn say(&self, what: &str) {
        to_people(&format!("{:7.1} s  {what}", self.0.elapsed().as_secs_f64()));
    }

    /// Says that it begins, and how it ended.
    pub(crate) async fn step<T>(
        &self,
        name: &str,
        doing: impl Future<Output = Result<T, String>>,
    ) -> Result<T, String> {
        self.say(&format!("{name} …"));
        let begun = Instant::now();
        match doing.await {
            Ok(done) => {
                self.say(&format!("{name}: {:.1} s", begun.elapsed().as_secs_f64()));
                Ok(done)
            }
            Err(reason) => Err(format!("{name}: {reason}")),
        }
    }
}
