//! The worker: claims a job, does it, is done or comes back later.
