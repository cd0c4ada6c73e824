//! Read, map, keep.
