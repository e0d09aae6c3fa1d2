//! What a fault is: which requests it strikes, how often, and what it does.

use serde::{Deserialize, Serialize};

use crate::request_info::RequestInfo;

/// Which requests a rule strikes. What is absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Match {
    /// Verb of Kubernetes' authorisation (`create`, `list`, `patch`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// API group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Plural name of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Subresource; `""` for requests to the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the object in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text that the user agent contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Text that the `Host` header contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether the request is a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

impl Match {
    /// Matches every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Matches `verb` on `resource`.
    pub fn on(verb: &str, resource: &str) -> Self {
        Self { verb: Some(verb.to_owned()), resource: Some(resource.to_owned()), ..Self::default() }
    }

    /// The same, for one object only.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The same, for one user agent only (a part of it is enough, such as a tool's name).
    #[must_use]
    pub fn by(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self
    }

    /// The same, for clients that reach the sandbox by one name only (`localhost` or `127.0.0.1`).
    #[must_use]
    pub fn through(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Whether `request` is struck.
    pub fn strikes(&self, request: &RequestInfo) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.verb, &request.verb)
            && same(&self.group, &request.group)
            && same(&self.resource, &request.resource)
            && same(&self.subresource, &request.subresource)
            && same(&self.namespace, &request.namespace)
            && same(&self.name, &request.name)
            && self.user_agent.as_deref().is_none_or(|part| request.user_agent.contains(part))
            && self.host.as_deref().is_none_or(|part| request.host.contains(part))
            && self.dry_run.is_none_or(|wanted| wanted == request.dry_run)
    }
}

/// What happens to a request that is struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Answers a `Status` and leaves everything as it is.
    Status {
        /// HTTP status code.
        code: u16,
        /// Reason, such as `TooManyRequests`; absent where real servers send none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Message; one that names the fault where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Seconds in the header `Retry-After` and in `details.retryAfterSeconds`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// Answers bytes that are no `Status`, as a proxy between would.
    Raw {
        /// HTTP status code.
        code: u16,
        /// Content type.
        content_type: String,
        /// Body.
        body: String,
    },
    /// Waits before the request is looked at.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// Closes the connection before anything is done.
    DropBefore,
    /// Does what was asked, then closes the connection without an answer.
    DropAfter,
    /// Does what was asked and breaks the answer off after some bytes of its body.
    Truncate {
        /// Bytes of the body that still arrive.
        bytes: usize,
    },
    /// Does what was asked and breaks the answer off after some time (for watches).
    Cut {
        /// Milliseconds from the beginning of the answer.
        millis: u64,
    },
    /// The admission webhooks of CloudNativePG cannot be reached by this request.
    WebhooksDown,
    /// Holds the request until its gate is released.
    Hold {
        /// Name of the gate.
        gate: String,
        /// Whether it is held after it was done (before the answer) instead of before.
        #[serde(default)]
        after: bool,
    },
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Which requests it strikes.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// How many matching requests pass before the first is struck.
    #[serde(default)]
    pub skip: u64,
    /// How many are struck; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What happens.
    pub action: Action,
}

impl Rule {
    /// Strikes every matching request.
    pub fn new(matches: Match, action: Action) -> Self {
        Self { matches, skip: 0, times: None, action }
    }

    /// Strikes only the first matching request.
    pub fn once(matches: Match, action: Action) -> Self {
        Self { times: Some(1), ..Self::new(matches, action) }
    }

    /// Lets `skip` matching requests pass first.
    #[must_use]
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }
}
