//! The one list of keys.

/// File that is read where none is named.
pub const DEFAULT_FILE: &str = "/etc/mcp/oidc.yaml";

/// Before every variable of the environment.
const VARIABLES: &str = "CNPG_MCP_";

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// Text that must not be seen, in the environment alone.
    Secret,
    /// An address that may hold a password.
    Address,
    /// A list of words; in variables and flags with commas or spaces between them.
    Words,
    /// Names and values; in variables and flags `name=value`, with commas between them.
    Pairs,
    /// `true` or `false`.
    Switch,
    /// A whole number, at least 0.
    Number,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct KeyInfo {
    /// Its name in the file; a dot leads into a mapping.
    pub name: &'static str,
    /// What it takes.
    pub form: Form,
    /// What it says, for help texts.
    pub help: &'static str,
}

impl KeyInfo {
    /// Its variable of the environment.
    pub fn variable(&self) -> String {
        format!("{VARIABLES}{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Its flag without the dashes. `None` for a secret: everyone on the machine can read command lines.
    pub fn flag(&self) -> Option<String> {
        (self.form != Form::Secret).then(|| self.name.replace(['.', '_'], "-"))
    }

    /// Whether the file may have it.
    pub fn in_file(&self) -> bool {
        self.form != Form::Secret
    }
}

/// The key of a name.
pub(super) fn find(name: &str) -> Option<&'static KeyInfo> {
    KEYS.iter().find(|key| key.name == name)
}

const fn key(name: &'static str, form: Form, help: &'static str) -> KeyInfo {
    KeyInfo { name, form, help }
}

/// Every key.
pub const KEYS: &[KeyInfo] = &[
    key("issuer", Form::Text, "The identity provider, exactly as it names itself, a slash at the end included"),
    key("audience", Form::Text, "Audience of the provider's access tokens (Auth0: the API's identifier)"),
    key("client_id", Form::Text, "This server as the provider's client"),
    key("client_secret_file", Form::Text, "File with the client's secret; read again when it changes"),
    key("client_secret", Form::Secret, "The client's secret itself"),
    key("public_url", Form::Text, "Where clients reach this server: https://name, without a path"),
    key("jwks_uri", Form::Text, "Where the provider's keys are; unset: as its discovery document says"),
    key("scopes", Form::Words, "Scopes asked of the provider; unset: openid profile email offline_access"),
    key("authorize_params", Form::Pairs, "Sent to the provider's authorization endpoint; unset: audience=<audience>"),
    key("token_params", Form::Pairs, "Sent to the provider's token endpoint; unset: audience=<audience>"),
    key("signing_key_file", Form::Text, "File with root keys, one base64 line each; the first issues, all verify"),
    key("allowed_hosts", Form::Words, "Names that clients may reach the server by, besides the public URL's"),
    key("allowed_origins", Form::Words, "Web origins that may call, besides the public URL's"),
    key("session_store", Form::Address, "Where sessions are kept: memory, redis://host:port or rediss://host:port"),
    key("session_store_prefix", Form::Text, "Before every key in Redis; unset: cnpg-mcp:"),
    key("session_store_ca_file", Form::Text, "Certificates (PEM) that sign the one of Redis; unset: the system's"),
    key("impersonate", Form::Switch, "Tell Kubernetes who calls, so that its RBAC decides for each person"),
    key("impersonation.user_claim", Form::Text, "Claim with the person's name for Kubernetes; unset: sub"),
    key("impersonation.groups_claim", Form::Text, "Claim with the person's groups; unset: no groups"),
    key("impersonation.prefix", Form::Text, "Before every name and group; unset: oidc: (write - for none)"),
    key("require_scopes", Form::Switch, "Demand a scope of each call, by what the tool does"),
    key("effect_scopes.read", Form::Text, "Scope of tools that read; unset: cnpg:read"),
    key("effect_scopes.write", Form::Text, "Scope of tools that write; unset: cnpg:write"),
    key("effect_scopes.destroy", Form::Text, "Scope of tools that destroy; unset: cnpg:destroy"),
    key("branding.name", Form::Text, "Name of this server on the pages; unset: CloudNativePG"),
    key("branding.logo", Form::Text, "Logo on the pages, as a data: URI of an image"),
    key("rate_limits.registrations", Form::Number, "Registrations of clients an hour from one address; unset: 100"),
    key("rate_limits.registrations_overall", Form::Number, "Registrations of clients an hour in all; unset: 2000"),
    key("rate_limits.requests", Form::Number, "OAuth requests a minute from one address; unset: 300"),
    key("trusted_proxies", Form::Number, "Proxies in front, each adding an address to X-Forwarded-For; unset: 0"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_variables_and_flags_are_unique_and_follow_from_each_other() {
        let (mut names, mut variables, mut flags) = (HashSet::new(), HashSet::new(), HashSet::new());
        for key in KEYS {
            assert!(names.insert(key.name), "{}", key.name);
            assert!(variables.insert(key.variable()), "{}", key.name);
            assert!(key.flag().is_none_or(|flag| flags.insert(flag)), "{}", key.name);
        }
        let prefix = find("impersonation.prefix").unwrap();
        assert_eq!(prefix.variable(), "CNPG_MCP_IMPERSONATION_PREFIX");
        assert_eq!(prefix.flag().unwrap(), "impersonation-prefix");
        assert!(find("client_secret").unwrap().flag().is_none());
    }
}
