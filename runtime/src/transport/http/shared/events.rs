//! Events of streams, so that a client whose connection broke gets what it missed from any replica
//! (MCP 2025-11-25, "Resumability and Redelivery").
//!
//! An event's name is its stream's, a number that grows, and a tag, so that nobody reads a stream by guessing. A stream
//! that goes on elsewhere is read as it grows.

use std::time::Duration;

use async_trait::async_trait;
use futures::channel::mpsc;
use futures::{SinkExt as _, Stream};
use rmcp::model::{JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::ServerSseMessage;
use rmcp::transport::streamable_http_server::session::{EventId, EventStore, EventStoreError, EventStream};
use tokio::time::Instant;

use super::{Shared, read, written};
use crate::auth::store::{Key, Space, StoreError};

/// Life of an event: a client that was away for longer has given up.
const LIFE: Duration = Duration::from_mins(10);

/// Time after which a stream's numbers begin anew: longer than any event lives.
const NUMBERS: Duration = Duration::from_hours(1);

/// Bytes of a piece. Sealed, a piece is a third longer, and still fits into a value of the store.
const PIECE: usize = 40 << 10;

/// Most pieces of an event.
const PIECES: usize = 256;

/// Between two looks for the next event of a stream that goes on.
const LOOK: Duration = Duration::from_millis(200);

/// How long the next event is waited for; then the client asks again.
const PATIENCE: Duration = Duration::from_mins(2);

#[async_trait]
impl EventStore for Shared {
    async fn store_event(&self, stream: &str, event: &ServerSseMessage) -> Result<EventId, EventStoreError> {
        let number = self.store.count(&Key::of(Space::Rate, &format!("events\0{stream}")), NUMBERS).await?.events;
        let text = written(&event.message.as_deref())?;
        let pieces = pieces(&text);
        if pieces.len() > PIECES {
            return Err(format!("an event of {} bytes is too long to be kept", text.len()).into());
        }
        for (index, piece) in pieces.iter().enumerate().skip(1) {
            self.put(&key(stream, number, index), (*piece).to_owned(), LIFE).await?;
        }
        // Last, with the number of pieces: an event is there whole or not at all.
        let first = format!("{}\n{}", pieces.len(), pieces.first().unwrap_or(&""));
        self.put(&key(stream, number, 0), first, LIFE).await?;
        Ok(self.name(stream, number))
    }

    async fn replay_events_after(&self, last: &str) -> Result<EventStream, EventStoreError> {
        let (stream, number) = self.read_name(last).ok_or("there is no such event")?;
        Ok(Box::pin(self.follow(stream, number)))
    }
}

impl Shared {
    fn name(&self, stream: &str, number: u64) -> EventId {
        format!("{stream}_{number}_{}", self.keys.csrf().tag(&message(stream, number)))
    }

    fn read_name(&self, name: &str) -> Option<(String, u64)> {
        // The tag is base64url, which may have the separator in it.
        let mut parts = name.splitn(3, '_');
        let (stream, number, tag) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        self.keys.csrf().verify(&message(stream, number), tag).then(|| (stream.to_owned(), number))
    }

    /// Events after a number, until the stream ends, nothing comes for long, or nobody listens any more.
    fn follow(&self, stream: String, last: u64) -> impl Stream<Item = ServerSseMessage> + Send + Sync + 'static {
        let (mut sender, receiver) = mpsc::channel(8);
        let shared = self.clone();
        tokio::spawn(async move {
            let (mut number, mut waited) = (last + 1, Instant::now());
            while !sender.is_closed() && waited.elapsed() < PATIENCE {
                match shared.event(&stream, number).await {
                    Ok(Some(message)) => {
                        let ends = matches!(message, Some(JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_)));
                        let mut event = message.map(ServerSseMessage::from_message).unwrap_or_default();
                        event.event_id = Some(shared.name(&stream, number));
                        if sender.send(event).await.is_err() || ends {
                            return;
                        }
                        (number, waited) = (number + 1, Instant::now());
                    }
                    Ok(None) => tokio::time::sleep(LOOK).await,
                    Err(error) => {
                        tracing::warn!(%error, "a stream could not be resumed");
                        return;
                    }
                }
            }
        });
        receiver
    }

    /// An event; `Some(None)` is one without a message.
    async fn event(&self, stream: &str, number: u64) -> Result<Option<Option<ServerJsonRpcMessage>>, StoreError> {
        let Some(first) = self.get(&key(stream, number, 0)).await? else { return Ok(None) };
        let Some((count, piece)) = first.expose().split_once('\n') else { return Ok(None) };
        let mut text = piece.to_owned();
        for index in 1..count.parse().unwrap_or(1).min(PIECES) {
            let Some(piece) = self.get(&key(stream, number, index)).await? else { return Ok(None) };
            text.push_str(piece.expose());
        }
        Ok(read(&crate::secret::SecretText::new(text)))
    }
}

/// A text in pieces that are not too long, cut between characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut rest = text;
    let mut pieces = Vec::new();
    while rest.len() > PIECE {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

fn key(stream: &str, number: u64, piece: usize) -> Key {
    Key::of(Space::Binding, &format!("event\0{stream}\0{number}\0{piece}"))
}

fn message(stream: &str, number: u64) -> Vec<u8> {
    format!("event\0{stream}\0{number}").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use futures::StreamExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::keys::{Keys, RootKeys};
    use crate::auth::store::MemoryStore;

    fn shared() -> Shared {
        let root = RootKeys::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", Path::new("keys")).unwrap();
        Shared::new(Arc::new(MemoryStore::new()), Arc::new(Keys::derive(&root)))
    }

    fn event(message: Value) -> ServerSseMessage {
        ServerSseMessage::from_message(serde_json::from_value(message).unwrap())
    }

    fn progress(done: u32) -> ServerSseMessage {
        let params = json!({ "progressToken": 1, "progress": done });
        event(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
    }

    #[tokio::test]
    async fn what_was_missed_is_told_in_order_until_the_stream_ends() {
        let shared = shared();
        let first = shared.store_event("s", &ServerSseMessage::default()).await.unwrap();
        shared.store_event("other", &progress(9)).await.unwrap();
        let second = shared.store_event("s", &progress(1)).await.unwrap();
        let long = "é".repeat(100_000);
        let answer =
            event(json!({ "jsonrpc": "2.0", "id": 1, "result": { "content": [{ "type": "text", "text": long }] } }));
        let missed = shared.replay_events_after(&first).await.unwrap();
        // The stream goes on after somebody began to read it.
        let last = shared.store_event("s", &answer).await.unwrap();
        let told: Vec<_> = missed.collect().await;
        assert_eq!(told.iter().map(|event| event.event_id.clone().unwrap()).collect::<Vec<_>>(), [second, last]);
        assert!(serde_json::to_string(&told[1].message).unwrap().contains(&long));
    }

    #[tokio::test]
    async fn names_cannot_be_guessed() {
        let shared = shared();
        let name = shared.store_event("s", &progress(1)).await.unwrap();
        assert!(shared.read_name(&name).is_some());
        for other in [
            name.replacen("s_", "t_", 1),
            name.replacen("_1_", "_0_", 1),
            "0".to_owned(),
            "s_1_".to_owned(),
            String::new(),
        ] {
            assert!(shared.replay_events_after(&other).await.is_err(), "{other}");
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let text = "aé".repeat(50_000);
        assert!(pieces(&text).iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(pieces(&text).concat(), text);
        assert_eq!(pieces(""), [""]);
    }
}
