//! The filter and order grammar of the API.
