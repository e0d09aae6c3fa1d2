//! The consent page: it binds the browser, is answered once, cannot be framed or forged, and shows what it says.

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, Page, http, parameter};
use crate::program::Program;
use crate::world::{Replica, World};

async fn begun() -> (World, Replica, Program) {
    let mut world = World::new().await;
    let replica = world.replica().await;
    let program = Program::register(&replica).await;
    (world, replica, program)
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_refused_and_changes_nothing() {
    let (_world, replica, program) = begun().await;
    let browser = Browser::default();
    let page = browser.asked(&replica, &program.link(&replica)).await;
    let other = browser.asked(&replica, &program.link(&replica)).await;
    let (transaction, token) = (page.field("transaction"), page.field("form_token"));
    let url = replica.url("/consent");
    let fields = |token: &str, decision: &str| {
        vec![("transaction", transaction.clone()), ("form_token", token.to_owned()), ("decision", decision.to_owned())]
    };
    for (token, decision) in
        [("", "allow"), ("wrong", "allow"), (&other.field("form_token"), "allow"), (&token, ""), (&token, "yes")]
    {
        let refused = browser.send(http().post(&url).form(&fields(token, decision))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{token} {decision}");
    }
    // Another site's form, as a browser marks it.
    let foreign = http().post(&url).header("sec-fetch-site", "cross-site").form(&fields(&token, "allow"));
    assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN);
    let foreign = http().post(&url).header("origin", "https://evil.example").form(&fields(&token, "allow"));
    assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN);
    let typed = http()
        .post(&url)
        .header("content-type", "text/plain")
        .body(format!("transaction={transaction}&form_token={token}&decision=allow"));
    assert_eq!(browser.send(typed).await.status, StatusCode::FORBIDDEN);
    let by_link = browser.get(&format!("{url}?transaction={transaction}&form_token={token}&decision=allow")).await;
    assert_eq!(by_link.status, StatusCode::OK, "a link shows the page and decides nothing");
    assert_eq!(browser.decide(&replica, &page, "allow").await.status, StatusCode::SEE_OTHER, "still undecided");
}

#[tokio::test]
async fn another_browser_can_neither_see_nor_answer_nor_finish() {
    let (world, replica, program) = begun().await;
    let (attacker, victim) = (Browser::default(), Browser::default());
    // The attacker's link to the consent page.
    let sent = attacker.get(&replica.here(&program.link(&replica))).await;
    let shown = victim.get(&replica.here(sent.location())).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    assert!(shown.body.contains("another browser"), "{}", shown.body);
    // The attacker's form, sent by the victim's browser, which has a name of its own.
    victim.get(&replica.here(&program.link(&replica))).await;
    let page = attacker.get(&replica.here(sent.location())).await;
    assert_eq!(victim.decide(&replica, &page, "allow").await.status, StatusCode::FORBIDDEN);
    // The attacker's link to the provider.
    let approved = attacker.decide(&replica, &page, "allow").await;
    let back = world.provider.visit(approved.location()).await.unwrap();
    let stopped = victim.get(&replica.here(&back)).await;
    assert_eq!(stopped.status, StatusCode::FORBIDDEN);
    assert!(stopped.headers.get("location").is_none());
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 0, "the provider's code was not used");
    // The provider's error path.
    let state = parameter(approved.location(), "state").unwrap();
    let failed = victim.get(&replica.url(&format!("/auth/callback?error=access_denied&state={state}"))).await;
    assert_eq!(failed.status, StatusCode::FORBIDDEN);
    assert!(failed.headers.get("location").is_none());
    // Nothing of this ended the attacker's own login.
    assert!(attacker.get(&replica.here(&back)).await.location().starts_with(&program.redirect));
}

/// The victim's browser is in the middle of a login of its own, and has that login's cookies.
#[tokio::test]
async fn a_login_of_ones_own_opens_no_door_to_anothers() {
    let (world, replica, program) = begun().await;
    let (attacker, victim) = (Browser::default(), Browser::default());
    let approved = async |browser: &Browser| {
        let page = browser.asked(&replica, &program.link(&replica)).await;
        browser.decide(&replica, &page, "allow").await.location().to_owned()
    };
    let (hers, his) = (approved(&victim).await, approved(&attacker).await);
    let back = world.provider.visit(&his).await.unwrap();
    // The attacker's answer as it is: another transaction's.
    let stopped = victim.get(&replica.here(&back)).await;
    assert_eq!(stopped.status, StatusCode::FORBIDDEN);
    assert!(stopped.headers.get("location").is_none());
    // The attacker's code under the victim's state, which would log the victim in as the attacker: the verifier is
    // another's.
    let (code, state) = (parameter(&back, "code").unwrap(), parameter(&hers, "state").unwrap());
    let issuer = world.provider.issuer();
    let mixed = format!("/auth/callback?code={code}&state={state}&iss={issuer}");
    let answer = victim.get(&replica.url(&mixed)).await;
    assert_eq!(parameter(answer.location(), "error").as_deref(), Some("server_error"), "{answer:?}");
    assert_eq!(parameter(answer.location(), "code"), None);
    assert_eq!(world.provider.count("authorization_code").await.unwrap(), 1, "the provider refused it");
}

#[tokio::test]
async fn a_transaction_is_decided_once_and_answered_once() {
    let (world, replica, program) = begun().await;
    let browser = Browser::default();
    let page = browser.asked(&replica, &program.link(&replica)).await;
    let approved = browser.decide(&replica, &page, "allow").await;
    for decision in ["allow", "deny"] {
        let again = browser.decide(&replica, &page, decision).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
        assert!(again.body.contains("This login is over"), "{}", again.body);
    }
    let back = world.provider.visit(approved.location()).await.unwrap();
    let cookie = approved.cookies()[0].split(';').next().unwrap().to_owned();
    assert_eq!(browser.get(&replica.here(&back)).await.status, StatusCode::SEE_OTHER);
    // With the cookie that the browser has forgotten.
    let replayed = http().get(replica.here(&back)).header("cookie", cookie).send().await.unwrap();
    assert_eq!(replayed.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_answer_that_is_none_of_the_providers_is_refused() {
    let (_world, replica, program) = begun().await;
    for (query, error) in [
        ("code=made-up&iss=https://evil.example/", "server_error"),
        ("code=made-up", "server_error"),
        ("", "server_error"),
    ] {
        let browser = Browser::default();
        let page = browser.asked(&replica, &program.link(&replica)).await;
        let approved = browser.decide(&replica, &page, "allow").await;
        let state = parameter(approved.location(), "state").unwrap();
        let answer = browser.get(&replica.url(&format!("/auth/callback?state={state}&{query}"))).await;
        assert_eq!(parameter(answer.location(), "error").as_deref(), Some(error), "{query}");
    }
    for query in ["", "?state=made-up&code=x", "?state=a&state=b", "?code=x"] {
        let refused = Browser::default().get(&replica.url(&format!("/auth/callback{query}"))).await;
        assert!(refused.status.is_client_error() && refused.headers.get("location").is_none(), "{query}");
    }
}

/// Every page has these, whatever it says.
fn protected(page: &Page) {
    let header = |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
    let policy = header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.starts_with("default-src 'none'"), "{page:?}");
    assert!(
        !policy.contains("form-action") && !policy.contains("unsafe") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn every_page_and_redirect_has_the_headers_of_one() {
    let (world, replica, program) = begun().await;
    let browser = Browser::default();
    let sent = browser.get(&replica.here(&program.link(&replica))).await;
    let page = browser.get(&replica.here(sent.location())).await;
    let approved = browser.decide(&replica, &page, "allow").await;
    let back = world.provider.visit(approved.location()).await.unwrap();
    let returned = browser.get(&replica.here(&back)).await;
    for page in [sent, page, approved, returned] {
        protected(&page);
    }
    for path in
        ["/authorize", "/consent", "/auth/callback", "/authorize?client_id=x", "/authorize?client_id=x&client_id=y"]
    {
        protected(&browser.get(&replica.url(path)).await);
    }
}

#[tokio::test]
async fn a_hostile_name_is_text_and_a_long_one_is_short() {
    let (_world, replica, _) = begun().await;
    let hostile = "<img src=x onerror=alert(1)></h1>\u{202e}\"'{{7*7}}\r\nGoogle";
    let program = Program::register_with(&replica, hostile, "https://evil.example/cb").await;
    let page = Browser::default().asked(&replica, &program.link(&replica)).await;
    assert!(page.body.contains("&lt;img src=x onerror=alert(1)&gt;"), "{}", page.body);
    assert!(!page.body.contains("<img src=x") && !page.body.contains('\u{202e}') && !page.body.contains("49"));
    assert!(page.body.contains("evil.example"), "the host is shown whatever the name says");
    assert!(!page.body.contains("<script"));
    let program = Program::register_with(&replica, &"Very long ".repeat(90), "http://localhost:1/cb").await;
    let page = Browser::default().asked(&replica, &program.link(&replica)).await;
    assert!(page.body.len() < 12_000 && page.body.contains("a program on this computer"), "{}", page.body);
}

#[tokio::test]
async fn while_the_provider_is_away_a_decision_can_be_made_again() {
    let (world, replica, program) = begun().await;
    world.provider.away(true).await.unwrap();
    let browser = Browser::default();
    let page = browser.asked(&replica, &program.link(&replica)).await;
    let away = browser.decide(&replica, &page, "allow").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    protected(&away);
    world.provider.switch(json!({ "faults": {} })).await.unwrap();
    let mut status = away.status;
    for _ in 0..50 {
        status = browser.decide(&replica, &page, "allow").await.status;
        if status == StatusCode::SEE_OTHER {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("{status}");
}
