//! Plays a story with every fault.

use std::collections::BTreeMap;

use idv_it::rig::chaos::Mode;
use idv_it::rig::{Rig, Setup};

use super::stories::Story;
use super::verdict::{Played, judge};

type Plan = BTreeMap<usize, Mode>;

/// Without faults.
pub(crate) fn faultless(story: Story) -> Played {
    played(story, &Plan::new(), None).unwrap_or_else(|fault| panic!("{story:?}: {fault}"))
}

fn played(story: Story, plan: &Plan, expected: Option<&Played>) -> Result<Played, String> {
    let mut rig = Rig::new(&Setup { plan: plan.clone(), ..story.setup() });
    story.play(&mut rig)?;
    judge(&rig, story, expected.map(|expected| &expected.whole))
}

/// Every await point with every mode that fits it.
pub(crate) fn singles(story: Story, modes: &[Mode]) {
    let expected = faultless(story);
    let mut failures = Vec::new();
    let mut count = 0;
    for (number, point) in expected.points.iter().enumerate() {
        for &mode in modes.iter().filter(|mode| mode.fits(point)) {
            count += 1;
            if let Err(fault) = played(story, &Plan::from([(number, mode)]), Some(&expected)) {
                failures.push(format!("{mode:?} at {number} ({point}): {fault}"));
            }
        }
    }
    report(story, expected.points.len(), count, &failures);
}

/// So many pairs of faults, spread evenly over all: the second is at a point that is reached after the first.
pub(crate) fn pairs(story: Story, most: usize) {
    let expected = faultless(story);
    let first: Vec<(usize, Mode)> = fitting(&expected.points, 0);
    // each first fault changes what comes after it, so its second ones are found by playing it
    let per_first = most.div_ceil(first.len());
    let apart = first.len().div_ceil(most);
    let mut failures = Vec::new();
    let mut count = 0;
    for (place, &one) in first.iter().enumerate().step_by(apart) {
        let Ok(played_once) = played(story, &Plan::from([one]), None) else { continue };
        let second = fitting(&played_once.points, one.0 + 1);
        for pick in 0..per_first.min(second.len()) {
            // steps of a golden section spread the picks over all second faults, other ones for each first
            let other = second[((place + pick * first.len()) * 618_034 / 1_000 + pick * 7919) % second.len()];
            count += 1;
            if let Err(fault) = played(story, &Plan::from([one, other]), Some(&expected)) {
                failures.push(format!("{one:?} and {other:?} ({}): {fault}", played_once.points[other.0]));
            }
        }
    }
    report(story, expected.points.len(), count, &failures);
}

fn fitting(points: &[&'static str], from: usize) -> Vec<(usize, Mode)> {
    let points = points.iter().enumerate().skip(from);
    points
        .flat_map(|(number, point)| {
            Mode::ALL.into_iter().filter(|mode| mode.fits(point)).map(move |mode| (number, mode))
        })
        .collect()
}

fn report(story: Story, points: usize, count: usize, failures: &[String]) {
    eprintln!("{story:?}: {points} await points, {count} runs with faults, {} failed", failures.len());
    assert!(count > 0, "nothing was played");
    let shown: Vec<_> = failures.iter().take(3).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {count} failed, such as\n{}", failures.len(), shown.join("\n\n"));
}
