#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

use super::*;

fn webhook(id: &str, enabled: bool) -> Registration {
    let url = Secret::from("https://idv.example.com/v1/webhooks/acme/onfido".to_owned());
    let secret = Some(Secret::from(format!("token of {id}")));
    Registration { id: id.to_owned(), url, enabled, complete: true, secret }
}

fn kept(ids: &[&str]) -> Kept {
    let hmac: Vec<Value> = ids.iter().map(|id| json!({"secret": format!("token of {id}")})).collect();
    Kept::of(&json!({"webhook": {"hmac": hmac}, "settings": {"webhook_ids": ids}}))
}

/// A provider and a configuration to which steps are done.
struct World {
    own: Vec<Registration>,
    others: Vec<Registration>,
    kept: Kept,
    /// What the functions know.
    known: Kept,
    made: usize,
}

impl World {
    fn of(own: Vec<Registration>, kept: Kept) -> Self {
        Self { own, others: vec![webhook("elsewhere", true)], known: kept.clone(), kept, made: 0 }
    }

    /// Does all steps; the words of them.
    fn reaches(&mut self, goal: Goal) -> Vec<String> {
        let mut steps = Vec::new();
        while let Some(step) = next(&self.own, &self.others, &self.kept, goal).unwrap() {
            steps.push(self.does(&step));
            self.is_whole();
            assert!(steps.len() < 10, "{steps:?}");
        }
        steps
    }

    fn does(&mut self, step: &Step) -> String {
        if step.waits() {
            self.known = self.kept.clone();
        }
        match step {
            Step::Make => {
                self.made += 1;
                self.own.push(webhook(&format!("new-{}", self.made), false));
                "make".to_owned()
            }
            Step::Keep { id } => {
                let one = self.own.iter().find(|one| one.id == *id).unwrap();
                self.kept.keep(one);
                format!("keep {id}")
            }
            Step::Switch { id, .. } => {
                let one = self.own.iter_mut().find(|one| one.id == *id).unwrap();
                (one.enabled, one.complete) = (true, true);
                format!("switch {id}")
            }
            Step::Release { ids } => {
                self.kept.release(ids);
                format!("release {}", ids.join(" "))
            }
            Step::Remove { id } => {
                assert!(!self.known.names(id), "new checks still name it");
                self.own.retain(|one| one.id != *id);
                format!("remove {id}")
            }
            Step::Discard { secrets } => {
                let before = self.kept.hmac.len();
                self.kept.discard(self.own.iter().chain(&self.others));
                assert_eq!(before - self.kept.hmac.len(), *secrets);
                format!("discard {secrets}")
            }
        }
    }

    /// Nobody is sent a webhook that cannot be proven; what began disabled and unknown was not ours to begin with.
    fn is_whole(&self) {
        for one in self.own.iter().filter(|one| one.enabled && one.id.starts_with("new")) {
            assert!(self.known.has(one), "{} is sent to, and the functions cannot prove it", one.id);
        }
    }
}

#[test]
fn the_first_one_is_made_stored_and_switched_on() {
    let mut world = World::of(Vec::new(), kept(&[]));
    assert_eq!(world.reaches(Goal::Registered), ["make", "keep new-1", "switch new-1"]);
    assert!(world.reaches(Goal::Registered).is_empty(), "twice is done");
    assert_eq!(world.kept.hmac(), json!([{"secret": "token of new-1"}]));
    assert_eq!(world.kept.webhook_ids(), json!(["new-1"]));
}

#[test]
fn one_that_stands_there_is_adopted() {
    let mut world = World::of(vec![webhook("old", true)], kept(&[]));
    assert_eq!(world.reaches(Goal::Registered), ["keep old"]);
    let mut partial = webhook("old", true);
    partial.complete = false;
    assert_eq!(World::of(vec![partial], kept(&["old"])).reaches(Goal::Registered), ["switch old"]);
    let half = Kept::of(&json!({"settings": {"webhook_ids": ["old"]}}));
    assert_eq!(World::of(vec![webhook("old", true)], half).reaches(Goal::Registered), ["keep old"], "its secret");
    let none = Registration { secret: None, ..webhook("unsigned", true) };
    assert!(World::of(vec![none], kept(&[])).reaches(Goal::Registered).is_empty(), "nothing is stored of it");
}

#[test]
fn a_secret_is_changed_in_two_commands() {
    let mut world = World::of(vec![webhook("old", true)], kept(&["old"]));
    assert_eq!(world.reaches(Goal::Rotated), ["make", "keep new-1", "switch new-1"]);
    assert!(world.own.iter().all(|one| one.enabled), "both");
    assert!(world.reaches(Goal::Rotated).is_empty(), "not a third one");
    assert_eq!(world.reaches(Goal::Finished), ["release old", "remove old", "discard 1"]);
    assert!(world.reaches(Goal::Finished).is_empty());
    assert_eq!(world.kept.hmac(), json!([{"secret": "token of new-1"}]));
    assert_eq!(world.kept.webhook_ids(), json!(["new-1"]));
    assert_eq!(world.reaches(Goal::Rotated), ["make", "keep new-2", "switch new-2"], "and again");
    assert_eq!(world.reaches(Goal::Finished), ["release new-1", "remove new-1", "discard 1"]);
}

/// Cut off between any two steps, and given again: the same end, and never more than two webhooks.
#[test]
fn a_command_that_was_cut_off_goes_on() {
    for (start, goal) in
        [(vec![], Goal::Registered), (vec!["old"], Goal::Rotated), (vec!["old", "newer"], Goal::Finished)]
    {
        let own = || start.iter().map(|id| webhook(id, true)).collect::<Vec<_>>();
        let whole = World::of(own(), kept(&start)).reaches(goal);
        for cut in 0..whole.len() {
            let mut world = World::of(own(), kept(&start));
            for _ in 0..cut {
                let step = next(&world.own, &world.others, &world.kept, goal).unwrap().unwrap();
                world.does(&step);
            }
            assert_eq!(world.reaches(goal), whole[cut..], "{goal:?} after {cut}");
            assert!(world.made <= 1);
        }
    }
}

#[test]
fn the_newest_is_the_one_that_was_stored_last() {
    let kept = kept(&["first", "second"]);
    for own in
        [vec![webhook("first", true), webhook("second", true)], vec![webhook("second", true), webhook("first", true)]]
    {
        let mut world = World::of(own, kept.clone());
        assert_eq!(world.reaches(Goal::Finished), ["release first", "remove first", "discard 1"]);
    }
    // neither is stored: the one in use is the older
    let mut world = World::of(vec![webhook("b", false), webhook("a", true)], Kept::of(&json!({})));
    assert_eq!(world.reaches(Goal::Rotated), ["keep a", "keep b", "switch b"]);
}

#[test]
fn what_a_configuration_has_beside_it_stays() {
    let kept = Kept::of(&json!({
        "webhook": {"hmac": [
            {"secret": "token of elsewhere", "types": ["report.completed"]}, {"secret": "nobody's"},
            {"secret": "token of old"}, {"secret": "token of newer"}]},
        "settings": {"webhook_ids": ["elsewhere", "gone", "old", "newer"]},
    }));
    let mut world = World::of(vec![webhook("old", true), webhook("newer", true)], kept.clone());
    assert_eq!(world.reaches(Goal::Finished), ["release gone old", "remove old", "discard 2"]);
    assert_eq!(world.kept.webhook_ids(), json!(["elsewhere", "newer"]));
    assert_eq!(
        world.kept.hmac(),
        json!([{"secret": "token of elsewhere", "types": ["report.completed"]}, {"secret": "token of newer"}])
    );
    // one that does not tell its secret may be signed with any
    let mut world = World::of(vec![webhook("old", true), webhook("newer", true)], kept);
    world.others[0].secret = None;
    assert_eq!(world.reaches(Goal::Finished), ["release gone old", "remove old"]);
}

#[test]
fn what_cannot_be_reached_says_why() {
    let two = || vec![webhook("old", true), webhook("newer", true)];
    let unsigned = || vec![Registration { secret: None, ..webhook("unsigned", true) }];
    for (own, stored, goal, stuck) in [
        (vec![], vec![], Goal::Rotated, Stuck::Unregistered),
        (vec![], vec![], Goal::Finished, Stuck::Unregistered),
        (unsigned(), vec![], Goal::Rotated, Stuck::Unsigned),
        (unsigned(), vec![], Goal::Finished, Stuck::Unsigned),
        (vec![webhook("old", false)], vec!["old"], Goal::Rotated, Stuck::Unused),
        (two(), vec!["old", "newer"], Goal::Registered, Stuck::Rotating),
        (two(), vec!["old"], Goal::Finished, Stuck::Unswitched),
        (vec![webhook("old", true), webhook("newer", false)], vec!["old", "newer"], Goal::Finished, Stuck::Unswitched),
        (vec![webhook("old", true)], vec![], Goal::Finished, Stuck::Unswitched),
    ] {
        assert_eq!(next(&own, &[], &kept(&stored), goal), Err(stuck), "{goal:?}");
    }
}
