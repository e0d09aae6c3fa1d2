//! Who a call is from, and what they may do by what their token says.

use rmcp::ErrorData;
use rmcp::model::Implementation;
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};

use crate::auth::configuration::Impersonation;
use crate::auth::resource::{Caller, ToolScopes};
use crate::call::Identity;
use crate::kubernetes::Person;

/// Longest client name that is kept.
const MAX_PROGRAM: usize = 80;

/// What a server asks of those whom it has let in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Scopes that tools demand, if they do.
    pub scopes: Option<ToolScopes>,
    /// How Kubernetes is told who calls, if it is.
    pub impersonation: Option<Impersonation>,
}

/// Who a call of a tool is from. `access`: what the server asks; `None` where it asks nobody who they are.
///
/// # Errors
/// Where the call must not take place: nobody is known, a scope is lacking, or the person has no name for Kubernetes.
pub(super) fn identity(
    access: Option<&Access>,
    tool: &str,
    context: &RequestContext<RoleServer>,
) -> Result<Identity, ErrorData> {
    let parts = context.extensions.get::<http::request::Parts>();
    let program = program(context, parts);
    let Some(access) = access else { return Ok(Identity { program, ..Identity::default() }) };
    let Some(caller) = parts.and_then(|parts| parts.extensions.get::<Caller>()) else {
        // The guard lets nobody in without; this is for a mistake in putting a server together.
        return Err(refused("it is not known who calls"));
    };
    if let Some(lacking) = access.scopes.as_ref().and_then(|scopes| scopes.lacking(tool, &caller.scopes)) {
        return Err(refused(&lacking.to_string()));
    }
    let person = access.impersonation.as_ref().map(|impersonation| person(impersonation, &caller.claims));
    let person = person.transpose().map_err(|why| refused(&why))?;
    Ok(Identity {
        subject: Some(caller.subject.clone()),
        client: Some(caller.client.clone()),
        scopes: caller.scopes.clone(),
        program,
        person,
    })
}

/// The client program: as it said when its session began, else by its `User-Agent`. (Where a request stands for itself the
/// SDK puts its own name in the place of the client's.)
fn program(context: &RequestContext<RoleServer>, parts: Option<&http::request::Parts>) -> Option<String> {
    let said = context.client_info().map(|info| format!("{} {}", info.name, info.version));
    let own = Implementation::from_build_env();
    let said = said.filter(|said| *said != format!("{} {}", own.name, own.version));
    let agent = || Some(parts?.headers.get(http::header::USER_AGENT)?.to_str().ok()?.to_owned());
    let name = said.or_else(agent)?;
    Some(name.chars().filter(|character| !character.is_control()).take(MAX_PROGRAM).collect())
}

fn refused(why: &str) -> ErrorData {
    ErrorData::invalid_request(format!("not allowed: {why}"), None)
}

/// The person that Kubernetes is told of. Claims are read at the top of the token alone; names of claims may have dots.
fn person(impersonation: &Impersonation, claims: &Map<String, Value>) -> Result<Person, String> {
    let Impersonation { user_claim, groups_claim, prefix } = impersonation;
    let lacks = |claim: &str| format!("the login has no claim `{claim}` that could name somebody to Kubernetes");
    let user = claims.get(user_claim).and_then(Value::as_str).filter(|user| !user.is_empty());
    let user = format!("{prefix}{}", user.ok_or_else(|| lacks(user_claim))?);
    let groups = match groups_claim.as_ref().and_then(|claim| claims.get(claim)) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(group)) => vec![format!("{prefix}{group}")],
        Some(Value::Array(groups)) => {
            let groups = groups.iter().map(|group| group.as_str().map(|group| format!("{prefix}{group}")));
            groups.collect::<Option<_>>().ok_or_else(|| lacks(groups_claim.as_deref().unwrap_or_default()))?
        }
        Some(_) => return Err(lacks(groups_claim.as_deref().unwrap_or_default())),
    };
    Person::new(&user, &groups).map_err(|why| format!("the login's name or groups are of no use to Kubernetes: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(claims: &Value) -> Result<Vec<String>, String> {
        let impersonation = Impersonation {
            user_claim: "email".to_owned(),
            groups_claim: Some("https://example.com/groups".to_owned()),
            prefix: "oidc:".to_owned(),
        };
        let person = person(&impersonation, claims.as_object().unwrap())?;
        Ok(person.headers().map(|(_, value)| value.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn names_and_groups_come_from_claims_with_a_prefix() {
        let groups = |groups: Value| json!({ "email": "a@b.c", "https://example.com/groups": groups });
        assert_eq!(
            told(&groups(json!(["dba", "system:masters"]))).unwrap(),
            ["oidc:a@b.c", "oidc:dba", "oidc:system:masters"]
        );
        assert_eq!(told(&groups(json!("dba"))).unwrap(), ["oidc:a@b.c", "oidc:dba"]);
        assert_eq!(told(&groups(Value::Null)).unwrap(), ["oidc:a@b.c"]);
        for bad in [json!([1]), json!({}), json!(true)] {
            assert!(told(&groups(bad)).unwrap_err().contains("https://example.com/groups"));
        }
    }

    #[test]
    fn nobody_is_nobody() {
        for claims in [json!({}), json!({ "email": "" }), json!({ "email": 7 }), json!({ "sub": "x" })] {
            assert!(told(&claims).unwrap_err().contains("no claim `email`"), "{claims}");
        }
        assert!(told(&json!({ "email": "a\r\nb" })).unwrap_err().contains("control characters"));
    }
}
