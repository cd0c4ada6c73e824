//! From a Link URL to a Linked connection, with the real pages and a simulated Stripe.

use chrono::Duration;
use entity::connection::Status;
use tributary::store;
use tributary::task::Task;
use url::Url;

use crate::both;
use crate::house::House;
use crate::visitor::{Seen, Visitor};

/// Consents on a page; where it leads is Stripe.
async fn consented(visitor: &Visitor, page: &Seen) -> Url {
    let sent = visitor.submit(page).await;
    sent.is(303);
    sent.location.unwrap()
}

/// The callback that an approving Stripe leads to.
async fn approved(visitor: &Visitor, authorize: &Url) -> Url {
    visitor.get(authorize).await.location.expect("Stripe approves by itself")
}

/// The callback of an owner who says no at Stripe.
fn denied(authorize: &Url) -> Url {
    let pair = |name: &str| authorize.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let mut url = Url::parse(&pair("redirect_uri")).unwrap();
    url.query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_description", "The user denied your request")
        .append_pair("state", &pair("state"));
    url
}

both! {
    async fn a_script_links_a_company_without_a_browser(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Café Mole").await;
        let url = house.link_url(waiting.id).await;
        assert!(url.as_str().contains(&waiting.company_id.to_string()));
        let script = Visitor::new();

        let page = script.visit(&url).await;
        page.is(200).shows("Café Mole").shows("Reading only").shows("Test mode").shows("How to stop it");
        let sent = script.submit(&page).await;
        let stripe = sent.is(303).location.clone().unwrap();
        for part in ["scope=read_only", "client_id=ca_simulator", "response_type=code", "oauth%2Fcallback"] {
            assert!(stripe.as_str().contains(part), "{stripe}");
        }
        assert!(!stripe.as_str().contains("code_challenge"));
        let result = script.follow(sent).await;

        result.is(200).shows("is connected");
        assert!(result.forms().is_empty() && !result.body.contains("<script"));
        assert_eq!(result.header("refresh"), "3", "the first sync is on its way");
        let row = house.stands(waiting.id, Status::Linked).await;
        let account = row.account_id.unwrap();
        assert_eq!((row.livemode, row.scope.as_deref()), (Some(false), Some("read_only")));
        assert!(row.account_name.is_some() && row.next_sync_at.is_some());
        assert!(store::jobs::exists(&house.db, &Task::Sync { connection: waiting.id }).await.unwrap());
        let kept = store::credentials::find(&house.db, waiting.id).await.unwrap().unwrap();
        assert!(kept.access_token.unwrap().starts_with("v1.") && kept.refresh_token.unwrap().starts_with("v1."));
        assert!(house.is_open(&account).await);

        script.visit(&url).await.shows("is connected");
        script.visit(&result.url).await.shows("is connected");
    }

    async fn looking_spends_nothing_and_consenting_spends_the_link(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        for _ in 0..3 {
            Visitor::new().visit(&url).await.is(200).shows("Continue to Stripe");
        }
        let (first, second) = (Visitor::new(), Visitor::new());
        let (page, other) = (first.get(&url).await, second.get(&url).await);
        let stripe = consented(&first, &page).await;
        second.submit(&other).await.is(410).shows("was used already");
        second.visit(&url).await.is(410).shows("was used already");
        // The browser that consented may go on, come back and consent again.
        let page = first.get(&url).await;
        page.is(200);
        let again = consented(&first, &page).await;
        assert_ne!(stripe, again);
        first.visit(&again).await.shows("is connected");
        second.visit(&url).await.is(200).shows("Already connected");
        // A new address shows how it stands, in any browser.
        second.visit(&house.link_url(waiting.id).await).await.is(200).shows("is connected");
    }

    async fn a_link_lives_for_a_day_and_only_for_its_own_connection(house: House) {
        house.set_up().await;
        let (mine, other) = (house.waiting("Mine").await, house.waiting("Other").await);
        let url = house.link_url(mine.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let swapped = url.as_str().replace(&mine.id.to_string(), &other.id.to_string());
        visitor.visit(&swapped.parse().unwrap()).await.is(404);
        let swapped = swapped.replace(&mine.company_id.to_string(), &other.company_id.to_string());
        visitor.visit(&swapped.parse().unwrap()).await.is(404);
        let bare = url.as_str().split('?').next().unwrap().parse().unwrap();
        visitor.visit(&bare).await.is(404).shows("leads nowhere");
        house.clock.advance(Duration::minutes(29));
        visitor.visit(&url).await.is(200);
        house.clock.advance(Duration::hours(25));
        visitor.visit(&url).await.is(410).shows("has expired");
        visitor.submit(&page).await.is(403).shows("open the link again");
        house.stands(mine.id, Status::PendingAuth).await;
    }

    async fn a_denial_is_noted_and_can_be_taken_back(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let stripe = consented(&visitor, &page).await;
        let result = visitor.visit(&denied(&stripe)).await;
        result.is(200).shows("You cancelled");
        let row = house.stands(waiting.id, Status::PendingAuth).await;
        let fault = row.errors.last().unwrap();
        assert_eq!((fault.status_code.as_str(), fault.message.as_str()), ("403", "User cancelled"));
        visitor.visit(&result.url).await.shows("You cancelled");

        let page = visitor.get(&url).await;
        let stripe = consented(&visitor, &page).await;
        visitor.visit(&stripe).await.shows("is connected");
        let row = house.stands(waiting.id, Status::Linked).await;
        assert!(row.errors.iter().all(|fault| fault.resolved_at.is_some()));
    }

    async fn cancelling_before_stripe_is_noted_and_spends_nothing(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let (action, fields) = page.forms().remove(1);
        visitor.post(&action, &fields).await.is(200).shows("You cancelled").shows("Try again");
        assert_eq!(house.connection(waiting.id).await.errors[0].status_code, "403");
        Visitor::new().visit(&url).await.is(200).shows("Continue to Stripe");
    }

    async fn an_owner_who_takes_too_long_begins_again(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let callback = approved(&visitor, &consented(&visitor, &page).await).await;
        house.clock.advance(Duration::minutes(11));
        visitor.visit(&callback).await.shows("took too long");
        let row = house.stands(waiting.id, Status::PendingAuth).await;
        assert!(!house.is_open(&house.accounts()[0]).await, "the code was not exchanged");
        assert_eq!(row.errors.last().unwrap().status_text, "state_expired");
        let page = visitor.get(&url).await;
        visitor.visit(&consented(&visitor, &page).await).await.shows("is connected");
    }

    async fn a_double_click_and_two_tabs_end_in_one_link(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let (one, two) = tokio::join!(visitor.submit(&page), visitor.submit(&page));
        let (one, two) = (one.is(303).location.clone().unwrap(), two.is(303).location.clone().unwrap());
        let (one, two) = (approved(&visitor, &one).await, approved(&visitor, &two).await);
        let (one, two) = tokio::join!(visitor.visit(&one), visitor.visit(&two));
        for seen in [one, two] {
            assert!(seen.body.contains("is connected") || seen.body.contains("Still working"), "{}", seen.body);
        }
        let row = house.stands(waiting.id, Status::Linked).await;
        assert!(house.is_open(&row.account_id.unwrap()).await);
        visitor.visit(&url).await.shows("is connected");
    }

    async fn a_callback_hit_twice_with_one_code_never_loses_the_merchant(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let visitor = Visitor::new();
        let page = visitor.get(&house.link_url(waiting.id).await).await;
        let callback = approved(&visitor, &consented(&visitor, &page).await).await;
        let (one, two) = tokio::join!(visitor.get(&callback), visitor.get(&callback));
        for seen in [one, two] {
            assert!(seen.is(303).location.as_ref().unwrap().path().ends_with("/result"));
        }
        for _ in 0..3 {
            visitor.visit(&callback).await.is(200).shows("is connected");
        }
        let row = house.stands(waiting.id, Status::Linked).await;
        assert!(house.is_open(&row.account_id.unwrap()).await, "a second exchange would have disconnected it");
        // Another browser with the same address learns nothing.
        Visitor::new().visit(&callback).await.is(400).shows("did not expect you");
    }

    async fn a_company_link_makes_one_connection_however_often_it_is_clicked(house: House) {
        house.set_up().await;
        let company = house.company("Shop").await;
        let url = house.company_url(company.id).await;
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        page.is(200).shows("Shop").shows("value=\"yzth\"");
        assert!(store::connections::of_company(&house.db, company.id).await.unwrap().is_empty(), "a GET makes nothing");
        let (one, two) = tokio::join!(visitor.submit(&page), visitor.submit(&page));
        let (one, two) = (one.is(303).clone(), two.is(303).clone());
        visitor.follow(two).await.shows("is connected");
        visitor.follow(one).await.shows("is connected");
        let made = store::connections::of_company(&house.db, company.id).await.unwrap();
        assert_eq!(made.iter().map(|one| one.status).collect::<Vec<_>>(), [Status::Linked]);
        Visitor::new().visit(&url).await.is(410).shows("was used already");
        visitor.visit(&format!("{url}&link.showSandboxIntegrations=false").parse().unwrap()).await.is(403);
    }

    async fn the_profiles_own_page_is_where_link_ends(house: House) {
        house.set_up().await;
        let mut profile = store::profiles::get(&house.db).await.unwrap();
        "https://app.example/done?c={connectionId}&s={statusCode}&m={errorMessage}&t={statusText}&u={user}"
            .clone_into(&mut profile.redirect_url);
        store::profiles::replace(&house.db, profile).await.unwrap();
        let waiting = house.waiting("Shop").await;
        let url: Url = format!("{}&user=a%26b", house.link_url(waiting.id).await).parse().unwrap();
        let visitor = Visitor::new();
        let page = visitor.get(&url).await;
        let stripe = consented(&visitor, &page).await;
        let seen = visitor.get(&denied(&stripe)).await;
        let told = |code: &str, rest: &str| format!("https://app.example/done?c={}&s={code}{rest}&u=a%26b", waiting.id);
        let cancelled = told("403", "&m=User%20cancelled&t=access_denied");
        assert_eq!(seen.is(303).location.as_ref().unwrap().as_str(), cancelled);
        let page = visitor.get(&url).await;
        let callback = approved(&visitor, &consented(&visitor, &page).await).await;
        let seen = visitor.get(&callback).await;
        assert_eq!(seen.is(303).location.as_ref().unwrap().as_str(), told("200", "&m=&t="));
    }
}
