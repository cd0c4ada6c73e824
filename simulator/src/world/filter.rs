//! What a list is narrowed to: links to rows are followed, the rest is compared row by row.

use super::{Kind, Query, Refusal, money::Currency, rows::Schedule, seed::old::PAYOUTS_SINCE, shop::Shop, table::NONE};
use serde_json::Value;

/// Why no rows of a manual payout can be listed, in Stripe's words.
const MANUAL: &str = "Balance transaction history can only be filtered on automatic transfers, not manual.";

/// A filter that was understood. Links hold `NONE` when there is no such row, so nothing matches.
enum Filter {
    Customer(u32),
    Charge(u32),
    Intent(u32),
    Payout(u32),
    Parent(u32),
    /// The rows that came from this object.
    Source(Option<(Kind, u32)>),
    /// A balance transaction's or an event's type, one of these; events also `name.*`.
    Type(Vec<String>),
    Currency(Option<Currency>),
    Email(String),
    /// Subscriptions that have not ended: what their list holds when nothing is said (trap 52).
    NotEnded,
    /// Any other field, by its path: one of these values, compared with the rendered object.
    Field(String, Vec<String>),
}

impl Filter {
    /// Whether it names something that is not there.
    fn leads_nowhere(&self) -> bool {
        match self {
            Self::Customer(row) | Self::Charge(row) | Self::Intent(row) | Self::Parent(row) => *row == NONE,
            Self::Source(source) => source.is_none(),
            Self::Currency(currency) => currency.is_none(),
            _ => false,
        }
    }
}

/// All filters of a query.
pub struct Filters {
    kind: Kind,
    all: Vec<Filter>,
}

impl Filters {
    /// Reads the filters of a query; a name that comes again means either of its values.
    pub fn read(shop: &Shop, kind: Kind, query: &Query) -> Result<Self, Refusal> {
        let mut all: Vec<Filter> = Vec::new();
        for (name, value) in &query.filters {
            let filter = read(shop, kind, name.trim_end_matches("[]"), value, query.now)?;
            merge(&mut all, filter);
        }
        if kind == Kind::Subscription && !query.filters.iter().any(|(name, _)| name == "status") {
            all.push(Filter::NotEnded);
        }
        Ok(Self { kind, all })
    }

    /// The whole list, if it is one of lines below a parent.
    pub fn sub_list(&self, shop: &Shop, now: i64) -> Option<Vec<Value>> {
        let parent =
            self.all.iter().find_map(|filter| if let Filter::Parent(parent) = filter { Some(*parent) } else { None });
        match (self.kind, parent) {
            (Kind::SessionLineItem | Kind::InvoiceLine | Kind::SubscriptionItem, None | Some(NONE)) => Some(Vec::new()),
            (Kind::SessionLineItem, Some(parent)) => Some(shop.session_items(parent)),
            (Kind::InvoiceLine, Some(parent)) => Some(shop.invoice_lines(parent)),
            (Kind::SubscriptionItem, Some(parent)) => Some(shop.subscription_items(parent, now)),
            _ => None,
        }
    }

    /// The only rows that can match, sorted as the list is, if a filter leads to them.
    pub fn chosen(&self, shop: &Shop) -> Option<Vec<u32>> {
        let mut rows = self.all.iter().find_map(|filter| match (self.kind, filter) {
            (_, filter) if filter.leads_nowhere() => Some(Vec::new()),
            (Kind::BalanceTransaction, Filter::Payout(payout)) => {
                let row = shop.payouts.at(*payout);
                Some(row.content.iter().chain([&row.entry]).copied().collect())
            }
            (Kind::Refund, Filter::Charge(charge)) => Some(shop.refunds_of.get(charge).cloned().unwrap_or_default()),
            (Kind::Dispute, Filter::Charge(charge)) => Some(shop.disputes_of.get(charge).cloned().unwrap_or_default()),
            (Kind::Charge, Filter::Intent(intent)) => {
                let row = shop.intents.at(*intent);
                if row.charge == NONE { Some(Vec::new()) } else { Some((row.first_charge..=row.charge).collect()) }
            }
            (Kind::Charge, Filter::Customer(customer)) => Some(shop.charges_of(*customer).collect()),
            (Kind::PaymentIntent, Filter::Customer(customer)) => {
                // Only guests have intents without a charge.
                let mut intents: Vec<u32> =
                    shop.charges_of(*customer).map(|charge| shop.charges.at(charge).intent).collect();
                intents.retain(|intent| *intent != NONE);
                intents.sort_unstable();
                intents.dedup();
                Some(intents)
            }
            (Kind::BalanceTransaction, Filter::Source(Some(source))) => Some(shop.entries_of(*source)),
            (Kind::PaymentMethod, Filter::Customer(customer)) => {
                let row = shop.customers.at(*customer);
                Some((row.method..row.method + row.methods).collect())
            }
            _ => None,
        })?;
        rows.sort_unstable_by_key(|number| (shop.created(self.kind, *number), *number));
        Some(rows)
    }

    /// Whether a row passes all filters.
    pub fn match_row(&self, shop: &Shop, number: u32, now: i64) -> bool {
        self.all.iter().all(|filter| self.passes(filter, shop, number, now))
            && (self.kind != Kind::PaymentMethod || shop.methods.at(number).detached_at > now)
    }

    fn passes(&self, filter: &Filter, shop: &Shop, number: u32, now: i64) -> bool {
        match filter {
            Filter::Customer(wanted) => shop.customer_of(self.kind, number) == Some(*wanted),
            Filter::Charge(wanted) => shop.charge_of(self.kind, number) == Some(*wanted),
            Filter::Intent(wanted) => shop.intent_of(self.kind, number) == Some(*wanted),
            Filter::Payout(payout) => shop.shows(*payout, number, now),
            Filter::Parent(wanted) => shop.invoice_payments.at(number).invoice == *wanted,
            Filter::Source(wanted) => shop.entry_source(shop.entries.at(number).source).2 == *wanted,
            Filter::Type(wanted) if self.kind == Kind::Event => {
                let name = shop.events.at(number).name;
                wanted
                    .iter()
                    .any(|wanted| wanted.strip_suffix('*').map_or(name == wanted, |start| name.starts_with(start)))
            }
            Filter::Type(wanted) => {
                let kind = shop.entry_source(shop.entries.at(number).source).0;
                wanted.iter().any(|wanted| wanted == kind)
            }
            Filter::NotEnded => shop.subscriptions.at(number).ended_at > now,
            Filter::Field(path, wanted) if self.kind == Kind::Subscription && path == "status" => {
                let status = shop.subscription_status(number, now);
                wanted.iter().any(|wanted| match wanted.as_str() {
                    "all" => true,
                    "ended" => status == "canceled",
                    wanted => wanted == status,
                })
            }
            Filter::Currency(wanted) => Some(shop.entries.at(number).currency) == *wanted,
            Filter::Email(wanted) if !shop.patches.contains_key(&(self.kind, number)) => {
                shop.email_at(number, now).as_ref() == Some(wanted)
            }
            Filter::Email(wanted) => {
                shop.render(self.kind, number, now).is_some_and(|object| object["email"] == wanted.as_str())
            }
            Filter::Field(path, wanted) => shop.render(self.kind, number, now).is_some_and(|object| {
                path.split('.')
                    .try_fold(&object, |part, name| part.get(name))
                    .is_some_and(|field| equals(field, wanted))
            }),
        }
    }
}

fn read(shop: &Shop, kind: Kind, name: &str, value: &str, now: i64) -> Result<Filter, Refusal> {
    let row = |kind| shop.number_of(kind, value).filter(|number| shop.visible(kind, *number, now)).unwrap_or(NONE);
    Ok(match (kind, name) {
        (_, "customer") => Filter::Customer(row(Kind::Customer)),
        (Kind::Refund | Kind::Dispute, "charge") => Filter::Charge(row(Kind::Charge)),
        (Kind::Charge | Kind::Refund | Kind::Dispute | Kind::CheckoutSession, "payment_intent")
        | (Kind::InvoicePayment, "payment.payment_intent") => Filter::Intent(row(Kind::PaymentIntent)),
        (Kind::BalanceTransaction, "payout") => Filter::Payout(automatic(shop, row(Kind::Payout), value)?),
        (Kind::SessionLineItem, "session") => Filter::Parent(row(Kind::CheckoutSession)),
        (Kind::InvoiceLine | Kind::InvoicePayment, "invoice") => Filter::Parent(row(Kind::Invoice)),
        (Kind::SubscriptionItem, "subscription") => Filter::Parent(row(Kind::Subscription)),
        (Kind::BalanceTransaction, "source") => Filter::Source(source(shop, value)),
        (Kind::BalanceTransaction | Kind::Event, "type") | (Kind::Event, "types") => {
            Filter::Type(vec![value.to_owned()])
        }
        (Kind::BalanceTransaction, "currency") => Filter::Currency(Currency::parse(value)),
        (Kind::Customer, "email") => Filter::Email(value.to_owned()),
        (_, path) => Filter::Field(path.to_owned(), vec![value.to_owned()]),
    })
}

fn merge(all: &mut Vec<Filter>, filter: Filter) {
    for known in all.iter_mut() {
        match (known, &filter) {
            (Filter::Type(values), Filter::Type(more)) => return values.extend(more.iter().cloned()),
            (Filter::Field(path, values), Filter::Field(other, more)) if path == other => {
                return values.extend(more.iter().cloned());
            }
            _ => {}
        }
    }
    all.push(filter);
}

fn equals(field: &Value, wanted: &[String]) -> bool {
    wanted.iter().any(|wanted| match field {
        Value::String(text) => text == wanted,
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        Value::Number(number) => wanted.parse().is_ok_and(|wanted: serde_json::Number| wanted == *number),
        _ => false,
    })
}

fn automatic(shop: &Shop, payout: u32, id: &str) -> Result<u32, Refusal> {
    if payout == NONE {
        return Err(Refusal::Invalid(format!("No such payout: '{id}'")));
    }
    if shop.payouts.at(payout).schedule == Schedule::Automatic {
        Ok(payout)
    } else {
        Err(Refusal::Invalid(MANUAL.to_owned()))
    }
}

fn source(shop: &Shop, id: &str) -> Option<(Kind, u32)> {
    [Kind::Charge, Kind::Refund, Kind::Dispute, Kind::Payout, Kind::Transfer, Kind::ApplicationFee]
        .into_iter()
        .find_map(|kind| shop.number_of(kind, id).map(|number| (kind, number)))
}

impl Shop {
    fn charges_of(&self, customer: u32) -> impl Iterator<Item = u32> {
        let there = |number: u32| (number != NONE).then_some(number);
        std::iter::successors(there(self.customers.at(customer).charge), move |number| {
            there(self.charges.at(*number).previous)
        })
    }

    /// What an object was booked as.
    fn entries_of(&self, (kind, number): (Kind, u32)) -> Vec<u32> {
        let entries = match kind {
            Kind::Charge => [self.charges.at(number).entry, self.charges.at(number).failure_entry],
            Kind::Refund => [self.refunds.at(number).entry, self.refunds.at(number).failure_entry],
            Kind::Dispute => [self.disputes.at(number).entry, self.disputes.at(number).won_entry],
            Kind::Transfer => [self.transfers.at(number).entry, NONE],
            Kind::ApplicationFee => [self.application_fees.at(number).entry, NONE],
            _ => [self.payouts.at(number).entry, self.payouts.at(number).failure_entry],
        };
        entries.into_iter().filter(|entry| *entry != NONE).collect()
    }

    fn customer_of(&self, kind: Kind, number: u32) -> Option<u32> {
        Some(match kind {
            Kind::Charge => self.charges.at(number).customer,
            Kind::PaymentIntent => self.intents.at(number).customer,
            Kind::CheckoutSession => self.sessions.at(number).customer,
            Kind::Invoice => self.invoices.at(number).customer,
            Kind::PaymentMethod => self.methods.at(number).customer,
            Kind::Subscription => self.subscriptions.at(number).customer,
            _ => return None,
        })
    }

    fn charge_of(&self, kind: Kind, number: u32) -> Option<u32> {
        Some(match kind {
            Kind::Refund => self.refunds.at(number).charge,
            Kind::Dispute => self.disputes.at(number).charge,
            _ => return None,
        })
    }

    fn intent_of(&self, kind: Kind, number: u32) -> Option<u32> {
        Some(match kind {
            Kind::Charge => self.charges.at(number).intent,
            Kind::Refund | Kind::Dispute => self.charges.at(self.charge_of(kind, number)?).intent,
            Kind::CheckoutSession => self.sessions.at(number).intent,
            Kind::InvoicePayment => self.invoice_payments.at(number).intent,
            _ => return None,
        })
    }

    /// Whether a balance transaction is among those of a payout: while that is not reconciled, only a part is (trap 38).
    fn shows(&self, payout: u32, entry: u32, now: i64) -> bool {
        let row = self.payouts.at(payout);
        self.entries.at(entry).payout == payout
            && row.created >= PAYOUTS_SINCE
            && (now >= row.reconciled_at || entry == row.entry || !entry.is_multiple_of(3))
    }
}
