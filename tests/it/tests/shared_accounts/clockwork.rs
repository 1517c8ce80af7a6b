//! From one happening to the next: the functions once each, and time that goes on when nothing is left to do.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use idv_gateway::domain::Timestamp;
use idv_gateway::memory::bells::{Message, QueueName};
use idv_gateway::ports::{Due, DueBell, Ledger};
use idv_gateway::{deliver, fetch};
use idv_it::rig::drive::{DELIVERIES_VISIBILITY, NOTICES_VISIBILITY, TIMEOUT, record};
use idv_it::rig::pulse::Ended;

use super::plan::{PATIENCE, minutes};
use super::stand::Stand;

/// More happenings than this within one stretch are no quiet.
const HAPPENINGS: usize = 3000;

impl Stand {
    /// Until it is done, or killed.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> Ended<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Ended::Done(answer)),
            Poll::Pending if self.chaos.bury() => Poll::Ready(Ended::Died),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Everything that Onfido has to say by now was said.
    pub(crate) async fn heard(&self) {
        self.onfido.quiet(PATIENCE).await.unwrap();
    }

    /// The fetcher on up to ten notices; false if none are there.
    pub(crate) async fn fetch(&self) -> bool {
        let messages = self.bells.receive(QueueName::Notices, 10, NOTICES_VISIBILITY);
        let records: Vec<fetch::Record> = messages.iter().map(record).collect();
        if let Ended::Done(Ok(failed)) = self.run(self.fetcher.batch(&records)).await {
            for message in messages.iter().filter(|message| !failed.contains(&message.id)) {
                self.bells.delete(&message.receipt);
            }
        }
        !messages.is_empty()
    }

    async fn deliver(&self) -> bool {
        let messages = self.bells.receive(QueueName::Deliveries, 10, DELIVERIES_VISIBILITY);
        let read = |message: &Message| deliver::Record {
            id: message.id.clone(),
            body: message.body.clone(),
            sent_at: message.sent_at,
        };
        let records: Vec<deliver::Record> = messages.iter().map(read).collect();
        if let Ended::Done(failed) = self.run(self.deliverer.batch(&records, self.now() + TIMEOUT)).await {
            for message in messages.iter().filter(|message| !failed.contains(&message.id)) {
                self.bells.delete(&message.receipt);
            }
        }
        !messages.is_empty()
    }

    /// Everything that is to happen now.
    pub(crate) async fn pump(&mut self) {
        self.heard().await;
        while self.fetch().await {}
        while self.deliver().await {}
        let due = self.due_at().await;
        if self.scheduled && self.now() >= self.next_tick && due.is_some_and(|due| due <= self.now()) {
            self.run(self.reconciler.tick(self.now() + TIMEOUT)).await;
            self.next_tick = (self.now() + Duration::from_millis(1)).rounded_up(minutes(1));
        }
    }

    /// When something happens next.
    async fn next(&self) -> Option<Timestamp> {
        let queues = [QueueName::Notices, QueueName::Deliveries].into_iter();
        let messages = queues.flat_map(|queue| self.bells.messages(queue)).map(|message| message.visible_at);
        let tick = self.due_at().await.filter(|_| self.scheduled).map(|due| due.max(self.next_tick));
        messages.chain(tick).min()
    }

    /// Plays what is to happen within that time.
    pub(crate) async fn play_for(&mut self, span: Duration) {
        let end = self.now() + span;
        for _ in 0..HAPPENINGS {
            self.pump().await;
            match self.next().await.filter(|&next| next <= end) {
                Some(next) if next > self.now() => self.clock.set(next),
                Some(_) => {}
                None => {
                    self.clock.set(self.now().max(end));
                    return;
                }
            }
        }
        panic!("too much happens: {:?}", self.bells.notices());
    }

    /// The earliest entry of both due indexes.
    async fn due_at(&self) -> Option<Timestamp> {
        let mut all = Vec::new();
        for shard in 0..Due::SHARDS {
            for which in [Due::Look, Due::Delivery] {
                let far = Timestamp::from_millis(i64::MAX / 2);
                all.extend(self.ledger.due(which, shard, far, 1).await.unwrap());
            }
        }
        all.iter().map(DueBell::at).min()
    }
}
