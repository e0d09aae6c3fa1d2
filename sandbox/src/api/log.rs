//! The `log` subresource of a Pod: what its container wrote, as text.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Call;
use super::answer::Answer;
use crate::error::{ApiError, Cause};
use crate::operator::{LogLine, log_of};

/// Which lines are asked for (`PodLogOptions` of the core API).
struct Options {
    since: Option<Timestamp>,
    tail: Option<usize>,
    bytes: Option<usize>,
    timestamps: bool,
}

impl Call<'_> {
    /// `GET …/pods/NAME/log`.
    pub(super) fn pod_log(&self) -> Result<Answer, ApiError> {
        let pod = self.api.store.get(&self.kind.gvr, self.namespace(), &self.info.name);
        let pod = pod.ok_or_else(|| self.not_found())?;
        let options = self.log_options()?;
        if self.query.flag("follow") {
            return Err(ApiError::not_implemented("following a log; ask again for what is new, with sinceTime"));
        }
        let container = self.container(&pod)?;
        let name = &self.info.name;
        if self.query.flag("previous") {
            return Err(ApiError::bad_request(format!(
                "previous terminated container \"{container}\" in pod \"{name}\" not found"
            )));
        }
        if pod["status"]["containerStatuses"][0]["state"]["waiting"].is_object() || pod["status"]["phase"] == "Pending"
        {
            return Err(ApiError::bad_request(format!(
                "container \"{container}\" in pod \"{name}\" is waiting to start: ContainerCreating"
            )));
        }
        Ok(Answer::text(200, &options.text(log_of(&self.api.store, &pod))))
    }

    /// The container that is asked for: the only one where none is named.
    fn container(&self, pod: &Value) -> Result<String, ApiError> {
        let names: Vec<&str> =
            pod["spec"]["containers"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
        let name = &self.info.name;
        match (self.query.get("container").filter(|wanted| !wanted.is_empty()), names.as_slice()) {
            (Some(wanted), names) if names.contains(&wanted) => Ok(wanted.to_owned()),
            (Some(wanted), _) => Err(ApiError::bad_request(format!("container {wanted} is not valid for pod {name}"))),
            (None, [only]) => Ok((*only).to_owned()),
            (None, names) => Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                names.join(" ")
            ))),
        }
    }

    fn log_options(&self) -> Result<Options, ApiError> {
        let mut causes = Vec::new();
        let mut number = |key: &str, least: i64| -> Result<Option<i64>, ApiError> {
            let Some(text) = self.query.get(key) else { return Ok(None) };
            let value: i64 = text.parse().map_err(|_| {
                ApiError::bad_request(format!("strconv.ParseInt: parsing {}: invalid syntax", json!(text)))
            })?;
            if value < least {
                let rule = if least == 0 { "must be greater than or equal to 0" } else { "must be greater than 0" };
                causes.push(Cause::invalid(key, format!("Invalid value: {value}: {rule}")));
            }
            Ok(Some(value))
        };
        let tail = number("tailLines", 0)?;
        let bytes = number("limitBytes", 1)?;
        let seconds = number("sinceSeconds", 1)?;
        let time = match self.query.get("sinceTime") {
            Some(text) => Some(
                text.parse::<Timestamp>()
                    .map_err(|error| ApiError::bad_request(format!("parsing time {}: {error}", json!(text))))?,
            ),
            None => None,
        };
        if seconds.is_some() && time.is_some() {
            causes.push(Cause::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        }
        if !causes.is_empty() {
            return Err(ApiError::invalid("", "PodLogOptions", &self.info.name, &causes));
        }
        let ago =
            |seconds: i64| self.api.store.clock().now().checked_sub(jiff::SignedDuration::from_secs(seconds)).ok();
        Ok(Options {
            since: time.or_else(|| seconds.and_then(ago)),
            tail: tail.and_then(|count| usize::try_from(count).ok()),
            bytes: bytes.and_then(|count| usize::try_from(count).ok()),
            timestamps: self.query.flag("timestamps"),
        })
    }
}

impl Options {
    /// As the kubelet cuts: the last lines first, then the first bytes of those.
    fn text(&self, mut lines: Vec<LogLine>) -> String {
        lines.retain(|line| self.since.is_none_or(|since| line.at >= since));
        if let Some(tail) = self.tail {
            lines.drain(..lines.len().saturating_sub(tail));
        }
        let mut text = String::new();
        for line in lines {
            if self.timestamps {
                text.push_str(&line.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string());
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        if let Some(bytes) = self.bytes.filter(|bytes| *bytes < text.len()) {
            text.truncate(text.floor_char_boundary(bytes));
        }
        text
    }
}
