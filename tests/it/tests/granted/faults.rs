//! Every fault and pairs of them between a person's return and the end of their way.

use std::collections::BTreeMap;

use idv_gateway::domain::Status;
use idv_gateway::memory::bells::{Message, QueueName};
use idv_it::rig::{Act, Mode, Rig, Setup};

use super::{BACK, granting, is_bound, send, status, truth};

type Plan = BTreeMap<usize, Mode>;

struct Played {
    from: usize,
    points: Vec<&'static str>,
    /// How many codes it took.
    codes: usize,
}

/// A person comes back with a code, and with another one for as long as nothing has come of it.
fn play(plan: &Plan) -> Played {
    let mut rig = Rig::new(&Setup { plan: plan.clone(), ..granting() });
    let person = send(&rig, "key-1");
    rig.settle().unwrap();
    let from = rig.chaos.points().len();
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    let mut codes = 0;
    while status(&rig, &person) != Status::InProgress {
        codes += 1;
        assert!(codes <= plan.len() + 1, "{plan:?}: a fault costs a code at most");
        // whoever gets no redirect reloads the page
        let query = format!("code={}&state={}", "c".repeat(codes), person.state);
        while rig.visit(BACK, &query).done().is_none_or(|answer| answer.status != 303) {
            rig.wait(5);
        }
        rig.settle().unwrap();
        let exchanged = rig.provider("acme").exchanged();
        let twice = |code| exchanged.iter().filter(|(_, of)| *of == code).count() > 1;
        assert!(!(1..=codes).any(twice), "{plan:?}: {exchanged:?}");
    }
    assert!(is_bound(&rig, &person.begun.run, &person), "{plan:?}: the name");
    let run = &truth(&rig, &person).attempts[0];
    assert_eq!((&run.return_nonce, &run.exchanging, run.declined), (&None, &None, false), "{plan:?}");
    let points = rig.chaos.points();
    // and their webhooks, which name the person alone, are heard at once
    rig.play_for(std::time::Duration::from_secs(30));
    rig.scheduled = false;
    let told = rig.provider("acme").act_of(&person.begun.run, Act::Approve);
    rig.post("acme", told);
    rig.play_for(std::time::Duration::from_secs(300));
    assert_eq!(status(&rig, &person), Status::Approved, "{plan:?}");
    let excused = |message: &Message| message.attributes.is_empty() && plan.len() > 1;
    assert!(rig.bells.messages(QueueName::NoticesDlq).iter().all(excused), "{plan:?}");
    Played { from, points, codes }
}

fn fitting(points: &[&'static str], from: usize) -> Vec<(usize, Mode)> {
    let points = points.iter().enumerate().skip(from);
    let modes = |point: &'static str| Mode::ALL.into_iter().filter(move |mode| mode.fits(point));
    points.flat_map(|(number, &point)| modes(point).map(move |mode| (number, mode))).collect()
}

#[test]
fn every_single_fault_on_the_way_back_costs_a_code_at_most() {
    let faultless = play(&Plan::new());
    assert_eq!(faultless.codes, 1);
    let all = fitting(&faultless.points, faultless.from);
    let lost = all.iter().filter(|&&one| play(&Plan::from([one])).codes > 1).count();
    eprintln!("{} faults on the way back, {lost} of which cost a code", all.len());
    assert!(all.len() > 60 && lost < all.len() / 2, "{} {lost}", all.len());
}

#[test]
fn pairs_of_faults_on_the_way_back_end_the_same() {
    let faultless = play(&Plan::new());
    let mut played = 0;
    for (place, one) in fitting(&faultless.points, faultless.from).into_iter().enumerate() {
        let second = fitting(&play(&Plan::from([one])).points, one.0 + 1);
        for pick in 0..second.len().min(6) {
            let other = second[((place + pick * 97) * 618_034 / 1_000 + pick * 7919) % second.len()];
            play(&Plan::from([one, other]));
            played += 1;
        }
    }
    eprintln!("{played} pairs of faults on the way back");
    assert!(played > 500, "{played}");
}
