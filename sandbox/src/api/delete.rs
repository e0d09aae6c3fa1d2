//! Deleting, one object or many.

use serde_json::{Value, json};

use super::Call;
use super::answer::{Answer, Form, Page};
use super::body::{self, Media};
use super::query;
use crate::error::{ApiError, Cause};
use crate::store::{DeleteOptions, Deleted, Propagation};

/// Namespaces that the server does not let go.
const KEPT_NAMESPACES: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Call<'_> {
    fn delete_options(&self) -> Result<DeleteOptions, ApiError> {
        let mut given = Value::Null;
        if !self.body.is_empty() {
            let media = Media::of(self.content_type())?;
            let decoded = match media {
                Media::Json => body::parse_json(&self.body).map(|decoded| decoded.object),
                Media::Yaml => body::parse_yaml(&self.body),
            };
            given = decoded.map_err(|why| ApiError::bad_request(format!("couldn't get version/kind; {why}")))?;
        }
        let mut causes = Vec::new();
        let mut dry_runs = self.query.all("dryRun");
        dry_runs.extend(given["dryRun"].as_array().into_iter().flatten().filter_map(Value::as_str));
        let dry_run = query::dry_run(&dry_runs, &mut causes);
        let policy = given["propagationPolicy"].as_str().or_else(|| self.query.get("propagationPolicy"));
        let orphan = given["orphanDependents"]
            .as_bool()
            .or_else(|| self.query.get("orphanDependents").map(|_| self.query.flag("orphanDependents")));
        if let (Some(policy), Some(_)) = (policy, orphan) {
            let text =
                format!("Invalid value: \"{policy}\": orphanDependents and deletionPropagation cannot be both set");
            causes.push(Cause::invalid("propagationPolicy", text));
        }
        let propagation = match policy {
            None if orphan == Some(true) => Propagation::Orphan,
            None | Some("Background") => Propagation::Background,
            Some("Foreground") => Propagation::Foreground,
            Some("Orphan") => Propagation::Orphan,
            Some(other) => {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                causes.push(Cause::unsupported("propagationPolicy", &json!(other).to_string(), &supported));
                Propagation::Background
            }
        };
        if !causes.is_empty() {
            return Err(ApiError::invalid_options("DeleteOptions", &causes));
        }
        let text = |field: &str| given["preconditions"][field].as_str().map(str::to_owned);
        Ok(DeleteOptions { uid: text("uid"), resource_version: text("resourceVersion"), propagation, dry_run })
    }

    pub(super) fn delete(&self) -> Result<Answer, ApiError> {
        let options = self.delete_options()?;
        let name = self.info.name.as_str();
        if self.kind.kind == "Namespace" && KEPT_NAMESPACES.contains(&name) {
            return Err(ApiError::forbidden("", "namespaces", name, "this namespace may not be deleted"));
        }
        match self.api.store.delete(&self.kind.gvr, self.namespace(), name, &options)? {
            Deleted::Held(object) => Ok(Answer::object(200, Form::Plain, &self.kind, &object, &self.query)),
            Deleted::Gone(object) => {
                let mut details = json!({ "name": name });
                if !self.kind.gvr.group.is_empty() {
                    details["group"] = json!(self.kind.gvr.group);
                }
                details["kind"] = json!(self.kind.gvr.resource);
                details["uid"] = object["metadata"]["uid"].clone();
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
                });
                Ok(Answer::json(200, &status))
            }
        }
    }

    pub(super) fn delete_collection(&self) -> Result<Answer, ApiError> {
        let options = self.delete_options()?;
        if self.kind.kind == "Namespace" {
            return Err(self.unsupported());
        }
        let page = self.page(&self.query.list_options(false)?)?;
        let mut items = Vec::new();
        for item in &page.items {
            let text = |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
            match self.api.store.delete(&self.kind.gvr, &text("namespace"), &text("name"), &options) {
                Ok(Deleted::Gone(object) | Deleted::Held(object)) => items.push(object),
                // Somebody else was faster.
                Err(error) if error.code == 404 => {}
                Err(error) => return Err(error),
            }
        }
        let page =
            Page { revision: self.api.store.revision(), items, continue_token: page.continue_token, remaining: None };
        Ok(Answer::list(Form::Plain, &self.kind, &page, &self.query))
    }
}
