//! Answers that many operations have alike stand once in the description, and are referred to by a name: refusals, and that
//! nothing has changed.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Response};

use super::examples::operations;

/// Puts the most frequent form of each such answer into the components, named after its status (`BadRequest`), and a reference
/// in place of it. Other forms stay where they are.
pub(super) fn share(api: &mut OpenApi) {
    let mut seen: BTreeMap<String, Vec<(Response, usize)>> = BTreeMap::new();
    for (status, answer) in alike(api) {
        let RefOr::T(answer) = answer else { continue };
        let forms = seen.entry(status.clone()).or_default();
        match forms.iter_mut().find(|(form, _)| form == answer) {
            Some((_, times)) => *times += 1,
            None => forms.push((answer.clone(), 1)),
        }
    }
    let most = seen.into_iter().filter_map(|(status, forms)| {
        let (form, times) = forms.into_iter().max_by_key(|(_, times)| *times)?;
        (times > 1).then_some((status, form))
    });
    let shared: BTreeMap<String, Response> = most.collect();
    for (status, answer) in alike(api) {
        if let (Some(form), RefOr::T(own)) = (shared.get(status), &*answer)
            && form == own
        {
            *answer = RefOr::Ref(Ref::from_response_name(name(status)));
        }
    }
    let components = api.components.get_or_insert_with(Components::default);
    components.responses.extend(shared.into_iter().map(|(status, form)| (name(&status), RefOr::T(form))));
}

/// The answers that are none of an operation's own.
fn alike(api: &mut OpenApi) -> impl Iterator<Item = (&String, &mut RefOr<Response>)> {
    let answers = api.paths.paths.values_mut().flat_map(operations);
    let answers = answers.flat_map(|operation| &mut operation.responses.responses);
    answers.filter(|(status, _)| status.parse::<u16>().is_ok_and(|status| status >= 300))
}

/// `400` is `BadRequest`.
fn name(status: &str) -> String {
    let reason = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason()).unwrap_or(status);
    reason.split(' ').collect()
}
