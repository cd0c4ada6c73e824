//! How it is served: OAuth pages, lists, errors, limits, control.
