//! A browser as far as it matters: it keeps cookies, and goes where it is told.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode};

use crate::world::{Replica, World};

/// A browser of one person.
#[derive(Default)]
pub struct Browser {
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a browser got.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).unwrap_or_else(|| panic!("no redirect: {self:?}")).to_str().unwrap()
    }

    /// Value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let rest = self.body.split(&begin).nth(1).unwrap_or_else(|| panic!("no field {name}: {self:?}"));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The cookies that it sets, as they are sent.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect()
    }
}

/// Value of a parameter of an address.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Keeps no connection: those of one test's runtime are of no use in another's.
static HTTP: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).pool_max_idle_per_host(0);
    client.build().unwrap()
});

/// A client that follows no redirect.
pub fn http() -> Client {
    HTTP.clone()
}

impl Browser {
    pub async fn get(&self, url: &str) -> Page {
        self.send(http().get(url)).await
    }

    /// Sends a form as browsers send one from a page without a referrer.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        self.send(http().post(url).header(ORIGIN, "null").header("sec-fetch-site", "same-origin").form(fields)).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Page { status, headers, body: response.text().await.unwrap() }
    }

    /// Every cookie's value.
    pub fn values(&self) -> Vec<String> {
        self.cookies.lock().unwrap().values().cloned().collect()
    }

    /// From a client's link to the consent page.
    pub async fn asked(&self, replica: &Replica, link: &str) -> Page {
        let sent = self.get(&replica.here(link)).await;
        self.get(&replica.here(sent.location())).await
    }

    /// Chooses on the consent page.
    pub async fn decide(&self, replica: &Replica, page: &Page, decision: &str) -> Page {
        let (transaction, token) = (page.field("transaction"), page.field("form_token"));
        let fields = [("transaction", transaction.as_str()), ("form_token", &token), ("decision", decision)];
        self.post(&replica.url("/consent"), &fields).await
    }

    /// From a client's link back to the client. Each step is another replica's, where there are several.
    pub async fn log_in(&self, world: &World, replicas: &[&Replica], link: &str) -> String {
        let mut turns = replicas.iter().cycle();
        let mut next = || turns.next().unwrap();
        let page = self.asked(next(), link).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let sent = self.decide(next(), &page, "allow").await;
        let back = world.provider.visit(sent.location()).await.unwrap();
        let replica = next();
        self.get(&replica.here(&back)).await.location().to_owned()
    }
}
