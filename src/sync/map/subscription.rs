//! Subscriptions, and what each is worth a month.

use entity::shape::Texts;
use entity::subscription::{Item, Model, Status};

use super::product::unit_price;
use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, clean, id, text};
use base::money;
use stripe::wire::{Price, Recurring, Subscription, SubscriptionItem};

/// The subscription. It must hold all of its items: Stripe embeds only the first of them.
///
/// # Errors
/// When the id, currency or time is missing or cannot be counted, or when items are missing.
pub fn subscription(source: Source, subscription: &Subscription) -> Result<Model, Unmapped> {
    let subject = Subject::new("subscription", &subscription.id)?;
    let currency = subject.currency("currency", subscription.currency.as_ref())?;
    let items = items(&subject, subscription, &currency)?;
    let priced = items.iter().filter_map(|item| item.monthly_minor);
    let monthly = subject.money("items", subject.sum("items", priced.map(Some))?, &currency)?;
    let unpriced = items.iter().filter(|item| item.monthly_minor.is_none()).count();
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        customer_id: id(subscription.customer.as_ref()),
        status: subscription.status.as_deref().map_or(Status::Unknown, status),
        monthly_minor: monthly.minor,
        monthly_milli: monthly.milli,
        unpriced_items: i32::try_from(unpriced).unwrap_or(i32::MAX),
        period_ends_at: items.iter().filter_map(|item| item.period_ends_at).min(),
        items,
        currency,
        discounts: Texts(subscription.discounts.iter().map(|discount| clean(&discount.id)).collect()),
        collection_method: text(subscription.collection_method.as_ref()),
        started_at: subject.time("start_date", subscription.start_date.or(subscription.created))?,
        trial_ends_at: subject.maybe_time("trial_end", subscription.trial_end)?,
        cancel_at_period_end: subscription.cancel_at_period_end.unwrap_or_default(),
        cancel_at: subject.maybe_time("cancel_at", subscription.cancel_at)?,
        cancelled_at: subject.maybe_time("canceled_at", subscription.canceled_at)?,
        ended_at: subject.maybe_time("ended_at", subscription.ended_at)?,
        created_at: subject.time("created", subscription.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

fn status(word: &str) -> Status {
    match word {
        "incomplete" => Status::Incomplete,
        "incomplete_expired" => Status::IncompleteExpired,
        "trialing" => Status::Trialing,
        "active" => Status::Active,
        "past_due" => Status::PastDue,
        "unpaid" => Status::Unpaid,
        "paused" => Status::Paused,
        "canceled" => Status::Cancelled,
        _ => Status::Unknown,
    }
}

fn items(subject: &Subject<'_>, subscription: &Subscription, currency: &str) -> Result<Vec<Item>, Unmapped> {
    let items = subject.required("items", subscription.items.as_ref())?;
    if items.has_more {
        return Err(subject.unmapped("items", format!("cut after {} items", items.data.len())));
    }
    items.data.iter().map(|one| item(one, currency)).collect()
}

fn item(item: &SubscriptionItem, currency: &str) -> Result<Item, Unmapped> {
    let subject = Subject::new("subscription_item", &item.id)?;
    let price = subject.required("price", item.price.as_ref())?;
    let unit_price = match price.currency.as_ref() {
        Some(code) if code.eq_ignore_ascii_case(currency) => unit_price(&subject, price, currency)?,
        // A price has amounts in other currencies, too; Stripe does not show them here.
        _ => None,
    };
    let monthly_minor = match &unit_price {
        Some(unit) => monthly(&subject, unit, item.quantity, price, currency)?,
        None => None,
    };
    let recurring = price.recurring.as_ref();
    Ok(Item {
        id: subject.id(),
        product_id: id(price.product.as_ref()),
        price_id: Some(clean(&price.id)),
        unit_price,
        quantity: item.quantity,
        interval: text(recurring.and_then(|one| one.interval.as_ref())),
        interval_count: recurring.and_then(|one| one.interval_count),
        monthly_minor,
        period_ends_at: subject.maybe_time("current_period_end", item.current_period_end)?,
    })
}

/// Minor units a month, rounded to the nearest, halves to the even one: a year has 12 months, 52 weeks and 365 days. None
/// for what is paid by use or by the package.
fn monthly(
    subject: &Subject<'_>,
    unit: &str,
    quantity: Option<i64>,
    price: &Price,
    currency: &str,
) -> Result<Option<i64>, Unmapped> {
    let Some(recurring) = price.recurring.as_ref() else { return Ok(None) };
    let metered = recurring.usage_type.as_deref() == Some("metered");
    let (Some(quantity), false) = (quantity, metered || price.transform_quantity.is_some()) else { return Ok(None) };
    let Some((payments, months)) = rhythm(recurring) else { return Ok(None) };
    let beyond = || subject.unmapped("price", format!("beyond what can be counted: {unit} times {quantity}"));
    let unit = Exact::parse(unit).ok_or_else(beyond)?;
    let minor = unit.times(money::exponent(currency), quantity, payments).ok_or_else(beyond)?;
    let monthly = money::nearest(minor, unit.scale().checked_mul(months).ok_or_else(beyond)?).ok_or_else(beyond)?;
    Ok(Some(monthly))
}

/// So many payments in so many months; none for a rhythm that we do not know.
fn rhythm(recurring: &Recurring) -> Option<(i128, i128)> {
    let count = i128::from(recurring.interval_count.unwrap_or(1));
    let (payments, months) = match recurring.interval.as_deref()? {
        "day" => (365, 12),
        "week" => (52, 12),
        "month" => (1, 1),
        "year" => (1, 12),
        _ => return None,
    };
    (count > 0).then_some((payments, months * count))
}

/// Plain decimal text as a whole number and the power of ten that it is to be divided by.
struct Exact {
    unscaled: i128,
    digits: u32,
}

impl Exact {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let unscaled = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { unscaled, digits: u32::try_from(fraction.len()).ok()? })
    }

    fn scale(&self) -> i128 {
        10_i128.saturating_pow(self.digits)
    }

    /// The number with its point moved by `exponent` digits to the right, `quantity` times `payments` times.
    fn times(&self, exponent: u32, quantity: i64, payments: i128) -> Option<i128> {
        let minor = self.unscaled.checked_mul(10_i128.checked_pow(exponent)?)?;
        minor.checked_mul(quantity.into())?.checked_mul(payments)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn price(changes: &Value) -> Value {
        let mut price = json!({"id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": 1000,
            "unit_amount_decimal": "1000", "billing_scheme": "per_unit",
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"}});
        for (name, value) in changes.as_object().unwrap() {
            price[name] = value.clone();
        }
        price
    }

    fn of_items(items: &[Value]) -> Result<Model, Unmapped> {
        mapped(&json!({"items": {"data": items, "has_more": false}}))
    }

    fn mapped(changes: &Value) -> Result<Model, Unmapped> {
        let base = json!({"id": "sub_1", "status": "active", "customer": "cus_1", "currency": "usd",
            "created": 1_700_000_000, "start_date": 1_690_000_000, "discounts": ["di_1"],
            "items": {"data": [], "has_more": false}});
        subscription(source(), &changed(&base, changes))
    }

    fn monthly_of(price_changes: &Value, quantity: &Value) -> Option<i64> {
        let item = json!({"id": "si_1", "quantity": quantity, "price": price(price_changes)});
        of_items(&[item]).unwrap().items[0].monthly_minor
    }

    #[test]
    fn every_status_has_its_word() {
        let cases = [
            ("incomplete", Status::Incomplete),
            ("incomplete_expired", Status::IncompleteExpired),
            ("trialing", Status::Trialing),
            ("active", Status::Active),
            ("past_due", Status::PastDue),
            ("unpaid", Status::Unpaid),
            ("paused", Status::Paused),
            ("canceled", Status::Cancelled),
            ("levitating", Status::Unknown),
        ];
        for (word, status) in cases {
            assert_eq!(mapped(&json!({"status": word})).unwrap().status, status, "{word}");
        }
    }

    #[test]
    fn a_month_is_a_twelfth_of_52_weeks_and_of_365_days() {
        let every = |interval: &str, count: i64| {
            let recurring = json!({"interval": interval, "interval_count": count, "usage_type": "licensed"});
            monthly_of(&json!({ "recurring": recurring }), &json!(3)).unwrap()
        };
        assert_eq!((every("month", 1), every("month", 3)), (3000, 1000));
        assert_eq!((every("year", 1), every("year", 3)), (250, 83), "250.0 and 83.3");
        assert_eq!((every("week", 1), every("week", 2)), (13_000, 6_500));
        assert_eq!(every("day", 1), 91_250);
    }

    #[test]
    fn a_half_goes_to_the_even_one() {
        let part = json!({"unit_amount": null, "unit_amount_decimal": "0.5"});
        assert_eq!(monthly_of(&part, &json!(5)), Some(2));
    }

    #[test]
    fn what_is_not_known_beforehand_is_counted_and_not_guessed() {
        let tiers = json!({"billing_scheme": "tiered", "unit_amount": null, "unit_amount_decimal": null});
        let metered = json!({"recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"}});
        let package = json!({"transform_quantity": {"divide_by": 10, "round": "up"}});
        let foreign = json!({"currency": "eur"});
        let strange = json!({"recurring": {"interval": "fortnight", "interval_count": 1}});
        let rows: Vec<Value> = [&tiers, &metered, &package, &foreign, &strange, &json!({})]
            .iter()
            .enumerate()
            .map(|(number, changes)| json!({"id": format!("si_{number}"), "quantity": 1, "price": price(changes)}))
            .collect();
        let subscription = of_items(&rows).unwrap();
        assert_eq!(
            (subscription.unpriced_items, subscription.monthly_minor, subscription.monthly_milli),
            (5, 1000, 10_000)
        );
        assert_eq!(monthly_of(&json!({}), &Value::Null), None);
    }

    #[test]
    fn cut_items_are_named() {
        // 53: Stripe embeds the first ones only.
        let cut = json!({"items": {"data": [], "has_more": true}});
        assert_eq!(mapped(&cut).unwrap_err().value, "cut after 0 items");
        assert_eq!(mapped(&json!({"items": null})).unwrap_err().field, "items");
        assert_eq!(mapped(&json!({"currency": null})).unwrap_err().field, "currency");
        let much = json!({"id": "si_1", "quantity": i64::MAX, "price": price(&json!({}))});
        assert_eq!(of_items(&[much]).unwrap_err().field, "price");
    }

    #[test]
    fn the_rest_is_what_the_paper_says() {
        let item = |second: i64| json!({"id": "si_1", "quantity": 1, "price": price(&json!({})), "current_period_end": second});
        let all = mapped(&json!({"items": {"data": [item(1_703_000_000), item(1_702_000_000)], "has_more": false},
            "trial_end": 1_695_000_000, "cancel_at_period_end": true, "canceled_at": 1_700_000_100, "ended_at": null}))
        .unwrap();
        assert_eq!(all.period_ends_at.unwrap().timestamp(), 1_702_000_000, "the earliest");
        assert_eq!(all.started_at.timestamp(), 1_690_000_000);
        assert_eq!((all.discounts.0, all.cancel_at_period_end, all.ended_at), (vec!["di_1".to_owned()], true, None));
        assert_eq!(all.items[0].unit_price.as_deref(), Some("10"));
        assert_eq!(mapped(&json!({"start_date": null})).unwrap().started_at.timestamp(), 1_700_000_000);
    }
}
