//! Scopes that tools demand by their effect.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use crate::auth::configuration::EffectScopes;
use crate::registry::Registry;
use crate::tool::Effect;

/// The scope of each tool.
#[derive(Debug, Clone)]
pub struct ToolScopes(Arc<BTreeMap<&'static str, String>>);

/// A scope that a token lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The scope.
    pub scope: String,
    /// What demands it.
    pub tool: &'static str,
}

impl fmt::Display for Lacking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` needs the scope `{}`, which the access token does not have", self.tool, self.scope)
    }
}

/// As much of a message as tells which tool it calls.
#[derive(Deserialize)]
struct Message {
    method: Option<String>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    name: Option<String>,
}

impl ToolScopes {
    /// Those of a registry's tools.
    pub fn new(registry: &Registry, scopes: &EffectScopes) -> Self {
        let scope = |effect| match effect {
            Effect::Read => &scopes.read,
            Effect::Write => &scopes.write,
            Effect::Destroy => &scopes.destroy,
        };
        Self(Arc::new(registry.tools().map(|tool| (tool.info.name, scope(tool.info.effect).clone())).collect()))
    }

    /// The scope that a call of a tool lacks. Tools that are not there lack nothing.
    pub fn lacking(&self, tool: &str, has: &[String]) -> Option<Lacking> {
        let (tool, scope) = self.0.get_key_value(tool)?;
        (!has.contains(scope)).then(|| Lacking { scope: scope.clone(), tool })
    }

    /// The same for what a request's body calls.
    pub(super) fn lacking_for_body(&self, body: &[u8], has: &[String]) -> Option<Lacking> {
        let message: Message = serde_json::from_slice(body).ok()?;
        let calls = message.method.as_deref() == Some("tools/call");
        calls.then(|| message.params?.name).flatten().and_then(|tool| self.lacking(&tool, has))
    }
}
