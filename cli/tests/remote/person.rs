//! A person with a browser, who allows what is asked.

use cnpg_mcp_provider::Provider;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, Response};

/// What the person saw on the consent page.
pub struct Seen {
    pub consent: String,
    /// What the last page said.
    pub end: String,
}

/// Goes from the address that the command shows to its page of thanks. `decision`: `allow` or `deny`.
pub async fn logs_in(provider: &Provider, address: &str, decision: &str) -> Seen {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut cookies = Vec::new();
    let asked = sent(&mut cookies, http.get(address)).await;
    let page = sent(&mut cookies, http.get(location(&asked))).await;
    assert!(page.status().is_success());
    let consent = reqwest::Url::parse(page.url().as_str()).unwrap().join("/consent").unwrap();
    let page = page.text().await.unwrap();
    let fields = [
        ("transaction", field(&page, "transaction")),
        ("form_token", field(&page, "form_token")),
        ("decision", decision.to_owned()),
    ];
    let mut back = location(&sent(&mut cookies, http.post(consent).form(&fields)).await);
    if decision == "allow" {
        back = provider.visit(&back).await.unwrap();
        back = location(&sent(&mut cookies, http.get(back)).await);
    }
    let end = http.get(back).send().await.unwrap().text().await.unwrap();
    Seen { consent: page, end }
}

async fn sent(cookies: &mut Vec<String>, request: RequestBuilder) -> Response {
    let response = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
    for cookie in response.headers().get_all(SET_COOKIE) {
        cookies.push(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    }
    response
}

fn location(response: &Response) -> String {
    let location = response.headers().get(LOCATION).unwrap_or_else(|| panic!("no redirect: {response:?}"));
    response.url().join(location.to_str().unwrap()).unwrap().to_string()
}

/// Value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().to_owned()
}
