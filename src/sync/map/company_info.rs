//! The account itself, with its balance.

use std::collections::BTreeMap;

use chrono::DateTime;
use entity::company_info::{Balance, Model, Phone, WebLink};

use super::customer::address;
use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, text};
use stripe::wire::{self, Account, BalanceAmount};

/// The account, and what it holds where the balance could be read.
///
/// # Errors
/// When the id is missing, a currency is none, or an amount of the balance is missing or cannot be counted.
pub fn company_info(source: Source, account: &Account, balance: Option<&wire::Balance>) -> Result<Model, Unmapped> {
    let subject = Subject::new("account", &account.id)?;
    let profile = account.business_profile.clone().unwrap_or_default();
    let dashboard = account.settings.clone().unwrap_or_default().dashboard.unwrap_or_default();
    let legal_name = account.company.as_ref().and_then(|company| text(company.name.as_ref()));
    let currency = account.default_currency.as_ref();
    let base_currency = currency.map(|code| subject.currency("default_currency", Some(code))).transpose()?;
    let phone = profile.support_phone.iter().map(|number| Phone { number: clean(number), kind: "Primary".to_owned() });
    let link = |url: &String, kind: &str| WebLink { url: clean(url), kind: kind.to_owned() };
    let site = profile.url.iter().map(|url| link(url, "Website"));
    let help = profile.support_url.iter().map(|url| link(url, "Unknown"));
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        name: text(profile.name.as_ref())
            .or_else(|| text(dashboard.display_name.as_ref()))
            .or_else(|| legal_name.clone()),
        legal_name,
        base_currency,
        country: text(account.country.as_ref()),
        email: text(account.email.as_ref()).or_else(|| text(profile.support_email.as_ref())),
        time_zone: text(dashboard.timezone.as_ref()),
        addresses: address("Unknown", profile.support_address.as_ref()).into_iter().collect(),
        phone_numbers: phone.collect(),
        web_links: site.chain(help).collect(),
        balances: balance.map_or_else(|| Ok(Vec::new()), |balance| balances(&subject, balance))?,
        created_at: subject.maybe_time("created", account.created)?.unwrap_or(DateTime::UNIX_EPOCH),
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// One for each currency, in the order of their codes.
fn balances(subject: &Subject<'_>, balance: &wire::Balance) -> Result<Vec<Balance>, Unmapped> {
    let mut all = BTreeMap::new();
    add(subject, &mut all, &balance.available, |held| &mut held.available_minor)?;
    add(subject, &mut all, &balance.pending, |held| &mut held.pending_minor)?;
    add(subject, &mut all, &balance.connect_reserved, |held| held.reserved_minor.get_or_insert(0))?;
    Ok(all.into_values().collect())
}

fn add(
    subject: &Subject<'_>,
    all: &mut BTreeMap<String, Balance>,
    amounts: &[BalanceAmount],
    part: fn(&mut Balance) -> &mut i64,
) -> Result<(), Unmapped> {
    for amount in amounts {
        let currency = subject.currency("balance.currency", amount.currency.as_ref())?;
        let none = Balance { currency: currency.clone(), available_minor: 0, pending_minor: 0, reserved_minor: None };
        let sum = part(all.entry(currency).or_insert(none));
        *sum = subject.sum("balance.amount", [Some(*sum), amount.amount])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value, balance: Option<&Value>) -> Result<Model, Unmapped> {
        let balance: Option<wire::Balance> = balance.map(|body| changed(&json!({}), body));
        let base = json!({"id": "acct_1", "country": "NO", "default_currency": "nok", "email": "a@x.no", "created": 1});
        company_info(source(), &changed(&base, changes), balance.as_ref())
    }

    #[test]
    fn the_name_is_what_it_calls_itself() {
        let profile = json!({"name": "Shop", "url": "https://x.no", "support_phone": "+47 1", "support_url": "https://x.no/h",
            "support_address": {"city": "Oslo"}});
        let settings = json!({"dashboard": {"display_name": "Shown", "timezone": "Europe/Oslo"}});
        let all = json!({"business_profile": profile, "settings": settings, "company": {"name": "Shop AS"}});
        let info = mapped(&all, None).unwrap();
        assert_eq!((info.name.as_deref(), info.legal_name.as_deref()), (Some("Shop"), Some("Shop AS")));
        assert_eq!((info.time_zone.as_deref(), info.base_currency.as_deref()), (Some("Europe/Oslo"), Some("NOK")));
        assert_eq!((info.addresses[0].kind.as_str(), info.phone_numbers[0].kind.as_str()), ("Unknown", "Primary"));
        let links: Vec<_> = info.web_links.iter().map(|link| (link.url.as_str(), link.kind.as_str())).collect();
        assert_eq!(links, [("https://x.no", "Website"), ("https://x.no/h", "Unknown")]);
        assert_eq!(mapped(&json!({ "settings": settings }), None).unwrap().name.as_deref(), Some("Shown"));
        assert_eq!(mapped(&json!({"company": {"name": "Shop AS"}}), None).unwrap().name.as_deref(), Some("Shop AS"));
    }

    #[test]
    fn a_brand_new_account_has_little() {
        // 41.
        let bare =
            mapped(&json!({"created": null, "email": null, "business_profile": null, "settings": null}), None).unwrap();
        assert_eq!((bare.created_at, bare.name, bare.time_zone), (DateTime::UNIX_EPOCH, None, None));
        assert!(bare.addresses.is_empty() && bare.balances.is_empty());
    }

    #[test]
    fn the_balance_is_told_for_each_currency() {
        let balance = json!({"available": [{"amount": -5, "currency": "usd"}, {"amount": 7, "currency": "jpy"}],
            "pending": [{"amount": 10, "currency": "usd"}, {"amount": 1, "currency": "usd"}],
            "connect_reserved": [{"amount": 3, "currency": "eur"}], "livemode": true});
        let held = mapped(&json!({}), Some(&balance)).unwrap().balances;
        let seen = held.iter().map(|b| (b.currency.as_str(), b.available_minor, b.pending_minor, b.reserved_minor));
        let expected = [("EUR", 0, 0, Some(3)), ("JPY", 7, 0, None), ("USD", -5, 11, None)];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
        assert_eq!(mapped(&json!({}), Some(&json!({"pending": null}))).unwrap().balances, []);
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        let most = json!({"amount": i64::MAX, "currency": "usd"});
        assert_eq!(mapped(&json!({}), Some(&json!({"available": [most, most]}))).unwrap_err().field, "balance.amount");
        assert_eq!(mapped(&json!({"default_currency": ""}), None).unwrap_err().field, "default_currency");
        assert_eq!(mapped(&json!({"id": ""}), None).unwrap_err().field, "id");
    }
}
