//! Records that several objects make together: products with their prices, orders with their charges, long subscriptions
//! with their items, the account with its balance. They are made from what is kept, so that it does not matter which object was read first.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use entity::data_type::DataType;
use entity::id::ConnectionId;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::map::{self, MAPPER_VERSION, Source, Unmapped};
use super::prepare::{Affected, guarded, intents};
use store::Tx;
use store::bulk::Records;
use store::quarantine::Odd;
use store::source_objects::{self, Kept};
use stripe::wire;

/// What was composed, and what is an order no longer (or never was one).
#[derive(Debug, Default)]
pub struct Composed {
    /// The records.
    pub records: Records,
    /// Records that their objects no longer make.
    pub gone: Vec<(DataType, String)>,
    /// What could not be mapped: Stripe's word, id, and the data type that lacks it.
    pub odd: Vec<(String, String, DataType)>,
}

/// Composes what is affected.
///
/// # Errors
/// When the database does not answer.
pub async fn compose(
    tx: &Tx,
    connection: ConnectionId,
    mut affected: Affected,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Composed, Error> {
    let barred = store::quarantine::barred(tx, connection, MAPPER_VERSION).await?.into_iter().collect();
    let mut work = Work { tx, connection, now, barred, out: Composed::default() };
    if affected.account {
        work.account().await?;
    }
    if !affected.products.is_empty() {
        work.products(std::mem::take(&mut affected.products)).await?;
    }
    if !affected.subscriptions.is_empty() {
        work.subscriptions(std::mem::take(&mut affected.subscriptions)).await?;
    }
    work.orders(affected).await?;
    Ok(work.out)
}

struct Work<'a> {
    tx: &'a Tx,
    connection: ConnectionId,
    now: chrono::DateTime<chrono::Utc>,
    /// What crashed the mapper too often: it stays set aside and is not tried.
    barred: HashSet<(String, String)>,
    out: Composed,
}

/// Why an object gave no record.
enum Why {
    Unmapped(Unmapped),
    Crashed(String),
}

impl From<String> for Why {
    fn from(said: String) -> Self {
        Self::Crashed(said)
    }
}

impl From<Unmapped> for Why {
    fn from(error: Unmapped) -> Self {
        Self::Unmapped(error)
    }
}

/// Maps under guard: a panic is a reason like another.
fn tried<T>(map: impl FnOnce() -> Result<T, Unmapped>) -> Result<T, Why> {
    Ok(guarded(map)??)
}

impl Work<'_> {
    const fn from(&self) -> Source {
        Source { connection_id: self.connection }
    }

    async fn account(&mut self) -> Result<(), Error> {
        let accounts = self.sources("account", None).await?;
        let balances = self.sources("balance", Some(["balance".to_owned()].into())).await?;
        let balance = balances.first().and_then(read::<wire::Balance>);
        for kept in accounts {
            let Some(account) = read::<wire::Account>(&kept) else { continue };
            match tried(|| map::company_info::company_info(self.from(), &account, balance.as_ref())) {
                Ok(row) => self.out.records.company_info.push(row),
                Err(error) => self.set_aside(&kept, DataType::CompanyInfo, error).await?,
            }
        }
        Ok(())
    }

    async fn products(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        let hanging =
            source_objects::hanging_on(self.tx, self.connection, &["price"], ids.iter().cloned().collect()).await?;
        let mut prices: BTreeMap<String, Vec<wire::Price>> = BTreeMap::new();
        for kept in &hanging {
            if let (Some(product), Some(price)) = (&kept.parent_id, read(kept)) {
                prices.entry(product.clone()).or_default().push(price);
            }
        }
        for kept in self.sources("product", Some(ids)).await? {
            let Some(product) = read::<wire::Product>(&kept) else { continue };
            let prices = prices.remove(&kept.id).unwrap_or_default();
            match tried(|| map::product::product(self.from(), &product, &prices)) {
                Ok(row) => self.out.records.products.push(row),
                Err(error) => self.set_aside(&kept, DataType::Products, error).await?,
            }
        }
        Ok(())
    }

    async fn subscriptions(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        let mut items =
            self.parts::<wire::SubscriptionItem>("subscription_item", ids.iter().cloned().collect()).await?;
        for (kept, mut subscription) in self.all::<wire::Subscription>("subscription", ids).await? {
            if let (Some(all), Some(own)) = (items.remove(&kept.id), subscription.items.as_mut()) {
                own.data = all;
                own.has_more = false;
            }
            match tried(|| map::subscription::subscription(self.from(), &subscription)) {
                Ok(row) => self.out.records.subscriptions.push(row),
                Err(error) => self.set_aside(&kept, DataType::Subscriptions, error).await?,
            }
        }
        Ok(())
    }

    async fn orders(&mut self, affected: Affected) -> Result<(), Error> {
        let (mut sessions, mut invoices) = (affected.sessions, affected.invoices);
        if !affected.intents.is_empty() {
            let kinds = ["checkout.session", "invoice"];
            for id in
                source_objects::ids_hanging_on(self.tx, self.connection, &kinds, affected.intents.into_iter().collect())
                    .await?
            {
                let orders = if id.0 == "invoice" { &mut invoices } else { &mut sessions };
                orders.insert(id.1);
            }
        }
        if !sessions.is_empty() {
            self.sessions(sessions).await?;
        }
        if !invoices.is_empty() {
            self.invoices(invoices).await?;
        }
        Ok(())
    }

    async fn sessions(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        let sessions = self.all::<wire::Session>("checkout.session", ids).await?;
        let intents = sessions.iter().filter_map(|(_, one)| one.payment_intent.as_ref()).map(|one| one.id.clone());
        let charges = self.charges(intents.collect()).await?;
        let long = sessions.iter().filter(|(_, one)| one.line_items.as_ref().is_none_or(|lines| lines.has_more));
        let mut items = self.parts::<wire::LineItem>("item", long.map(|(kept, _)| kept.id.clone()).collect()).await?;
        for (kept, session) in sessions {
            let items = items.remove(&kept.id);
            let items =
                items.unwrap_or_else(|| session.line_items.as_ref().map(|one| one.data.clone()).unwrap_or_default());
            let intents: Vec<&str> = session.payment_intent.iter().map(|one| one.id.as_str()).collect();
            let from = self.from();
            let order = tried(|| map::order::session(from, &session, &items, &paying(&charges, &intents)));
            self.order(&kept, order).await?;
        }
        Ok(())
    }

    async fn invoices(&mut self, ids: BTreeSet<String>) -> Result<(), Error> {
        let invoices = self.all::<wire::Invoice>("invoice", ids).await?;
        let paid_by = invoices.iter().flat_map(|(_, one)| intents(one).map(str::to_owned));
        let charges = self.charges(paid_by.collect()).await?;
        let long = invoices.iter().filter(|(_, one)| one.lines.as_ref().is_some_and(|lines| lines.has_more));
        let mut lines =
            self.parts::<wire::InvoiceLine>("line_item", long.map(|(kept, _)| kept.id.clone()).collect()).await?;
        for (kept, mut invoice) in invoices {
            if let (Some(all), Some(own)) = (lines.remove(&kept.id), invoice.lines.as_mut()) {
                own.data = all;
                own.has_more = false;
            }
            let payments = invoice.payments.as_ref().map(|one| one.data.clone()).unwrap_or_default();
            let paid_by: Vec<&str> = intents(&invoice).collect();
            let (from, paying) = (self.from(), paying(&charges, &paid_by));
            let order = tried(|| map::order::invoice(from, &invoice, &payments, &paying));
            let own = tried(|| map::invoice::invoice(from, &invoice, &payments, &paying));
            match (own, order.is_err()) {
                (Ok(row), _) => self.out.records.invoices.push(row),
                // It stands in quarantine once, and is missing from both types.
                (Err(_), true) => self.out.odd.push((kept.object.clone(), kept.id.clone(), DataType::Invoices)),
                (Err(why), false) => self.set_aside(&kept, DataType::Invoices, why).await?,
            }
            self.order(&kept, order).await?;
        }
        Ok(())
    }

    /// An order that is none (any more) leaves the lists.
    async fn order(&mut self, kept: &Kept, order: Result<Option<entity::order::Model>, Why>) -> Result<(), Error> {
        match order {
            Ok(Some(row)) => self.out.records.orders.push(row),
            Ok(None) => self.out.gone.push((DataType::Orders, kept.id.clone())),
            Err(error) => self.set_aside(kept, DataType::Orders, error).await?,
        }
        Ok(())
    }

    async fn charges(&self, intents: BTreeSet<String>) -> Result<Vec<wire::Charge>, Error> {
        if intents.is_empty() {
            return Ok(Vec::new());
        }
        let kept =
            source_objects::hanging_on(self.tx, self.connection, &["charge"], intents.into_iter().collect()).await?;
        Ok(kept.iter().filter_map(read).collect())
    }

    /// What hangs on an object whose own list of it is cut, by that object.
    async fn parts<T: DeserializeOwned>(
        &self,
        kind: &str,
        parents: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<T>>, Error> {
        let mut parts: BTreeMap<String, Vec<T>> = BTreeMap::new();
        if parents.is_empty() {
            return Ok(parts);
        }
        let mut kept = source_objects::hanging_on(self.tx, self.connection, &[kind], parents).await?;
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        for one in &kept {
            if let (Some(parent), Some(part)) = (&one.parent_id, read(one)) {
                parts.entry(parent.clone()).or_default().push(part);
            }
        }
        Ok(parts)
    }

    async fn all<T: DeserializeOwned>(&self, kind: &str, ids: BTreeSet<String>) -> Result<Vec<(Kept, T)>, Error> {
        let kept = self.sources(kind, Some(ids)).await?;
        Ok(kept.into_iter().filter_map(|kept| read(&kept).map(|read| (kept, read))).collect())
    }

    async fn sources(&self, kind: &str, ids: Option<BTreeSet<String>>) -> Result<Vec<Kept>, Error> {
        let mut kept = match ids {
            Some(ids) => source_objects::with_ids(self.tx, self.connection, kind, ids.into_iter().collect()).await?,
            None => source_objects::of_kind(self.tx, self.connection, kind).await?,
        };
        kept.retain(|one| !self.barred.contains(&(one.object.clone(), one.id.clone())));
        Ok(kept)
    }

    async fn set_aside(&mut self, kept: &Kept, data_type: DataType, why: Why) -> Result<(), Error> {
        self.out.odd.push((kept.object.clone(), kept.id.clone(), data_type));
        let (reason, crashed) = match why {
            Why::Unmapped(error) => (error.to_string(), false),
            Why::Crashed(said) => (format!("the mapper crashed on it: {said}"), true),
        };
        let odd = Odd {
            object: kept.object.clone(),
            id: kept.id.clone(),
            data_type,
            reason,
            raw: kept.body.clone(),
            crashed,
        };
        tracing::warn!(stripe.object = odd.object, stripe.id = odd.id, odd.reason, "an object is set aside");
        store::quarantine::put(self.tx, self.connection, odd, MAPPER_VERSION, self.now).await?;
        Ok(())
    }
}

/// An object that does not read was set aside when it came in; here it is left out.
fn read<T: DeserializeOwned>(kept: &Kept) -> Option<T> {
    serde_json::from_slice(&kept.body).ok()
}

fn paying(charges: &[wire::Charge], intents: &[&str]) -> Vec<wire::Charge> {
    let pays =
        |charge: &&wire::Charge| charge.payment_intent.as_ref().is_some_and(|one| intents.contains(&one.id.as_str()));
    charges.iter().filter(pays).cloned().collect()
}
