//! A Link URL that the page of another site opened in a window of its own.

use axum::http::Method;
use entity::connection::Status;
use serde_json::json;
use url::Url;

use crate::both;
use crate::house::House;
use crate::visitor::Visitor;

const SITE: &str = "https://app.example.com";

/// The Link URL as the embedded component opens it.
fn opened_by(url: &Url, origin: &str) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("link.embedded", origin);
    url
}

both! {
    async fn the_window_ends_by_telling_the_allowed_origin_that_opened_it(house: House) {
        house.set_up().await;
        let key = house.api_key().await;
        house.post("/corsSettings", &key, &json!({ "allowedOrigins": [SITE] })).await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let owner = Visitor::new();
        let page = owner.get(&opened_by(&url, SITE)).await;
        assert_eq!(page.is(200).header("cross-origin-opener-policy"), "unsafe-none");
        let sent = owner.submit(&page).await;
        assert_eq!(sent.header("cross-origin-opener-policy"), "unsafe-none");
        let end = owner.follow(sent).await;
        end.is(200).shows(&format!("data-origin=\"{SITE}\"")).shows(&format!("data-connection=\"{}\"", waiting.id));
        assert!(end.url.path().ends_with("/end") && end.header("content-security-policy").contains("script-src 'self'"));
        house.stands(waiting.id, Status::Linked).await;
        Visitor::new().get(&end.url).await.is(403).shows("Your visit here is over");
        // The same browser, later, with a Link URL that no page opened.
        let other = house.waiting("Another").await;
        let plain = owner.get(&house.link_url(other.id).await).await;
        assert_eq!(plain.header("cross-origin-opener-policy"), "same-origin");
        let sent = owner.submit(&plain).await;
        assert!(owner.follow(sent).await.url.path().ends_with("/result"));
    }

    async fn a_page_whose_origin_is_not_allowed_is_told_nothing(house: House) {
        house.set_up().await;
        let waiting = house.waiting("Shop").await;
        let url = house.link_url(waiting.id).await;
        let owner = Visitor::new();
        let page = owner.get(&opened_by(&url, "https://evil.example")).await;
        assert_eq!(page.is(200).header("cross-origin-opener-policy"), "same-origin");
        let sent = owner.submit(&page).await;
        let result = owner.follow(sent).await;
        assert!(result.url.path().ends_with("/result") && !result.body.contains("evil.example"), "{}", result.body);
    }

    async fn an_owners_page_unlinks_and_sees_nothing_of_how_integrations_are_set_up(house: House) {
        house.set_up().await;
        let key = house.api_key().await;
        let waiting = house.waiting("Shop").await;
        let owner = Visitor::new();
        let page = owner.get(&house.link_url(waiting.id).await).await;
        let sent = owner.submit(&page).await;
        owner.follow(sent).await;
        house.stands(waiting.id, Status::Linked).await;
        let company = format!("/companies/{}", waiting.company_id);
        let token = house.get(&format!("{company}/accessToken"), &key).await.1["accessToken"].clone();
        let http = crate::house::http();
        let ask = |method: Method, path: String| {
            http.request(method, format!("{}{company}{path}", house.url)).bearer_auth(token.as_str().unwrap())
        };
        let options = ask(Method::GET, "/linkOptions".to_owned()).send().await.unwrap().text().await.unwrap();
        let options: serde_json::Value = serde_json::from_str(&options).unwrap();
        let only = json!([{ "key": "yzth", "name": "Stripe Test", "sourceType": "Commerce", "mode": "test",
            "scope": "read_only" }]);
        assert_eq!((&options["companyName"], &options["integrations"]), (&json!("Shop"), &only), "{options}");
        let unlinked = ask(Method::PATCH, format!("/connections/{}", waiting.id)).json(&json!({ "status": "Unlinked" }));
        assert_eq!(unlinked.send().await.unwrap().status(), 200);
        house.stands(waiting.id, Status::Unlinked).await;
    }
}
