//! Pictures that are served: our own drawings, nobody's trademark.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::App;

/// Path of a picture, and the picture.
const PICTURES: [(&str, &str); 4] = [
    (LOGO, include_str!("assets/stripe.svg")),
    (SQUARE, include_str!("assets/stripe-square.svg")),
    (BUTTON, include_str!("assets/stripe-button.svg")),
    (BUTTON_HOVER, include_str!("assets/stripe-button-hover.svg")),
];

/// The logo, wide.
pub(super) const LOGO: &str = "/assets/stripe.svg";
/// The logo, square.
pub(super) const SQUARE: &str = "/assets/stripe-square.svg";
/// The button that leads to Stripe.
pub(super) const BUTTON: &str = "/assets/stripe-button.svg";
/// The same under the pointer.
pub(super) const BUTTON_HOVER: &str = "/assets/stripe-button-hover.svg";

/// The routes of all pictures.
pub(super) fn routes() -> Router<App> {
    PICTURES.into_iter().fold(Router::new(), |routes, (path, picture)| {
        let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
        routes.route(path, get(move || async move { (headers, picture).into_response() }))
    })
}
