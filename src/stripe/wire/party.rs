//! Who sells and who buys.

use serde::Deserialize;

use super::nullable;

/// A customer. The stub of a deleted one has an id and `deleted` alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// `cus_...`.
    pub id: String,
    /// Whether this is the stub of a deleted one.
    #[serde(deserialize_with = "nullable")]
    pub deleted: bool,
    /// When it was made.
    pub created: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// Mail address; several customers may have the same.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// A text for people.
    pub description: Option<String>,
    /// Billing address.
    pub address: Option<Address>,
    /// Delivery address.
    pub shipping: Option<Shipping>,
    /// Lower case.
    pub currency: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Address {
    /// First line.
    pub line1: Option<String>,
    /// Second line.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two letters.
    pub country: Option<String>,
}

/// Where to send things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Shipping {
    /// The address.
    pub address: Option<Address>,
}

/// What a buyer typed into a checkout page; all that is known of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CustomerDetails {
    /// Mail address.
    pub email: Option<String>,
    /// Billing address.
    pub address: Option<Address>,
}

/// The account that sells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    /// `acct_...`.
    pub id: String,
    /// When it was made; Stripe does not always say.
    pub created: Option<i64>,
    /// Two letters.
    pub country: Option<String>,
    /// Lower case.
    pub default_currency: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// What it shows to buyers.
    pub business_profile: Option<BusinessProfile>,
    /// What is known of it before the law; mostly not shown to platforms.
    pub company: Option<Company>,
    /// Its settings.
    pub settings: Option<Settings>,
}

/// What an account shows to buyers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BusinessProfile {
    /// Name.
    pub name: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// Its page for help.
    pub support_url: Option<String>,
    /// Mail address for help.
    pub support_email: Option<String>,
    /// Telephone for help.
    pub support_phone: Option<String>,
    /// Address for help.
    pub support_address: Option<Address>,
}

/// A company before the law.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Company {
    /// Its legal name.
    pub name: Option<String>,
}

/// Settings of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Those of its pages at Stripe.
    pub dashboard: Option<Dashboard>,
}

/// Settings of an account's pages at Stripe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Dashboard {
    /// What it is called there.
    pub display_name: Option<String>,
    /// IANA name of the zone in which its days begin.
    pub timezone: Option<String>,
}
