//! Companies.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use entity::shape::TextMap;
use entity::{company, connection};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::connections::{Connection, Shown};
use super::error::Error;
use super::page::{List, ListParams, Page};
use super::parameters::Parameters;
use super::who::{Caller, OfCompany};
use base::query::{self, Expr, Op, Refused};
use connect::events::{self, Kind};
use connect::{link, revoke};

/// A company: one small business.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    /// Its id.
    pub id: CompanyId,
    /// Its name; not unique.
    pub name: String,
    /// Kept for the contract; always empty.
    pub platform: &'static str,
    /// The Link URL to send to the business; it lives one day and serves once.
    pub redirect: String,
    /// A note of whoever made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags by key.
    pub tags: BTreeMap<String, String>,
    /// When a sync of any of its connections last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<DateTime<Utc>>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Kept for the contract; not known.
    pub created_by_user_name: Option<String>,
    /// Kept for the contract; always empty.
    pub products: Vec<String>,
    /// Its connections, oldest first.
    pub data_connections: Vec<Connection>,
}

impl Company {
    fn new(row: company::Model, connections: Vec<connection::Model>, shown: &Shown<'_>) -> Result<Self, Error> {
        let redirect = link::company_url(&shown.key, shown.links, &row, shown.now).map_err(Error::fault)?;
        Ok(Self {
            id: row.id,
            name: row.name,
            platform: "",
            redirect: redirect.into(),
            description: row.description,
            tags: row.tags.0,
            last_sync: row.last_sync_at,
            created: row.created_at,
            created_by_user_name: None,
            products: Vec::new(),
            data_connections: connections.into_iter().map(|row| shown.connection(row)).collect::<Result<_, _>>()?,
        })
    }
}

/// The company as it is now.
async fn shown(app: &App, row: company::Model) -> Result<Json<Company>, Error> {
    let connections = store::connections::of_company(&app.db, row.id).await?;
    Ok(Json(Company::new(row, connections, &Shown::of(app).await?)?))
}

/// What a company is made of.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompanyBody {
    /// Letters, digits, blanks and `- ' , & @ . ? !`; other characters are removed.
    pub name: String,
    /// A note.
    #[serde(default)]
    pub description: Option<String>,
    /// At most 10, with keys of 1 to 27 characters and values of at most 100.
    #[serde(default)]
    pub tags: Option<BTreeMap<String, String>>,
}

/// What changes of a company; what is absent or null stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompanyUpdate {
    /// As when it is made.
    #[serde(default)]
    pub name: Option<String>,
    /// A note.
    #[serde(default)]
    pub description: Option<String>,
    /// As when it is made; replaces all tags.
    #[serde(default)]
    pub tags: Option<BTreeMap<String, String>>,
}

fn name(given: &str) -> Result<String, Error> {
    let allowed = |c: &char| c.is_alphanumeric() || " -',&@.?!".contains(*c);
    let name: String = given.chars().filter(allowed).collect();
    let name = name.trim();
    if name.is_empty() {
        let said = "name must have at least one letter, digit or one of - ' , & @ . ? !";
        return Err(Error::BadRequest(said.to_owned()));
    }
    text("name", name.to_owned(), 250)
}

fn tags(given: BTreeMap<String, String>) -> Result<TextMap, Error> {
    if given.len() > 10 {
        return Err(Error::BadRequest("There may be 10 tags at most.".to_owned()));
    }
    for (key, value) in &given {
        if !(1..=27).contains(&key.chars().count()) {
            return Err(Error::BadRequest("A tag's key must have 1 to 27 characters.".to_owned()));
        }
        text("A tag's key", key.clone(), 27)?;
        text("A tag's value", value.clone(), 100)?;
    }
    Ok(TextMap(given))
}

fn description(given: Option<String>) -> Result<Option<String>, Error> {
    given.map(|given| text("description", given, 5000)).transpose()
}

/// A query on tags.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagsParam {
    /// Only companies with these tags, such as `region=uk&&{plan=a||plan=b}`: `= != ~`.
    #[serde(default)]
    #[param(required = false)]
    pub tags: Option<String>,
}

impl TagsParam {
    fn parse(&self) -> Result<Option<Expr>, Error> {
        let Some(text) = self.tags.as_deref().filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let expr = query::parse(text)?;
        known_operators(&expr)?;
        Ok(Some(expr))
    }
}

fn known_operators(expr: &Expr) -> Result<(), Refused> {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().try_for_each(known_operators),
        Expr::Term(term) if matches!(term.op, Op::Equal | Op::Differs | Op::Contains) => Ok(()),
        Expr::Term(term) => {
            Err(Refused::Malformed { at: term.at, reason: "tags are compared by = != or ~".to_owned() })
        }
    }
}

/// List companies
///
/// Newest first.
#[utoipa::path(get, path = "/companies", operation_id = "list-companies", tag = "Companies",
    params(ListParams, TagsParam),
    responses((status = 200, description = "One page.", body = Page<Company>), Refusals))]
pub async fn list(
    State(app): State<App>,
    _: Caller,
    list: List,
    Parameters(param): Parameters<TagsParam>,
) -> Result<Response, Error> {
    let (listing, tags) = (list.listing(&store::companies::NOUN)?, param.parse()?);
    let shown = Shown::of(&app).await?;
    let tx = store::read(&app.db).await?;
    let found = store::companies::list(&tx, &listing, tags.as_ref()).await?;
    let ids: Vec<CompanyId> = found.rows.iter().map(|row| row.id).collect();
    let mut connections: HashMap<CompanyId, Vec<connection::Model>> = HashMap::new();
    for row in store::connections::of_companies(&tx, &ids).await? {
        connections.entry(row.company_id).or_default().push(row);
    }
    list.with("tags", param.tags).page(found, |row| {
        let connections = connections.remove(&row.id).unwrap_or_default();
        Company::new(row, connections, &shown)
    })
}

/// Create a company
#[utoipa::path(post, path = "/companies", operation_id = "create-company", tag = "Companies",
    request_body = CompanyBody,
    responses((status = 200, description = "The company, with its Link URL.", body = Company), Refusals))]
pub async fn create(State(app): State<App>, _: Caller, Body(body): Body<CompanyBody>) -> Result<Json<Company>, Error> {
    let name = name(&body.name)?;
    let row = company::Model {
        id: CompanyId::new(),
        name_folded: name.to_lowercase(),
        name,
        description: description(body.description)?,
        tags: tags(body.tags.unwrap_or_default())?,
        link_serial: 0,
        overrides_sync: false,
        created_at: app.clock.now(),
        last_sync_at: None,
        deleted_at: None,
    };
    let tx = store::write(&app.db).await?;
    store::companies::insert(&tx, row.clone()).await?;
    events::company(&tx, &app.settings.public_url, Kind::CompanyCreated, &row, row.created_at).await?;
    tx.commit().await?;
    shown(&app, row).await
}

/// Get a company
#[utoipa::path(get, path = "/companies/{companyId}", operation_id = "get-company", tag = "Companies",
    params(("companyId" = CompanyId, Path)),
    responses((status = 200, description = "The company.", body = Company), Refusals))]
pub async fn get(State(app): State<App>, OfCompany(company): OfCompany) -> Result<Json<Company>, Error> {
    shown(&app, company).await
}

/// Change a company
///
/// What is absent or null stays as it is.
#[utoipa::path(patch, path = "/companies/{companyId}", operation_id = "update-company", tag = "Companies",
    params(("companyId" = CompanyId, Path)), request_body = CompanyUpdate,
    responses((status = 200, description = "The company.", body = Company), Refusals))]
pub async fn update(
    State(app): State<App>,
    OfCompany(mut company): OfCompany,
    Body(body): Body<CompanyUpdate>,
) -> Result<Json<Company>, Error> {
    if let Some(given) = body.name {
        company.name = name(&given)?;
        company.name_folded = company.name.to_lowercase();
    }
    if body.description.is_some() {
        company.description = description(body.description)?;
    }
    if let Some(given) = body.tags {
        company.tags = tags(given)?;
    }
    store::companies::update(&app.db, &company).await?;
    shown(&app, company).await
}

/// Replace a company
///
/// What is absent is cleared.
#[utoipa::path(put, path = "/companies/{companyId}", operation_id = "replace-company", tag = "Companies",
    params(("companyId" = CompanyId, Path)), request_body = CompanyBody,
    responses((status = 200, description = "The company.", body = Company), Refusals))]
pub async fn replace(
    State(app): State<App>,
    OfCompany(mut company): OfCompany,
    Body(body): Body<CompanyBody>,
) -> Result<Json<Company>, Error> {
    company.name = name(&body.name)?;
    company.name_folded = company.name.to_lowercase();
    company.description = description(body.description)?;
    company.tags = tags(body.tags.unwrap_or_default())?;
    store::companies::update(&app.db, &company).await?;
    shown(&app, company).await
}

/// Delete a company
///
/// With its connections, which end at Stripe too, and with all of their data.
#[utoipa::path(delete, path = "/companies/{companyId}", operation_id = "delete-company", tag = "Companies",
    params(("companyId" = CompanyId, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub async fn delete(State(app): State<App>, OfCompany(company): OfCompany) -> Result<StatusCode, Error> {
    revoke::delete_company(app.means(), &company).await.map_err(Error::fault)?;
    Ok(StatusCode::NO_CONTENT)
}
