//! Subscriptions and invoices: all of them, those that have ended, were never paid or were deleted among them.

use std::collections::{BTreeMap, BTreeSet};

use entity::change::Kind as Became;
use entity::data_type::DataType;
use entity::id::{CompanyId, ConnectionId};
use entity::{checkpoint, dataset, invoice, source_object, subscription};
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use simulator::http::{Fault, Rule};
use simulator::world::{Action, Kind as WorldKind, Query};
use tributary::clock::Clock;
use tributary::store;
use tributary::sync::remap;
use tributary::task::Task;

use crate::both;
use crate::house::{House, Kind};
use crate::oracle::{compare, linked, listed};
use crate::running::until;

/// A business that bills every month, linked and not synced yet.
pub struct Business {
    pub house: House,
    pub account: String,
    pub company: CompanyId,
    pub connection: ConnectionId,
}

impl Business {
    pub async fn on(kind: Kind) -> Self {
        let house = House::on(kind).await;
        let accounts = house.simulator.world.accounts();
        let account = accounts.iter().find(|one| one.description == "subscription business").unwrap().id.clone();
        let (company, connection) = linked(&house, &account).await;
        Self { house, account, company, connection }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/companies/{}/connections/{}/data/{rest}", self.company, self.connection)
    }

    pub async fn sync(&self) {
        let task = Task::Sync { connection: self.connection };
        store::jobs::enqueue(&self.house.db, &task, self.house.clock.now()).await.unwrap();
        self.house.work().await;
    }

    /// Makes something happen at Stripe; the id of what it happened to.
    fn act(&self, action: Value) -> String {
        let action: Action = serde_json::from_value(action).unwrap();
        let told = self.house.simulator.world.act(&self.account, action, self.house.simulator.clock.seconds()).unwrap();
        told.first().map(|event| event["data"]["object"]["id"].as_str().unwrap().to_owned()).unwrap_or_default()
    }

    fn theirs(&self, kind: WorldKind) -> BTreeMap<String, Value> {
        listed(&self.house.simulator.world, &self.account, kind, self.house.simulator.clock.seconds())
    }

    /// What a subscription is made of at Stripe.
    fn items(&self, subscription: &str) -> Vec<String> {
        let filters = vec![("subscription".to_owned(), subscription.to_owned())];
        let query = Query { filters, limit: 100, now: self.house.simulator.clock.seconds(), ..Query::default() };
        let page = self.house.simulator.world.page(&self.account, WorldKind::SubscriptionItem, &query).unwrap();
        page.data.iter().map(|item| item["id"].to_string()).collect()
    }

    /// A list of the API, by id.
    async fn ours(&self, list: &str) -> BTreeMap<String, Value> {
        let key = self.house.api_key().await;
        let (status, page) = self.house.get(&self.path(&format!("{list}?pageSize=5000")), &key).await;
        assert_eq!(status, 200, "{page}");
        let rows = page["results"].as_array().unwrap();
        assert_eq!(page["totalResults"].as_u64().unwrap(), rows.len() as u64);
        rows.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
    }

    async fn became(&self, id: &str) -> Vec<(DataType, Became)> {
        let all = store::feed::after(&self.house.db, self.connection, 0, 1_000_000).await.unwrap();
        all.into_iter().filter(|change| change.record_id == id).map(|change| (change.data_type, change.kind)).collect()
    }
}

/// The business's currency has two decimals.
fn cents(amount: &Value) -> i64 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

both! {
    async fn every_subscription_is_here_also_those_that_have_ended(business: Business) {
        business.house.work().await;
        compare(&business.house, business.connection, &business.account).await;
        let (theirs, ours) = (business.theirs(WorldKind::Subscription), business.ours("commerce-subscriptions").await);
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
        let (mut ended, mut long) = (0, 0);
        for (id, one) in &theirs {
            let row = &ours[id];
            // Stripe shows ten items; all of them are here.
            let shown: Vec<_> = row["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect();
            let items = business.items(id);
            assert_eq!(shown.iter().collect::<BTreeSet<_>>(), items.iter().collect(), "{row}");
            assert_eq!(shown.len(), items.len(), "{row}");
            long += usize::from(one["items"]["has_more"].as_bool().unwrap());
            let item = &one["items"]["data"][0];
            // The business bills by the month.
            let monthly = item["price"]["unit_amount"].as_i64().unwrap() * item["quantity"].as_i64().unwrap();
            assert_eq!((cents(&row["monthlyAmount"]), &row["unpricedItems"]), (monthly, &json!(0)), "{row}");
            let word = match one["status"].as_str().unwrap() {
                "canceled" => "Cancelled",
                "past_due" => "PastDue",
                "active" => "Active",
                other => panic!("{other}"),
            };
            assert_eq!((&row["status"], &row["customerRef"]["id"]), (&json!(word), &one["customer"]));
            assert_eq!(row["endedDate"].is_null(), one["ended_at"].is_null());
            ended += usize::from(word == "Cancelled");
        }
        assert!(ended > 0 && ended < theirs.len(), "{ended} of {} have ended", theirs.len());
        assert!(long > 0 && long < theirs.len(), "{long} of {} are long", theirs.len());
        let (id, key) = (theirs.keys().next().unwrap(), business.house.api_key().await);
        let (status, one) = business.house.get(&business.path(&format!("commerce-subscriptions/{id}")), &key).await;
        assert_eq!((status, &one), (200, &ours[id]));
        let asked = "commerce-subscriptions?query=status=Cancelled%26%26monthlyAmount>0&orderBy=-startedDate";
        let (_, page) = business.house.get(&business.path(asked), &key).await;
        assert_eq!(page["totalResults"].as_u64().unwrap(), ended as u64, "{page}");
    }

    async fn what_is_taken_out_of_a_long_subscription_is_gone(business: Business) {
        business.house.work().await;
        let long = business.theirs(WorldKind::Subscription).into_values().find(|one| one["items"]["has_more"] == true).unwrap();
        let id = long["id"].as_str().unwrap();
        let before = business.items(id);
        assert_eq!(business.act(json!({"do": "remove_subscription_item", "subscription": id})), id);
        let items = business.items(id);
        assert_eq!((items.len(), business.theirs(WorldKind::Subscription)[id]["items"]["has_more"].clone()), (before.len() - 1, json!(true)));
        business.house.clock.advance(chrono::Duration::hours(1));
        business.sync().await;
        let shown = business.ours("commerce-subscriptions").await[id]["items"].clone();
        assert_eq!(shown.as_array().unwrap().len(), items.len(), "{shown}");
        let gone = before.iter().find(|item| !items.contains(item)).unwrap();
        let row = source_object::Entity::find()
            .filter(source_object::Column::ConnectionId.eq(business.connection))
            .filter(source_object::Column::Id.eq(gone.trim_matches('"')));
        let row = row.one(&business.house.db).await.unwrap().unwrap();
        assert_eq!((row.deleted_at.is_some(), row.deleted_cause.as_deref()), (true, Some("list")));
        compare(&business.house, business.connection, &business.account).await;
    }

    async fn an_inner_list_that_does_not_go_on_is_read_again(business: Business) {
        let rule = Rule::new("GET /v1/subscription_items", Fault::EmptyMore).times(1).named("no end");
        business.house.simulator.faults.add(rule);
        business.house.work().await;
        assert_eq!(business.house.simulator.faults.fired("no end"), 1);
        until("the list is read", async || {
            business.house.clock.advance(chrono::Duration::minutes(2));
            business.sync().await;
            let head = store::sync_heads::find(&business.house.db, business.connection).await.unwrap();
            head.is_some_and(|head| head.first_done_at.is_some())
        })
        .await;
        compare(&business.house, business.connection, &business.account).await;
        let ours = business.ours("commerce-subscriptions").await;
        for id in business.theirs(WorldKind::Subscription).keys() {
            assert_eq!(ours[id]["items"].as_array().unwrap().len(), business.items(id).len(), "{id}");
        }
    }

    async fn every_invoice_is_here_whatever_became_of_it(business: Business) {
        let (draft, customer) = (business.act(json!({"do": "create_invoice"})), business.theirs(WorldKind::Customer));
        business.house.work().await;
        compare(&business.house, business.connection, &business.account).await;
        let (theirs, ours) = (business.theirs(WorldKind::Invoice), business.ours("commerce-invoices").await);
        assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
        assert!(!customer.is_empty());
        let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut paid_with_none, mut longest) = (0, 0);
        for (id, one) in &theirs {
            let row = &ours[id];
            for (ours, theirs) in [("totalAmount", "total"), ("amountDue", "amount_due"), ("amountPaid", "amount_paid"), ("amountRemaining", "amount_remaining")] {
                assert_eq!(cents(&row[ours]), one[theirs].as_i64().unwrap(), "{id} {ours}");
            }
            let of = &one["parent"]["subscription_details"]["subscription"];
            assert_eq!((&row["subscriptionRef"]["id"], &row["invoiceNumber"]), (of, &one["number"]));
            // Stripe shows ten lines; all of them are here, and they add up to the total.
            let lines = row["lines"].as_array().unwrap();
            assert_eq!(lines.iter().map(|line| cents(&line["totalAmount"])).sum::<i64>(), one["total"].as_i64().unwrap(), "{id}");
            longest = longest.max(lines.len());
            let status = row["status"].as_str().unwrap();
            assert_eq!(status.to_lowercase(), one["status"].as_str().unwrap());
            *by_status.entry(status).or_default() += 1;
            let payments = row["payments"].as_array().unwrap();
            paid_with_none += usize::from(status == "Paid" && payments.is_empty());
            let elsewhere = cents(&row["amountPaidElsewhere"]);
            if !payments.is_empty() && status == "Paid" {
                let paid: i64 = payments.iter().map(|paid| cents(&paid["amount"])).sum();
                assert_eq!(paid + elsewhere, cents(&row["amountPaid"]), "{row}");
            }
        }
        assert!(longest == 300 && paid_with_none > 0, "53 and 54: {longest} lines, {paid_with_none} without a charge");
        assert!(by_status.contains_key("Paid") && by_status.contains_key("Uncollectible"), "{by_status:?}");
        assert_eq!(ours[&draft]["status"], "Draft");
        // A paid one is an order, too; no other is.
        let orders = business.ours("commerce-orders").await;
        let paid = ours.iter().filter(|(_, row)| row["status"] == "Paid").map(|(id, _)| id);
        assert_eq!(paid.collect::<Vec<_>>(), orders.keys().filter(|id| id.starts_with("in_")).collect::<Vec<_>>());
    }

    async fn a_deleted_draft_leaves_the_lists_and_is_told_of(business: Business) {
        business.house.work().await;
        let draft = business.act(json!({"do": "create_invoice"}));
        business.sync().await;
        assert_eq!(business.ours("commerce-invoices").await[&draft]["status"], "Draft");
        assert_eq!(business.act(json!({"do": "delete_invoice", "invoice": draft})), draft);
        business.sync().await;
        assert!(!business.ours("commerce-invoices").await.contains_key(&draft));
        let key = business.house.api_key().await;
        assert_eq!(business.house.get(&business.path(&format!("commerce-invoices/{draft}")), &key).await.0, 404);
        let became = business.became(&draft).await;
        assert_eq!(became, [(DataType::Invoices, Became::Created), (DataType::Invoices, Became::Deleted)]);
        compare(&business.house, business.connection, &business.account).await;
        let row = invoice::Entity::find_by_id((business.connection, draft)).one(&business.house.db).await.unwrap();
        assert!(row.unwrap().deleted_at.is_some(), "the tombstone stays");
    }

    async fn what_becomes_of_a_subscription_arrives(business: Business) {
        business.house.work().await;
        let set = business.act(json!({"do": "edit_subscription", "cancel_at_period_end": true}));
        let ended = business.theirs(WorldKind::Subscription).into_iter()
            .find(|(id, one)| *id != set && one["status"] == "active").unwrap().0;
        business.act(json!({"do": "cancel_subscription", "subscription": ended}));
        business.sync().await;
        let ours = business.ours("commerce-subscriptions").await;
        assert_eq!((&ours[&set]["cancelAtPeriodEnd"], &ours[&set]["status"]), (&json!(true), &json!("Active")));
        assert_eq!(ours[&ended]["status"], "Cancelled");
        assert!(!ours[&ended]["endedDate"].is_null());
        assert_eq!(business.became(&ended).await, [(DataType::Subscriptions, Became::Created), (DataType::Subscriptions, Became::Updated)]);
        compare(&business.house, business.connection, &business.account).await;
    }

    async fn r24_poison_among_them_is_set_aside_and_harms_nothing_else(business: Business) {
        let (bad, all) = (business.theirs(WorldKind::Subscription).into_keys().next().unwrap(), business.theirs(WorldKind::Invoice));
        let paid = all.iter().find(|(_, one)| one["status"] == "paid").unwrap().0.clone();
        let open = all.iter().find(|(_, one)| one["status"] != "paid").unwrap().0.clone();
        business.act(json!({"do": "patch", "id": bad, "fields": {"currency": "€"}}));
        business.act(json!({"do": "patch", "id": paid, "fields": {"total": null}}));
        business.act(json!({"do": "patch", "id": open, "fields": {"created": 1_700_000_000, "due_date": -5}}));
        business.house.work().await;
        let rows = store::quarantine::of(&business.house.db, business.connection).await.unwrap();
        let mut seen: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.reason.contains("cannot be mapped"))).collect();
        let mut due = vec![(bad.as_str(), true), (paid.as_str(), true), (open.as_str(), true)];
        seen.sort_unstable();
        due.sort_unstable();
        assert_eq!(seen, due);
        let datasets = dataset::Entity::find().filter(dataset::Column::ConnectionId.eq(business.connection));
        for one in datasets.all(&business.house.db).await.unwrap() {
            assert_eq!(one.status, dataset::Status::Complete, "{one:?}");
            let missing = match one.data_type {
                DataType::Subscriptions | DataType::Orders => 1,
                DataType::Invoices => 2,
                _ => 0,
            };
            assert_eq!(one.quarantined, missing, "{one:?}");
        }
        assert_eq!(business.ours("commerce-invoices").await.len(), all.len() - 2);
        assert!(!business.ours("commerce-subscriptions").await.contains_key(&bad));
    }

    async fn a_connection_of_an_older_version_gets_the_new_types_by_itself(business: Business) {
        business.house.work().await;
        let (db, connection) = (&business.house.db, business.connection);
        let (subscriptions, invoices) = (business.ours("commerce-subscriptions").await, business.ours("commerce-invoices").await);
        // As an older version left it: no such records, no such stream, and nobody had asked for them.
        subscription::Entity::delete_many().filter(subscription::Column::ConnectionId.eq(connection)).exec(db).await.unwrap();
        invoice::Entity::delete_many().filter(invoice::Column::ConnectionId.eq(connection)).exec(db).await.unwrap();
        checkpoint::Entity::delete_many().filter(checkpoint::Column::ConnectionId.eq(connection))
            .filter(checkpoint::Column::Stream.eq("subscriptions")).exec(db).await.unwrap();
        source_object::Entity::delete_many().filter(source_object::Column::ConnectionId.eq(connection))
            .filter(source_object::Column::Object.eq("subscription")).exec(db).await.unwrap();
        dataset::Entity::delete_many().filter(dataset::Column::ConnectionId.eq(connection))
            .filter(dataset::Column::DataType.is_in([DataType::Subscriptions, DataType::Invoices])).exec(db).await.unwrap();
        let key = business.house.api_key().await;
        assert_eq!(business.house.get(&business.path("commerce-invoices"), &key).await.0, 409);
        assert!(remap::ask(db, connection).await.unwrap());
        business.sync().await;
        business.sync().await;
        let stable = |rows: BTreeMap<String, Value>| rows.into_iter().map(|(id, mut row)| {
            row["modifiedDate"].take();
            (id, row)
        }).collect::<BTreeMap<_, _>>();
        assert_eq!(stable(business.ours("commerce-subscriptions").await), stable(subscriptions));
        assert_eq!(stable(business.ours("commerce-invoices").await), stable(invoices));
        compare(&business.house, connection, &business.account).await;
    }
}
