//! The memory that functions have, beside what the real event-fetcher takes for the largest credentials of idOS: they are
//! read whole, opened and checked in memory, so that nothing of them rests anywhere.

use idv_it::stage::{Plan, Stage};
use idv_simulators::idos::Draft;
use serde_json::json;

use super::held;
use super::template::Template;

/// A credential with a file of so many bytes has a row of 5/3 of it: Ascii85 inside JSON inside base64.
const FILE: u64 = 3 * MIB;
const ROW: u64 = FILE * 5 / 3;
/// The largest row that is read. One of this size takes a build of development longer than a look may, so its memory is
/// told from smaller ones: it grows with them.
const LARGEST: u64 = 28 * MIB;
const MIB: u64 = 1024 * 1024;
/// Persons who share at the same time.
const PERSONS: usize = 4;
/// Contents that one process holds at a time (`CONTENTS` of the adapter). On this machine the second hardly ever comes before
/// the first is judged; over a slow line it may.
const AT_ONCE: u64 = 2;
/// MiB that a function takes at most, by [`the_largest_credentials_fit_into_the_function`], which fails where it is more.
const TAKEN: u64 = 320;
/// MiB of a function that looks at nothing of idOS.
const USUAL: u64 = 128;

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut less = |function: &str, least: u64| {
        let memory = template.property(function, "MemorySize").as_u64().unwrap_or_default();
        if memory < least {
            faults.push(format!("{function} has {memory} MiB, and needs {least}"));
        }
    };
    // both look
    for function in ["EventFetcher", "OnboardingInitiator"] {
        less(function, TAKEN);
    }
    for function in ["WebhookIngress", "ResultDeliverer", "Reconciler"] {
        less(function, USUAL);
    }
    faults
}

#[test]
fn functions_that_look_have_room_for_the_largest_credentials() {
    let memory = |function: &str, size: u64| {
        Template::spoilt(&format!("/Resources/{function}/Properties/MemorySize"), json!(size))
    };
    held(
        faults,
        &[
            (memory("EventFetcher", 256), "EventFetcher has 256 MiB"),
            (memory("OnboardingInitiator", 256), "OnboardingInitiator has 256 MiB"),
            (memory("Reconciler", 64), "Reconciler has 64 MiB"),
        ],
    );
}

/// One process takes a whole batch of them, as in Lambda.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_credentials_fit_into_the_function() {
    let plan = Plan { concurrency: 1, ..Plan::of(&["acme"]).with_fractal() };
    let stage = Stage::with(plan).await;
    let usual = peak_after(&stage, "usual", None).await;
    let large = peak_after(&stage, "large", usize::try_from(FILE).ok()).await;
    assert!(large > usual + ROW, "{large} after {usual}: such credentials were not read");
    let largest = (usual + AT_ONCE * (large - usual) * LARGEST / ROW) / MIB;
    assert!(largest <= TAKEN, "{largest} MiB, usually {}, are more than {TAKEN}", usual / MIB);
}

/// The most bytes that the fetcher ever had, once persons have shared such credentials all at once.
#[cfg(target_os = "linux")]
async fn peak_after(stage: &Stage, name: &str, file: Option<usize>) -> u64 {
    let mut persons = Vec::new();
    for number in 0..PERSONS {
        persons.push(stage.invites("acme", &format!("{name}-{number}")).await);
    }
    for person in &persons {
        person.shares_and_tells(Draft { front_file_bytes: file, ..Draft::default() });
    }
    for person in &persons {
        person.ends("approved").await;
    }
    let peaks = peaks("event-fetcher");
    peaks.into_iter().max().unwrap_or_else(|| panic!("no event-fetcher runs"))
}

/// The most bytes that each of our child processes of that name ever had.
#[cfg(target_os = "linux")]
fn peaks(name: &str) -> Vec<u64> {
    let own = format!("PPid:\t{}", std::process::id());
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        // one that has just ended is none
        let status = std::fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        let mut lines = status.lines();
        (lines.next()? == format!("Name:\t{name}") && status.lines().any(|line| line == own)).then_some(status)
    });
    let peak = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    };
    processes.filter_map(peak).collect()
}
