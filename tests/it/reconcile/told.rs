//! Passes come by themselves, and the API tells what they proved.

use entity::reconciliation::{Pass, State};
use entity::{drift, payout};
use sea_orm::entity::prelude::*;
use serde_json::{Value, json};
use tributary::connect::integrations;
use tributary::store;

use super::shop::Shop;
use crate::both;
use crate::house::House;
use crate::oracle::linked;

both! {
    async fn passes_come_by_themselves_and_never_to_one_off_connections(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        house.integrate(integrations::Change { sync: Some("daily".to_owned()), ..Default::default() }).await;
        house.work().await;
        let open = store::reconciliations::open(&house.db, connection).await.unwrap();
        assert_eq!(open.len(), 3, "one of each kind is planned: {open:?}");
        for _ in 0..3 {
            house.simulator.clock.advance(chrono::Duration::hours(26).num_milliseconds());
            house.clock.advance(chrono::Duration::hours(26));
            house.work().await;
        }
        let done = store::reconciliations::latest(&house.db, connection, 10).await.unwrap();
        assert!(done.iter().filter(|row| row.pass == Pass::Nightly && !row.asked).count() >= 2, "{done:?}");
        assert!(done.iter().all(|row| row.state == State::Complete), "{done:?}");
        let rows = drift::Entity::find().filter(drift::Column::ConnectionId.eq(connection)).all(&house.db).await.unwrap();
        assert!(rows.is_empty(), "{rows:?}");
        let (_, other) = linked(&house, &house.simulator.world.accounts()[1].id.clone()).await;
        house.integrate(integrations::Change { sync: Some("once".to_owned()), ..Default::default() }).await;
        house.work().await;
        assert!(store::reconciliations::open(&house.db, other).await.unwrap().is_empty());
    }

    async fn the_api_tells_what_is_proven(shop: Shop) {
        let (house, key) = (&shop.house, shop.house.api_key().await);
        let path = format!("/companies/{}/connections/{}/reconciliation", shop.company, shop.connection);
        let payout = shop.finished_payout().await;
        shop.act(&format!(
            r#"{{"do":"patch","id":"{}","fields":{{"amount":{}}}}}"#,
            payout.id,
            payout.amount_minor + 7
        ));
        assert_eq!(house.post(&path, &key, &json!({"pass": "sometimes"})).await.0, 400);
        let (status, asked) = house.post(&path, &key, &json!({"pass": "full"})).await;
        assert_eq!((status, &asked["pass"]), (202, &json!("full")), "{asked}");
        let (_, again) = house.post(&path, &key, &json!({"pass": "full"})).await;
        assert_eq!(again["id"], asked["id"], "one that waits is not asked for twice");
        house.work().await;

        let (status, told) = house.get(&path, &key).await;
        assert_eq!(status, 200);
        let report = &told["reports"][0];
        assert_eq!((&report["id"], &report["state"], &report["isAsked"]), (&asked["id"], &json!("complete"), &json!(true)));
        assert_eq!((&report["found"], &report["repaired"]), (&json!(1), &json!(1)), "{report:#}");
        let charges = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "charges").unwrap();
        assert_eq!(charges["dataType"], "commerce-payments");
        assert!(charges["objectsAtStripe"].as_i64().unwrap() >= 300 && charges["moneyHere"].as_array().unwrap().len() > 1);
        assert_eq!(charges["moneyHere"], charges["moneyAtStripe"]);
        for kind in told["dataTypes"].as_array().unwrap() {
            let up_to: chrono::DateTime<chrono::Utc> = kind["completeUpTo"].as_str().unwrap().parse().unwrap();
            let behind = shop.house.simulator.clock.seconds() - up_to.timestamp();
            assert!((0..3_600).contains(&behind), "{kind}: {behind} seconds behind");
        }

        let (status, page) = house.get(&format!("{path}/drift?pageSize=1&query=kind%3Ddifferent"), &key).await;
        assert_eq!((status, &page["totalResults"]), (200, &json!(1)), "{page}");
        assert_eq!(page["results"][0]["objectId"], json!(payout.id));
        assert_eq!(page["results"][0]["fields"], json!(["amount"]));

        // The payout's own figures do not add up now: that is shown, with the difference, and never hidden.
        let shown = format!("/companies/{}/connections/{}/data/commerce-payouts", shop.company, shop.connection);
        let (_, one) = house.get(&format!("{shown}/{}", payout.id), &key).await;
        assert_eq!((&one["content"]["proof"], &one["content"]["addsUp"]), (&json!("mismatch"), &json!(false)), "{one:#}");
        assert_eq!(one["content"]["difference"], json!(tributary::money::Decimal::from_minor(7, &payout.currency)));
        let by_proof = told["payouts"].as_array().unwrap();
        let of = |proof: &str| by_proof.iter().filter(|row| row["proof"] == proof).collect::<Vec<_>>();
        assert_eq!(of("mismatch").len(), 1, "{by_proof:#?}");
        assert!(!of("proven").is_empty() && of("proven")[0]["reason"] == Value::Null);
        let impossible = of("notPossible");
        assert!(impossible.iter().any(|row| row["reason"].as_str().unwrap().contains("manual")), "{by_proof:#?}");
        let counted = by_proof.iter().flat_map(|row| row["amounts"].as_array().unwrap());
        let all = payout::Entity::find().filter(payout::Column::ConnectionId.eq(shop.connection));
        let all = all.count(&shop.house.db).await.unwrap();
        assert_eq!(counted.map(|one| one["count"].as_u64().unwrap()).sum::<u64>(), all, "every payout is counted once");
    }
}
