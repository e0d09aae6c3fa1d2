//! Clients that are described by a document at their identifier, kept in the store while the document is fresh.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::client::{Authentication, Client, shown_name};
use super::records::Records;
use super::redirect;
use crate::auth::client_document::{DocumentError, Fetcher};
use crate::auth::store::{Key, Space, StoreError};

/// For so long a document that is of no use is not fetched again.
const USELESS: Duration = Duration::from_mins(1);

/// Clients with documents.
#[derive(Debug, Clone)]
pub(super) struct Documents {
    records: Records,
    fetcher: Arc<Fetcher>,
}

/// What is known of an identifier.
#[derive(Serialize, Deserialize)]
struct Known {
    /// `None`: its document is of no use.
    client: Option<Client>,
}

/// A client that cannot be used.
#[derive(Debug, Error)]
pub(super) enum NotUsable {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the client's document was of no use a moment ago")]
    StillUseless,
}

impl Documents {
    pub fn new(records: Records, fetcher: Fetcher) -> Self {
        Self { records, fetcher: Arc::new(fetcher) }
    }

    /// The client of an identifier.
    pub async fn find(&self, id: &str) -> Result<Client, NotUsable> {
        let key = Key::of(Space::Client, &format!("document {id}"));
        if let Some(known) = self.records.get::<Known>(&key).await? {
            return known.client.ok_or(NotUsable::StillUseless);
        }
        match self.fetch(id).await {
            Ok((client, fresh)) => {
                let known = Known { client: Some(client.clone()) };
                self.records.put(&key, &known, fresh).await?;
                Ok(client)
            }
            Err(error) => {
                self.records.put(&key, &Known { client: None }, USELESS).await?;
                Err(error.into())
            }
        }
    }

    async fn fetch(&self, id: &str) -> Result<(Client, Duration), DocumentError> {
        let fetched = self.fetcher.fetch(id).await?;
        let document = fetched.document;
        if document.redirect_uris.iter().any(|uri| redirect::check(uri).is_err()) {
            return Err(DocumentError::Content("one of its `redirect_uris` is not taken here"));
        }
        let client = Client {
            id: id.to_owned(),
            name: document.name.as_deref().and_then(shown_name),
            redirect_uris: document.redirect_uris,
            authentication: Authentication::None,
        };
        Ok((client, fetched.fresh))
    }
}
