//! Runs futures without a runtime: a step is one poll, from one await point to the next.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::chaos::Chaos;

/// Lets others go first: one await point.
pub async fn breath() {
    let mut taken = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut taken, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// How a function ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// It answered.
    Done(T),
    /// It was killed, by a fault or by its deadline.
    Died,
}

impl<T> Ended<T> {
    /// The answer, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(answer) => Some(answer),
            Self::Died => None,
        }
    }
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// The end.
    Done(T),
    /// The next await point.
    Going,
    /// Nothing will ever wake it.
    Stuck,
}

/// A function that is running.
pub struct Task<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Task<'a, T> {
    /// Not begun yet.
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(false))) }
    }

    /// To the next await point.
    pub fn step(&mut self) -> Step<T> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Step::Done(answer),
            Poll::Pending if self.woken.0.load(Ordering::SeqCst) => Step::Going,
            Poll::Pending => Step::Stuck,
        }
    }
}

/// Runs one function alone. What is stuck is killed by its deadline.
pub fn run<T>(chaos: &Chaos, future: impl Future<Output = T>) -> Ended<T> {
    let mut task = Task::new(future);
    loop {
        let step = task.step();
        if chaos.bury() {
            return Ended::Died;
        }
        match step {
            Step::Done(answer) => return Ended::Done(answer),
            Step::Going => {}
            Step::Stuck => return Ended::Died,
        }
    }
}
