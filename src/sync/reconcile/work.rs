//! What one batch finds and repairs: noted for the report, and written so that it is right.

use std::collections::{BTreeMap, HashSet};

use entity::data_type::DataType;
use entity::drift::{self, Kind, Layer};
use entity::reconciliation_part::Model;
use entity::shape::Texts;

use super::super::compose;
use super::super::error::Error;
use super::super::keep::Page;
use super::super::prepare::{Affected, Prepared};
use super::super::run::Run;
use super::super::streams::Stream;
use super::Turn;
use super::objects::Odd;
use store::verify::{self, Scope, Unlike};

/// How an object was found to be gone.
const CAUSE: &str = "reconciliation";
/// Whose records are compared, based on which reading.
pub fn scope(run: &Run, read_no: i64) -> Scope {
    Scope { connection: run.connection, read_no, highest: (run.fence() << 32) | i64::from(u32::MAX) }
}

/// What one batch finds and repairs, within its transaction.
pub struct Work<'r> {
    run: &'r Run,
    scope: Scope,
    pass: entity::id::ReconciliationId,
    found: Vec<drift::Model>,
    /// The step, with what was counted so far.
    pub part: Model,
}

impl<'r> Work<'r> {
    /// Begins, based on a reading.
    pub fn new(turn: &Turn<'r>, read_no: i64, part: Model) -> Self {
        Self { run: turn.run, scope: scope(turn.run, read_no), pass: turn.pass.id, found: Vec::new(), part }
    }

    /// Keeps the step and what was found, before the page is committed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(self, page: &Page) -> Result<Model, Error> {
        store::drift::insert(page.tx(), self.found).await?;
        store::reconciliations::save(page.tx(), self.part.clone()).await?;
        Ok(self.part)
    }

    /// Notes something that is being repaired.
    pub fn note(&mut self, layer: Layer, data_type: DataType, object: &str, id: &str, kind: Kind, fields: Vec<String>) {
        match kind {
            Kind::Missing => self.part.missing += 1,
            Kind::Extra => self.part.extra += 1,
            Kind::Different => self.part.different += 1,
        }
        self.part.repaired += 1;
        tracing::warn!(connection.id = %self.run.connection, object, id, ?kind, ?fields, "drift is repaired");
        self.found.push(drift::Model {
            connection_id: self.run.connection,
            id: uuid::Uuid::now_v7(),
            reconciliation_id: self.pass,
            data_type,
            layer,
            object: object.to_owned(),
            object_id: id.to_owned(),
            kind,
            fields: Texts(fields),
            repaired: true,
            found_at: self.run.clock.now(),
        });
    }

    /// Objects that differ are noted, and their rows give way.
    pub async fn objects(&mut self, page: &Page, of: Stream, odd: &[Odd]) -> Result<(), Error> {
        let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in odd {
            by_kind.entry(&one.object).or_default().push(one.id.clone());
            if one.fresh {
                self.part.fresh += 1;
            } else {
                self.note(Layer::Object, of.data_type(), &one.object, &one.id, one.kind, one.fields.clone());
            }
        }
        for (object, ids) in by_kind {
            store::drift::distrust(page.tx(), self.run.connection, object, ids).await?;
        }
        Ok(())
    }

    /// Parts that hang on these objects and that Stripe does not show.
    pub async fn parts(&mut self, page: &mut Page, of: Stream, ids: &[String], now: &Prepared) -> Result<(), Error> {
        let connection = self.run.connection;
        if of == Stream::BalanceTransactions {
            let parents = ids.to_vec();
            let others = verify::other_parts(page.tx(), connection, parents, &now.records.transactions).await?;
            for id in others {
                self.extra_record(page, DataType::Transactions, &id).await?;
            }
        }
        if !of.parts().is_empty() {
            let there: HashSet<&str> = now.sources.iter().map(|one| one.id.as_str()).collect();
            let here = store::source_objects::ids_hanging_on(page.tx(), connection, of.parts(), ids.to_vec()).await?;
            for (object, id) in here.into_iter().filter(|(_, id)| !there.contains(id.as_str())) {
                self.note(Layer::Object, of.data_type(), &object, &id, Kind::Extra, Vec::new());
                page.bury_for(&object, &id, self.scope.read_no, CAUSE).await?;
            }
        }
        Ok(())
    }

    /// Records are compared; one whose object differs is told of with its object.
    pub async fn records(
        &mut self,
        page: &Page,
        due: &store::bulk::Records,
        sources: &HashSet<String>,
    ) -> Result<(), Error> {
        let compared = verify::compare(page.tx(), self.scope, due).await?;
        self.part.money_there.extend(&compared.there);
        self.part.money_here.extend(&compared.here);
        self.distrust(page, compared.unlike, sources).await
    }

    async fn distrust(&mut self, page: &Page, unlike: Vec<Unlike>, sources: &HashSet<String>) -> Result<(), Error> {
        let mut by_type: BTreeMap<DataType, Vec<String>> = BTreeMap::new();
        for one in unlike {
            by_type.entry(one.data_type).or_default().push(one.id.clone());
            if !sources.contains(&one.object_id) {
                self.note(Layer::Record, one.data_type, one.data_type.as_str(), &one.id, one.kind, one.fields);
            }
        }
        for (data_type, ids) in by_type {
            verify::distrust(page.tx(), self.run.connection, data_type, ids).await?;
        }
        Ok(())
    }

    /// What several objects make together is made anew of the repaired objects, and compared. Returns what could not be
    /// made, by Stripe's word and id.
    pub async fn composed(
        &mut self,
        page: &mut Page,
        affected: Affected,
        sources: &HashSet<String>,
    ) -> Result<HashSet<(String, String)>, Error> {
        if affected.is_empty() {
            return Ok(HashSet::new());
        }
        let composed = compose::compose(page.tx(), self.run.connection, affected, self.run.clock.now()).await?;
        let set_aside = composed.odd.iter().map(|(object, id, _)| (object.clone(), id.clone())).collect();
        self.records(page, &composed.records, sources).await?;
        let orders: Vec<String> = composed.gone.iter().map(|(_, id)| id.clone()).collect();
        let (none, _) = verify::there(page.tx(), self.run.connection, DataType::Orders, orders).await?;
        for id in none {
            // One whose object differs is buried with the others that are no orders any more.
            if sources.contains(&id) {
                self.count_here(page, DataType::Orders, &id).await?;
                verify::distrust(page.tx(), self.run.connection, DataType::Orders, vec![id]).await?;
            } else {
                self.extra_record(page, DataType::Orders, &id).await?;
            }
        }
        page.keep_composed(composed, self.scope.read_no).await?;
        Ok(set_aside)
    }

    /// A record that nothing makes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn extra_record(&mut self, page: &mut Page, data_type: DataType, id: &str) -> Result<(), Error> {
        self.count_here(page, data_type, id).await?;
        self.note(Layer::Record, data_type, data_type.as_str(), id, Kind::Extra, Vec::new());
        verify::distrust(page.tx(), self.run.connection, data_type, vec![id.to_owned()]).await?;
        page.bury_record(data_type, id, self.scope.read_no).await
    }

    /// Counts the money of a record that is here and about to go.
    async fn count_here(&mut self, page: &Page, data_type: DataType, id: &str) -> Result<(), Error> {
        let (_, money) = verify::there(page.tx(), self.run.connection, data_type, vec![id.to_owned()]).await?;
        self.part.money_here.extend(&money);
        Ok(())
    }

    /// An object that Stripe does not have any more, with what it made.
    pub async fn gone(
        &mut self,
        page: &mut Page,
        of: Stream,
        object: &str,
        id: &str,
        read_no: i64,
    ) -> Result<(), Error> {
        let connection = self.run.connection;
        let data_type = of.data_type();
        let made = match of {
            Stream::BalanceTransactions => verify::other_parts(page.tx(), connection, vec![id.to_owned()], &[]).await?,
            _ => vec![id.to_owned()],
        };
        let (made, money) = verify::there(page.tx(), connection, data_type, made).await?;
        self.part.money_here.extend(&money);
        self.note(Layer::Object, data_type, object, id, Kind::Extra, Vec::new());
        store::drift::distrust(page.tx(), connection, object, vec![id.to_owned()]).await?;
        verify::distrust(page.tx(), connection, data_type, made).await?;
        for other in of.data_types().iter().filter(|other| **other != data_type) {
            verify::distrust(page.tx(), connection, *other, vec![id.to_owned()]).await?;
        }
        page.bury_for(object, id, read_no, CAUSE).await
    }
}
