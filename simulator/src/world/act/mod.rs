//! Actions: what the control endpoint makes happen, with the events of it.

use super::{Action, shop::Shop};
use serde_json::Value;

impl Shop {
    /// Makes something happen.
    pub fn act(&mut self, _action: Action, _now: i64) -> Result<Vec<Value>, String> {
        Err("not yet".to_owned())
    }
}
