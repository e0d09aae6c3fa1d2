//! Logging in, refreshing, revoking and devices, with a provider that refuses, fails and lies.

use std::sync::Arc;

use cnpg_mcp_provider::{CLIENT, CLIENT_SECRET, PUBLIC_CLIENT, Provider as Fixture};
use cnpg_mcp_runtime::auth::oidc::{
    AuthorizationRequest, Pkce, Polled, Provider, ProviderError, ProviderOptions, Tokens,
};
use cnpg_mcp_runtime::secret::SecretText;
use serde_json::json;

use super::{AUDIENCE, discovery, keys};

const REDIRECT: &str = "http://localhost:4204/auth/callback";

fn options() -> ProviderOptions {
    let audience = vec![("audience".to_owned(), AUDIENCE.to_owned())];
    ProviderOptions {
        client_id: CLIENT.to_owned(),
        secret: Some(Arc::new(|| SecretText::new(CLIENT_SECRET.to_owned()))),
        redirect_uri: REDIRECT.to_owned(),
        scopes: ["openid", "offline_access", "email", "cnpg:read"].map(str::to_owned).to_vec(),
        authorize_params: audience.clone(),
        token_params: audience,
    }
}

fn provider_with(fixture: &Fixture, options: ProviderOptions) -> Provider {
    Provider::new(discovery(fixture.issuer()), keys(fixture), options)
}

fn provider(fixture: &Fixture) -> Provider {
    provider_with(fixture, options())
}

/// Goes through the provider; the query with which the browser comes back.
async fn visited(fixture: &Fixture, provider: &Provider, pkce: &Pkce) -> Vec<(String, String)> {
    let request = AuthorizationRequest { state: "the state", nonce: "the nonce", pkce };
    let url = provider.authorization_url(&request).await.unwrap();
    let back = fixture.visit(url.as_str()).await.unwrap();
    let back = reqwest::Url::parse(&back).unwrap();
    assert!(back.as_str().starts_with(REDIRECT));
    back.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

async fn logged_in(fixture: &Fixture, provider: &Provider) -> Tokens {
    let pkce = Pkce::new().unwrap();
    let query = visited(fixture, provider, &pkce).await;
    assert_eq!(value(&query, "state"), Some("the state"));
    provider.check_answer(value(&query, "iss")).await.unwrap();
    provider.exchange(value(&query, "code").unwrap(), &pkce, "the nonce").await.unwrap()
}

#[tokio::test]
async fn a_person_logs_in_refreshes_and_is_logged_out() {
    let fixture = Fixture::start().await.unwrap();
    let provider = provider(&fixture);
    let tokens = logged_in(&fixture, &provider).await;
    let id_token = tokens.id_token.as_ref().unwrap();
    assert_eq!((id_token.subject.as_str(), &id_token.claims["email"]), ("auth0|alice", &json!("alice@example.com")));
    assert!(tokens.expires_in.is_some());
    assert!(!format!("{tokens:?}").contains(tokens.access_token.expose()));
    let access = super::verifier(&fixture).verify(tokens.access_token.expose()).await.unwrap();
    assert_eq!((access.subject.as_str(), access.client.as_deref()), ("auth0|alice", Some(CLIENT)));

    let first = tokens.refresh_token.unwrap();
    let refreshed = provider.refresh(&first).await.unwrap();
    let second = refreshed.refresh_token.unwrap();
    assert_ne!(first.expose(), second.expose());
    assert!(super::verifier(&fixture).verify(refreshed.access_token.expose()).await.is_ok());
    assert!(provider.revoke(&second).await.unwrap());
    let error = provider.refresh(&second).await.unwrap_err();
    assert!(error.is_invalid_grant(), "{error}");
    assert!(!error.to_string().contains(second.expose()));
}

#[tokio::test]
async fn what_was_configured_does_not_stand_for_what_is_needed() {
    let fixture = Fixture::start().await.unwrap();
    let mut options = options();
    let evil = [("redirect_uri", "https://evil.example/"), ("state", "x"), ("client_secret", "y"), ("prompt", "login")];
    options.authorize_params.extend(evil.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let provider = provider_with(&fixture, options);
    let pkce = Pkce::new().unwrap();
    let request = AuthorizationRequest { state: "s&t", nonce: "n", pkce: &pkce };
    let url = provider.authorization_url(&request).await.unwrap();
    let query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    for (name, expected) in [
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", "s&t"),
        ("audience", AUDIENCE),
        ("prompt", "login"),
        ("code_challenge_method", "S256"),
        ("scope", "openid offline_access email cnpg:read"),
    ] {
        let found: Vec<_> = query.iter().filter(|(found, _)| found == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].1, expected);
    }
    assert_eq!(value(&query, "client_secret"), None);
    assert!(!url.as_str().contains(pkce.verifier().expose()));
}

#[tokio::test]
async fn codes_are_good_once_with_their_verifier_and_nonce() {
    let fixture = Fixture::start().await.unwrap();
    let provider = provider(&fixture);
    let pkce = Pkce::new().unwrap();
    let code = async || value(&visited(&fixture, &provider, &pkce).await, "code").unwrap().to_owned();

    let wrong = provider.exchange(&code().await, &Pkce::new().unwrap(), "the nonce").await.unwrap_err();
    assert!(wrong.is_invalid_grant(), "{wrong}");
    let wrong = provider.exchange(&code().await, &pkce, "another nonce").await.unwrap_err().to_string();
    assert!(wrong.contains("`nonce`"), "{wrong}");
    let good = code().await;
    provider.exchange(&good, &pkce, "the nonce").await.unwrap();
    assert!(provider.exchange(&good, &pkce, "the nonce").await.unwrap_err().is_invalid_grant());
}

#[tokio::test]
async fn refusals_are_told_apart_from_faults() {
    let fixture = Fixture::start().await.unwrap();
    let provider = provider(&fixture);
    let tokens = logged_in(&fixture, &provider).await;
    let refresh = tokens.refresh_token.unwrap();
    let quoting =
        json!({ "error": "invalid_grant", "error_description": format!("no such token: {}\n", refresh.expose()) });
    for (fault, expected) in [
        (json!({ "status": 400, "body": quoting.to_string() }), "refused: invalid_grant (no such token: <secret>)"),
        (json!({ "status": 401, "body": "{\"error\":\"invalid_client\"}" }), "refused: invalid_client"),
        (json!({ "status": 429 }), "not available"),
        (json!({ "status": 500, "body": "{\"error\":\"server_error\"}" }), "not available"),
        (json!({ "cut": true }), "not available"),
        (json!({ "status": 403, "body": "<html>" }), "of no use"),
        (json!({ "status": 200, "body": "{}" }), "of no use"),
        (json!({ "status": 200, "body": "{\"access_token\":\"x\",\"token_type\":\"mac\"}" }), "no bearer token"),
        (json!({ "status": 307, "headers": { "location": "https://evil.example/" } }), "of no use"),
    ] {
        fixture.fault("token", fault.clone()).await.unwrap();
        let error = provider.refresh(&refresh).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{fault}: {error}");
        assert!(!error.contains(refresh.expose()) && !error.contains(CLIENT_SECRET), "{error}");
    }
    fixture.switch(json!({ "faults": {} })).await.unwrap();
    provider.refresh(&refresh).await.unwrap();

    let mut wrong = options();
    wrong.secret = Some(Arc::new(|| SecretText::new("not the secret".to_owned())));
    let error = provider_with(&fixture, wrong).refresh(&refresh).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Refused(refusal) if refusal.error == "invalid_client"), "{error}");
}

#[tokio::test]
async fn a_person_who_says_no_is_heard() {
    let fixture = Fixture::start().await.unwrap();
    fixture.deny().await.unwrap();
    let provider = provider(&fixture);
    let query = visited(&fixture, &provider, &Pkce::new().unwrap()).await;
    assert_eq!((value(&query, "error"), value(&query, "state")), (Some("access_denied"), Some("the state")));
}

#[tokio::test]
async fn answers_of_another_issuer_are_refused() {
    let fixture = Fixture::start().await.unwrap();
    let provider = provider(&fixture);
    assert!(provider.check_answer(Some(fixture.issuer())).await.is_ok());
    assert!(provider.check_answer(Some("https://evil.example/")).await.is_err());
    assert!(provider.check_answer(None).await.is_err(), "this provider promises to say it");
    fixture.switch(json!({ "discovery": { "authorization_response_iss_parameter_supported": null } })).await.unwrap();
    assert!(self::provider(&fixture).check_answer(None).await.is_ok(), "and this one does not");
}

#[tokio::test]
async fn id_tokens_must_be_for_this_client_and_hold() {
    let fixture = Fixture::start().await.unwrap();
    let provider = provider(&fixture);
    let audience = fixture.issuer().to_owned();
    for (claims, problem) in [
        (json!({ "aud": CLIENT, "azp": null, "nonce": "the nonce" }), None),
        (json!({ "aud": [CLIENT, "x"], "azp": CLIENT, "nonce": "the nonce" }), None),
        (json!({ "aud": [CLIENT, "x"], "azp": null, "nonce": "the nonce" }), Some("azp")),
        (json!({ "aud": CLIENT, "azp": "another", "nonce": "the nonce" }), Some("azp")),
        (json!({ "aud": "another", "azp": null, "nonce": "the nonce" }), Some("audience")),
        (json!({ "aud": CLIENT, "azp": null }), Some("nonce")),
        (json!({ "aud": CLIENT, "azp": null, "nonce": ["the nonce"] }), Some("nonce")),
        (json!({ "aud": CLIENT, "azp": null, "nonce": "the nonce", "iat": null }), Some("iat")),
        (json!({ "aud": CLIENT, "azp": null, "nonce": "the nonce", "exp": 1 }), Some("expired")),
        (json!({ "aud": CLIENT, "azp": null, "nonce": "the nonce", "iss": "https://evil.example" }), Some("issuer")),
    ] {
        let order = json!({ "audience": audience, "claims": claims, "header": { "typ": "JWT" } });
        let id_token = fixture.mint(order).await.unwrap();
        let body =
            json!({ "access_token": "opaque", "token_type": "bearer", "expires_in": "60", "id_token": id_token });
        fixture.fault("token", json!({ "status": 200, "body": body.to_string() })).await.unwrap();
        let result = provider.exchange("code", &Pkce::new().unwrap(), "the nonce").await;
        match (result, problem) {
            (Ok(tokens), None) => assert_eq!(tokens.expires_in.unwrap().as_secs(), 60),
            (Err(error), Some(problem)) => assert!(error.to_string().contains(problem), "{claims}: {error}"),
            (result, _) => panic!("{claims}: {result:?}"),
        }
    }
    let body = json!({ "access_token": "opaque", "token_type": "Bearer" });
    fixture.fault("token", json!({ "status": 200, "body": body.to_string() })).await.unwrap();
    let error = provider.exchange("code", &Pkce::new().unwrap(), "the nonce").await.unwrap_err().to_string();
    assert!(error.contains("no ID token"), "{error}");
}

#[tokio::test]
async fn the_secret_goes_into_the_header_where_the_provider_wants_it_there() {
    let fixture = Fixture::start().await.unwrap();
    let secret = "with: and % and +";
    fixture
        .client(json!({
            "client_id": "basic+client",
            "client_secret": secret,
            "application_type": "native",
            "redirect_uris": ["http://localhost/auth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_basic",
        }))
        .await
        .unwrap();
    fixture.switch(json!({ "discovery": { "token_endpoint_auth_methods_supported": null } })).await.unwrap();
    let secret: cnpg_mcp_runtime::auth::oidc::Secret = Arc::new(move || SecretText::new(secret.to_owned()));
    let options = ProviderOptions { client_id: "basic+client".to_owned(), secret: Some(secret), ..options() };
    let tokens = logged_in(&fixture, &provider_with(&fixture, options)).await;
    assert_eq!(tokens.id_token.unwrap().subject, "auth0|alice");
}

#[tokio::test]
async fn a_person_logs_in_on_another_device() {
    let fixture = Fixture::start().await.unwrap();
    let options = ProviderOptions { client_id: PUBLIC_CLIENT.to_owned(), secret: None, ..options() };
    let provider = provider_with(&fixture, options);
    let code = provider.begin_device().await.unwrap();
    assert!(matches!(provider.poll_device(&code).await.unwrap(), Polled::Pending));
    let page = reqwest::get(code.verification_uri_complete.as_deref().unwrap()).await.unwrap();
    assert!(page.status().is_success());
    let Polled::Done(tokens) = provider.poll_device(&code).await.unwrap() else { panic!("the person has logged in") };
    assert!(super::verifier(&fixture).verify(tokens.access_token.expose()).await.is_ok());

    fixture.deny().await.unwrap();
    let code = provider.begin_device().await.unwrap();
    let page = reqwest::get(code.verification_uri_complete.as_deref().unwrap()).await.unwrap();
    assert!(page.status().is_success());
    let error = provider.poll_device(&code).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Refused(refusal) if refusal.error == "access_denied"), "{error}");
}
