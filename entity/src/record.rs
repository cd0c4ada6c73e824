//! What all records of the commerce schema have in common.

use sea_orm::entity::prelude::*;

use crate::data_type::DataType;
use crate::id::ConnectionId;

/// What is set when a record is kept, and is no part of what was mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Hash of the mapped fields.
    pub content_hash: i64,
    /// The reading that it comes from.
    pub read_no: i64,
    /// When it changed here.
    pub modified_at: DateTimeUtc,
}

/// A row of the commerce schema, mapped from one or more source objects. Its table has the columns `connection_id`, `id`,
/// `created_at`, `content_hash`, `read_no`, `modified_at` and `deleted_at`.
///
/// Serialized it holds the mapped fields alone: that is what its hash is made of.
pub trait Record: ModelTrait + serde::Serialize + Send + Sync {
    /// The data type that it belongs to.
    const DATA_TYPE: DataType;
    /// The connection that it came through.
    fn connection_id(&self) -> ConnectionId;
    /// Its id within the connection.
    fn id(&self) -> &str;
    /// When Stripe made what it is of.
    fn created_at(&self) -> DateTimeUtc;
    /// The stamp that it carries.
    fn stamp(&self) -> Stamp;
    /// Sets the stamp.
    fn set_stamp(&mut self, stamp: Stamp);
}

macro_rules! record {
    ($data_type:ident) => {
        impl $crate::record::Record for Model {
            const DATA_TYPE: $crate::data_type::DataType = $crate::data_type::DataType::$data_type;

            fn connection_id(&self) -> ConnectionId {
                self.connection_id
            }

            fn id(&self) -> &str {
                &self.id
            }

            fn created_at(&self) -> DateTimeUtc {
                self.created_at
            }

            fn stamp(&self) -> $crate::record::Stamp {
                $crate::record::Stamp {
                    content_hash: self.content_hash,
                    read_no: self.read_no,
                    modified_at: self.modified_at,
                }
            }

            fn set_stamp(&mut self, stamp: $crate::record::Stamp) {
                self.content_hash = stamp.content_hash;
                self.read_no = stamp.read_no;
                self.modified_at = stamp.modified_at;
            }
        }
    };
}
pub(crate) use record;
