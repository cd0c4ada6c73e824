//! Events: the object as it was, in the API version that was the account's default then.

use super::versions;
use crate::world::{Kind, rows::Event, shop::Shop};
use serde_json::{Map, Value, json};

impl Shop {
    /// An event.
    pub fn event_object(&self, number: u32) -> Value {
        let row = self.events.at(number);
        let old = self.profile.full && row.created < self.upgraded;
        let data = row.data.as_deref().cloned().unwrap_or_else(|| self.event_data(row, old));
        // Events of payouts and balances come from Stripe itself, which has no request.
        let own = matches!(row.object, None | Some((Kind::Payout | Kind::Dispute, _)));
        let request =
            if own { Value::Null } else { json!(format!("req_{}", self.ids.token("request", u64::from(number), 14))) };
        json!({
            "account": self.id,
            "api_version": if old { versions::OLD } else { versions::NEW },
            "context": null,
            "created": row.created,
            "data": data,
            "id": self.id_of(Kind::Event, number),
            "livemode": false,
            "object": "event",
            "pending_webhooks": 0,
            "request": { "id": request, "idempotency_key": null },
            "type": row.name,
        })
    }

    fn event_data(&self, row: &Event, old: bool) -> Value {
        let at = row.created;
        let Some((kind, number)) = row.object else { return json!({ "object": self.balance_object(at) }) };
        let shown = |at: i64| {
            let mut object = self.render(kind, number, at).unwrap_or(Value::Null);
            if old {
                versions::age(self, kind, number, &mut object, at);
            }
            object
        };
        let object = shown(at);
        if tells_what_changed(row.name) {
            let previous = difference(&shown(at - 1), &object);
            return json!({ "object": object, "previous_attributes": previous });
        }
        json!({ "object": object })
    }
}

/// Whether events of this type have `previous_attributes`.
pub fn tells_what_changed(name: &str) -> bool {
    name.ends_with(".updated") || matches!(name, "charge.refunded" | "charge.captured" | "charge.expired")
}

/// The fields of `before` that are other ones in `after`.
pub fn difference(before: &Value, after: &Value) -> Value {
    let changed: Map<String, Value> = before
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| after.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(changed)
}
