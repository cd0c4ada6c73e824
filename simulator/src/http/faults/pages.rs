//! Pages of lists that are not what was asked for.

use super::Fault;
use serde_json::{Value, json};

/// Asks the true list for another page than the request's: with this cursor, `("starting_after", id)`.
pub type Turn<'a, E> = dyn Fn(&str, &str) -> Result<Vec<u8>, E> + 'a;

/// What a fault makes of a true page; `None` when it makes no difference to it.
pub fn edited<E>(fault: &Fault, truth: &[u8], turn: &Turn<'_, E>) -> Option<Result<Vec<u8>, E>> {
    let mut page: Value = serde_json::from_slice(truth).ok()?;
    let goes_on = page["has_more"] == true;
    let rows = page["data"].as_array_mut()?;
    let id = |row: Option<&Value>| Some(row?["id"].as_str()?.to_owned());
    match fault {
        // The rows before the first one that was due, which the client has had.
        Fault::DuplicatePage => {
            let before = turn("ending_before", &id(rows.first())?);
            return Some(before.map(|bytes| with_more(&bytes)));
        }
        Fault::MissingPage if goes_on => {
            let last = id(rows.last())?;
            return Some(turn("starting_after", &last));
        }
        Fault::Shuffled if rows.len() > 1 => {
            // No row keeps its place: the cursor of whoever takes the last row comes from the middle.
            let half = rows.len() / 2;
            rows.rotate_left(half);
        }
        Fault::ShortPage { rows: most } if rows.len() > *most => {
            rows.truncate(*most);
            page["has_more"] = true.into();
        }
        Fault::EmptyMore if !rows.is_empty() => {
            rows.clear();
            page["has_more"] = true.into();
        }
        _ => return None,
    }
    Some(Ok(page.to_string().into_bytes()))
}

fn with_more(bytes: &[u8]) -> Vec<u8> {
    let mut page: Value = serde_json::from_slice(bytes).unwrap_or_else(|_| json!({}));
    page["has_more"] = true.into();
    page.to_string().into_bytes()
}
