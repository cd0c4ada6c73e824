//! The portal's built files, inside the binary: a crate of its own, so that a new portal costs no new platform.

use std::borrow::Cow;

#[derive(rust_embed::RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Files;

/// The bytes of a built file, by its path within the portal (`index.html`, `assets/...`); none when the portal was not
/// built before the binary, or has no such file.
#[must_use]
pub fn file(path: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(path).map(|file| file.data)
}
