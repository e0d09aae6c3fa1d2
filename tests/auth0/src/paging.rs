//! Lists in pages.

use std::collections::HashMap;

use axum::Json;
use serde_json::{Value, json};

use crate::error::Refusal;

pub type Query = axum::extract::Query<HashMap<String, String>>;

/// Most objects of a page.
const MAX_PAGE: usize = 100;

/// Objects that pages by number reach; others need pages by checkpoint.
const REACH: usize = 1000;

fn number(query: &Query, name: &str, default: usize) -> Result<usize, Refusal> {
    match query.get(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|_| Refusal::query(format!("Query validation error: '{name}' is no integer")))
        }
    }
}

/// A page as it is asked for: by checkpoint where `take` or `from` is there, else by number.
pub fn either(objects: &[Value], list: &str, query: &Query) -> Result<Json<Value>, Refusal> {
    let by_checkpoint = query.contains_key("take") || query.contains_key("from");
    if by_checkpoint && query.contains_key("page") {
        return Err(Refusal::query("Query validation error: 'page' and 'from' or 'take' exclude each other"));
    }
    if by_checkpoint { checkpoint(objects, list, query) } else { numbered(objects, list, query) }
}

/// A page by number, in an object with totals where they are asked for (`include_totals`).
pub fn numbered(objects: &[Value], list: &str, query: &Query) -> Result<Json<Value>, Refusal> {
    let (page, size) = (number(query, "page", 0)?, number(query, "per_page", 50)?);
    if size == 0 || size > MAX_PAGE {
        return Err(Refusal::query(format!("Query validation error: 'per_page' is not between 1 and {MAX_PAGE}")));
    }
    let start = page * size;
    if start + size > REACH {
        return Err(Refusal::query("You can only page through the first 1000 records."));
    }
    let part: Vec<&Value> = objects.iter().skip(start).take(size).collect();
    if query.get("include_totals").is_some_and(|said| said == "true") {
        Ok(Json(json!({ "start": start, "limit": size, "total": objects.len(), list: part })))
    } else {
        Ok(Json(json!(part)))
    }
}

/// A page by checkpoint (`from`, `take`); `next` is there while more is.
pub fn checkpoint(objects: &[Value], list: &str, query: &Query) -> Result<Json<Value>, Refusal> {
    let (from, take) = (number(query, "from", 0)?, number(query, "take", 50)?.min(MAX_PAGE));
    let part: Vec<&Value> = objects.iter().skip(from).take(take).collect();
    let mut answer = json!({ list: part });
    if from + take < objects.len() {
        answer["next"] = json!((from + take).to_string());
    }
    Ok(Json(answer))
}
