//! What can be asked for: each resource's address, filters and expandable fields, as tables.

use crate::world::Kind;

/// A list and its objects.
#[derive(Debug)]
pub struct Resource {
    /// What it holds.
    pub kind: Kind,
    /// The list's path; for a sub-list with `{id}` where its parent's id stands.
    pub path: &'static str,
    /// The path of one object; a sub-list has none.
    pub item: Option<&'static str>,
    /// What messages call it: `No such charge: 'ch_…'`.
    pub noun: &'static str,
    /// The parent of a sub-list: its kind, and the world's filter that means it.
    pub parent: Option<(Kind, &'static str)>,
    /// Whether it takes `created`.
    pub created: bool,
    /// Its other filters.
    pub filters: &'static [(&'static str, Filter)],
}

/// How a filter is checked before the world is asked.
#[derive(Clone, Copy, Debug)]
pub enum Filter {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// The id of something that must exist.
    Id(Kind),
    /// One of these words.
    Word(&'static [&'static str]),
    /// An array of at most so many; the world is asked for any of them under this name.
    Any(&'static str, usize),
    /// A hash with these keys; the world is asked for `name.key`.
    Hash(&'static [&'static str]),
    /// Stripe has it, the simulator does not: refused rather than ignored.
    Missing,
}

use Filter::{Any, Flag, Hash, Id, Missing, Text, Word};

const PAYMENT_TYPES: Filter = Text;

macro_rules! resource {
    ($kind:ident, $path:literal, $noun:literal, $created:literal, $filters:expr) => {
        Resource {
            kind: Kind::$kind,
            path: concat!("/v1/", $path),
            item: Some(concat!("/v1/", $path, "/{id}")),
            noun: $noun,
            parent: None,
            created: $created,
            filters: $filters,
        }
    };
    ($kind:ident, $path:literal, $noun:literal, of $parent:ident as $filter:literal, $filters:expr) => {
        Resource {
            kind: Kind::$kind,
            path: concat!("/v1/", $path),
            item: None,
            noun: $noun,
            parent: Some((Kind::$parent, $filter)),
            created: false,
            filters: $filters,
        }
    };
}

/// Every list; the first of a kind is the one that its objects are retrieved from.
pub static RESOURCES: &[Resource] = &[
    resource!(
        Charge,
        "charges",
        "charge",
        true,
        &[("customer", Id(Kind::Customer)), ("payment_intent", Id(Kind::PaymentIntent)), ("transfer_group", Text),]
    ),
    resource!(
        Refund,
        "refunds",
        "refund",
        true,
        &[("charge", Id(Kind::Charge)), ("payment_intent", Id(Kind::PaymentIntent)),]
    ),
    resource!(Customer, "customers", "customer", true, &[("email", Text), ("test_clock", Missing)]),
    resource!(
        BalanceTransaction,
        "balance_transactions",
        "balance transaction",
        true,
        &[("currency", Text), ("payout", Id(Kind::Payout)), ("source", Text), ("type", Text),]
    ),
    resource!(
        Payout,
        "payouts",
        "payout",
        true,
        &[
            ("arrival_date", Missing),
            ("destination", Text),
            ("status", Word(&["pending", "in_transit", "paid", "failed", "canceled"])),
        ]
    ),
    resource!(
        Dispute,
        "disputes",
        "dispute",
        true,
        &[("charge", Id(Kind::Charge)), ("payment_intent", Id(Kind::PaymentIntent)),]
    ),
    resource!(
        Product,
        "products",
        "product",
        true,
        &[
            ("active", Flag),
            ("ids", Any("id", 100)),
            ("shippable", Flag),
            ("type", Word(&["good", "service"])),
            ("url", Text),
        ]
    ),
    resource!(
        Price,
        "prices",
        "price",
        true,
        &[
            ("active", Flag),
            ("currency", Text),
            ("lookup_keys", Any("lookup_key", 10)),
            ("product", Id(Kind::Product)),
            ("recurring", Hash(&["interval", "usage_type", "meter"])),
            ("type", Word(&["one_time", "recurring"])),
        ]
    ),
    resource!(
        PaymentMethod,
        "payment_methods",
        "PaymentMethod",
        false,
        &[
            ("customer", Id(Kind::Customer)),
            ("customer_account", Missing),
            ("type", PAYMENT_TYPES),
            ("allow_redisplay", Word(&["always", "limited", "unspecified"])),
        ]
    ),
    resource!(
        PaymentIntent,
        "payment_intents",
        "payment_intent",
        true,
        &[("customer", Id(Kind::Customer)), ("customer_account", Missing),]
    ),
    resource!(
        Invoice,
        "invoices",
        "invoice",
        true,
        &[
            ("collection_method", Word(&["charge_automatically", "send_invoice"])),
            ("customer", Id(Kind::Customer)),
            ("customer_account", Missing),
            ("due_date", Missing),
            ("status", Word(&["draft", "open", "paid", "uncollectible", "void"])),
            ("subscription", Missing),
        ]
    ),
    resource!(
        Subscription,
        "subscriptions",
        "subscription",
        true,
        &[
            ("automatic_tax", Missing),
            ("collection_method", Word(&["charge_automatically", "send_invoice"])),
            ("current_period_end", Missing),
            ("current_period_start", Missing),
            ("customer", Id(Kind::Customer)),
            ("customer_account", Missing),
            ("plan", Missing),
            ("price", Missing),
            (
                "status",
                Word(&[
                    "active",
                    "all",
                    "canceled",
                    "ended",
                    "incomplete",
                    "incomplete_expired",
                    "past_due",
                    "paused",
                    "trialing",
                    "unpaid",
                ])
            ),
            ("test_clock", Missing),
        ]
    ),
    resource!(
        SubscriptionItem,
        "subscription_items",
        "subscription item",
        false,
        &[("subscription", Id(Kind::Subscription))]
    ),
    resource!(
        InvoicePayment,
        "invoice_payments",
        "invoice_payment",
        true,
        &[
            ("invoice", Id(Kind::Invoice)),
            ("payment", Hash(&["type", "payment_intent", "payment_record"])),
            ("status", Word(&["canceled", "open", "paid"])),
        ]
    ),
    resource!(
        CheckoutSession,
        "checkout/sessions",
        "checkout.session",
        true,
        &[
            ("customer", Id(Kind::Customer)),
            ("customer_account", Missing),
            ("customer_details", Hash(&["email"])),
            ("payment_intent", Id(Kind::PaymentIntent)),
            ("payment_link", Text),
            ("status", Word(&["open", "complete", "expired"])),
            ("subscription", Text),
        ]
    ),
    resource!(ApplicationFee, "application_fees", "application fee", true, &[("charge", Id(Kind::Charge))]),
    resource!(Transfer, "transfers", "transfer", true, &[("destination", Text), ("transfer_group", Text)]),
    resource!(
        Event,
        "events",
        "event",
        true,
        &[("delivery_success", Missing), ("type", Text), ("types", Any("type", 20)),]
    ),
    resource!(SessionLineItem, "checkout/sessions/{id}/line_items", "item", of CheckoutSession as "session", &[]),
    resource!(InvoiceLine, "invoices/{id}/lines", "line item", of Invoice as "invoice", &[]),
    resource!(PaymentMethod, "customers/{id}/payment_methods", "PaymentMethod", of Customer as "customer", &[
        ("type", PAYMENT_TYPES), ("allow_redisplay", Word(&["always", "limited", "unspecified"])),
    ]),
    resource!(Refund, "charges/{id}/refunds", "refund", of Charge as "charge", &[]),
];

/// What a message calls an object of this kind.
pub fn noun(kind: Kind) -> &'static str {
    RESOURCES.iter().find(|resource| resource.kind == kind).map_or("object", |resource| resource.noun)
}
