//! What must not happen in Link: other browsers, other sites, other modes, other accounts.

use chrono::Duration;
use entity::connection::Status;
use entity::integration::{Mode, Scope};
use sea_orm::ConnectionTrait;
use tributary::connect::integrations::{Change, set};
use tributary::connect::sweep::sweep;
use tributary::connect::{begin, revoke};
use tributary::store;
use url::Url;

use crate::both;
use crate::house::House;
use crate::visitor::Visitor;

/// A browser on its way, and the callback that it will be sent to.
async fn on_the_way(house: &House, url: &Url) -> (Visitor, Url) {
    let visitor = Visitor::new();
    let page = visitor.get(url).await;
    let sent = visitor.submit(&page).await;
    let callback = visitor.get(sent.is(303).location.as_ref().unwrap()).await.location.unwrap();
    assert!(callback.as_str().starts_with(&house.url));
    (visitor, callback)
}

fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(value.map(|value| (name, value)));
    changed
}

both! {
    async fn a_state_of_another_browser_is_refused_and_left_for_its_own(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (owner, callback) = on_the_way(&house, &house.link_url(waiting.id).await).await;
        let stranger = Visitor::new();
        stranger.visit(&callback).await.is(403).shows("another browser");
        let other = house.waiting("Other").await;
        stranger.visit(&house.link_url(other.id).await).await.is(200);
        stranger.visit(&callback).await.is(403).shows("another browser");
        house.stands(waiting.id, Status::PendingAuth).await;
        owner.visit(&callback).await.shows("is connected");
    }

    async fn a_missing_made_up_or_doubled_answer_connects_nothing(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let (owner, callback) = on_the_way(&house, &url).await;
        owner.visit(&with(&callback, "state", None)).await.is(400).shows("did not expect you");
        owner.visit(&with(&callback, "state", Some("made-up"))).await.is(400);
        let both_states = format!("{callback}&state=other").parse().unwrap();
        owner.visit(&both_states).await.is(400);
        let with_error = format!("{callback}&error=access_denied").parse().unwrap();
        owner.visit(&with_error).await.shows("That did not work");
        house.stands(waiting.id, Status::PendingAuth).await;
        owner.visit(&callback).await.shows("That did not work");
        for odd in [|url: &Url| with(url, "code", None), |url: &Url| format!("{url}&code=ac_2").parse().unwrap()] {
            let page = owner.get(&url).await;
            let sent = owner.submit(&page).await;
            let callback = owner.get(sent.location.as_ref().unwrap()).await.location.unwrap();
            owner.visit(&odd(&callback)).await.shows("That did not work");
        }
        let page = owner.get(&url).await;
        let sent = owner.submit(&page).await;
        let callback = owner.get(sent.location.as_ref().unwrap()).await.location.unwrap();
        owner.visit(&with(&callback, "code", Some("ac_wrong"))).await.shows("Stripe did not confirm it");
        let row = house.stands(waiting.id, Status::PendingAuth).await;
        assert_eq!(row.errors.last().unwrap().status_text, "invalid_grant");
        assert!(!house.is_open(&house.accounts()[0]).await);
    }

    async fn a_form_of_another_site_or_of_no_session_changes_nothing(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let (action, fields) = page.forms().remove(0);
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            visitor.post_from(origin, &action, &fields).await.is(403).shows("open the link again");
        }
        Visitor::new().post(&action, &fields).await.is(403);
        let bare: Vec<_> = fields.iter().filter(|(name, _)| name != "form").cloned().collect();
        visitor.post(&action, &bare).await.is(403);
        let cancel = page.forms().remove(1).0;
        visitor.post_from("https://evil.example", &cancel, &fields).await.is(403);
        let row = house.stands(waiting.id, Status::PendingAuth).await;
        assert_eq!((row.link_serial, row.errors.len()), (0, 0));
        visitor.post_from(&house.url, &action, &fields).await.is(303);
    }

    async fn pages_carry_their_policy_and_cookies_say_nothing(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let page = Visitor::new().get(&house.link_url(waiting.id).await).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'"), "{policy}");
        assert!(policy.contains(&format!("form-action 'self' {}", house.simulator.url)), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        let cookie = page.header("set-cookie");
        assert!(cookie.starts_with("tributary=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        let id = cookie.split(['=', ';']).nth(1).unwrap();
        let sql = "SELECT digest || data AS whole FROM session";
        let row = house.db.query_one_raw(sea_orm::Statement::from_string(house.db.get_database_backend(), sql));
        let kept: String = row.await.unwrap().unwrap().try_get("", "whole").unwrap();
        assert!(!kept.contains(id), "only the digest of the id is kept");
        let start = page.body.find("/assets/link-").unwrap();
        let style = page.body[start..].split('"').next().unwrap();
        let style = Visitor::new().get(&page.url.join(style).unwrap()).await;
        assert!(style.is(200).header("content-type").starts_with("text/css"));
    }

    async fn an_account_of_the_other_mode_or_scope_is_given_back(house: House) {
        let integration = house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (owner, callback) = on_the_way(&house, &house.link_url(waiting.id).await).await;
        let mut live = integration.clone();
        live.mode = Mode::Live;
        store::integrations::save(&house.db, live).await.unwrap();
        owner.visit(&callback).await.shows("the other mode");
        house.stands(waiting.id, Status::PendingAuth).await;
        assert!(!house.is_open(&house.accounts()[0]).await);

        store::integrations::save(&house.db, integration.clone()).await.unwrap();
        let (owner, callback) = on_the_way(&house, &house.link_url(waiting.id).await).await;
        let mut wide = integration;
        wide.scope = Scope::ReadWrite;
        store::integrations::save(&house.db, wide).await.unwrap();
        owner.visit(&callback).await.shows("permission was a different one");
        house.stands(waiting.id, Status::PendingAuth).await;
        assert!(!house.is_open(&house.accounts()[0]).await);
    }

    async fn a_disabled_integration_starts_no_links_and_has_nothing_due(house: House) {
        house.set_up().await;
        let (waiting, linked) = (house.waiting("Shop").await, house.waiting("Linked").await);
        house.link(linked.id, &house.accounts()[1]).await;
        assert_eq!(store::connections::due(&house.db, tributary::clock::Clock::now(&house.clock), 9).await.unwrap().len(), 1);
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let (late, callback) = on_the_way(&house, &house.link_url(house.waiting("Late").await.id).await).await;
        set(house.means(), "yzth", Change { enabled: Some(false), ..Change::default() }).await.unwrap();

        visitor.visit(&url).await.is(403).shows("switched off");
        visitor.submit(&page).await.is(403).shows("switched off");
        late.visit(&callback).await.shows("switched off while you were at Stripe");
        let company = house.company("None").await;
        visitor.visit(&house.company_url(company.id).await).await.is(403).shows("switched off");
        assert_eq!(house.connection(waiting.id).await.link_serial, 0, "the link stays good");
        assert!(!house.is_open(&house.accounts()[0]).await);
        assert!(store::connections::due(&house.db, tributary::clock::Clock::now(&house.clock), 9).await.unwrap().is_empty());
        assert!(!begin::is_open(&store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap()));
    }

    async fn another_account_on_a_reconnect_asks_and_can_be_given_back(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (before, other) = (house.accounts()[0].clone(), house.accounts()[1].clone());
        house.link(waiting.id, &before).await;
        revoke::unlink(house.means(), &house.connection(waiting.id).await).await.unwrap();
        house.choose(&other).await;
        let visitor = Visitor::new();
        let page = visitor.get(&house.link_url(waiting.id).await).await;
        page.shows(&before);
        let sent = visitor.submit(&page).await;
        let question = visitor.follow(sent).await;
        question.is(200).shows("another Stripe account").shows(&before).shows(&other);
        house.stands(waiting.id, Status::Unlinked).await;
        visitor.visit(&question.url).await.shows("another Stripe account");
        let (action, mut fields) = question.forms().remove(0);
        fields.push(("decision".to_owned(), "refuse".to_owned()));
        let sent = visitor.post(&action, &fields).await;
        visitor.follow(sent).await.shows("Nothing was changed");
        let row = house.stands(waiting.id, Status::Unlinked).await;
        assert_eq!(row.account_id, Some(before.clone()));
        assert!(!house.is_open(&other).await, "what was not wanted is given back");
        house.link(waiting.id, &before).await;
        house.stands(waiting.id, Status::Linked).await;
    }

    async fn another_account_on_a_reconnect_can_become_a_connection_of_its_own(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (before, other) = (house.accounts()[0].clone(), house.accounts()[1].clone());
        house.link(waiting.id, &before).await;
        revoke::unlink(house.means(), &house.connection(waiting.id).await).await.unwrap();
        house.choose(&other).await;
        let visitor = Visitor::new();
        let page = visitor.get(&house.link_url(waiting.id).await).await;
        let sent = visitor.submit(&page).await;
        let question = visitor.follow(sent).await;
        let (action, mut fields) = question.forms().remove(1);
        fields.push(("decision".to_owned(), "take".to_owned()));
        let (one, two) = tokio::join!(visitor.post(&action, &fields), visitor.post(&action, &fields));
        one.is(303);
        two.is(303);
        let linked = store::connections::by_account(&house.db, &other, false).await.unwrap();
        let [made] = linked.as_slice() else { panic!("{linked:?}") };
        assert_eq!(made.company_id, waiting.company_id);
        assert_eq!(house.stands(waiting.id, Status::Unlinked).await.account_id, Some(before));
        assert!(house.is_open(&other).await);
        let kept = store::credentials::find(&house.db, made.id).await.unwrap().unwrap();
        let key = house.app.keys.company(&house.db, made.company_id).await.unwrap();
        let place = tributary::vault::Place::new("credential", made.id, "access_token");
        key.open(&place, &kept.access_token.unwrap()).unwrap();
    }

    async fn an_account_that_the_company_has_already_is_not_linked_twice(house: House) {
        let integration = house.set_up().await;
        let first = house.waiting("Shop").await;
        let account = house.accounts()[0].clone();
        house.link(first.id, &account).await;
        let now = tributary::clock::Clock::now(&house.clock);
        let second = store::connections::create(&house.db, first.company_id, integration.id, now).await.unwrap();
        house.choose(&account).await;
        let (owner, callback) = on_the_way(&house, &house.link_url(second.id).await).await;
        owner.visit(&callback).await.shows("connected already");
        house.stands(second.id, Status::PendingAuth).await;
        house.stands(first.id, Status::Linked).await;
        assert!(house.is_open(&account).await, "the first one still reads it");
    }

    async fn an_account_that_nobody_decides_about_is_given_back(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (before, other) = (house.accounts()[0].clone(), house.accounts()[1].clone());
        house.link(waiting.id, &before).await;
        revoke::unlink(house.means(), &house.connection(waiting.id).await).await.unwrap();
        house.choose(&other).await;
        let (owner, callback) = on_the_way(&house, &house.link_url(waiting.id).await).await;
        owner.visit(&callback).await.shows("another Stripe account");
        let idle = sweep(&house.means()).await.unwrap();
        assert_eq!((idle.given_back, house.is_open(&other).await), (0, true));
        house.clock.advance(Duration::minutes(31));
        let swept = sweep(&house.means()).await.unwrap();
        assert_eq!((swept.given_back, house.is_open(&other).await), (1, false));
        assert_eq!(sweep(&house.means()).await.unwrap(), tributary::connect::sweep::Swept::default());
    }

    async fn a_session_is_over_after_half_an_hour(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let (owner, callback) = on_the_way(&house, &house.link_url(waiting.id).await).await;
        let result = owner.visit(&callback).await;
        result.shows("is connected");
        house.clock.advance(Duration::minutes(31));
        owner.visit(&result.url).await.is(403).shows("Your visit here is over");
        assert_eq!(store::sessions::sweep(&house.db, tributary::clock::Clock::now(&house.clock)).await.unwrap().len(), 1);
    }
}
