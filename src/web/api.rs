//! The API: its routes, and its description that is made of them.

use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, Required, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Validation, ValidationItem};
use super::examples::Recorded;
use super::{
    App, access_token, api_keys, changes, companies, company_info, conditional, connections, cors_settings,
    custom_data, customers, disputes, event_bodies, examples, export, history, integrations, invoices, link_options,
    metrics, orders, payment_methods, payments, payouts, products, profile, quarantine, rate_limit, read_budget,
    reconciliation, refresh, shared_answers, source, subscriptions, supplemental, sync_settings, transactions,
    unsupported, webhook_deliveries, webhook_replays, webhooks,
};

/// All routes of the API, in the order of its description.
pub(super) fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(Description::openapi()).merge(platform()).merge(commerce());
    export::describe(routes.get_openapi_mut());
    routes
}

fn platform() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(companies::list, companies::create))
        .routes(routes!(companies::get, companies::update, companies::replace, companies::delete))
        .routes(routes!(access_token::get))
        .routes(routes!(access_token::get_bare))
        .routes(routes!(link_options::get))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::get, connections::unlink, connections::delete))
        .routes(routes!(connections::authorize))
        .routes(routes!(read_budget::get))
        .routes(routes!(refresh::all))
        .routes(routes!(refresh::by_data_type))
        .routes(routes!(refresh::data_status))
        .routes(routes!(history::list))
        .routes(routes!(history::get))
        .routes(routes!(history::validation))
        .routes(routes!(changes::of_everything))
        .routes(routes!(changes::of_connection))
        .routes(routes!(sync_settings::of_company, sync_settings::set_of_company))
        .routes(routes!(integrations::list))
        .routes(routes!(integrations::get, integrations::set))
        .routes(routes!(integrations::branding))
        .routes(routes!(integrations::register_webhook))
        .routes(routes!(supplemental::configuration, supplemental::configure))
        .routes(routes!(custom_data::configuration, custom_data::configure))
        .routes(routes!(custom_data::refresh))
        .routes(routes!(profile::get, profile::replace))
        .routes(routes!(sync_settings::of_profile, sync_settings::set_of_profile))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::delete))
        .routes(routes!(cors_settings::get, cors_settings::set))
        .routes(routes!(cors_settings::get_old, cors_settings::set_old))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhook_deliveries::test))
        .routes(routes!(webhook_deliveries::list))
        .routes(routes!(webhook_deliveries::get))
        .routes(routes!(webhook_deliveries::resend))
        .routes(routes!(webhook_replays::recover))
        .routes(routes!(webhook_replays::create))
        .routes(routes!(webhook_replays::get, webhook_replays::cancel))
}

fn commerce() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(company_info::get))
        .routes(routes!(customers::list))
        .routes(routes!(customers::get))
        .routes(routes!(payments::list))
        .routes(routes!(payments::get))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::get))
        .routes(routes!(payouts::list))
        .routes(routes!(payouts::get))
        .routes(routes!(payouts::transactions))
        .routes(routes!(disputes::list))
        .routes(routes!(disputes::get))
        .routes(routes!(products::list))
        .routes(routes!(products::get))
        .routes(routes!(payment_methods::list))
        .routes(routes!(payment_methods::get))
        .routes(routes!(orders::list))
        .routes(routes!(orders::get))
        .routes(routes!(subscriptions::list))
        .routes(routes!(subscriptions::get))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::get))
        .routes(routes!(metrics::get))
        .routes(routes!(metrics::assess::customer_retention))
        .routes(routes!(metrics::assess::lifetime_value))
        .routes(routes!(metrics::assess::revenue))
        .routes(routes!(metrics::assess::orders))
        .routes(routes!(metrics::assess::refunds))
        .routes(routes!(reconciliation::get, reconciliation::ask))
        .routes(routes!(reconciliation::drift))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::replay))
        .routes(routes!(quarantine::get))
        .routes(routes!(source::get))
        .routes(routes!(custom_data::list))
        .merge(unsupported::routes())
}

/// The description of the API, as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut described = routes().into_openapi();
    complete(&mut described);
    described
}

/// Adds what the routes do not say themselves: `Idempotency-Key`, `ETag`, the quota, the events that are told, and the
/// examples. What answers have in common is shared when they have all of theirs.
pub(super) fn complete(described: &mut utoipa::openapi::OpenApi) {
    let recorded = Recorded::read();
    Once.modify(described);
    conditional::describe(described);
    rate_limit::describe(described);
    event_bodies::add(described, &recorded);
    examples::add(described, &recorded);
    shared_answers::share(described);
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tributary",
        description = "Small businesses' Stripe data, complete and current. Amounts are exact decimal numbers in the \
            currency's unit; times are ISO 8601 in UTC. Every answer carries `X-Request-Id`; an error repeats it as \
            `correlationId`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    components(schemas(ErrorBody, Validation, ValidationItem)),
    security(("api_key" = []), ("bearer" = [])),
    modifiers(&Security),
    tags(
        (name = "Companies", description = "The small businesses."),
        (name = "Connections", description = "A company's link to a Stripe account."),
        (name = "Refresh data", description = "Ask for data, and see how far it is."),
        (name = "Read data", description = "What the checks of a dataset found."),
        (name = "Changes", description = "Which records were created, updated and deleted, without gaps."),
        (name = "Integrations", description = "The ways in to Stripe."),
        (name = "Settings", description = "The profile, sync settings, API keys and CORS."),
        (name = "Webhooks", description = "Who is told of events."),
        (name = "Commerce", description = "The data of a connection."),
        (name = "Proof", description = "How far the data of a connection is proven, and what could not be mapped."),
    )
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        for (name, way, said) in [
            (
                "api_key",
                HttpAuthScheme::Basic,
                "`Authorization: Basic base64(key)`: the API key alone, or with a colon after it.",
            ),
            (
                "bearer",
                HttpAuthScheme::Bearer,
                "`Authorization: Bearer key`: the API key; or the access token of a company, for a web page that shows the \
                 company, its connections and what it can link, makes a connection, and unlinks one.",
            ),
        ] {
            let mut scheme = Http::new(way);
            scheme.description = Some(said.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// Every POST may be named, so that it has one effect however often it is sent.
struct Once;

impl Modify for Once {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for post in openapi.paths.paths.values_mut().filter_map(|path| path.post.as_mut()) {
            let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build();
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .schema(Some(text))
                .description(Some(
                    "Such as a random UUID. Sent again under the same key within a day, the request has no second \
                     effect and is answered as before, with `Idempotent-Replayed: true`.",
                ))
                .build();
            post.parameters.get_or_insert_default().push(key.into());
        }
    }
}

/// The answers that every operation may give instead of its own.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
        [
            ("400", "The request makes no sense; `error` says why."),
            ("401", "The API key is missing or unknown."),
            ("403", "What was shown is not good for this."),
            ("404", "There is no such thing, or it belongs to another company."),
            ("409", "It cannot be done as things stand."),
            ("413", "The body is too large."),
            ("415", "The body is of another kind than JSON."),
            ("429", "The daily quota is used up: again after `Retry-After`."),
            ("500", "A fault of ours; it is in the log under `correlationId`."),
            ("503", "Not now; try again."),
        ]
        .into_iter()
        .map(|(status, said)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
            let response = ResponseBuilder::new().description(said).content("application/json", content).build();
            (status.to_owned(), response.into())
        })
        .collect()
    }
}
