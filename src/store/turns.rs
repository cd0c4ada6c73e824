//! Taking turns at SQLite's one place for a writer.
//!
//! SQLite lets a writer that finds the place taken sleep and look again, longer each time, so that under load whoever came
//! last may go first and somebody waits for ever: a lease that is not renewed, a webhook that is not answered. Here
//! writers of one process stand in one queue, whichever pool they use. It is about fairness alone: that only one writes
//! is kept by SQLite, also against other processes.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The queue of each file that this process has open, by its URL.
static QUEUES: LazyLock<Mutex<HashMap<String, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);

/// The queue before one file's writer. Clones stand in the same one.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    queue: Arc<Semaphore>,
    patience: Duration,
}

/// Somebody's turn: it ends when this is dropped.
pub(super) type Turn = OwnedSemaphorePermit;

impl Turns {
    /// The queue of the file at this URL, in which nobody waits for longer than `patience`.
    pub(super) fn at(url: &str, patience: Duration) -> Self {
        let file = url.split('?').next().unwrap_or(url);
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|_, queue| queue.strong_count() > 0);
        let known = queues.get(file).and_then(Weak::upgrade);
        let queue = known.unwrap_or_else(|| Arc::new(Semaphore::new(1)));
        queues.insert(file.to_owned(), Arc::downgrade(&queue));
        Self { queue, patience }
    }

    /// Waits for one's turn.
    ///
    /// # Errors
    /// When it has not come in time: the same error as when no connection is free.
    pub(super) async fn take(&self) -> Result<Turn, DbErr> {
        let turn = tokio::time::timeout(self.patience, self.queue.clone().acquire_owned()).await;
        // The queue is never closed.
        turn.ok().and_then(Result::ok).ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }
}

/// Whether a statement writes, by its first word. What it does not know (`VACUUM INTO`, which only reads, or a change of
/// the schema) takes no turn and waits as SQLite does.
pub(super) fn writes(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|word| first.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pools_of_one_file_stand_in_one_queue_and_others_in_their_own() {
        let url = format!("sqlite:///turns-{}", uuid::Uuid::now_v7());
        let work = Turns::at(&url, Duration::from_mins(1));
        let answers = Turns::at(&format!("{url}?mode=rwc"), Duration::from_millis(1));
        let turn = work.take().await.unwrap();
        assert!(matches!(answers.take().await, Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))));
        drop(Turns::at("sqlite:///another", Duration::from_millis(1)).take().await.unwrap());
        drop(turn);
        drop(answers.take().await.unwrap());
    }

    #[tokio::test]
    async fn who_came_first_goes_first() {
        let turns = Turns::at(&format!("sqlite:///turns-{}", uuid::Uuid::now_v7()), Duration::from_mins(1));
        let turn = turns.take().await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (turns, order) = (turns.clone(), order.clone());
            waiting.spawn(async move {
                let _turn = turns.take().await.unwrap();
                order.lock().unwrap().push(number);
            });
            // It stands in the queue before the next one comes.
            tokio::task::yield_now().await;
        }
        drop(turn);
        while let Some(one) = waiting.join_next().await {
            one.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn what_writes_is_told_by_its_first_word() {
        for sql in ["INSERT INTO a VALUES (1)", "  update a SET b = 1", "DELETE\nFROM a"] {
            assert!(writes(sql), "{sql}");
        }
        for sql in ["SELECT 1", "VACUUM INTO 'a'", "PRAGMA integrity_check", ""] {
            assert!(!writes(sql), "{sql}");
        }
    }
}
