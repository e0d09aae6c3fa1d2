//! Checks what was said, and fills in what was not.

use std::path::{Path, PathBuf};

use http::uri::Authority;

use super::address::{Address, PublicUrl};
use super::branding::{self, Branding};
use super::fields::Fields;
use super::given::{Given, Value};
use super::place::{Place, Problems};
use super::secret_file::ClientSecret;
use super::shown::{Line, Shown, without_password};
use super::store::{self, SigningKeys};
use super::{Configuration, EffectScopes, Impersonation, ProviderClient, RateLimits};
use crate::secret::{MASK, SecretText};

/// Scopes asked of the provider where nothing is said; the last one is for refresh tokens.
const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Most proxies in front.
const MAX_PROXIES: u64 = 8;

/// Stands for an empty prefix, as in the API server's `--oidc-username-prefix`.
const NO_PREFIX: &str = "-";

/// Which of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The OAuth proxy.
    Main,
    /// The one that takes the provider's own tokens.
    Test,
}

/// Where the server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Where {
    /// Whether only this machine reaches it.
    pub loopback: bool,
    /// The port.
    pub port: u16,
}

impl Configuration {
    /// Checks what was said; also tells what is in force, as far as it is known. Files that are named are read.
    pub fn settle(given: Given, server: Server, listens: Where) -> (Shown, Result<Self, Problems>) {
        let mut fields = Fields::new(given);
        let configuration = settle(&mut fields, server, listens);
        let (shown, mut problems) = fields.finish();
        let result = match configuration {
            Some(configuration) if problems.is_empty() => Ok(configuration),
            _ => {
                problems.sort_by_key(|problem| matches!(problem.place, Place::Default));
                Err(Problems(problems))
            }
        };
        (shown, result)
    }
}

/// `None` where something that nothing stands for is missing or wrong, which was told.
fn settle(fields: &mut Fields, server: Server, listens: Where) -> Option<Configuration> {
    let issuer = fields.text("issuer", |text| {
        let address = Address::parse(text)?;
        if address.url().query().is_some() { Err("has a query; leave it out".to_owned()) } else { Ok(text.to_owned()) }
    });
    if issuer.is_none() {
        fields.missing("issuer", "the identity provider's address");
    }
    let audience = fields.text("audience", |text| word(text).map(|()| text.to_owned()));
    if audience.is_none() {
        fields.missing("audience", "what the provider's access tokens are for; for Auth0 the API's identifier");
    }
    let client = if server == Server::Main { client(fields) } else { None };
    let public_url = public_url(fields, listens);
    let jwks_uri = fields.text("jwks_uri", Address::parse);
    let scopes = fields.words("scopes", &SCOPES, word);
    if server == Server::Main && !scopes.iter().any(|scope| scope == "openid") {
        fields.wrong("scopes", "lacks `openid`, without which the provider does not tell who somebody is");
    }
    let auth0 = || audience.iter().map(|audience| ("audience".to_owned(), audience.clone())).collect();
    let kept = [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
    ];
    let authorize_params = fields.pairs("authorize_params", auth0(), &kept);
    let kept = ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token"];
    let token_params = fields.pairs("token_params", auth0(), &kept);
    let signing_keys = if server == Server::Main { signing_keys(fields, listens) } else { None };
    let allowed_hosts = fields.words("allowed_hosts", &[], host);
    let allowed_origins = fields.words("allowed_origins", &[], origin);
    if let Some((Value::Text(address), place)) = fields.given().get("session_store") {
        let (line, place) = (Line::Text(without_password(address)), place.clone());
        fields.note("session_store", line, place);
    } else if server == Server::Main {
        fields.note("session_store", Line::Text("memory".to_owned()), Place::Default);
    }
    let session_store = store::choose(fields.given());
    let impersonation = impersonation(fields);
    let effect_scopes = effect_scopes(fields);
    let branding = Branding {
        name: fields.text_or("branding.name", &Branding::default().name, branding::name),
        logo: fields.text("branding.logo", branding::logo),
    };
    let default = RateLimits::default();
    let rate_limits = RateLimits {
        registrations: fields.number("rate_limits.registrations", default.registrations, 1, 1_000_000),
        registrations_overall: fields.number(
            "rate_limits.registrations_overall",
            default.registrations_overall,
            1,
            1_000_000,
        ),
        requests: fields.number("rate_limits.requests", default.requests, 1, 1_000_000),
    };
    let trusted_proxies = fields.number("trusted_proxies", 0, 0, MAX_PROXIES);
    Some(Configuration {
        issuer: issuer?,
        audience: audience?,
        client: if server == Server::Main { Some(client?) } else { None },
        public_url: public_url?,
        jwks_uri,
        scopes,
        authorize_params,
        token_params,
        signing_keys: if server == Server::Main { Some(signing_keys?) } else { None },
        allowed_hosts,
        allowed_origins,
        session_store,
        impersonation,
        effect_scopes,
        branding,
        rate_limits,
        trusted_proxies: usize::try_from(trusted_proxies).unwrap_or_default(),
    })
}

fn client(fields: &mut Fields) -> Option<ProviderClient> {
    let id = fields.text("client_id", |text| word(text).map(|()| text.to_owned()));
    if id.is_none() {
        fields.missing("client_id", "this server as the provider's client");
    }
    let fixed = match fields.given().get("client_secret") {
        Some((Value::Text(secret), place)) => Some((SecretText::new(secret.trim().to_owned()), place.clone())),
        _ => None,
    };
    let secret = if let Some((secret, place)) = fixed {
        fields.note("client_secret", Line::Text(MASK.to_owned()), place);
        if fields.given().was_said("client_secret_file") {
            fields.wrong("client_secret_file", "is said besides `client_secret`; take one of them away");
        }
        Some(ClientSecret::fixed(secret))
    } else {
        let secret = fields.text("client_secret_file", |file| {
            ClientSecret::from_file(Path::new(file)).map_err(|error| format!("is of no use: {error}"))
        });
        if secret.is_none() {
            fields.missing("client_secret_file", "the file with the client's secret");
        }
        secret
    };
    Some(ProviderClient { id: id?, secret: secret? })
}

fn public_url(fields: &mut Fields, listens: Where) -> Option<PublicUrl> {
    if fields.given().was_said("public_url") {
        return fields.text("public_url", PublicUrl::parse);
    }
    if !listens.loopback {
        fields.missing("public_url", "the address by which clients reach a server that is not on loopback");
        return None;
    }
    let default = format!("http://localhost:{}", listens.port);
    fields.note("public_url", Line::Text(default.clone()), Place::Default);
    PublicUrl::parse(&default).ok()
}

fn signing_keys(fields: &mut Fields, listens: Where) -> Option<SigningKeys> {
    if fields.given().was_said("signing_key_file") {
        return fields.text("signing_key_file", |file| {
            let keys = SigningKeys::File(PathBuf::from(file));
            keys.roots().map(|_| keys).map_err(|error| format!("is of no use: {error}"))
        });
    }
    if !listens.loopback {
        let why = "root keys, one base64 line each: `openssl rand -base64 32`; without them a server starts on \
                   loopback addresses alone";
        fields.missing("signing_key_file", why);
        return None;
    }
    fields.note("signing_key_file", Line::Plain("null".to_owned()), Place::Default);
    Some(SigningKeys::Generated)
}

/// A mapping that says how turns the thing on, unless the switch says otherwise.
fn is_on(fields: &mut Fields, switch: &'static str, group: &str) -> bool {
    let said = super::KEYS.iter().any(|key| {
        key.name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')) && fields.given().was_said(key.name)
    });
    let on = fields.switch(switch);
    if on.is_none() && !fields.given().was_said(switch) {
        fields.note(switch, Line::Plain(said.to_string()), Place::Default);
    }
    on.unwrap_or(said)
}

fn impersonation(fields: &mut Fields) -> Option<Impersonation> {
    let claim = |text: &str| word(text).map(|()| text.to_owned());
    is_on(fields, "impersonate", "impersonation").then(|| Impersonation {
        user_claim: fields.text_or("impersonation.user_claim", "sub", claim),
        groups_claim: fields.text("impersonation.groups_claim", claim),
        prefix: match fields.text_or("impersonation.prefix", "oidc:", claim).as_str() {
            NO_PREFIX => String::new(),
            prefix => prefix.to_owned(),
        },
    })
}

fn effect_scopes(fields: &mut Fields) -> Option<EffectScopes> {
    let scope = |text: &str| word(text).map(|()| text.to_owned());
    is_on(fields, "require_scopes", "effect_scopes").then(|| EffectScopes {
        read: fields.text_or("effect_scopes.read", "cnpg:read", scope),
        write: fields.text_or("effect_scopes.write", "cnpg:write", scope),
        destroy: fields.text_or("effect_scopes.destroy", "cnpg:destroy", scope),
    })
}

/// Characters of a scope (RFC 6749, section 3.3), which do for identifiers too.
fn word(text: &str) -> Result<(), String> {
    let good = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.len() <= 256 && text.bytes().all(good) {
        Ok(())
    } else {
        Err("is no word: printable ASCII without blanks, quotes and backslashes, at most 256 bytes, is expected"
            .to_owned())
    }
}

fn host(text: &str) -> Result<(), String> {
    let good = text.parse::<Authority>().is_ok_and(|authority| !authority.as_str().contains('@'));
    if good { Ok(()) } else { Err("is no host; write `name` or `name:port`".to_owned()) }
}

fn origin(text: &str) -> Result<(), String> {
    let good = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.origin().ascii_serialization() == text.trim_end_matches('/').to_ascii_lowercase()
    });
    if good { Ok(()) } else { Err("is no origin; write scheme://host or scheme://host:port".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, KEYS, Sources};
    use super::*;

    #[test]
    fn no_secret_key_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let mut sources = Sources::default();
        for key in KEYS.iter().filter(|key| matches!(key.form, Form::Secret | Form::Address)) {
            let value = if key.form == Form::Address { "redis://user:hunter2@host:1" } else { "hunter2" };
            sources.environment.insert(key.variable(), value.to_owned());
        }
        let file = folder.path().join("oidc.yaml");
        std::fs::write(&file, "issuer: https://issuer.example/\naudience: x\nclient_id: y\n").unwrap();
        sources.file = Some(file);
        let listens = Where { loopback: true, port: 4204 };
        let (shown, configuration) = Configuration::settle(Given::read(&sources), Server::Main, listens);
        let configuration = configuration.unwrap();
        assert!(!format!("{shown} {shown:?} {configuration:?}").contains("hunter2"), "{shown}");
        assert_eq!(configuration.client.unwrap().secret.current().expose(), "hunter2");
    }
}
