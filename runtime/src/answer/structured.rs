//! Structured output: what the tool gives, and what the runtime adds.

use serde_json::{Map, Value};

use crate::budget::{self, Cut};
use crate::call::CallReport;
use crate::tool::ToolInfo;

/// Builds the output within a size, in the order outcome, the tool's own fields, changes, warnings,
/// paging. Fields that are absent are left out; runtime fields are added where the schema has them.
pub(super) fn build(
    tool: &ToolInfo,
    published: &Map<String, Value>,
    output: &Value,
    report: &CallReport,
    room: usize,
) -> (Value, Vec<Cut>) {
    let mut fields = Map::new();
    fields.insert(String::from("outcome"), report.outcome.as_str().into());
    if let Value::Object(own) = output {
        for (name, value) in own {
            if !value.is_null() {
                fields.insert(name.clone(), without_nulls(value));
            }
        }
    }
    if published.contains_key("changes") {
        fields.insert(
            String::from("changes"),
            serde_json::to_value(&report.changes).unwrap_or_else(|_| Value::Array(Vec::new())),
        );
    }
    fields.insert(String::from("warnings"), report.warnings.clone().into());
    let items =
        |value: &Value| tool.paged_output.and_then(|name| value.get(name)).and_then(Value::as_array).map(Vec::len);
    let mut structured = Value::Object(fields);
    let all = items(&structured);
    let longest_cursor = report
        .paging
        .as_ref()
        .zip(all)
        .and_then(|(paging, all)| paging.cursor_after(all))
        .map_or(0, |cursor| cursor.len());
    let cuts = budget::fit(&mut structured, tool.paged_output, room.saturating_sub(longest_cursor));
    let left = items(&structured);
    if let Value::Object(fields) = &mut structured {
        let mut cursor = None;
        let mut more = false;
        if let (Some(paging), Some(left)) = (&report.paging, left) {
            cursor = paging.cursor_after(left);
            more = paging.truncated_after(left);
            fields.insert(String::from("returned"), left.into());
            if let Some(total) = paging.total() {
                fields.insert(String::from("total"), total.into());
            }
            if let Some(scanned) = paging.scanned() {
                fields.insert(String::from("scanned"), scanned.into());
            }
        }
        if published.contains_key("truncated") {
            fields.insert(String::from("truncated"), (!cuts.is_empty() || more).into());
        }
        if let Some(cursor) = cursor {
            fields.insert(String::from("cursor"), cursor.into());
        }
    }
    (structured, cuts)
}

/// The value without absent fields. Lists keep their elements.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
