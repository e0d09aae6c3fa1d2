//! Tables: what `kubectl get` shows.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::partial;
use super::json_path;
use super::query::Query;
use crate::store::{PrinterColumn, ResourceType};

/// `metadata` of a table.
#[derive(Debug)]
pub(crate) struct Meta(pub(crate) Value);

impl Meta {
    /// The metadata of a table of one object.
    pub(crate) fn of_object(object: &Value) -> Self {
        Self(json!({ "resourceVersion": object["metadata"]["resourceVersion"] }))
    }
}

/// The table of some objects.
pub(crate) fn of(kind: &ResourceType, items: &[Arc<Value>], meta: &Meta, query: &Query) -> Value {
    let mut columns = vec![json!({
        "name": "Name", "type": "string", "format": "name", "priority": 0,
        "description": "Name must be unique within a namespace.",
    })];
    columns.extend(kind.columns.iter().map(|column| {
        json!({
            "name": column.name, "type": column.kind, "format": column.format, "priority": column.priority,
            "description": if column.description.is_empty() {
                format!("Custom resource definition column (in JSONPath format): {}", column.json_path)
            } else {
                column.description.clone()
            },
        })
    }));
    let now = Timestamp::now();
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let mut cells = vec![item["metadata"]["name"].clone()];
            cells.extend(kind.columns.iter().map(|column| cell(column, item, now)));
            let mut row = json!({ "cells": cells });
            match query.get("includeObject") {
                Some("None") => {}
                Some("Object") => row["object"] = (**item).clone(),
                _ => row["object"] = partial(item),
            }
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta.0.clone(),
        "columnDefinitions": columns, "rows": rows,
    })
}

fn cell(column: &PrinterColumn, object: &Value, now: Timestamp) -> Value {
    match column.json_path.as_str() {
        "@ready" => return ready(object),
        "@restarts" => {
            let counts = object["status"]["containerStatuses"].as_array().into_iter().flatten();
            return json!(counts.filter_map(|status| status["restartCount"].as_i64()).sum::<i64>());
        }
        "@ports" => return ports(object),
        "@object" => {
            let of = &object["involvedObject"];
            let text = |field: &str| of[field].as_str().unwrap_or_default();
            return json!(format!("{}/{}", text("kind").to_lowercase(), text("name")));
        }
        path => {
            if let Some(path) = path.strip_prefix('~') {
                let text = json_path::find(object, path).and_then(Value::as_str);
                return json!(text.map_or_else(|| "<unknown>".to_owned(), |text| age(text, now)));
            }
            if let Some(path) = path.strip_prefix('#') {
                let count = match json_path::find(object, path) {
                    Some(Value::Object(map)) => map.len(),
                    Some(Value::Array(items)) => items.len(),
                    _ => 0,
                };
                return json!(count);
            }
        }
    }
    let Some(value) = json_path::find(object, &column.json_path) else { return Value::Null };
    match (column.kind.as_str(), value) {
        ("date", Value::String(text)) => json!(age(text, now)),
        ("integer" | "number", value) if value.is_number() => value.clone(),
        ("boolean", Value::Bool(flag)) => json!(flag),
        (_, Value::String(text)) => json!(text),
        (_, other) => json!(other.to_string()),
    }
}

fn ready(pod: &Value) -> Value {
    let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let all = pod["spec"]["containers"].as_array().map_or(statuses.len(), Vec::len);
    json!(format!("{ready}/{all}"))
}

fn ports(service: &Value) -> Value {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let texts: Vec<String> =
        ports.map(|port| format!("{}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"))).collect();
    json!(if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") })
}

/// How long ago, as `k8s.io/apimachinery/pkg/util/duration` writes it for people.
pub(super) fn age(text: &str, now: Timestamp) -> String {
    let Ok(then) = text.parse::<Timestamp>() else { return "<unknown>".to_owned() };
    let seconds = now.duration_since(then).as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let pair = |big: i64, unit: char, small: i64, small_unit: char| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{small_unit}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, 'm', seconds % 60, 's'),
        600..10800 => format!("{minutes}m"),
        10800..28800 => pair(hours, 'h', minutes % 60, 'm'),
        28800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, 'd', hours % 24, 'h'),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => pair(days / 365, 'y', days % 365, 'd'),
        _ => format!("{}y", days / 365),
    }
}
