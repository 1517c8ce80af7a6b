//! A simulator's state behind one lock, with news of every change for those who wait for something.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::clock::{self, WaitedTooLong};

pub struct Shared<W> {
    world: Mutex<W>,
    /// Counts up with everything that happens.
    news: watch::Sender<u64>,
}

impl<W> Shared<W> {
    pub(crate) fn new(world: W) -> Arc<Self> {
        let (news, _) = watch::channel(0);
        Arc::new(Self { world: Mutex::new(world), news })
    }

    /// Reads without telling anybody.
    pub(crate) fn look(&self) -> MutexGuard<'_, W> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes, then tells.
    pub(crate) fn change<T>(&self, with: impl FnOnce(&mut W) -> T) -> T {
        let result = with(&mut self.look());
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Waits until `holds`; asked again after every change.
    pub(crate) async fn wait_for(&self, timeout: Duration, holds: impl FnMut() -> bool) -> Result<(), WaitedTooLong> {
        clock::wait_for(self.news(), timeout, holds).await
    }
}
