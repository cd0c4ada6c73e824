//! What Stripe's JSON looks like: the fields that are read, and nothing else.
//!
//! Everything that may be missing is an `Option`, words of Stripe's lists stay text, amounts are `i64` minor units as
//! Stripe counts them, times are Unix seconds, and rates and fractions of a minor unit stay the text they were written as.
//! Fields that are not named here are ignored; a value of the wrong kind is an error of `serde_json`, never a guess.

mod balance;
mod charge;
mod order;
mod party;
mod subscription;

pub use balance::{Balance, BalanceAmount, BalanceTransaction, FeeDetail, Payout};
pub use charge::{Charge, Destination, Details, Dispute, EvidenceDetails, Refund};
pub use order::{
    Amount, CollectedInformation, Invoice, InvoiceLine, InvoiceParent, InvoicePayment, LineItem, Package, PaidWith,
    Price, PriceDetails, Pricing, Product, Session, ShippingCost, StatusTransitions, SubscriptionDetails, TaxAmount,
    TotalDetails,
};
pub use party::{Account, Address, BusinessProfile, Company, Customer, CustomerDetails, Dashboard, Settings, Shipping};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de::Error as _};
use serde_json::value::RawValue;
pub use subscription::{Recurring, Subscription, SubscriptionItem};

/// A page of a list; its objects stay as Stripe wrote them.
#[derive(Debug, Deserialize)]
pub struct List<'a> {
    /// Whether Stripe has more after the last object.
    pub has_more: bool,
    /// The objects, in Stripe's order.
    #[serde(borrow)]
    pub data: Vec<&'a RawValue>,
}

/// A list inside an object: its first objects only, while `has_more`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, bound = "T: Default + Deserialize<'de>")]
pub struct Sublist<T> {
    /// Whether the list goes on at `url`.
    pub has_more: bool,
    /// Where the whole list is, such as `/v1/invoices/in_1/lines`.
    pub url: Option<String>,
    /// The objects.
    #[serde(deserialize_with = "nullable")]
    pub data: Vec<T>,
}

/// What every object says of itself. A stub of a deleted object has nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Head {
    /// Stripe's word for what it is: `charge`, `checkout.session`, ...
    pub object: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// When Stripe made it, a Unix second.
    pub created: Option<i64>,
    /// Whether this is the stub of a deleted object.
    #[serde(deserialize_with = "nullable")]
    pub deleted: bool,
    /// The product, on a price.
    pub product: Option<Ref>,
    /// The payment intent, on a charge, a refund, a dispute or a checkout session.
    pub payment_intent: Option<Ref>,
    /// The invoice, on an invoice payment.
    pub invoice: Option<Ref>,
}

impl Head {
    /// The object that it hangs on, for records that are made of several: a price's product, an invoice payment's invoice,
    /// the payment intent of a charge.
    #[must_use]
    pub fn parent_id(&self) -> Option<&str> {
        let parent = match self.object.as_deref()? {
            "price" => &self.product,
            "invoice_payment" => &self.invoice,
            "charge" | "refund" | "dispute" | "checkout.session" => &self.payment_intent,
            _ => &None,
        };
        parent.as_ref().map(|parent| parent.id.as_str())
    }
}

/// A reference to another object: its id, whether Stripe gave the id alone, the object itself or a deleted one's stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// The id.
    pub id: String,
    /// Its `object`, where Stripe gave more than the id.
    pub object: Option<String>,
    /// Its `type`, where Stripe gave more than the id and it has one.
    pub kind: Option<String>,
    /// Its `status`, where Stripe gave more than the id and it has one.
    pub status: Option<String>,
}

impl<'de> Deserialize<'de> for Ref {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RefVisitor)
    }
}

struct RefVisitor;

impl<'de> Visitor<'de> for RefVisitor {
    type Value = Ref;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an id or an object with an id")
    }

    fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Ref, E> {
        Ok(Ref { id: id.to_owned(), object: None, kind: None, status: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ref, A::Error> {
        let (mut id, mut object, mut kind, mut status) = (None, None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => id = Some(map.next_value()?),
                "object" => object = map.next_value()?,
                "type" => kind = map.next_value()?,
                "status" => status = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Ref { id: id.ok_or_else(|| A::Error::missing_field("id"))?, object, kind, status })
    }
}

/// A number exactly as it was written, whether Stripe wrote a JSON number or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact(pub String);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            return serde_json::from_str(text).map(Self).map_err(D::Error::custom);
        }
        if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(D::Error::custom(format!("expected a number or a text, found {text}")))
    }
}

/// An event: what happened to which object. The object is read again, so its body here is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Event {
    /// `event`, or `v2.core.event` for a thin one.
    pub object: Option<String>,
    /// Its id.
    pub id: String,
    /// What happened: `charge.refunded`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// When, a Unix second; none on a thin event, whose time is a text.
    #[serde(deserialize_with = "second")]
    pub created: Option<i64>,
    /// The connected account that it is of.
    pub account: Option<String>,
    /// The version that the body is rendered in; often an older one than ours.
    pub api_version: Option<String>,
    /// Whether it is of live mode.
    pub livemode: Option<bool>,
    /// To what.
    pub data: Option<EventData>,
}

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventData {
    /// The object.
    pub object: Option<EventObject>,
}

/// Which object an event is about. Nothing more is read of it: it may be of any kind, also of one that we do not know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventObject {
    /// Stripe's word for what it is.
    pub object: Option<String>,
    /// Its id; a few kinds, such as the balance, have none.
    pub id: Option<String>,
}

/// Reads a Unix second, and anything else as none.
fn second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    serde_json::Value::deserialize(deserializer).map(|value| value.as_i64())
}

/// Reads `null` as nothing: no, zero or empty.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> T {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_page_is_cut_into_the_objects_as_they_were_written() {
        let page: List<'_> =
            read(r#"{"object":"list","has_more":true,"data":[{"id":"a","x":1.10},{"id":"b"}],"url":"/v1/x"}"#);
        let bodies: Vec<_> = page.data.iter().map(|body| body.get()).collect();
        assert_eq!((page.has_more, bodies), (true, vec![r#"{"id":"a","x":1.10}"#, r#"{"id":"b"}"#]));
        assert!(
            serde_json::from_str::<List<'_>>(r#"{"data":[]}"#).is_err(),
            "a page that does not say whether it is the last"
        );
        assert!(serde_json::from_str::<List<'_>>(r#"{"has_more":false,"data":[{"id":"#).is_err(), "a cut body");
    }

    #[test]
    fn a_reference_is_an_id_an_object_or_a_stub() {
        let all =
            [r#""cus_1""#, r#"{"object":"customer","name":null,"id":"cus_1"}"#, r#"{"id":"cus_1","deleted":true}"#];
        assert!(all.into_iter().all(|json| read::<Ref>(json).id == "cus_1"));
        let card: Ref = read(r#"{"id":"src_1","object":"source","type":"sepa_debit","x":[1,{"y":2}]}"#);
        assert_eq!((card.object.as_deref(), card.kind.as_deref()), (Some("source"), Some("sepa_debit")));
        assert!(["{}", "7", r#"{"id":7}"#].into_iter().all(|json| serde_json::from_str::<Ref>(json).is_err()));
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let cases =
            [("1.10", "1.10"), ("0.000000000001", "0.000000000001"), (r#""2000.50""#, "2000.50"), ("1e-7", "1e-7")];
        assert!(cases.into_iter().all(|(json, text)| read::<Exact>(json).0 == text));
        assert_eq!(read::<Option<Exact>>("null"), None);
        assert!(["true", "{}"].into_iter().all(|json| serde_json::from_str::<Exact>(json).is_err()));
    }

    #[test]
    fn a_head_tells_what_the_object_hangs_on() {
        let parent = |json: &str| read::<Head>(json).parent_id().map(str::to_owned);
        assert_eq!(parent(r#"{"object":"price","product":{"id":"prod_1","deleted":true}}"#).as_deref(), Some("prod_1"));
        assert_eq!(parent(r#"{"object":"charge","payment_intent":"pi_1"}"#).as_deref(), Some("pi_1"));
        assert_eq!(parent(r#"{"object":"charge","payment_intent":null}"#), None);
        assert!(read::<Head>(r#"{"id":"cus_1","object":"customer","deleted":true}"#).deleted);
    }

    #[test]
    fn an_event_of_any_kind_is_read() {
        let event: Event = read(
            r#"{"id":"evt_1","type":"new.thing","created":1,"data":{"object":{"object":"thing","id":"t_1","product":{}}}}"#,
        );
        assert_eq!(event.data.unwrap().object.unwrap().id.as_deref(), Some("t_1"));
        let balance: Event =
            read(r#"{"id":"evt_2","type":"balance.available","data":{"object":{"object":"balance"}}}"#);
        assert_eq!(balance.data.unwrap().object.unwrap().id, None);
        let thin: Event =
            read(r#"{"id":"evt_3","object":"v2.core.event","type":"v2.x","created":"2026-01-01T00:00:00.000Z"}"#);
        assert_eq!((thin.created, thin.data), (None, None));
    }
}
