//! Subjects, in one of four states.

use crate::domain::{Notice, OnboardingId, SubjectKey, Timestamp};
use crate::ports::{Due, LedgerError, SubjectRecord, SubjectState};

use super::state::{Entry, State, SubjectRow};

impl State {
    pub(super) fn subject(&self, key: &SubjectKey, now: Timestamp) -> Option<SubjectRecord> {
        let record = self.subjects.get(key).map(|row| row.record.clone())?;
        record.until.is_none_or(|until| until > now).then_some(record)
    }

    pub(super) fn bind(
        &mut self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> (SubjectState, Option<Notice>) {
        let ours = SubjectState::Bound { onboarding: onboarding.clone(), attempt };
        let standing = self.subjects.get(key);
        let notice = standing.and_then(|row| row.notice.clone());
        if let Some(row) = standing.filter(|row| is_strong(&row.record.state)) {
            let state = row.record.state.clone();
            let notice = notice.filter(|_| state == ours);
            return (state, notice.map(|notice| *notice));
        }
        (ours, self.hand_on(key, onboarding, attempt))
    }

    pub(super) fn hand_on(&mut self, key: &SubjectKey, onboarding: &OnboardingId, attempt: u8) -> Option<Notice> {
        let notice = self.subjects.get(key).and_then(|row| row.notice.clone());
        let state = SubjectState::Bound { onboarding: onboarding.clone(), attempt };
        let record = SubjectRecord { state, until: None };
        self.subjects.insert(key.clone(), SubjectRow { record, notice: notice.clone(), look: Entry::default() });
        self.writes += 1;
        notice.map(|notice| *notice)
    }

    pub(super) fn set_aside(
        &mut self,
        key: &SubjectKey,
        record: &SubjectRecord,
        due: Option<Timestamp>,
    ) -> Result<bool, LedgerError> {
        let for_ever = record.until.is_none() && matches!(record.state, SubjectState::Bound { .. });
        if for_ever || record.state == SubjectState::Erased {
            return Err(LedgerError::Refused("set_aside: for ever".to_owned()));
        }
        let standing = self.subjects.get(key);
        if standing.is_some_and(|row| is_strong(&row.record.state)) {
            return Ok(false);
        }
        let mut look = standing.map(|row| row.look).unwrap_or_default();
        let notice = match &record.state {
            SubjectState::Parked { notice } => {
                if let Some(due) = due {
                    look.bring_forward(Due::Look, due, self.pace);
                }
                Some(notice.clone())
            }
            SubjectState::Stranger | SubjectState::Bound { .. } | SubjectState::Erased => {
                look = Entry::default();
                None
            }
        };
        self.subjects.insert(key.clone(), SubjectRow { record: record.clone(), notice, look });
        self.writes += 1;
        Ok(true)
    }

    pub(super) fn erase_subject(&mut self, key: &SubjectKey, of: &OnboardingId, until: Timestamp) {
        let state = self.subjects.get(key).map(|row| &row.record.state);
        if matches!(state, Some(SubjectState::Bound { onboarding, .. }) if onboarding != of) {
            return;
        }
        let record = SubjectRecord { state: SubjectState::Erased, until: Some(until) };
        self.subjects.insert(key.clone(), SubjectRow { record, notice: None, look: Entry::default() });
        self.writes += 1;
    }
}

const fn is_strong(state: &SubjectState) -> bool {
    match state {
        SubjectState::Bound { .. } | SubjectState::Erased => true,
        SubjectState::Parked { .. } | SubjectState::Stranger => false,
    }
}
