//! Which fields can be expanded, and what they lead to.

use crate::world::Kind;

/// What an expandable field leads to.
#[derive(Clone, Copy, Debug)]
pub enum Leads {
    /// One object by its id.
    To(Kind),
    /// What a balance transaction came from: its id says what kind it is.
    Source,
    /// A list of the object's own, by the world's filter for its parent.
    List(Kind, &'static str, &'static str),
    /// Stripe can expand it, the simulator has nothing behind it: it stays as it is.
    Nowhere,
}

use Leads::{List, Nowhere, Source, To};

/// What a balance transaction can come from.
pub const SOURCES: [Kind; 6] =
    [Kind::Charge, Kind::Refund, Kind::Payout, Kind::Dispute, Kind::Transfer, Kind::ApplicationFee];

/// The expandable fields of an object; dots lead through what is not expandable itself.
pub fn fields(kind: Kind) -> &'static [(&'static str, Leads)] {
    FIELDS.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, fields)| fields)
}

const TRANSACTION: Leads = To(Kind::BalanceTransaction);

type Fields = &'static [(&'static str, Leads)];

static FIELDS: &[(Kind, Fields)] = &[
    (
        Kind::Charge,
        &[
            ("balance_transaction", TRANSACTION),
            ("customer", To(Kind::Customer)),
            ("payment_intent", To(Kind::PaymentIntent)),
            ("failure_balance_transaction", TRANSACTION),
            ("application_fee", To(Kind::ApplicationFee)),
            ("transfer", To(Kind::Transfer)),
            ("source_transfer", To(Kind::Transfer)),
            ("refunds", List(Kind::Refund, "charge", "/v1/charges/{id}/refunds")),
            ("application", Nowhere),
            ("on_behalf_of", Nowhere),
            ("review", Nowhere),
            ("outcome.rule", Nowhere),
            ("transfer_data.destination", Nowhere),
        ],
    ),
    (
        Kind::Refund,
        &[
            ("balance_transaction", TRANSACTION),
            ("charge", To(Kind::Charge)),
            ("customer", To(Kind::Customer)),
            ("failure_balance_transaction", TRANSACTION),
            ("payment_intent", To(Kind::PaymentIntent)),
            ("payment_method", To(Kind::PaymentMethod)),
            ("source_transfer_reversal", Nowhere),
            ("transfer_reversal", Nowhere),
        ],
    ),
    (
        Kind::Payout,
        &[
            ("balance_transaction", TRANSACTION),
            ("failure_balance_transaction", TRANSACTION),
            ("original_payout", To(Kind::Payout)),
            ("reversed_by", To(Kind::Payout)),
            ("application_fee", Nowhere),
            ("destination", Nowhere),
        ],
    ),
    (Kind::BalanceTransaction, &[("source", Source)]),
    (Kind::Dispute, &[("charge", To(Kind::Charge)), ("payment_intent", To(Kind::PaymentIntent))]),
    (Kind::PaymentMethod, &[("customer", To(Kind::Customer)), ("card.generated_from.setup_attempt", Nowhere)]),
    (Kind::Price, &[("product", To(Kind::Product)), ("tiers", Nowhere), ("currency_options", Nowhere)]),
    (Kind::Product, &[("default_price", To(Kind::Price)), ("tax_code", Nowhere)]),
    (
        Kind::Customer,
        &[
            ("invoice_settings.default_payment_method", To(Kind::PaymentMethod)),
            ("default_source", Nowhere),
            ("test_clock", Nowhere),
            ("sources", Nowhere),
            ("subscriptions", Nowhere),
            ("tax_ids", Nowhere),
            ("tax", Nowhere),
        ],
    ),
    (
        Kind::Invoice,
        &[
            ("customer", To(Kind::Customer)),
            ("default_payment_method", To(Kind::PaymentMethod)),
            ("payments", List(Kind::InvoicePayment, "invoice", "/v1/invoice_payments")),
            ("discounts", Nowhere),
            ("lines", Nowhere),
            ("from_invoice.invoice", To(Kind::Invoice)),
            ("latest_revision", To(Kind::Invoice)),
            ("application", Nowhere),
            ("account_tax_ids", Nowhere),
            ("default_source", Nowhere),
            ("on_behalf_of", Nowhere),
            ("total_discount_amounts.discount", Nowhere),
            ("total_pretax_credit_amounts.discount", Nowhere),
            ("shipping_cost.shipping_rate", Nowhere),
            ("test_clock", Nowhere),
            ("issuer.account", Nowhere),
            ("parent.subscription_details.subscription", To(Kind::Subscription)),
        ],
    ),
    (
        Kind::InvoicePayment,
        &[
            ("invoice", To(Kind::Invoice)),
            ("payment.charge", To(Kind::Charge)),
            ("payment.payment_intent", To(Kind::PaymentIntent)),
            ("payment.payment_record", Nowhere),
        ],
    ),
    (
        Kind::CheckoutSession,
        &[
            ("line_items", List(Kind::SessionLineItem, "session", "/v1/checkout/sessions/{id}/line_items")),
            ("customer", To(Kind::Customer)),
            ("invoice", To(Kind::Invoice)),
            ("payment_intent", To(Kind::PaymentIntent)),
            ("discounts.coupon", Nowhere),
            ("discounts.promotion_code", Nowhere),
            ("payment_link", Nowhere),
            ("setup_intent", Nowhere),
            ("subscription", Nowhere),
            ("shipping_cost.shipping_rate", Nowhere),
            ("total_details.breakdown", Nowhere),
            ("shipping_options.shipping_rate", Nowhere),
        ],
    ),
    (Kind::SessionLineItem, &[("price.product", To(Kind::Product)), ("discounts", Nowhere), ("taxes", Nowhere)]),
    (Kind::InvoiceLine, &[("pricing.price_details.price", To(Kind::Price)), ("discounts", Nowhere)]),
    (Kind::SubscriptionItem, &[("price.product", To(Kind::Product)), ("discounts", Nowhere)]),
    (
        Kind::PaymentIntent,
        &[
            ("latest_charge", To(Kind::Charge)),
            ("customer", To(Kind::Customer)),
            ("payment_method", To(Kind::PaymentMethod)),
            ("application", Nowhere),
            ("on_behalf_of", Nowhere),
            ("review", Nowhere),
            ("source", Nowhere),
            ("payment_record", Nowhere),
            ("transfer_data.destination", Nowhere),
        ],
    ),
    (
        Kind::ApplicationFee,
        &[
            ("charge", To(Kind::Charge)),
            ("balance_transaction", TRANSACTION),
            ("originating_transaction", To(Kind::Charge)),
            ("account", Nowhere),
            ("application", Nowhere),
        ],
    ),
    (
        Kind::Transfer,
        &[
            ("balance_transaction", TRANSACTION),
            ("source_transaction", To(Kind::Charge)),
            ("destination", Nowhere),
            ("destination_payment", Nowhere),
        ],
    ),
    (
        Kind::Subscription,
        &[
            ("customer", To(Kind::Customer)),
            ("latest_invoice", To(Kind::Invoice)),
            ("application", Nowhere),
            ("default_payment_method", Nowhere),
            ("default_source", Nowhere),
            ("discounts", Nowhere),
            ("on_behalf_of", Nowhere),
            ("pending_setup_intent", Nowhere),
            ("schedule", Nowhere),
            ("test_clock", Nowhere),
        ],
    ),
    (Kind::Event, &[]),
];
