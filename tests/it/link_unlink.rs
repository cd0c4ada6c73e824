//! How a connection ends, from here and at Stripe.

use entity::connection::Status;
use tributary::clock::Clock;
use tributary::connect::revoke;
use tributary::store;
use tributary::task::Task;

use crate::both;
use crate::house::House;
use crate::visitor::Visitor;

both! {
    async fn unlinking_ends_the_access_at_stripe_only_with_the_last_connection(house: House) {
        house.set_up().await;
        let (one, two) = (house.waiting("One").await, house.waiting("Two").await);
        let account = house.accounts()[0].clone();
        house.link(one.id, &account).await;
        house.link(two.id, &account).await;

        revoke::unlink(house.means(), &house.connection(one.id).await).await.unwrap();
        let row = house.stands(one.id, Status::Unlinked).await;
        assert!(row.next_sync_at.is_none() && row.ended_at.is_some() && row.errors.is_empty());
        assert!(store::credentials::find(&house.db, one.id).await.unwrap().is_none());
        assert!(house.is_open(&account).await, "the other company still uses it");

        let again = revoke::unlink(house.means(), &row).await;
        assert!(matches!(again, Err(revoke::Error::NotLinked(Status::Unlinked))));

        revoke::unlink(house.means(), &house.connection(two.id).await).await.unwrap();
        assert!(!house.is_open(&account).await);
        let due = store::connections::due(&house.db, house.clock.now(), 9).await.unwrap();
        assert!(due.is_empty(), "{due:?}");
    }

    async fn a_connection_that_was_never_linked_cannot_be_unlinked(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let refused = revoke::unlink(house.means(), &waiting).await.unwrap_err();
        assert_eq!(refused.to_string(), "only a Linked connection can be unlinked; this one is PendingAuth");
    }

    async fn a_deleted_connection_is_gone_for_everyone_and_a_job_removes_the_rest(house: House) {
        house.set_up().await;
        let linked = house.waiting("Shop").await;
        let account = house.accounts()[0].clone();
        let url = house.link_url(linked.id).await;
        house.link(linked.id, &account).await;
        revoke::delete(house.means(), &house.connection(linked.id).await).await.unwrap();
        assert!(store::connections::owned(&house.db, linked.company_id, linked.id).await.unwrap().is_none());
        assert!(store::connections::of_company(&house.db, linked.company_id).await.unwrap().is_empty());
        assert!(!house.is_open(&account).await);
        let task = Task::Erase { company: linked.company_id, connection: linked.id };
        assert!(store::jobs::exists(&house.db, &task).await.unwrap());
        Visitor::new().visit(&url).await.is(404);
    }

    async fn an_owner_who_ended_it_at_stripe_can_link_again_and_keeps_the_connection(house: House) {
        house.set_up().await;
        let linked = house.waiting("Shop").await;
        let account = house.accounts()[0].clone();
        house.link(linked.id, &account).await;
        let url = format!("{}/_simulator/accounts/{account}/revoke", house.simulator.url);
        crate::house::http().post(url).send().await.unwrap().error_for_status().unwrap();
        revoke::deauthorized(&house.means(), linked.id).await.unwrap();
        revoke::deauthorized(&house.means(), linked.id).await.unwrap();
        let row = house.stands(linked.id, Status::Deauthorized).await;
        assert_eq!(row.errors.iter().filter(|fault| fault.status_text == "account_invalid").count(), 1);
        assert!(row.next_sync_at.is_none());
        assert!(store::credentials::find(&house.db, linked.id).await.unwrap().is_none());

        house.link(linked.id, &account).await;
        let row = house.stands(linked.id, Status::Linked).await;
        assert!(row.errors.iter().all(|fault| fault.resolved_at.is_some()));
        assert_eq!(row.account_id, Some(account));
    }

    async fn the_twenty_newest_faults_are_kept(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        for n in 0..25 {
            let fault = entity::connection::Fault {
                status_code: "500".to_owned(),
                status_text: n.to_string(),
                message: String::new(),
                at: house.clock.now(),
                resolved_at: None,
            };
            store::connection_faults::push(&house.db, waiting.id, fault).await.unwrap();
        }
        let kept = house.connection(waiting.id).await.errors;
        assert_eq!((kept.len(), kept[0].status_text.as_str()), (20, "5"));
    }

    async fn another_companys_connection_is_the_same_as_none(house: House) {
        house.set_up().await;
        let (one, two) = (house.waiting("One").await, house.waiting("Two").await);
        let owned = |company, id| store::connections::owned(&house.db, company, id);
        assert!(owned(one.company_id, one.id).await.unwrap().is_some());
        assert!(owned(two.company_id, one.id).await.unwrap().is_none());
    }
}
