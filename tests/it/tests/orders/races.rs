//! Two fetchers at once, in every interleaving of their await points: an older look never overwrites a newer one.

use std::time::Duration;

use idv_gateway::domain::{Claim, Evidence, Status};
use idv_gateway::look::{LOOK_BUDGET, Looker, Ring};
use idv_gateway::ports::Vault;
use idv_it::rig::drive::at_once;
use idv_it::rig::play::Begun;
use idv_it::rig::pulse::{Step, Task};
use idv_it::rig::{Act, Rig, Setup};

/// Which of the running tasks goes on, at every step: the next sequence of choices after those, in order.
#[derive(Default)]
struct Choices {
    made: Vec<(usize, usize)>,
    step: usize,
}

impl Choices {
    fn choose(&mut self, among: usize) -> usize {
        if self.step == self.made.len() {
            self.made.push((0, among));
        }
        let (choice, _) = self.made[self.step];
        self.step += 1;
        choice
    }

    /// False when all were made.
    fn next(&mut self) -> bool {
        self.step = 0;
        while let Some((choice, among)) = self.made.pop() {
            if choice + 1 < among {
                self.made.push((choice + 1, among));
                return true;
            }
        }
        false
    }
}

/// The number of the provider's answer that stands in the ledger.
fn stands(rig: &Rig, begun: &Begun) -> usize {
    let parts = rig.read(&begun.key).truth.parts;
    let mark = parts.first().and_then(|part| part.marks.first().cloned());
    mark.and_then(|mark| mark.strip_prefix("read-").and_then(|number| number.parse().ok())).unwrap_or(0)
}

/// Steps the tasks as chosen until all are done. After the provider's first answer its truth changes; where `lapse` is
/// chosen, half a minute passes, so that a lease lapses. The answers that stand in the ledger must never go back.
fn interleave<T>(rig: &Rig, begun: &Begun, mut tasks: Vec<Task<'_, T>>, choices: &mut Choices, most: usize) {
    let before = rig.looks_at(begun);
    let (mut lapse, mut changed, mut newest) = (true, false, stands(rig, begun));
    let (mut running, mut switches) = (0, 0);
    while !tasks.is_empty() {
        // the running task goes on, another one does, or time passes
        let free = switches < most;
        let options = if free { tasks.len() + usize::from(lapse) } else { 1 };
        let choice = choices.choose(options);
        if choice == tasks.len() {
            rig.wait(31);
            lapse = false;
            switches += 1;
            continue;
        }
        switches += usize::from(choice > 0);
        running = (running + choice) % tasks.len();
        match tasks[running].step() {
            Step::Done(_) => {
                drop(tasks.remove(running));
                running = 0;
            }
            Step::Going => {}
            Step::Stuck => unreachable!("nothing hangs here"),
        }
        if !changed && rig.looks_at(begun) > before {
            rig.provider("acme").act(&begun.run, Act::Reject);
            changed = true;
        }
        let now = stands(rig, begun);
        assert!(now >= newest, "answer {now} overwrote answer {newest}: {:?}", choices.made);
        newest = now;
    }
    // what was read last and committed is what was true then
    let status = rig.read(&begun.key).truth.status;
    let expected = if newest > before + 1 { Status::Rejected } else { Status::Approved };
    assert_eq!(status, expected, "{:?}", choices.made);
}

fn approved() -> (Rig, Begun) {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin_alone("acme", "key-1");
    rig.provider("acme").act(&begun.run, Act::Approve);
    rig.wait(10);
    (rig, begun)
}

#[test]
fn in_every_interleaving_of_two_looks_the_older_never_overwrites_the_newer() {
    let mut choices = Choices::default();
    let mut played = 0;
    loop {
        let (rig, begun) = approved();
        let config = at_once(rig.vault.tenant(&begun.key.tenant)).unwrap();
        let connection = config.connections.values().next().unwrap();
        let looker = Looker {
            gateway: &rig.gateway,
            config: &config,
            connection,
            evidence: Evidence::Webhook,
            budget: LOOK_BUDGET,
        };
        let rings = [Ring { sent_at: rig.now() - Duration::from_secs(3), claim: Claim::nothing() }];
        let look = || Task::new(looker.look(&begun.key, 1, &rings));
        interleave(&rig, &begun, vec![look(), look()], &mut choices, usize::MAX);
        played += 1;
        if !choices.next() {
            break;
        }
    }
    eprintln!("two looks: {played} interleavings");
    assert!(played > 500, "{played}");
}

#[test]
fn two_fetchers_with_up_to_three_changes_of_turn_never_go_back() {
    let mut choices = Choices::default();
    let mut played = 0;
    loop {
        let (rig, begun) = approved();
        let records = [rig.record("1", &begun.touched())];
        rig.wait(3);
        let fetch = || Task::new(rig.fetcher.batch(&records));
        interleave(&rig, &begun, vec![fetch(), fetch()], &mut choices, 3);
        played += 1;
        if !choices.next() {
            break;
        }
    }
    eprintln!("two fetchers: {played} interleavings");
    assert!(played > 200, "{played}");
}
