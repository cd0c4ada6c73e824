//! Customers.

use entity::customer::Model;
use entity::shape::Address;

use super::subject::Subject;
use super::{Source, UNSTAMPED, Unmapped, folded, text};
use stripe::wire;

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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::map::testing::{changed, source};

    fn mapped(changes: &Value) -> Result<Model, Unmapped> {
        customer(source(), &changed(&json!({"id": "cus_1", "created": 1_500_000_000}), changes))
    }

    #[test]
    fn texts_stay_as_they_are_and_are_folded_beside() {
        // 15: letter case, scripts and signs of all kinds.
        let cases = [
            ("\u{c4}RGER Gro\u{df}", "\u{e4}rger gro\u{df}"),
            ("\u{41e}\u{41b}\u{42c}\u{413}\u{410}", "\u{43e}\u{43b}\u{44c}\u{433}\u{430}"),
            ("\u{5c71}\u{7530} \u{1f600}", "\u{5c71}\u{7530} \u{1f600}"),
            ("A\u{0}B", "a\u{fffd}b"),
            ("<script>X</script>", "<script>x</script>"),
        ];
        for (text, folded) in cases {
            let customer = mapped(&json!({"name": text, "email": text, "description": text})).unwrap();
            assert_eq!(customer.name, Some(text.replace('\0', "\u{fffd}")));
            let all = [customer.name_folded, customer.email_folded, customer.note_folded];
            assert!(all.iter().all(|kept| kept.as_deref() == Some(folded)), "{text}");
        }
    }

    #[test]
    fn addresses_are_for_billing_and_delivery() {
        let address =
            json!({"line1": "1 Main St", "city": "Oslo", "state": "OS", "postal_code": "0150", "country": "NO"});
        let both = mapped(&json!({"address": address, "shipping": {"name": "x", "address": address}})).unwrap();
        let kinds: Vec<_> = both.addresses.iter().map(|address| address.kind.as_str()).collect();
        assert_eq!((kinds, both.addresses[0].region.as_deref()), (vec!["Billing", "Delivery"], Some("OS")));
        let none = mapped(&json!({"address": {"line1": null, "city": null}, "shipping": {}})).unwrap();
        assert_eq!(none.addresses, []);
    }

    #[test]
    fn little_may_be_known_but_not_nothing() {
        let bare = mapped(&json!({"currency": "usd"})).unwrap();
        assert_eq!((bare.name, bare.email, bare.default_currency.as_deref()), (None, None, Some("usd")));
        // 16: the stub of a deleted customer is no customer.
        assert_eq!(mapped(&json!({"deleted": true, "created": null})).unwrap_err().field, "created");
        assert_eq!(mapped(&json!({"id": ""})).unwrap_err().field, "id");
    }
}
