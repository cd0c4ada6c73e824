//! Retention: what is old goes, what is still needed stays, and a reader who comes too late is told.

use chrono::{Duration, TimeDelta};
use entity::delivery::{self, Status};
use entity::id::{ConnectionId, DeliveryId, WebhookConsumerId, WebhookEventId};
use entity::{change, dataset, feed_index, outbox, webhook_event};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tributary::clock::Clock;
use tributary::config::Retention;
use tributary::store;
use tributary::work::merge::merge;
use tributary::work::retention::{Removed, remove};

use crate::both;
use crate::changes::Reader;
use crate::house::House;
use crate::oracle::linked;

const KEEP: Retention = Retention { changes_days: 90, deliveries_days: 30, datasets_days: 90 };

async fn swept(house: &House) -> Removed {
    remove(&house.db, KEEP, house.clock.now(), &CancellationToken::new()).await.unwrap()
}

/// Moves the house's time on, not Stripe's: what is old here is not what this is about there.
fn later(house: &House, days: i64) {
    house.clock.advance(Duration::days(days));
}

/// A change that happens now.
async fn changed(house: &House, connection: ConnectionId) {
    let tx = store::write(&house.db).await.unwrap();
    let one = store::bulk::Changed {
        data_type: entity::data_type::DataType::Orders,
        id: "later".to_owned(),
        kind: change::Kind::Created,
    };
    store::feed::append(&tx, connection, vec![one], house.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(house: &House, connection: ConnectionId) -> u64 {
    change::Entity::find().filter(change::Column::ConnectionId.eq(connection)).count(&house.db).await.unwrap()
}

async fn cursor(house: &House, path: &str, key: &str) -> String {
    let (status, page) = house.get(path, key).await;
    assert_eq!(status, 200, "{page}");
    page["next"].as_str().unwrap().to_owned()
}

both! {
    async fn r41_old_changes_go_and_a_cursor_that_is_too_old_is_told_so(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, connection) = linked(&house, &account).await;
        house.work().await;
        let key = house.api_key().await;
        let feeds = [format!("/companies/{company}/connections/{connection}/changes"), "/changes".to_owned()];
        let all = count(&house, connection).await;

        // What has no place in the feed of everything yet stays, however old it is; and so does a place whose hint was lost.
        later(&house, 91);
        assert_eq!(swept(&house).await.changes, 0);
        merge(&house.db, house.clock.now()).await.unwrap();
        assert_eq!(swept(&house).await.changes, 0, "its place is young");
        let mut early = Vec::new();
        for feed in &feeds {
            early.push(cursor(&house, &format!("{feed}?limit=3"), &key).await);
            early.push(cursor(&house, &format!("{feed}?after=latest"), &key).await);
        }
        later(&house, 91);
        house.db.execute_unprepared("UPDATE feed_head SET merged = 0").await.unwrap();
        let removed = swept(&house).await;
        assert_eq!((removed.places, removed.changes), (0, 0), "the merger still goes by the places");

        changed(&house, connection).await;
        merge(&house.db, house.clock.now()).await.unwrap();
        let removed = swept(&house).await;
        assert_eq!((removed.places, removed.changes), (1, all), "{removed:?}");
        assert_eq!(feed_index::Entity::find().count(&house.db).await.unwrap(), 1);
        assert_eq!(count(&house, connection).await, 1);

        for (feed, cursors) in feeds.iter().zip(early.chunks(2)) {
            let (status, said) = house.get(&format!("{feed}?after={}", cursors[0]), &key).await;
            assert_eq!((status, said["statusCode"].as_u64()), (410, Some(410)), "{said}");
            let words = said["error"].as_str().unwrap();
            assert!(words.contains("no longer kept") && words.contains("lists"), "{words}");
            // Who was told of all that went has missed nothing, and neither has who begins now.
            for after in [format!("&after={}", cursors[1]), String::new()] {
                let (status, page) = house.get(&format!("{feed}?limit=5{after}"), &key).await;
                let ids: Vec<&Value> = page["results"].as_array().unwrap().iter().map(|one| &one["recordId"]).collect();
                assert_eq!((status, ids), (200, vec![&json!("later")]), "{feed}{after}");
            }
        }
        // When nothing at all is left, the end is still the end.
        let mut readers = Vec::new();
        for feed in &feeds {
            let mut reader = Reader::of(feed.clone(), &key, 10);
            reader.cursor = Some(cursor(&house, &format!("{feed}?after=latest"), &key).await);
            readers.push(reader);
        }
        later(&house, 91);
        assert_eq!(swept(&house).await.changes, 1);
        for reader in &mut readers {
            reader.rest(&house.url).await;
            assert!(reader.told.is_empty());
        }
        changed(&house, connection).await;
        merge(&house.db, house.clock.now()).await.unwrap();
        for reader in &mut readers {
            reader.rest(&house.url).await;
            assert_eq!(reader.told.len(), 1);
        }
    }

    async fn datasets_that_tell_where_a_type_stands_stay(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (company, _) = linked(&house, &account).await;
        house.work().await;
        let key = house.api_key().await;
        let first = dataset::Entity::find().count(&house.db).await.unwrap();
        later(&house, 1);
        let path = format!("/companies/{company}/data/all");
        assert_eq!(house.post(&path, &key, &Value::Null).await.0, 204);
        house.work().await;
        let both = dataset::Entity::find().count(&house.db).await.unwrap();
        assert!(both > first, "the second sync has no datasets");
        let status = house.get(&format!("/companies/{company}/dataStatus"), &key).await;
        assert_eq!(swept(&house).await.datasets, 0);
        later(&house, 91);
        assert_eq!(swept(&house).await.datasets, first);
        assert_eq!(dataset::Entity::find().count(&house.db).await.unwrap(), both - first);
        assert_eq!(house.get(&format!("/companies/{company}/dataStatus"), &key).await, status);
        assert_eq!(swept(&house).await.datasets, 0);
    }

    async fn events_and_deliveries_go_when_they_came_to_their_end(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        store::sync_heads::take(&house.db, connection).await.unwrap();
        let now = house.clock.now();
        let tx = store::write(&house.db).await.unwrap();
        for _ in 0..3 {
            store::feed::tell(&tx, connection, "read.completed", &json!({}), now).await.unwrap();
        }
        tx.commit().await.unwrap();
        house.db.execute_unprepared("UPDATE feed_head SET relayed = 2").await.unwrap();
        for status in [Status::Waiting, Status::Delivered, Status::Failed] {
            let id = WebhookEventId::new();
            let event = webhook_event::Model {
                id,
                event_type: "read.completed".to_owned(),
                company_id: None,
                connection_id: Some(connection),
                consumer_id: None,
                company_tags: entity::shape::Texts::default(),
                body: "{}".to_owned(),
                is_brief: false,
                created_at: now + TimeDelta::days(1),
            };
            let row = delivery::Model {
                id: DeliveryId::new(),
                event_id: id,
                consumer_id: WebhookConsumerId::new(),
                event_type: "read.completed".to_owned(),
                status,
                attempts: 1,
                failures: 0,
                run_at: now + TimeDelta::days(1),
                created_at: now,
                ended_at: None,
                replay_id: None,
            };
            webhook_event::Entity::insert(event.into_active_model()).exec_without_returning(&house.db).await.unwrap();
            delivery::Entity::insert(row.into_active_model()).exec_without_returning(&house.db).await.unwrap();
        }
        later(&house, 30);
        let removed = swept(&house).await;
        assert_eq!((removed.outbox, removed.events), (0, 0));
        later(&house, 2);
        let removed = swept(&house).await;
        assert_eq!((removed.outbox, removed.events), (2, 2));
        assert_eq!(outbox::Entity::find().all(&house.db).await.unwrap()[0].seq, 3, "what nobody was told of stays");
        assert_eq!(delivery::Entity::find().all(&house.db).await.unwrap()[0].status, Status::Waiting);
    }
}
