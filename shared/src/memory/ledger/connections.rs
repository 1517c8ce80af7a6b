//! Connections and destinations.

use crate::domain::{ConnectionKey, Timestamp};
use crate::ports::{ConnectionRecord, Due, EndpointKey, EndpointRecord, EndpointWrite};

use super::state::{EndpointRow, Entry, State};

impl State {
    pub(super) fn connection(&self, key: &ConnectionKey) -> ConnectionRecord {
        let Some(row) = self.connections.get(key) else { return ConnectionRecord::default() };
        ConnectionRecord { feed_due: row.feed.rung.or(row.feed.at), ..row.record.clone() }
    }

    pub(super) fn move_cursor(&mut self, key: &ConnectionKey, from: Option<&str>, to: &str) {
        let row = self.connections.entry(key.clone()).or_default();
        if row.record.cursor.as_deref() == from {
            row.record.cursor = Some(to.to_owned());
            self.writes += 1;
        }
    }

    pub(super) fn plan_feed(&mut self, key: &ConnectionKey, due: Option<Timestamp>) {
        let pace = self.pace;
        self.connections.entry(key.clone()).or_default().feed = Entry::at(Due::Look, due, pace);
        self.writes += 1;
    }

    pub(super) fn pause(&mut self, key: &ConnectionKey, until: Timestamp) {
        let record = &mut self.connections.entry(key.clone()).or_default().record;
        if record.paused_until == Some(until) {
            return;
        }
        record.paused_until = record.paused_until.max(Some(until));
        record.failures = record.failures.saturating_add(1);
        self.writes += 1;
    }

    pub(super) fn unpause(&mut self, key: &ConnectionKey, read: &ConnectionRecord) {
        let Some(row) = self.connections.get_mut(key) else { return };
        let unchanged = row.record.paused_until == read.paused_until && row.record.failures == read.failures;
        if unchanged && (row.record.paused_until.is_some() || row.record.failures > 0) {
            row.record.paused_until = None;
            row.record.failures = 0;
            self.writes += 1;
        }
    }

    pub(super) fn take_look(&mut self, key: &ConnectionKey, minute: i64, max: u32) -> bool {
        if max == 0 {
            return false;
        }
        let row = self.connections.entry(key.clone()).or_default();
        if row.minute.is_none_or(|standing| standing < minute) {
            row.minute = Some(minute);
            row.looks = 0;
        }
        let free = row.looks < max;
        if free {
            row.looks += 1;
            self.writes += 1;
        }
        free
    }

    pub(super) fn set_endpoint(
        &mut self,
        key: &EndpointKey,
        read: Option<&EndpointRecord>,
        record: &EndpointRecord,
        nonce: &str,
    ) -> EndpointWrite {
        let told = |record: &EndpointRecord| (record.state, record.failures, record.configuration.clone());
        let stood = self.endpoints.get(key);
        if stood.is_some_and(|row| row.nonce == nonce) {
            return EndpointWrite::Done;
        }
        if stood.map(|row| told(&row.record)) != read.map(told) {
            return EndpointWrite::Stood(stood.map(|row| row.record.clone()));
        }
        self.endpoints.insert(key.clone(), EndpointRow { record: record.clone(), nonce: nonce.to_owned() });
        self.writes += 1;
        EndpointWrite::Done
    }

    pub(super) fn take_probe(&mut self, key: &EndpointKey, now: Timestamp, until: Timestamp) -> bool {
        let Some(EndpointRow { record, .. }) = self.endpoints.get_mut(key) else { return false };
        if record.probe_at == Some(until) {
            return true;
        }
        let free = record.probe_at.is_none_or(|at| at <= now);
        if free {
            record.probe_at = Some(until);
            self.writes += 1;
        }
        free
    }
}
