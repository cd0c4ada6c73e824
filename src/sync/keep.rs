//! What was read is written: checkpoint, source objects, records, changes, all or nothing, under the run's fence.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::data_type::DataType;
use entity::dataset::Status;
use entity::id::{ConnectionId, DatasetId};
use entity::{checkpoint, dataset, payout_content};

use super::compose::{self, Composed};
use super::error::Error;
use super::map::MAPPER_VERSION;
use super::prepare::Prepared;
use super::streams::Stream;
use super::told;
use base::boxed;
use base::fault::{self, Point};
use store::bulk::{self, Changed, Reading};
use store::datasets::Gain;
use store::{Db, Tx};
use stripe::client::VERSION;

/// How an object was found to be gone: an event named it.
const TOLD: &str = "event";
/// The same: the list of what it is a part of leaves it out.
const LEFT_OUT: &str = "list";

/// A transaction on one connection's data, opened under the fence of its run.
#[derive(Debug)]
pub struct Page {
    tx: Tx,
    connection: ConnectionId,
    now: DateTime<Utc>,
    changes: Vec<Changed>,
    ended: Vec<DatasetId>,
}

impl Page {
    /// Begins; refused when another run has taken the connection.
    ///
    /// # Errors
    /// [`Error::Fenced`], or when the database does not answer.
    #[boxed]
    pub async fn begin(db: &Db, connection: ConnectionId, fence: i64, now: DateTime<Utc>) -> Result<Self, Error> {
        let tx = store::write(db).await?;
        if !store::sync_heads::holds(&tx, connection, fence).await? {
            return Err(Error::Fenced);
        }
        Ok(Self { tx, connection, now, changes: Vec::new(), ended: Vec::new() })
    }

    /// The transaction, for what else belongs to the page.
    #[must_use]
    pub const fn tx(&self) -> &Tx {
        &self.tx
    }

    /// Moves a checkpoint.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn checkpoint(&mut self, row: checkpoint::Model) -> Result<(), Error> {
        Ok(store::checkpoints::save(&self.tx, row).await?)
    }

    /// Keeps what was prepared, and composes what it affects. Returns what it brought to each data type.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn keep(&mut self, prepared: Prepared, read_no: i64) -> Result<Brought, Error> {
        let reading = Reading { connection: self.connection, read_no, now: self.now };
        let mut brought = Brought { objects: prepared.objects, ..Brought::default() };
        if !prepared.whole.is_empty() {
            let there: Vec<_> = prepared.sources.iter().map(|one| one.id.clone()).collect();
            self.bury_parts(prepared.whole, &there, read_no).await?;
        }
        store::source_objects::keep(&self.tx, self.connection, prepared.sources, read_no, VERSION, self.now).await?;
        fault::at(Point::MidWrite);
        for data_type in prepared.odd.iter().map(|odd| odd.data_type).chain(prepared.spared) {
            *brought.quarantined.entry(data_type).or_default() += 1;
        }
        for odd in prepared.odd {
            store::quarantine::put(&self.tx, self.connection, odd, MAPPER_VERSION, self.now).await?;
        }
        let mut sound = prepared.sound;
        let mut changes = bulk::keep(&self.tx, reading, prepared.records).await?;
        if !prepared.affected.is_empty() {
            let composed = compose::compose(&self.tx, self.connection, prepared.affected, self.now).await?;
            // An object that reads may still not be composed: then it stays where it is, and its tries go on counting.
            for (object, id, data_type) in &composed.odd {
                sound.retain(|one| (&one.0, &one.1) != (object, id));
                *brought.quarantined.entry(*data_type).or_default() += 1;
            }
            changes.extend(self.composed(reading, composed).await?);
        }
        self.release(sound).await?;
        for change in &changes {
            *brought.changed.entry(change.data_type).or_default() += 1;
        }
        self.changes.extend(changes);
        Ok(brought)
    }

    /// Marks what hung on objects and is in their inner lists no longer as gone.
    async fn bury_parts(&self, parents: Vec<String>, there: &[String], read_no: i64) -> Result<(), Error> {
        let (tx, connection) = (&self.tx, self.connection);
        let here = store::source_objects::parts_before(tx, connection, &Stream::PARTS, parents, read_no).await?;
        for (object, id) in here.into_iter().filter(|(_, id)| !there.contains(id)) {
            store::source_objects::bury(tx, connection, &object, &id, read_no, LEFT_OUT, self.now).await?;
            self.release(vec![(object, id)]).await?;
        }
        Ok(())
    }

    async fn composed(&self, reading: Reading, composed: Composed) -> Result<Vec<Changed>, Error> {
        let mut changes = bulk::keep(&self.tx, reading, composed.records).await?;
        // What was composed is the newest there can be in this run, whichever reading caused it.
        let reading = Reading { read_no: reading.read_no | i64::from(u32::MAX), ..reading };
        for (data_type, id) in composed.gone {
            changes.extend(bulk::bury(&self.tx, reading, data_type, &id).await?);
        }
        Ok(changes)
    }

    /// Keeps what was composed by the caller.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_composed(&mut self, composed: Composed, read_no: i64) -> Result<(), Error> {
        let reading = Reading { connection: self.connection, read_no, now: self.now };
        let changes = self.composed(reading, composed).await?;
        self.changes.extend(changes);
        Ok(())
    }

    /// Keeps what a payout is made of.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_content(&mut self, content: payout_content::Model, made_of: Vec<String>) -> Result<(), Error> {
        self.changes.extend(store::payout_contents::keep(&self.tx, content, made_of).await?);
        Ok(())
    }

    /// Marks an object as gone that an event named, with what it made.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn bury(&mut self, object: &str, id: &str, read_no: i64) -> Result<(), Error> {
        self.bury_for(object, id, read_no, TOLD).await
    }

    /// Marks an object as gone, with what it made and how that was found.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bury_for(&mut self, object: &str, id: &str, read_no: i64, cause: &str) -> Result<(), Error> {
        let (tx, connection) = (&self.tx, self.connection);
        // What is gone is not to be mapped any more, whoever asks for it.
        self.release(vec![(object.to_owned(), id.to_owned())]).await?;
        let buried = store::source_objects::bury(tx, connection, object, id, read_no, cause, self.now).await?;
        let Some(buried) = buried else { return Ok(()) };
        let mut affected = super::prepare::Affected::default();
        let made: &[DataType] = match object {
            "customer" => &[DataType::Customers],
            "product" => &[DataType::Products],
            "checkout.session" => &[DataType::Orders],
            "invoice" => &[DataType::Orders, DataType::Invoices],
            "subscription" => &[DataType::Subscriptions],
            "payout" => &[DataType::Payouts],
            "dispute" => &[DataType::Disputes],
            "refund" => &[DataType::Payments],
            "charge" => {
                affected.intents.extend(buried.parent_id);
                &[DataType::Payments]
            }
            "price" => {
                affected.products.extend(buried.parent_id);
                &[]
            }
            "balance_transaction" => {
                let parts = store::verify::other_parts(tx, connection, vec![id.to_owned()], &[]).await?;
                for part in parts {
                    self.bury_record(DataType::Transactions, &part, read_no).await?;
                }
                &[]
            }
            _ => &[],
        };
        for data_type in made {
            self.bury_record(*data_type, id, read_no).await?;
        }
        if !affected.is_empty() {
            let composed = compose::compose(&self.tx, connection, affected, self.now).await?;
            self.keep_composed(composed, read_no).await?;
        }
        Ok(())
    }

    /// Marks a record as gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bury_record(&mut self, data_type: DataType, id: &str, read_no: i64) -> Result<(), Error> {
        let reading = Reading { connection: self.connection, read_no, now: self.now };
        self.changes.extend(bulk::bury(&self.tx, reading, data_type, id).await?);
        Ok(())
    }

    /// Lets objects that could be mapped leave the quarantine, by Stripe's word and id.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn release(&self, sound: Vec<(String, String)>) -> Result<(), Error> {
        if store::quarantine::is_empty(&self.tx, self.connection).await? {
            return Ok(());
        }
        let mut by_object: HashMap<String, Vec<String>> = HashMap::new();
        for (object, id) in sound {
            by_object.entry(object).or_default().push(id);
        }
        for (object, ids) in by_object {
            store::quarantine::release(&self.tx, self.connection, &object, ids).await?;
        }
        Ok(())
    }

    /// Ends a dataset, well or with a reason; that is told outside when the page is committed.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn finish(&mut self, id: DatasetId, status: Status, reason: Option<&str>) -> Result<(), Error> {
        if store::datasets::finish(&self.tx, self.connection, id, status, reason, self.now).await? {
            self.ended.push(id);
        }
        Ok(())
    }

    /// Numbers the changes and what is to be told, and commits: all of it, or nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    #[boxed]
    pub async fn commit(self) -> Result<usize, Error> {
        let count = self.changes.len();
        store::feed::append(&self.tx, self.connection, self.changes, self.now).await?;
        told::tell(&self.tx, self.connection, told::COMPLETED, &self.ended, self.now).await?;
        fault::at(Point::BeforeCommit);
        self.tx.commit().await?;
        fault::at(Point::AfterCommit);
        Ok(count)
    }
}

/// What a page brought.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Objects read.
    pub objects: i64,
    /// Records that changed, by data type.
    pub changed: HashMap<DataType, i64>,
    /// Objects set aside, by data type.
    pub quarantined: HashMap<DataType, i64>,
}

impl Brought {
    /// What it means for the datasets of a run: `read` are the data types that the objects were read for.
    #[must_use]
    pub fn gains(&self, datasets: &[dataset::Model], read: &[DataType], progress: i32) -> HashMap<DatasetId, Gain> {
        let gain = |one: &dataset::Model| {
            let own = read.contains(&one.data_type);
            let gain = Gain {
                objects: if own { self.objects } else { 0 },
                changed: self.changed.get(&one.data_type).copied().unwrap_or_default(),
                quarantined: self.quarantined.get(&one.data_type).copied().unwrap_or_default(),
                progress: if own { progress } else { 0 },
            };
            (gain != Gain::default()).then_some((one.id, gain))
        };
        datasets.iter().filter_map(gain).collect()
    }
}
