//! A server that is not what it seems: it answers as it was told, and remembers what it was sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};

/// What it answers at a path.
#[derive(Clone)]
pub struct Answer {
    pub path: &'static str,
    pub status: u16,
    pub header: (&'static str, String),
    pub body: String,
}

#[derive(Clone)]
pub struct Pretender {
    pub url: String,
    answers: Vec<Answer>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Pretender {
    /// `$URL` in its answers stands for its own address.
    pub async fn start(mut answers: Vec<Answer>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        for answer in &mut answers {
            answer.header.1 = answer.header.1.replace("$URL", &url);
            answer.body = answer.body.replace("$URL", &url);
        }
        let pretender = Self { url, answers, seen: Arc::default() };
        let router = Router::new().fallback(answer).with_state(pretender.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        pretender
    }

    /// Where it pretends to be a server.
    pub fn endpoint(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// Every request with its headers and body, as text.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(State(pretender): State<Pretender>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let seen = format!("{} {} {:?} {}", head.method, head.uri, head.headers, String::from_utf8_lossy(&body));
    pretender.seen.lock().unwrap().push(seen);
    let response = Response::builder();
    match pretender.answers.into_iter().find(|answer| answer.path == head.uri.path()) {
        Some(Answer { status, header: (name, value), body, .. }) => {
            response.status(status).header(name, value).body(Body::from(body)).unwrap()
        }
        None => response.status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap(),
    }
}
