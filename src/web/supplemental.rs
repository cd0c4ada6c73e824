//! Supplemental data: fields of Stripe's own, served with the records that were made of the object.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use entity::connection;
use entity::data_type::DataType;
use entity::supplemental_config::{Source, Sources};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::App;
use super::api::Refusals;
use super::body::{Body, text};
use super::error::Error;
use super::who::Caller;
use store::Executor;
use store::records::Backed;
use store::{own_fields, verify};
use sync::pick;

/// Sources of one data type, and fields of one source, at most.
const MOST: usize = 50;
/// Characters that a name may have.
const LONGEST: usize = 100;

/// Values of Stripe's own, by the names that the configuration gives.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplementalData {
    /// By source, then by field; null where the object has no such field.
    pub content: BTreeMap<String, BTreeMap<String, Value>>,
}

/// What is served beside the records of a data type.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SupplementalDataConfiguration {
    /// Sources by the name that they have in `content`; none resets it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplemental_data_config: BTreeMap<String, Source>,
}

/// A record that can carry supplemental data.
pub(super) trait Supplemented {
    /// Takes what was found.
    fn supplement(&mut self, data: SupplementalData);
}

/// What is configured to be served beside the records of a data type.
#[derive(Debug, Default)]
pub(super) struct Supplements(Vec<Supplement>);

/// One source: its name, the kind of its objects, and the paths of its fields by their names.
#[derive(Debug)]
struct Supplement {
    name: String,
    object: &'static str,
    paths: Vec<(String, pick::Path)>,
}

impl Supplements {
    /// What is configured; one look-up by key.
    pub(super) async fn of(
        db: &dyn Executor,
        connection: &connection::Model,
        data_type: DataType,
    ) -> Result<Self, Error> {
        let Sources(sources) = own_fields::supplemental(db, connection.integration_id, data_type).await?;
        let mut all = Vec::new();
        for (name, source) in sources {
            if let Some(object) = pick::object_of(&source.data_source) {
                all.push(Supplement { name, object, paths: paths(&source.pull_data)? });
            }
        }
        Ok(Self(all))
    }

    /// The kinds of the objects that it is read from.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.0.iter().map(|one| one.object).collect()
    }

    /// The names on the way to each value in `content`, in the order of its JSON.
    pub(super) fn names(&self) -> impl Iterator<Item = [&str; 2]> {
        self.0.iter().flat_map(|one| one.paths.iter().map(|(field, _)| [one.name.as_str(), field.as_str()]))
    }

    /// The record, with what is picked of the object behind it.
    pub(super) fn added<R, T: From<R> + Supplemented>(&self, read: Backed<R>) -> Result<T, Error> {
        let mut record = T::from(read.record);
        // What does not unpack was told when it was read.
        let Some(kept) = read.object.filter(|kept| !kept.body.is_empty()) else { return Ok(record) };
        let body: Value = serde_json::from_slice(&kept.body).map_err(Error::fault)?;
        let picked = |(name, path): &(String, pick::Path)| (name.clone(), path.pick(&body));
        let of_kind = self.0.iter().filter(|one| one.object == kept.object);
        let content = of_kind.map(|one| (one.name.clone(), one.paths.iter().map(picked).collect())).collect();
        record.supplement(SupplementalData { content });
        Ok(record)
    }
}

/// Paths by the names of their values.
pub(super) fn paths(given: &BTreeMap<String, String>) -> Result<Vec<(String, pick::Path)>, Error> {
    let read = |(name, path): (&String, &String)| {
        let path = pick::Path::parse(path).map_err(|said| Error::BadRequest(format!("{name}: {said}.")))?;
        Ok((name.clone(), path))
    };
    given.iter().map(read).collect()
}

/// Refuses names and paths that cannot be kept or read.
pub(super) fn check(what: &str, given: &BTreeMap<String, String>) -> Result<(), Error> {
    if given.is_empty() || given.len() > MOST {
        return Err(Error::BadRequest(format!("{what} must have 1 to {MOST} entries.")));
    }
    for name in given.keys() {
        named(what, name)?;
    }
    paths(given).map(drop)
}

fn named(what: &str, name: &str) -> Result<(), Error> {
    if name.trim().is_empty() {
        return Err(Error::BadRequest(format!("{what}: a name may not be empty.")));
    }
    text(&format!("A name in {what}"), name.to_owned(), LONGEST).map(drop)
}

/// The data type that is named in a path, when its records carry supplemental data.
fn data_type(name: &str) -> Result<DataType, Error> {
    let kind = DataType::parse(name).ok_or_else(|| super::unsupported::refusal(name))?;
    // The account is one object, and no object stands behind a payment method.
    if matches!(kind, DataType::CompanyInfo | DataType::PaymentMethods) {
        return Err(Error::BadRequest(format!("Records of {} carry no supplemental data.", kind.as_str())));
    }
    Ok(kind)
}

/// Configure supplemental data
///
/// Which fields of Stripe's own are served with the records of a data type, as `supplementalData`. They are read from the
/// objects that are kept here, so a new configuration holds at once and for all history, and Stripe is not asked. `{}` resets
/// it.
#[utoipa::path(put, path = "/integrations/{platformKey}/dataTypes/{dataType}/supplementalDataConfig",
    operation_id = "configure-supplemental-data", tag = "Integrations",
    params(("platformKey" = String, Path), ("dataType" = DataType, Path)), request_body = SupplementalDataConfiguration,
    responses((status = 200, description = "It is set; the body is empty."), Refusals))]
pub async fn configure(
    State(app): State<App>,
    _: Caller,
    Path((key, kind)): Path<(String, String)>,
    Body(body): Body<SupplementalDataConfiguration>,
) -> Result<StatusCode, Error> {
    let integration = super::integrations::find(&app, &key).await?;
    let kind = data_type(&kind)?;
    let sources = body.supplemental_data_config;
    if sources.len() > MOST {
        return Err(Error::BadRequest(format!("supplementalDataConfig may have {MOST} entries at most.")));
    }
    let known = verify::objects(kind);
    for (name, source) in &sources {
        named("supplementalDataConfig", name)?;
        if !pick::object_of(&source.data_source).is_some_and(|object| known.contains(&object)) {
            let lists = pick::lists().into_iter();
            let lists: Vec<_> =
                lists.filter(|list| pick::object_of(list).is_some_and(|one| known.contains(&one))).collect();
            let said = format!("{name}: the dataSource of {} must be {}.", kind.as_str(), lists.join(" or "));
            return Err(Error::BadRequest(said));
        }
        if !source.push_data.is_empty() {
            let said = format!("{name}: pushData must be empty, since nothing is written to Stripe.");
            return Err(Error::BadRequest(said));
        }
        check(&format!("{name}.pullData"), &source.pull_data)?;
    }
    let tx = store::write(&app.db).await?;
    own_fields::set_supplemental(&tx, integration.id, kind, Sources(sources)).await?;
    tx.commit().await?;
    Ok(StatusCode::OK)
}

/// Get the configuration of supplemental data
#[utoipa::path(get, path = "/integrations/{platformKey}/dataTypes/{dataType}/supplementalDataConfig",
    operation_id = "get-supplemental-data-configuration", tag = "Integrations",
    params(("platformKey" = String, Path), ("dataType" = DataType, Path)),
    responses((status = 200, description = "What is served; empty when nothing is set.",
        body = SupplementalDataConfiguration), Refusals))]
pub async fn configuration(
    State(app): State<App>,
    _: Caller,
    Path((key, kind)): Path<(String, String)>,
) -> Result<Json<SupplementalDataConfiguration>, Error> {
    let integration = super::integrations::find(&app, &key).await?;
    let Sources(sources) = own_fields::supplemental(&app.db, integration.id, data_type(&kind)?).await?;
    Ok(Json(SupplementalDataConfiguration { supplemental_data_config: sources }))
}
