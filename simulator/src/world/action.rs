//! What can be made to happen at once: the body of the control endpoint.

use serde::{Deserialize, Serialize};

/// One thing that happens now. In JSON the field `do` names it (`{"do": "refund", "charge": "ch_…"}`); an object that is
/// left out is picked by the world, always the same one in the same state. Amounts are minor units, times Unix seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A succeeded card charge.
    Charge {
        /// What the buyer pays; 2,000 when left out.
        amount: Option<i64>,
        /// What the buyer pays in; the account's currency when left out.
        currency: Option<String>,
        /// Who pays; a guest when left out.
        customer: Option<String>,
        /// When it was made; now when left out.
        created: Option<i64>,
        /// The charge and its events are in no list and no answer before this second.
        visible_after: Option<i64>,
    },
    /// A refund of a charge; of an old one when left out.
    Refund {
        /// The charge.
        charge: Option<String>,
        /// How much of it; all that is left when left out.
        amount: Option<i64>,
    },
    /// A refund that had succeeded fails, the money comes back.
    FailRefund {
        /// The refund; the newest that succeeded when left out.
        refund: Option<String>,
    },
    /// A buyer disputes a charge.
    Dispute {
        /// The charge; an old one when left out.
        charge: Option<String>,
    },
    /// A dispute is decided.
    CloseDispute {
        /// The dispute; the newest open one when left out.
        dispute: Option<String>,
        /// Whether the shop won.
        won: bool,
    },
    /// A payout moves on: pending, in transit, paid, reconciled; with none under way a payout of the available balance is made.
    PayoutAdvance {
        /// The payout; the oldest under way when left out.
        payout: Option<String>,
    },
    /// A payout fails and its money comes back.
    PayoutFail {
        /// The payout; the newest one that can fail when left out.
        payout: Option<String>,
    },
    /// A charge that was only authorized is captured.
    CaptureCharge {
        /// The charge; the newest uncaptured one when left out.
        charge: Option<String>,
        /// How much of it; all when left out.
        amount: Option<i64>,
    },
    /// A new customer.
    CreateCustomer {
        /// Full name.
        name: Option<String>,
        /// E-mail address.
        email: Option<String>,
    },
    /// A customer's name or address changes.
    EditCustomer {
        /// The customer; the newest one when left out.
        customer: Option<String>,
        /// The new name.
        name: Option<String>,
        /// The new e-mail address.
        email: Option<String>,
    },
    /// A customer is deleted.
    DeleteCustomer {
        /// The customer; the newest one when left out.
        customer: Option<String>,
    },
    /// A new product with a price in the account's currency.
    CreateProduct {
        /// Its name.
        name: Option<String>,
        /// Its price.
        amount: Option<i64>,
    },
    /// A product changes.
    EditProduct {
        /// The product; the newest one when left out.
        product: Option<String>,
        /// The new name.
        name: Option<String>,
        /// The new description.
        description: Option<String>,
        /// Whether it is for sale.
        active: Option<bool>,
    },
    /// A product and its prices are deleted.
    DeleteProduct {
        /// The product; the newest one when left out.
        product: Option<String>,
    },
    /// A price becomes active or inactive.
    EditPrice {
        /// The price; the newest one when left out.
        price: Option<String>,
        /// The new note.
        nickname: Option<String>,
        /// Whether it can be bought at.
        active: Option<bool>,
    },
    /// A subscription is set to end with its period, or that is taken back.
    EditSubscription {
        /// The subscription; the newest one that has not ended when left out.
        subscription: Option<String>,
        /// Whether it ends with its period.
        cancel_at_period_end: Option<bool>,
    },
    /// A subscription ends now; from then on its list leaves it out unless it is asked for all.
    CancelSubscription {
        /// The subscription; the newest one that has not ended when left out.
        subscription: Option<String>,
    },
    /// An add-on of a subscription goes; the last of its list.
    RemoveSubscriptionItem {
        /// The subscription; the newest one that has add-ons when left out.
        subscription: Option<String>,
    },
    /// A new invoice, a draft that stays one.
    CreateInvoice {
        /// Who is to pay; the newest customer when left out.
        customer: Option<String>,
    },
    /// A draft is deleted: it is in no list and no answer any more.
    DeleteInvoice {
        /// The invoice; the newest draft when left out.
        invoice: Option<String>,
    },
    /// A payment method leaves its customer.
    DetachPaymentMethod {
        /// The payment method; the newest attached one when left out.
        payment_method: Option<String>,
    },
    /// An object is in no list and no answer any more, and no event tells of it; Stripe never does that, a program that
    /// copies it must find it all the same.
    Vanish {
        /// The object, of any kind.
        id: String,
    },
    /// Fields of an object change to whatever is given, and no event tells of it.
    Patch {
        /// The object, of any kind.
        id: String,
        /// The fields, with their new values.
        fields: serde_json::Map<String, serde_json::Value>,
    },
}
