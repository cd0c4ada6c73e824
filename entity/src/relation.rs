//! Relations between tables: there are none. Rows that belong together are read by key, and Stripe's objects may arrive before
//! what they refer to.

use sea_orm::{EnumIter, RelationDef, RelationTrait};

/// The relations of every entity.
#[derive(Clone, Copy, Debug, EnumIter)]
pub enum Relation {}

impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match *self {}
    }
}
