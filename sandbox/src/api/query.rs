//! The query of a request: options, read and checked.

use serde_json::{Value, json};

use crate::error::{ApiError, Cause};

/// The query, decoded, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

/// What becomes of unknown fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// Dropped in silence.
    Ignore,
    /// Dropped with a warning (the default).
    Warn,
    /// Refused.
    Strict,
}

/// Options of every write.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) field_validation: FieldValidation,
    pub(crate) field_manager: Option<String>,
    pub(crate) force: bool,
}

/// Options of a list or watch.
#[derive(Debug, Clone)]
pub(crate) struct ListOptions {
    pub(crate) labels: Option<String>,
    pub(crate) fields: Option<String>,
    pub(crate) limit: usize,
    pub(crate) continue_token: Option<String>,
    pub(crate) resource_version: Option<u64>,
    /// The list is of exactly that version.
    pub(crate) exact: bool,
    /// The list is of that version or any later one.
    pub(crate) not_older: bool,
    pub(crate) bookmarks: bool,
    pub(crate) initial_events: Option<bool>,
    pub(crate) timeout_seconds: Option<u64>,
}

impl Query {
    /// Reads the query of an address.
    pub(crate) fn of(uri: &http::Uri) -> Self {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        Self(pairs.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(there, _)| there == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value, "" | "1" | "t" | "T" | "true" | "True" | "TRUE"))
    }

    /// The options of a write; `kind` is `CreateOptions`, `UpdateOptions` or `PatchOptions`.
    pub(crate) fn write_options(&self, kind: &str) -> Result<WriteOptions, ApiError> {
        let mut causes = Vec::new();
        let dry_run = dry_run(&self.all("dryRun"), &mut causes);
        let field_validation = match self.get("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                causes.push(Cause::unsupported("fieldValidation", &json!(other).to_string(), &supported));
                FieldValidation::Warn
            }
        };
        let field_manager = self.get("fieldManager").filter(|name| !name.is_empty()).map(str::to_owned);
        if field_manager.as_ref().is_some_and(|name| name.len() > 128) {
            causes.push(Cause::new("FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"));
        }
        if !causes.is_empty() {
            return Err(ApiError::invalid_options(kind, &causes));
        }
        Ok(WriteOptions { dry_run, field_validation, field_manager, force: self.flag("force") })
    }

    /// The options of a list, or of a watch.
    pub(crate) fn list_options(&self, watch: bool) -> Result<ListOptions, ApiError> {
        let number = |name: &str| -> Result<Option<u64>, ApiError> {
            match self.get(name).filter(|text| !text.is_empty()) {
                None => Ok(None),
                Some(text) => text.parse().map(Some).map_err(|_| {
                    ApiError::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))
                }),
            }
        };
        let limit = number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default();
        let timeout_seconds = number("timeoutSeconds")?;
        let initial_events = self.get("sendInitialEvents").map(|_| self.flag("sendInitialEvents"));
        let matching = self.get("resourceVersionMatch").filter(|text| !text.is_empty());
        let version = self.get("resourceVersion").filter(|text| !text.is_empty());
        let continue_token = self.get("continue").filter(|text| !text.is_empty()).map(str::to_owned);
        check_match(watch, matching, version, initial_events, continue_token.is_some())?;
        let resource_version = version.map(|text| {
            text.parse().map_err(|_| {
                ApiError::bad_request(format!(
                    "invalid resource version: resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \
                     \"{text}\": invalid syntax"
                ))
            })
        });
        Ok(ListOptions {
            labels: self.get("labelSelector").filter(|text| !text.is_empty()).map(str::to_owned),
            fields: self.get("fieldSelector").filter(|text| !text.is_empty()).map(str::to_owned),
            limit,
            continue_token,
            resource_version: resource_version.transpose()?,
            exact: matching == Some("Exact"),
            not_older: matching == Some("NotOlderThan"),
            bookmarks: self.flag("allowWatchBookmarks"),
            initial_events,
            timeout_seconds,
        })
    }
}

fn check_match(
    watch: bool,
    matching: Option<&str>,
    version: Option<&str>,
    initial_events: Option<bool>,
    continued: bool,
) -> Result<(), ApiError> {
    const FIELD: &str = "resourceVersionMatch";
    let mut causes = Vec::new();
    if watch {
        if initial_events.is_some() && matching != Some("NotOlderThan") {
            causes.push(Cause::forbidden(
                FIELD,
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            ));
        }
        if initial_events.is_none() && matching.is_some() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(Cause::forbidden(FIELD, why));
        }
        if let Some(matching) = matching.filter(|matching| *matching != "NotOlderThan") {
            causes.push(Cause::unsupported(FIELD, &json!(matching).to_string(), &["NotOlderThan"]));
        }
    } else {
        if initial_events.is_some() {
            causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        if let Some(matching) = matching {
            if continued {
                causes.push(Cause::forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided"));
            } else if version.is_none() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                causes.push(Cause::forbidden(FIELD, why));
            } else if matching == "Exact" && version == Some("0") {
                let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                causes.push(Cause::forbidden(FIELD, why));
            }
            if !matches!(matching, "Exact" | "NotOlderThan") {
                causes.push(Cause::unsupported(FIELD, &json!(matching).to_string(), &["Exact", "NotOlderThan", ""]));
            }
        }
    }
    if causes.is_empty() { Ok(()) } else { Err(ApiError::invalid_options("ListOptions", &causes)) }
}

/// Reads `dryRun`: `All`, once or more, or nothing.
pub(crate) fn dry_run(values: &[&str], causes: &mut Vec<Cause>) -> bool {
    if values.iter().any(|value| *value != "All") {
        let given = Value::from(values.to_vec());
        causes.push(Cause::unsupported("dryRun", &given.to_string(), &["All"]));
    }
    !values.is_empty()
}
