//! Transfers and application fees. The accounts and payments of partners are known by their ids alone (trap 57).

use super::list;
use crate::world::{Kind, shop::Shop};
use serde_json::{Value, json};

/// How many partners the shop has.
const PARTNERS: u32 = 3;

impl Shop {
    fn partner(&self, number: u32) -> String {
        format!("acct_1P{}", self.ids.token("partner", u64::from(number % PARTNERS), 14))
    }

    /// A transfer.
    pub fn transfer_object(&self, number: u32, at: i64) -> Value {
        let row = self.transfers.at(number);
        let id = self.id_of(Kind::Transfer, number);
        json!({
            "amount": row.amount,
            "amount_reversed": 0,
            "balance_transaction": self.entry_at(row.entry, at),
            "created": row.created,
            "currency": row.currency.code(),
            "description": null,
            "destination": self.partner(number),
            "destination_payment": format!("py_{}", self.ids.token("partner payment", u64::from(number), 24)),
            "livemode": false,
            "metadata": {},
            "object": "transfer",
            "reversals": list(&[], false, &format!("/v1/transfers/{id}/reversals")),
            "reversed": false,
            "source_transaction": self.id_of(Kind::Charge, row.charge),
            "source_type": "card",
            "transfer_group": format!("group_{}", self.id_of(Kind::Charge, row.charge)),
            "id": id,
        })
    }

    /// A fee earned on a partner's charge.
    pub fn application_fee_object(&self, number: u32, at: i64) -> Value {
        let row = self.application_fees.at(number);
        let id = self.id_of(Kind::ApplicationFee, number);
        let charge = format!("ch_3P{}", self.ids.token("partner charge", u64::from(number), 22));
        json!({
            "account": self.partner(number),
            "amount": row.amount,
            "amount_refunded": 0,
            "application": format!("ca_{}", self.ids.token("own application", 0, 32)),
            "balance_transaction": self.entry_at(row.entry, at),
            "charge": charge,
            "created": row.created,
            "currency": row.currency.code(),
            "fee_source": { "charge": charge, "payout": null, "type": "charge" },
            "livemode": false,
            "object": "application_fee",
            "originating_transaction": null,
            "refunded": false,
            "refunds": list(&[], false, &format!("/v1/application_fees/{id}/refunds")),
            "id": id,
        })
    }
}
