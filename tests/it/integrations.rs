//! Setting an integration up: checked here, checked at Stripe, sealed.

use chrono::Duration;
use entity::integration::{Mode, Scope, Sync};
use secrecy::SecretString;
use tributary::clock::Clock;
use tributary::connect::integrations::{Change, Error, secret_key_of, set};
use tributary::store;

use crate::both;
use crate::house::House;

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn whole() -> Change {
    Change {
        client_id: Some(" ca_simulator ".to_owned()),
        secret_key: Some(secret("sk_test_simulator\n")),
        webhook_secret: Some(secret("whsec_0123456789abcdef")),
        scope: Some("read_write".to_owned()),
        sync_at: None,
        sync_time_zone: None,
        sync: Some("hourly".to_owned()),
        enabled: None,
    }
}

both! {
    async fn a_whole_set_up_is_kept_sealed_and_switches_it_on(house: House) {
        store::integrations::ensure_defaults(&house.db, house.clock.now()).await.unwrap();
        let before = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
        assert_eq!((before.mode, before.enabled, before.scope), (Mode::Test, false, Scope::ReadOnly));
        house.clock.advance(Duration::minutes(1));
        set(house.means(), "yzth", whole()).await.unwrap();

        let row = store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap();
        assert_eq!(row.client_id.as_deref(), Some("ca_simulator"));
        assert_eq!((row.scope, row.sync, row.enabled), (Scope::ReadWrite, Sync::Hourly, true));
        assert_eq!(row.secret_key_hint.as_deref(), Some("sk_test_..."), "four of nine would show too much");
        assert_eq!(row.webhook_secret_hint.as_deref(), Some("whsec_...cdef"));
        assert!(row.updated_at > row.created_at);
        for sealed in [&row.secret_key, &row.webhook_secret] {
            let sealed = sealed.as_deref().unwrap();
            assert!(sealed.starts_with("v1.") && !sealed.contains("simulator") && !sealed.contains("0123"), "{sealed}");
        }
        let opened = secret_key_of(house.means(), &row).await.unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&opened), "sk_test_simulator");

        let off = Change { enabled: Some(false), ..Change::default() };
        let row = set(house.means(), "yzth", off).await.unwrap();
        assert_eq!((row.enabled, row.scope), (false, Scope::ReadWrite), "what is not given stays");
        let again = Change { sync: Some("once".to_owned()), ..Change::default() };
        assert!(!set(house.means(), "yzth", again).await.unwrap().enabled, "it is switched on by itself only once");
        store::integrations::ensure_defaults(&house.db, house.clock.now()).await.unwrap();
        assert_eq!(store::integrations::all(&house.db).await.unwrap().len(), 2, "nothing is made twice or undone");
        assert_eq!(store::integrations::by_key(&house.db, "yzth").await.unwrap().unwrap().sync, Sync::Once);
    }

    async fn a_refused_value_names_its_field_and_nothing_is_saved(house: House) {
        store::integrations::ensure_defaults(&house.db, house.clock.now()).await.unwrap();
        let before = store::integrations::all(&house.db).await.unwrap();
        let none = Change::default();
        let cases = [
            (Change { secret_key: Some(secret("sk_live_1")), ..whole() }, "secret_key", "live mode key"),
            (Change { secret_key: Some(secret("pk_test_1")), ..whole() }, "secret_key", "publishable"),
            (Change { secret_key: Some(secret("sk_test_wrong")), ..whole() }, "secret_key", "Stripe does not know this key"),
            (Change { secret_key: Some(secret("")), ..whole() }, "secret_key", "empty"),
            (Change { secret_key: Some(secret("sk test")), ..whole() }, "secret_key", "characters"),
            (Change { client_id: Some("sk_test_simulator".to_owned()), ..whole() }, "client_id", "this is a secret key"),
            (Change { webhook_secret: Some(secret("ca_1")), ..whole() }, "webhook_secret", "this is a client id"),
            (Change { scope: Some("write".to_owned()), ..whole() }, "scope", "read_only, read_write"),
            (Change { sync: Some("yearly".to_owned()), ..whole() }, "sync", "once, hourly, daily, weekly, monthly"),
            (Change { enabled: Some(true), ..none }, "enabled", "client_id and a secret_key"),
        ];
        for (change, field, part) in cases {
            let Err(Error::Refused(refusal)) = set(house.means(), "yzth", change).await else { panic!("{field} {part}") };
            assert_eq!(refusal.field, field, "{refusal}");
            assert!(refusal.message.contains(part), "{refusal}");
            assert!(!refusal.message.contains("sk_test_wrong"), "{refusal}");
        }
        let live = set(house.means(), "exgd", Change { secret_key: Some(secret("sk_test_simulator")), ..whole() }).await;
        assert!(matches!(live, Err(Error::Refused(refusal)) if refusal.message.contains("Stripe Test (yzth)")));
        assert!(matches!(set(house.means(), "nope", whole()).await, Err(Error::NotFound(key)) if key == "nope"));
        assert_eq!(store::integrations::all(&house.db).await.unwrap(), before);
    }
}
