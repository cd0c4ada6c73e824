//! The nouns of Tributary: one file for each table, and the few types that several of them share.
//!
//! Doc comments on the fields are the data dictionary. There are two groups of tables: **coordination**, and **data**,
//! whose keys all begin with `connection_id`.

pub mod data_type;
pub mod id;
pub mod record;
pub mod relation;
pub mod shape;

// Coordination: ordinary tables, together in one place.
pub mod api_key;
pub mod commerce_day;
pub mod company;
pub mod connection;
pub mod credential;
pub mod custom_data_type;
pub mod data_key;
pub mod delivery;
pub mod delivery_attempt;
pub mod dictionary;
pub mod feed_clock;
pub mod feed_index;
pub mod idempotency_key;
pub mod integration;
pub mod job;
pub mod oauth_state;
pub mod profile;
pub mod quota_day;
pub mod session;
pub mod stripe_event;
pub mod stripe_event_count;
pub mod stripe_hint;
pub mod supplemental_config;
pub mod sync_setting;
pub mod user;
pub mod webhook_consumer;
pub mod webhook_event;
pub mod webhook_replay;

// Data: keyed by `connection_id`, and by nothing else first.
pub mod change;
pub mod checkpoint;
pub mod company_info;
pub mod customer;
pub mod dataset;
pub mod dispute;
pub mod drift;
pub mod feed_head;
pub mod invoice;
pub mod order;
pub mod outbox;
pub mod payment;
pub mod payment_method;
pub mod payout;
pub mod payout_content;
pub mod payout_transaction;
pub mod product;
pub mod quarantined;
pub mod reconciliation;
pub mod reconciliation_part;
pub mod seen_event;
pub mod source_object;
pub mod subscription;
pub mod sync_head;
pub mod transaction;

/// The tables of the coordination group.
pub const COORDINATION: &[&str] = &[
    "company",
    "integration",
    "connection",
    "credential",
    "custom_data_type",
    "data_key",
    "idempotency_key",
    "oauth_state",
    "session",
    "api_key",
    "profile",
    "quota_day",
    "supplemental_config",
    "sync_setting",
    "job",
    "dictionary",
    "feed_index",
    "feed_clock",
    "delivery",
    "delivery_attempt",
    "user",
    "webhook_consumer",
    "webhook_event",
    "webhook_replay",
    "stripe_event",
    "stripe_hint",
    "stripe_event_count",
];

/// The tables of the data group; no transaction writes both groups.
pub const DATA: &[&str] = &[
    "sync_head",
    "checkpoint",
    "feed_head",
    "dataset",
    "source_object",
    "change",
    "outbox",
    "quarantined",
    "seen_event",
    "payout_content",
    "payout_transaction",
    "reconciliation",
    "reconciliation_part",
    "drift",
    "company_info",
    "customer",
    "payment",
    "transaction",
    "payout",
    "dispute",
    "product",
    "payment_method",
    "order",
    "subscription",
    "invoice",
    "commerce_day",
];
