//! The account itself, with its balance.

use std::collections::BTreeMap;

use chrono::DateTime;
use entity::company_info::{Balance, Model, Phone, WebLink};

use super::customer::address;
use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, text};
use crate::stripe::wire::{self, Account, BalanceAmount};

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
