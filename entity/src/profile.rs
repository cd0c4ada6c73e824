//! The installation's profile: one row.

use sea_orm::entity::prelude::*;
use serde::Serialize;

use crate::relation::Relation;
use crate::shape::Texts;

/// A row of `profile`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[sea_orm(table_name = "profile")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The installation's id in the contract.
    pub client_id: Uuid,
    /// Who asks for access; shown on Link pages.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Where Link leads when it is done; a template, empty for the built-in page.
    #[sea_orm(column_type = "Text")]
    pub redirect_url: String,
    /// Icon.
    #[sea_orm(column_type = "Text")]
    pub icon_url: Option<String>,
    /// Logo.
    #[sea_orm(column_type = "Text")]
    pub logo_url: Option<String>,
    /// Redirect addresses that are allowed.
    #[sea_orm(column_type = "JsonBinary")]
    pub white_list_urls: Texts,
    /// Whether Link asks the owner to confirm the name.
    pub confirm_company_name: bool,
    /// Origins of web pages that may ask the API.
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_origins: Texts,
}

impl ActiveModelBehavior for ActiveModel {}
