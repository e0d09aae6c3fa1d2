//! In whose name: the `Impersonate-…` headers (Kubernetes documentation, "User impersonation"), with the verb `impersonate`
//! for each part of who is to be. Constrained impersonation (KEP-5284) grants nothing here.

use http::HeaderMap;

use super::Api;
use super::access::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User};
use super::authorization::Attributes;
use super::query::Query;
use crate::error::ApiError;
use crate::request_info::RequestInfo;

/// Group of the resources `uids` and `userextras`.
const AUTHENTICATION: &str = "authentication.k8s.io";

const EXTRA: &str = "impersonate-extra-";

impl Api {
    /// Who asks once the headers are applied, where that is allowed.
    pub(super) fn impersonate(&self, user: User, headers: &HeaderMap, info: &RequestInfo) -> Result<User, ApiError> {
        let values = |name: &str| -> Vec<String> {
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
        };
        let (groups, uid) = (values("impersonate-group"), values("impersonate-uid").pop());
        let Some(name) = values("impersonate-user").pop().filter(|name| !name.is_empty()) else {
            let more = headers
                .keys()
                .map(http::HeaderName::as_str)
                .find(|name| name.starts_with(EXTRA) || matches!(*name, "impersonate-group" | "impersonate-uid"));
            return match more {
                Some(header) => Err(ApiError::internal(format!("requested {header} without impersonating a user"))),
                None => Ok(user),
            };
        };
        let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        let mut other = match account {
            Some((namespace, name)) if groups.is_empty() => User::service_account(namespace, name),
            _ => User { name: name.clone(), groups: groups.clone(), ..User::default() },
        };
        let said = |group: &str| other.groups.iter().any(|there| there == group);
        let anonymous = name == ANONYMOUS;
        if !said(UNAUTHENTICATED) && (anonymous || !said(AUTHENTICATED)) {
            other.groups.push(if anonymous { UNAUTHENTICATED } else { AUTHENTICATED }.to_owned());
        }
        for (header, value) in headers {
            if let Some(key) = header.as_str().strip_prefix(EXTRA)
                && let Ok(value) = value.to_str()
            {
                other.extra.entry(unescaped(key)).or_default().push(value.to_owned());
            }
        }
        other.uid = uid.clone().unwrap_or_default();
        if self.may_impersonate(&user, account, &name, &groups, &other) {
            return Ok(other);
        }
        let what = if account.is_some() { "serviceaccount" } else { "user-info" };
        let attributes = Attributes::of(info, &Query::default());
        Err(attributes.forbidden_verb(&user, &format!("impersonate-on:{what}:{}", info.verb)))
    }

    fn may_impersonate(
        &self,
        user: &User,
        account: Option<(&str, &str)>,
        name: &str,
        groups: &[String],
        other: &User,
    ) -> bool {
        let may = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
            let attributes = Attributes {
                verb: "impersonate".to_owned(),
                group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                ..Attributes::default()
            };
            self.allowed(user, &attributes).is_some()
        };
        let named = match account {
            Some((namespace, name)) => may("", "serviceaccounts", "", namespace, name),
            None => may("", "users", "", "", name),
        };
        named
            && groups.iter().all(|group| may("", "groups", "", "", group))
            && (other.uid.is_empty() || may(AUTHENTICATION, "uids", "", "", &other.uid))
            && other
                .extra
                .iter()
                .all(|(key, values)| values.iter().all(|value| may(AUTHENTICATION, "userextras", key, "", value)))
    }
}

/// A key of extra attributes: header names cannot hold every letter, so that clients escape as in addresses.
fn unescaped(key: &str) -> String {
    let bytes = key.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| key.get(at + 1..at + 3)).flatten();
        let byte = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        plain.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_else(|_| key.to_owned())
}
