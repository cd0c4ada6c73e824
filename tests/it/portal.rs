//! The portal's sign-in: who is let in, who is not, and what a session is worth.

use std::sync::Mutex;

use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tributary::connect::users;

use crate::both;
use crate::house::House;

const EMAIL: &str = "Admin@example.com";
const PASSWORD: &str = "a password of some length";

/// A browser with its cookie, on the portal's own pages.
struct Browser {
    http: Client,
    url: String,
    cookie: Mutex<String>,
}

impl Browser {
    fn at(house: &House) -> Self {
        Self { http: crate::house::http(), url: house.url.clone(), cookie: Mutex::default() }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.url));
        let request = request.header("X-Tributary-Portal", "1").header("Cookie", self.cookie());
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        if let Some(set) = answer.headers().get("set-cookie") {
            let set = set.to_str().unwrap();
            let over = set.contains("Max-Age=0");
            assert!(over || (set.contains("HttpOnly") && set.contains("SameSite=Strict")), "{set}");
            set.split(';').next().unwrap().clone_into(&mut self.cookie.lock().unwrap());
        }
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    fn cookie(&self) -> String {
        self.cookie.lock().unwrap().clone()
    }

    async fn sees_companies(&self) -> bool {
        let (status, _) = self.call("GET", "/companies", Value::Null).await;
        assert!(matches!(status, StatusCode::OK | StatusCode::UNAUTHORIZED), "{status}");
        status == StatusCode::OK
    }

    async fn sign_in(&self, email: &str, password: &str) -> StatusCode {
        self.call("POST", "/portal/api/session", json!({ "email": email, "password": password })).await.0
    }
}

/// A house with its first user, and the browser that made it.
async fn inhabited(house: &House) -> Browser {
    let browser = Browser::at(house);
    let token = users::set_up_token(&house.app.db, &house.app.keys).await.unwrap().unwrap();
    let asked = json!({ "token": token, "email": EMAIL, "password": PASSWORD });
    let (status, body) = browser.call("POST", "/portal/api/setup", asked).await;
    assert_eq!((status, body["email"].as_str()), (StatusCode::OK, Some(EMAIL)), "{body}");
    browser
}

both! {
    async fn whoever_comes_to_the_front_door_is_led_to_the_portal(house: House) {
        let http = crate::house::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = http.get(&house.url).send().await.unwrap();
        assert_eq!((answer.status(), &answer.headers()["location"]), (StatusCode::SEE_OTHER, &"/portal/".parse().unwrap()));
    }

    async fn the_first_user_is_set_up_once_with_the_token(house: House) {
        let browser = Browser::at(&house);
        let (status, body) = browser.call("GET", "/portal/api/session", Value::Null).await;
        assert_eq!((status, &body["setupRequired"]), (StatusCode::UNAUTHORIZED, &json!(true)));
        let token = users::set_up_token(&house.app.db, &house.app.keys).await.unwrap().unwrap();
        for (token, email, password, expected, item) in [
            ("wrong", EMAIL, PASSWORD, StatusCode::UNAUTHORIZED, None),
            (token.as_str(), "nobody", PASSWORD, StatusCode::BAD_REQUEST, Some("email")),
            (token.as_str(), EMAIL, "short", StatusCode::BAD_REQUEST, Some("password")),
        ] {
            let asked = json!({ "token": token, "email": email, "password": password });
            let (status, body) = browser.call("POST", "/portal/api/setup", asked).await;
            assert_eq!(status, expected, "{body}");
            assert_eq!(body["validation"]["errors"][0]["itemId"].as_str(), item, "{body}");
            assert!(!browser.sees_companies().await);
        }
        let browser = inhabited(&house).await;
        assert!(browser.sees_companies().await);
        let asked = json!({ "token": token, "email": "other@example.com", "password": PASSWORD });
        assert_eq!(browser.call("POST", "/portal/api/setup", asked).await.0, StatusCode::CONFLICT);
        assert_eq!(users::set_up_token(&house.app.db, &house.app.keys).await.unwrap(), None);
        let (_, body) = Browser::at(&house).call("GET", "/portal/api/session", Value::Null).await;
        assert_eq!(body["setupRequired"], false);
    }

    async fn a_password_opens_a_session_and_signing_out_ends_it(house: House) {
        inhabited(&house).await;
        let browser = Browser::at(&house);
        assert_eq!(browser.sign_in(EMAIL, "another password").await, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.sign_in("nobody@example.com", PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert!(!browser.sees_companies().await);
        assert_eq!(browser.sign_in(&EMAIL.to_lowercase(), PASSWORD).await, StatusCode::OK);
        assert!(browser.sees_companies().await);
        let (status, body) = browser.call("GET", "/portal/api/session", Value::Null).await;
        assert_eq!((status, &body["email"]), (StatusCode::OK, &json!(EMAIL)));
        assert_eq!(browser.call("DELETE", "/portal/api/session", Value::Null).await.0, StatusCode::NO_CONTENT);
        assert!(!browser.sees_companies().await);
    }

    async fn a_session_is_worth_nothing_outside_of_the_portal_or_after_its_time(house: House) {
        let browser = inhabited(&house).await;
        let bare = browser.http.get(format!("{}/companies", house.url)).header("Cookie", browser.cookie()).send().await.unwrap();
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "a page elsewhere could make the browser ask");
        let bare = browser.http.post(format!("{}/portal/api/session", house.url)).json(&json!({})).send().await.unwrap();
        assert_eq!(bare.status(), StatusCode::BAD_REQUEST);
        assert!(browser.sees_companies().await);
        house.clock.advance(chrono::Duration::hours(13));
        assert!(!browser.sees_companies().await);
    }

    async fn a_new_password_ends_the_sessions_of_the_old_one(house: House) {
        let browser = inhabited(&house).await;
        house.clock.advance(chrono::Duration::seconds(1));
        let app = &house.app;
        let password: SecretString = users::reset_password(&app.db, app.clock.as_ref(), EMAIL).await.unwrap();
        assert!(!browser.sees_companies().await);
        assert_eq!(browser.sign_in(EMAIL, PASSWORD).await, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.sign_in(EMAIL, secrecy::ExposeSecret::expose_secret(&password)).await, StatusCode::OK);
        assert!(browser.sees_companies().await);
        let nobody = users::reset_password(&app.db, app.clock.as_ref(), "nobody@example.com").await;
        assert!(matches!(nobody, Err(users::Error::None(email)) if email == "nobody@example.com"));
    }

    async fn guessing_is_slowed_down(house: House) {
        inhabited(&house).await;
        let browser = Browser::at(&house);
        // At once: a machine that takes seconds for each would let the time for another try go by.
        let guess = || browser.sign_in("guess@example.com", "whatever it may be");
        let answers = futures::future::join_all((0..11).map(|_| guess())).await;
        assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
        assert_eq!(browser.sign_in(EMAIL, PASSWORD).await, StatusCode::OK, "others are not held up");
    }
}
