//! The contract of [`Ledger`]. Each case makes tenants of its own, so cases may share a table, and passes in every time.
//! Where only indexes answer, which lag on AWS, a case reads again until it sees what must come.

mod bench;
pub mod changes;
pub mod claims;
pub mod connections;
pub mod deliveries;
pub mod due;
pub mod erasing;
pub mod lists;
pub mod looks;
pub mod onboardings;
pub mod shared;
pub mod subjects;

pub use self::bench::{Bench, T0, at, lease};

/// Calls a macro with every case of the contract.
#[macro_export]
macro_rules! ledger_contract {
    ($callback:ident) => {
        $callback! {
            onboardings::an_intent_stands_as_it_was_given,
            onboardings::the_same_intent_twice_is_ours_and_another_is_not,
            onboardings::an_intent_is_known_again_after_others_have_written,
            onboardings::several_are_read_in_the_order_asked,
            onboardings::of_two_creators_exactly_one_wins,
            looks::a_look_lease_has_one_holder_until_it_lapses,
            looks::the_same_look_lease_twice_is_ours,
            looks::nobody_leases_what_is_missing_or_erased,
            looks::a_commit_writes_what_was_found_and_gives_the_lease_back,
            looks::an_act_of_the_app_leaves_lease_and_start_alone,
            looks::of_two_committers_exactly_one_is_done,
            looks::a_repeated_commit_is_ours_also_after_others,
            looks::a_commit_with_anothers_number_is_a_conflict,
            looks::a_commit_plans_the_next_look,
            looks::a_look_asked_for_during_a_look_survives_its_commit,
            looks::a_look_begun_after_the_asking_answers_it,
            looks::postponing_keeps_what_is_due_earlier,
            looks::postponing_replaces_what_was_rung,
            looks::postponing_gives_back_only_ones_own_lease,
            changes::the_sixteenth_stays_and_the_seventeenth_spills,
            changes::forty_changes_of_one_commit_are_dense,
            changes::forty_commits_are_dense,
            changes::a_lost_race_leaves_no_change_behind,
            changes::what_the_item_has_no_room_for_leaves_it_before_the_sixteenth,
            changes::attempts_without_room_are_refused,
            deliveries::taking_the_lease_counts_a_try,
            deliveries::the_same_delivery_lease_twice_counts_once,
            deliveries::a_try_is_not_made_before_its_time,
            deliveries::a_lapsed_holder_writes_nothing,
            deliveries::an_older_hand_over_takes_nothing_back,
            deliveries::releasing_with_a_newer_change_goes_on,
            deliveries::releasing_for_a_later_try_needs_no_version,
            deliveries::the_same_release_twice_is_ours,
            deliveries::a_bell_for_nothing_takes_no_lease,
            deliveries::a_commit_makes_due_what_is_not_due_already,
            deliveries::parked_changes_are_sent_again,
            deliveries::nothing_is_sent_again_under_a_lease,
            due::entries_are_rounded_up_and_never_early,
            due::the_earliest_come_first_and_the_limit_holds,
            due::a_deferred_entry_says_since_when_it_is_due,
            due::an_entry_that_has_moved_is_not_deferred,
            due::deliveries_are_deferred_likewise,
            due::a_parked_subject_is_rung_until_it_is_bound,
            subjects::an_unknown_subject_is_absent,
            subjects::a_stranger_is_remembered_until_its_time,
            subjects::binding_answers_with_the_notice_that_was_parked,
            subjects::the_loser_binds_to_the_winner,
            subjects::bound_and_erased_are_not_set_aside,
            subjects::parking_again_rings_no_later,
            subjects::an_erased_subject_is_not_revived,
            subjects::several_subjects_come_in_the_order_asked,
            claims::a_claim_is_worked_on_then_done,
            claims::the_same_claim_twice_is_ours,
            claims::an_abandoned_claim_keeps_its_onboarding,
            claims::an_abandoned_claim_keeps_its_content,
            claims::a_dropped_claim_is_free_at_once,
            claims::a_claim_past_its_time_is_absent,
            claims::who_was_overtaken_finishes_nothing,
            claims::of_two_that_claim_exactly_one_works,
            claims::of_an_erased_onboardings_claims_only_whose_they_were_stays,
            claims::claiming_and_erasing_at_once_leave_nothing_that_a_second_time_does_not_find,
            lists::a_reference_names_its_onboardings_newest_first,
            lists::a_reference_forgets_the_oldest_beyond_its_cap,
            lists::pages_have_no_holes_and_no_repeats,
            lists::pages_of_a_single_shard_have_no_holes,
            erasing::the_first_key_stands_until_it_is_destroyed,
            erasing::the_fence_stops_every_commit,
            erasing::what_is_buried_says_only_that_it_was_erased,
            erasing::burying_twice_is_done,
            erasing::what_is_not_fenced_is_not_buried,
            connections::a_pause_is_never_shortened,
            connections::a_working_connection_has_neither_pause_nor_failures,
            connections::a_success_takes_back_no_pause_that_came_after_it_began,
            connections::a_minute_has_so_many_looks_and_no_more,
            connections::a_destinations_state_replaces_only_what_was_read,
            connections::a_destination_is_probed_by_one_at_a_time,
            connections::tenants_never_meet,
            shared::one_at_a_time_replaces_the_login,
            shared::who_dies_while_replacing_the_login_is_overtaken,
            shared::what_a_person_granted_rests_beside_the_onboardings_own_key,
            subjects::a_name_is_handed_on_and_erased_only_with_its_owner,
            shared::the_cursor_moves_only_from_where_it_was_read,
            shared::a_feed_is_rung_when_it_is_due,
            shared::whose_an_event_was_is_remembered_for_a_while,
        }
    };
}
