//! Lists: filters, time ranges and cursors, newest first.

use super::{Kind, Page, Query, Refusal, filter::Filters, shop::Shop};
use serde_json::Value;

impl Shop {
    /// A page of a list of rows.
    pub fn page(&self, kind: Kind, query: &Query) -> Result<Page, Refusal> {
        let filters = Filters::read(self, kind, query)?;
        if let Some(whole) = filters.sub_list(self, query.now) {
            return page_of(&whole, query);
        }
        let chosen = filters.chosen(self);
        let order = chosen.as_deref().unwrap_or_else(|| self.order(kind));
        let from = query.from.unwrap_or(i64::MIN);
        let until = query.until.unwrap_or(i64::MAX).min(query.now.saturating_add(1));
        let low = order.partition_point(|number| self.created(kind, *number) < from);
        let high = order.partition_point(|number| self.created(kind, *number) < until).max(low);
        let window = &order[low..high];
        let listed = |number: &&u32| {
            self.visible(kind, **number, query.now)
                && self.gone_at(kind, **number) > query.now
                && self.late.get(&(kind, **number)).is_none_or(|since| query.now >= *since)
                && !self.unlisted.contains(&(kind, **number))
                && filters.match_row(self, **number, query.now)
        };
        let place = |param, id: &str| {
            let missing = || Refusal::NoSuchCursor { param, id: id.to_owned() };
            let number = self.number_of(kind, id).ok_or_else(missing)?;
            let key = (self.created(kind, number), number);
            let place = window.partition_point(|other| (self.created(kind, *other), *other) < key);
            if window.get(place) == Some(&number) && listed(&&number) { Ok(place) } else { Err(missing()) }
        };
        let mut rows: Vec<u32> = match (&query.after, &query.before) {
            (_, Some(id)) => {
                let start = place("ending_before", id)? + 1;
                window[start..].iter().filter(listed).take(query.limit + 1).copied().collect()
            }
            (after, None) => {
                let end = after.as_deref().map_or(Ok(window.len()), |id| place("starting_after", id))?;
                window[..end].iter().rev().filter(listed).take(query.limit + 1).copied().collect()
            }
        };
        let has_more = rows.len() > query.limit;
        rows.truncate(query.limit);
        if query.before.is_some() {
            rows.reverse();
        }
        Ok(Page { data: rows.iter().filter_map(|number| self.render(kind, *number, query.now)).collect(), has_more })
    }

    /// An object by its id, or what is left of a deleted one.
    pub fn get(&self, kind: Kind, id: &str, now: i64) -> Option<Value> {
        if kind == Kind::PaymentMethod
            && let Some(method) = self.guest_method(id, now)
        {
            return Some(method);
        }
        let number = self.number_of(kind, id).filter(|number| self.visible(kind, *number, now))?;
        if self.gone_at(kind, number) <= now {
            let object = match kind {
                Kind::Customer => "customer",
                Kind::Product => "product",
                _ => "price",
            };
            return Some(super::render::tombstone(id, object));
        }
        self.render(kind, number, now)
    }
}

/// A page of a list that is at hand, in its own order.
fn page_of(whole: &[Value], query: &Query) -> Result<Page, Refusal> {
    let place = |param, id: &String| {
        let found = whole.iter().position(|object| object["id"] == Value::String(id.clone()));
        found.ok_or_else(|| Refusal::NoSuchCursor { param, id: id.clone() })
    };
    let (first, last) = match (&query.after, &query.before) {
        (_, Some(id)) => {
            let end = place("ending_before", id)?;
            (end.saturating_sub(query.limit), end)
        }
        (after, None) => {
            let start = after.as_ref().map_or(Ok(0), |id| place("starting_after", id).map(|found| found + 1))?;
            (start, whole.len().min(start + query.limit))
        }
    };
    let has_more = if query.before.is_some() { first > 0 } else { last < whole.len() };
    Ok(Page { data: whole[first..last].to_vec(), has_more })
}
