//! The proof finds what is wrong here, whoever made it wrong; it finds nothing where nothing is; and a list that is cut
//! deletes nothing.

mod drift;
mod gone;
mod harm;
mod shop;
mod times;
mod told;
