//! What several objects make together is right whichever of them is kept first, and whichever was asked for first.

use entity::order;
use sea_orm::EntityTrait;
use simulator::world::Kind;
use tributary::clock::Clock;
use tributary::store;
use tributary::sync::keep::Page;
use tributary::sync::prepare::Prepared;

use crate::both;
use crate::house::House;
use crate::oracle::{linked, listed};

both! {
    async fn a_charge_that_is_kept_late_reaches_the_order_that_it_pays(house: House) {
        let account = house.simulator.world.accounts()[0].id.clone();
        let (_, connection) = linked(&house, &account).await;
        let (world, now) = (&house.simulator.world, house.simulator.clock.seconds());
        let charges = listed(world, &account, Kind::Charge, now);
        let mut pairs = listed(world, &account, Kind::CheckoutSession, now).into_iter().filter_map(|(id, session)| {
            let paid = session["status"] == "complete" && session["payment_status"] == "paid";
            let intent = session["payment_intent"].as_str().filter(|_| paid && session["invoice"].is_null())?;
            let charge = charges.values().find(|one| one["payment_intent"] == intent && one["status"] == "succeeded")?;
            Some((id, session.clone(), charge.clone()))
        });
        let (id, session, charge) = pairs.next().expect("a session that was paid");

        // Lists are read side by side: the page of charges was asked for first, and comes last.
        let fence = store::sync_heads::take(&house.db, connection).await.unwrap().fence;
        for (read_no, object) in [((fence << 32) + 5, session), ((fence << 32) + 3, charge)] {
            let mut prepared = Prepared::default();
            prepared.add(connection, &object.to_string(), None);
            let mut page = Page::begin(&house.db, connection, fence, house.clock.now()).await.unwrap();
            page.keep(prepared, read_no).await.unwrap();
            page.commit().await.unwrap();
        }
        let row = order::Entity::find_by_id((connection, id)).one(&house.db).await.unwrap().unwrap();
        assert_eq!(row.payments.len(), 1);
        assert!(row.closed_at.is_some(), "the order does not know what it was paid with: {row:?}");
    }
}
