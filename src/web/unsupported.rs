//! Data types of the contract that Stripe has nothing for: each answers that it is not supported.

use entity::id::{CompanyId, ConnectionId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::api::Refusals;
use super::error::Error;
use super::who::OfConnection;

/// What is said of a data type that Stripe has nothing for.
pub(super) fn refusal(data_type: &str) -> Error {
    let name: String = data_type.chars().take(100).collect();
    Error::NotFound(format!("Datatype {name} not supported by platform(s) Stripe"))
}

macro_rules! unsupported {
    ($($name:ident $path:literal $operation:literal $title:literal $($record:literal)?;)+) => {
        $(
            #[doc = $title]
            #[utoipa::path(get, path = $path, operation_id = $operation, tag = "Commerce",
                params(("companyId" = CompanyId, Path), ("connectionId" = ConnectionId, Path) $(, ($record = String, Path))?),
                responses(Refusals))]
            async fn $name(_: OfConnection, uri: axum::http::Uri) -> Error {
                refusal(uri.path().split('/').nth(6).unwrap_or_default())
            }
        )+

        /// The routes of these data types.
        pub(super) fn routes() -> OpenApiRouter<App> {
            OpenApiRouter::new()$(.routes(routes!($name)))+
        }
    };
}

unsupported! {
    locations "/companies/{companyId}/connections/{connectionId}/data/commerce-locations"
        "list-locations" "Locations: not supported by Stripe";
    location "/companies/{companyId}/connections/{connectionId}/data/commerce-locations/{locationId}"
        "get-location" "A location: not supported by Stripe" "locationId";
    tax_components "/companies/{companyId}/connections/{connectionId}/data/commerce-taxComponents"
        "list-tax-components" "Tax components: not supported by Stripe";
    tax_component "/companies/{companyId}/connections/{connectionId}/data/commerce-taxComponents/{taxId}"
        "get-tax-component" "A tax component: not supported by Stripe" "taxId";
    product_categories "/companies/{companyId}/connections/{connectionId}/data/commerce-productCategories"
        "list-product-categories" "Product categories: not supported by Stripe";
    product_category "/companies/{companyId}/connections/{connectionId}/data/commerce-productCategories/{productId}"
        "get-product-category" "A product category: not supported by Stripe" "productId";
}
