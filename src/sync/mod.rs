//! Read, map, keep.

pub mod map;
