//! OAuth: the page, the checks, codes, tokens, the end of a connection.

use super::super::options::Options;
use super::{PLATFORM, Stripe};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const WISH: &str = "/oauth/authorize?response_type=code&client_id=ca_simulator&redirect_uri=http://127.0.0.1:9/cb?x=1";
/// A state that every careless decoding and encoding would change.
const STATE: &str = "a+b%20c%2Bd%2f%2F~%00%FF%0A%22%3C";

fn auto() -> Stripe {
    Stripe::with(Options { auto_approve: true, ..Options::default() })
}

fn location(answer: &super::Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_page_offers_every_account_and_says_what_is_asked() {
    let stripe = Stripe::new();
    let page = stripe.send("GET", &format!("{WISH}&state={STATE}"), &[], "").await;
    assert_eq!(page.status, 200);
    for account in stripe.shared.world.accounts() {
        assert!(page.text.contains(&format!("name=\"account\" value=\"{}\"", account.id)));
    }
    for text in ["ca_simulator", "read only", "value=\"approve\"", "value=\"deny\"", "127.0.0.1"] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(
        page.headers["content-security-policy"].to_str().unwrap().contains("form-action 'self' http://127.0.0.1:9;")
    );
    let style = stripe.send("GET", "/oauth/authorize.css", &[], "").await;
    assert_eq!(
        (style.status.as_u16(), style.headers["content-type"].to_str().unwrap()),
        (200, "text/css; charset=utf-8")
    );
}

#[tokio::test]
async fn trap_46_approval_and_denial_return_the_state_byte_for_byte() {
    let stripe = Stripe::new();
    let path = format!("{WISH}&state={STATE}&scope=read_write");
    let approved = stripe.send("POST", &path, &[], &format!("account={}&decision=approve", stripe.shop())).await;
    let approved = location(&approved);
    assert!(approved.starts_with("http://127.0.0.1:9/cb?x=1&scope=read_write&code=ac_"), "{approved}");
    assert!(approved.ends_with(&format!("&state={STATE}")), "{approved}");
    let denied = location(&stripe.send("POST", &path, &[], "decision=deny").await);
    assert!(denied.starts_with("http://127.0.0.1:9/cb?x=1&error=access_denied&error_description="), "{denied}");
    assert!(denied.ends_with(&format!("&state={STATE}")), "{denied}");
}

#[tokio::test]
async fn faults_are_shown_and_never_redirected() {
    let stripe = auto();
    let base = "/oauth/authorize?state=s1";
    let uri = "redirect_uri=http://localhost/cb";
    for (query, error) in [
        (format!("response_type=code&{uri}"), "invalid_request"),
        (format!("response_type=code&client_id=ca_other&{uri}"), "invalid_client"),
        (format!("client_id=ca_simulator&{uri}"), "invalid_request"),
        (format!("response_type=token&client_id=ca_simulator&{uri}"), "unsupported_response_type"),
        ("response_type=code&client_id=ca_simulator".to_owned(), "invalid_redirect_uri"),
        (
            "response_type=code&client_id=ca_simulator&redirect_uri=https://evil.example/".to_owned(),
            "invalid_redirect_uri",
        ),
        (format!("response_type=code&client_id=ca_simulator&scope=admin&{uri}"), "invalid_scope"),
        (format!("response_type=code&client_id=ca_simulator&account=acct_nobody&{uri}"), "invalid_request"),
    ] {
        let answer = stripe.send("GET", &format!("{base}&{query}"), &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.body["error"].as_str()), (400, Some(error)), "{query}");
        assert_eq!(answer.body["state"], "s1");
        assert!(answer.body["error_description"].is_string() && !answer.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn a_script_chooses_the_account_of_an_automatic_approval() {
    let stripe = auto();
    let account = |form: serde_json::Value| form["stripe_user_id"].as_str().unwrap_or_default().to_owned();
    let exchange = async |path: &str| {
        let to = location(&stripe.send("GET", path, &[], "").await);
        let code = to.split_once("code=").unwrap().1.to_owned();
        account(stripe.token(&format!("grant_type=authorization_code&code={code}")).await.body)
    };
    let (first, other) = (stripe.shared.world.accounts()[0].id.clone(), stripe.other());
    assert_eq!(exchange(WISH).await, first);
    assert_eq!(exchange(&WISH.replace('?', &format!("?account={other}&")).replacen("cb&", "cb?", 1)).await, other);
    let chosen = format!("{{\"account\": \"{other}\"}}");
    assert_eq!(stripe.send("POST", "/_simulator/next-account", &[], &chosen).await.status, 200);
    assert_eq!(exchange(WISH).await, other);
    assert_eq!(exchange(WISH).await, first, "a choice counts once");
    assert_eq!(
        stripe.send("POST", "/_simulator/next-account", &[], "{\"account\": \"acct_nobody\"}").await.status,
        404
    );
}

#[tokio::test]
async fn a_code_gives_tokens_without_an_expiry() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    let tokens = stripe.connect(&shop, "read_only").await;
    assert!(stripe.token("").await.headers["request-id"].to_str().unwrap().starts_with("req_"));
    assert_eq!(tokens["stripe_user_id"], shop.as_str());
    assert_eq!((&tokens["scope"], &tokens["livemode"]), (&"read_only".into(), &false.into()));
    assert_eq!(tokens["token_type"], "bearer");
    for (name, prefix) in
        [("access_token", "sk_test_"), ("refresh_token", "rt_"), ("stripe_publishable_key", "pk_test_")]
    {
        assert!(tokens[name].as_str().unwrap().starts_with(prefix), "{name}");
    }
    assert!(tokens.get("expires_in").is_none());
    let live = Stripe::with(Options { secret_key: "sk_live_x".to_owned(), ..Options::default() });
    let code = live.approve(&shop, "read_only").await;
    let form = format!("grant_type=authorization_code&code={code}&client_secret=sk_live_x&client_id=ca_simulator");
    let tokens = live.send("POST", "/oauth/token", &[], &form).await.body;
    assert_eq!(tokens["livemode"], true);
    assert!(tokens["access_token"].as_str().unwrap().starts_with("sk_live_"));
}

#[tokio::test]
async fn trap_46_a_code_used_twice_disconnects() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    let code = stripe.approve(&shop, "read_only").await;
    let form = format!("grant_type=authorization_code&code={code}");
    assert_eq!(stripe.token(&form).await.status, 200);
    assert_eq!(stripe.get_for(&shop, "/v1/charges").await.status, 200);
    let again = stripe.token(&form).await;
    assert_eq!((again.status.as_u16(), again.body["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(stripe.get_for(&shop, "/v1/charges").await.error(), (403, "account_invalid", ""));
}

#[tokio::test]
async fn trap_44_an_account_is_connected_again_with_another_scope() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    let write = async || {
        let bearer = format!("Bearer {}", super::PLATFORM);
        let headers = [("authorization", bearer.as_str()), ("stripe-account", shop.as_str())];
        stripe.send("POST", "/v1/refunds", &headers, "").await.status.as_u16()
    };
    let wide = stripe.connect(&shop, "read_write").await;
    assert_eq!(write().await, 501, "allowed");
    // Nothing tells the one who connects that it is connected already, and nothing is taken back.
    let narrow = stripe.connect(&shop, "read_only").await;
    assert_eq!((&narrow["scope"], &narrow["stripe_user_id"]), (&"read_only".into(), &wide["stripe_user_id"]));
    assert_eq!(write().await, 501);
    let revoke = format!("/_simulator/accounts/{shop}/revoke");
    stripe.send("POST", &revoke, &[], "").await;
    stripe.connect(&shop, "read_only").await;
    assert_eq!(write().await, 403, "after a disconnection the new scope alone counts");
}

#[tokio::test]
async fn trap_45_the_owner_connects_another_account_than_before() {
    let stripe = auto();
    let connected = async || {
        let to = location(&stripe.send("GET", WISH, &[], "").await);
        let code = to.split_once("code=").unwrap().1.to_owned();
        stripe.token(&format!("grant_type=authorization_code&code={code}")).await.body
    };
    let before = connected().await;
    let other = stripe.other();
    let chosen = format!("{{\"account\": \"{other}\"}}");
    stripe.send("POST", "/_simulator/next-account", &[], &chosen).await;
    let now = connected().await;
    assert_eq!(now["stripe_user_id"], other.as_str());
    assert_ne!(now["stripe_user_id"], before["stripe_user_id"]);
    let first = before["stripe_user_id"].as_str().unwrap();
    assert_eq!(stripe.get_for(first, "/v1/account").await.status, 200, "the one before stays connected");
}

#[tokio::test]
async fn trap_46_a_code_is_gone_after_five_minutes() {
    let stripe = Stripe::new();
    let code = stripe.approve(&stripe.shop(), "read_only").await;
    stripe.shared.clock.advance(6 * 60 * 1000);
    let late = stripe.token(&format!("grant_type=authorization_code&code={code}")).await;
    assert_eq!((late.status.as_u16(), late.body["error"].as_str()), (400, Some("invalid_grant")));
    assert!(late.body["error_description"].as_str().unwrap().contains("expired"));
    assert_eq!(stripe.get_for(&stripe.shop(), "/v1/account").await.status, 403);
}

#[tokio::test]
async fn the_token_endpoint_knows_three_ways_to_show_a_key_and_refuses_client_id_as_basic() {
    let stripe = Stripe::new();
    let basic = |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let form = "grant_type=authorization_code&code=ac_unknown";
    let secret = format!("{form}&client_secret={PLATFORM}");
    let as_client = basic("ca_simulator", PLATFORM);
    for (authorization, form, status, error) in [
        (Some(basic(PLATFORM, "")), form, 400, "invalid_grant"),
        (Some(format!("Bearer {PLATFORM}")), form, 400, "invalid_grant"),
        (None, secret.as_str(), 400, "invalid_grant"),
        (None, form, 401, "invalid_client"),
        (Some(as_client.clone()), form, 401, "invalid_client"),
        (Some("Bearer sk_test_wrong".to_owned()), form, 401, "invalid_client"),
    ] {
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let answer = stripe.send("POST", "/oauth/token", &headers, form).await;
        assert_eq!((answer.status.as_u16(), answer.body["error"].as_str()), (status, Some(error)), "{authorization:?}");
    }
    let refused = stripe.send("POST", "/oauth/token", &[("authorization", &as_client)], form).await;
    assert_eq!(refused.body["error_description"], "No such API key: ca_simulator");
}

#[tokio::test]
async fn token_requests_are_checked() {
    let stripe = Stripe::new();
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=rt_none", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=rt_none&scope=all", "invalid_scope"),
    ] {
        let answer = stripe.token(form).await;
        assert_eq!((answer.status.as_u16(), answer.body["error"].as_str()), (400, Some(error)), "{form}");
    }
}

#[tokio::test]
async fn a_refreshed_token_replaces_its_equal() {
    let stripe = Stripe::new();
    let tokens = stripe.connect(&stripe.shop(), "read_write").await;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    let narrow = stripe.token(&format!("{refresh}&scope=read_only")).await.body;
    assert_eq!(narrow["scope"], "read_only");
    let wide = stripe.token(&refresh).await.body;
    let ask = async |tokens: &serde_json::Value, method: &str| {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        stripe.send(method, "/v1/charges", &[("authorization", &bearer)], "").await
    };
    assert_eq!(ask(&tokens, "GET").await.error(), (401, "api_key_expired", ""));
    assert_eq!(ask(&wide, "GET").await.status, 200);
    assert_eq!(ask(&narrow, "GET").await.status, 200);
    assert_eq!(ask(&narrow, "POST").await.error(), (403, "more_permissions_required_for_application", ""));
}

#[tokio::test]
async fn deauthorizing_ends_every_kind_of_access() {
    let stripe = Stripe::new();
    let shop = stripe.shop();
    let tokens = stripe.connect(&shop, "read_only").await;
    let bearer = format!("Bearer {PLATFORM}");
    let end =
        async |form: String| stripe.send("POST", "/oauth/deauthorize", &[("authorization", &bearer)], &form).await;
    assert_eq!(end(format!("stripe_user_id={shop}")).await.body["error"], "invalid_request");
    assert_eq!(end("client_id=ca_simulator".to_owned()).await.body["error"], "invalid_request");
    assert_eq!(end(format!("client_id=ca_other&stripe_user_id={shop}")).await.body["error"], "invalid_client");
    let done = end(format!("client_id=ca_simulator&stripe_user_id={shop}")).await;
    assert_eq!((done.status.as_u16(), &done.body["stripe_user_id"]), (200, &shop.as_str().into()));
    let again = end(format!("client_id=ca_simulator&stripe_user_id={shop}")).await;
    assert_eq!((again.status.as_u16(), again.body["error"].as_str()), (401, Some("invalid_client")));
    assert_eq!(stripe.get_for(&shop, "/v1/charges").await.error(), (403, "account_invalid", ""));
    let token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let by_token = stripe.send("GET", "/v1/charges", &[("authorization", &token)], "").await;
    assert_eq!(by_token.error(), (403, "account_invalid", ""));
}
