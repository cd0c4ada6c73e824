//! A request that meets a fault.

use super::super::error::Error;
use super::super::faults::{self, Fault, Rule, Spot};
use super::super::script::Met;
use super::super::shared::PLATFORM_ACCOUNT;
use super::super::wire::Line;
use super::route::Target;
use super::{Asked, Opened};
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

impl Asked<'_> {
    /// The answer to a request that meets a fault.
    pub(super) async fn faulty(
        &self,
        met: &Met<Rule>,
        opened: &Opened,
        answer: impl Fn() -> Result<Vec<u8>, Error>,
    ) -> Response {
        let account = opened.account.as_deref().unwrap_or(PLATFORM_ACCOUNT);
        let line = self.request.extensions.get::<ConnectInfo<Line>>().map(|ConnectInfo(line)| line);
        let spot = Spot { account, line, faults: &self.shared.faults, rule: met.number };
        if let Some(mut answer) = faults::instead(&met.rule.fault, spot).await {
            self.stamp(&mut answer);
            return answer;
        }
        match &met.rule.fault {
            Fault::Revoke => {
                if !self.shared.disconnect(account) {
                    // Asked with the account's own key: there was nothing to end.
                    self.shared.faults.spare(met);
                }
                self.render(self.answer(&self.open()))
            }
            Fault::VanishedCursor => self.render(Err(self.no_such_cursor(opened))),
            fault if fault.is_of_lists() => self.render(self.edited(met, opened, answer())),
            fault => faults::spoilt(fault, self.render(answer()), spot).await,
        }
    }

    /// The page that a fault makes of the true one; a page that it makes no difference to is spared.
    fn edited(&self, met: &Met<Rule>, opened: &Opened, truth: Result<Vec<u8>, Error>) -> Result<Vec<u8>, Error> {
        let (Ok(bytes), Ok((target, access))) = (&truth, &opened.way) else {
            self.shared.faults.spare(met);
            return truth;
        };
        let turn = |cursor: &str, id: &str| self.read(target, access, &with_cursor(self.request, cursor, id));
        faults::edited(&met.rule.fault, bytes, &turn).unwrap_or_else(|| {
            self.shared.faults.spare(met);
            truth
        })
    }

    fn no_such_cursor(&self, opened: &Opened) -> Error {
        let kind = if let Ok((Target::List(resource, _), _)) = &opened.way { resource.noun } else { "object" };
        let query = self.request.uri.query().unwrap_or_default();
        let given = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| is_cursor(name));
        let (name, id) = given.unwrap_or_default();
        Error::missing(StatusCode::BAD_REQUEST, kind, &id, &name)
    }
}

fn is_cursor(name: &str) -> bool {
    ["starting_after", "ending_before"].contains(&name)
}

/// The request's query with another cursor.
fn with_cursor(request: &Parts, cursor: &str, id: &str) -> String {
    let query = request.uri.query().unwrap_or_default();
    let others = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !is_cursor(name));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(others).append_pair(cursor, id).finish()
}
