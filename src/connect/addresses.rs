//! Where an event leads: into the portal, the API and its description.
//!
//! The Link addresses have no token: they are of the form that strictly typed receivers look for, and they open nothing.

use entity::connection;
use entity::id::CompanyId;
use serde_json::{Value, json};
use url::Url;

use super::link;

/// Where the description tells what the checks of a sync find.
const READ_MORE: &str = "/docs#/Read%20data/get-read-validation-results";

/// The addresses under the one that the outside knows us by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses<'a>(pub(super) &'a Url);

impl Addresses<'_> {
    fn of(self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }

    /// The company's page in the portal.
    pub(super) fn portal(self, company: CompanyId) -> String {
        self.of(&format!("/portal/companies/{company}"))
    }

    /// The company's Link page.
    pub(super) fn link(self, company: CompanyId) -> String {
        self.of(&link::company_path(company))
    }

    /// The connection's Link page.
    pub(super) fn link_of(self, connection: &connection::Model) -> String {
        self.of(&link::connection_path(connection))
    }

    /// What there is to see of an issue with a dataset: what was found, the syncs before it, and what it means.
    pub(super) fn issue(self, company: CompanyId, dataset: &str) -> Value {
        json!({
            "logs": self.of(&format!("/companies/{company}/sync/{dataset}/validation")),
            "portal": format!("{}/syncs", self.portal(company)),
            "readMore": self.of(READ_MORE),
        })
    }
}
