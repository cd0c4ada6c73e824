//! Customers.

use entity::customer::Model;
use entity::shape::Address;

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, folded, text};
use crate::stripe::wire;

/// The customer.
///
/// # Errors
/// When the id or the time is missing, as on the stub of a deleted customer: those are not for here.
pub fn customer(source: Source, customer: &wire::Customer) -> Result<Model, Unmapped> {
    let subject = Subject::new("customer", &customer.id)?;
    let name = text(customer.name.as_ref());
    let email = text(customer.email.as_ref());
    let note = text(customer.description.as_ref());
    let delivery = customer.shipping.as_ref().and_then(|shipping| shipping.address.as_ref());
    let addresses = [address("Billing", customer.address.as_ref()), address("Delivery", delivery)];
    Ok(Model {
        connection_id: source.connection_id,
        id: subject.id(),
        name_folded: folded(name.as_ref()),
        name,
        email_folded: folded(email.as_ref()),
        email,
        phone: text(customer.phone.as_ref()),
        default_currency: text(customer.currency.as_ref()),
        addresses: addresses.into_iter().flatten().collect(),
        note_folded: folded(note.as_ref()),
        note,
        created_at: subject.time("created", customer.created)?,
        source_modified_at: None,
        content_hash: 0,
        read_no: 0,
        modified_at: UNSTAMPED,
        deleted_at: None,
    })
}

/// An address of the contract's type `kind`; none when Stripe has nothing in any of its fields.
pub(super) fn address(kind: &str, address: Option<&wire::Address>) -> Option<Address> {
    let address = address.filter(|address| **address != wire::Address::default())?;
    Some(Address {
        kind: kind.to_owned(),
        line1: text(address.line1.as_ref()),
        line2: text(address.line2.as_ref()),
        city: text(address.city.as_ref()),
        region: text(address.state.as_ref()),
        country: text(address.country.as_ref()),
        postal_code: text(address.postal_code.as_ref()),
    })
}
