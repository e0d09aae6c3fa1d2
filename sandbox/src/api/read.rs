//! Getting and listing.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header;
use serde_json::{Value, json};

use super::Call;
use super::answer::{Answer, Form, Page};
use super::query::ListOptions;
use super::selector::Selector;
use crate::error::ApiError;

const TOO_OLD_TOKEN: &str = "The provided continue parameter is too old to display a consistent list result. You can start \
    a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of \
    the results. Continuing with the provided token results in an inconsistent list - objects that were created, \
    modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/// Tokens are read as leniently as Go reads them.
const TOKENS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where a list goes on.
struct Token {
    /// Revision that the list shows; `None` = the current one (after an expiry).
    revision: Option<u64>,
    namespace: String,
    name: String,
}

impl Token {
    fn encode(&self) -> String {
        let text = json!({ "v": "meta.k8s.io/v1", "rv": self.revision, "ns": self.namespace, "name": self.name });
        TOKENS.encode(text.to_string())
    }

    fn decode(text: &str) -> Result<Self, ApiError> {
        let refuse =
            |why: String| ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = TOKENS.decode(text).map_err(|error| refuse(error.to_string()))?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|error| refuse(super::body::go_error(&bytes, &error)))?;
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        match (text("ns"), text("name")) {
            (Some(namespace), Some(name)) => Ok(Self { revision: value["rv"].as_u64(), namespace, name }),
            _ => Err(refuse("it names no place".to_owned())),
        }
    }
}

fn place(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str().unwrap_or_default())
}

impl Call<'_> {
    pub(super) fn get(&self) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let object = self.stored().ok_or_else(|| self.not_found())?;
        Ok(Answer::object(200, form, &self.kind, &object, &self.query))
    }

    /// The object that the request names.
    pub(super) fn stored(&self) -> Option<Arc<Value>> {
        self.api.store.get(&self.kind.gvr, self.namespace(), &self.info.name)
    }

    pub(super) fn list(&self) -> Result<Answer, ApiError> {
        let form = Form::of(self.header(&header::ACCEPT))?;
        let options = self.query.list_options(false)?;
        let page = self.page(&options)?;
        Ok(Answer::list(form, &self.kind, &page, &self.query))
    }

    /// The namespace that is listed; `None` for all.
    pub(super) fn scope(&self) -> Option<&str> {
        let namespace = self.namespace();
        (!namespace.is_empty()).then_some(namespace)
    }

    pub(super) fn selector(&self, options: &ListOptions) -> Result<Selector, ApiError> {
        Selector::parse(&self.kind, options.labels.as_deref(), options.fields.as_deref())
    }

    pub(super) fn page(&self, options: &ListOptions) -> Result<Page, ApiError> {
        let selector = self.selector(options)?;
        let store = &self.api.store;
        let token = options.continue_token.as_deref().map(Token::decode).transpose()?;
        let asked = options.resource_version.filter(|version| *version > 0);
        let current = store.revision();
        if let Some(future) = asked.filter(|version| *version > current && token.is_none()) {
            let text = format!("Too large resource version: {future}, current: {current}");
            let cause = crate::error::Cause::new("ResourceVersionTooLarge", "", "Too large resource version");
            return Err(ApiError::new(504, "Timeout", text).with_causes(&[cause]).with_retry_after(1));
        }
        // A list from the cache ("any version will do") is answered whole, whatever the limit.
        let cached = options.resource_version == Some(0) && !options.exact && token.is_none();
        let limit = if cached { 0 } else { options.limit };
        let at = match &token {
            Some(token) => token.revision,
            None => asked.filter(|_| options.exact || (options.limit > 0 && !options.not_older)),
        };
        let Ok(listing) = store.listing(&self.kind.gvr, self.scope(), at) else { return Err(expired(token)) };
        let start = match &token {
            None => 0,
            Some(token) => {
                listing.items.partition_point(|item| place(item) <= (token.namespace.as_str(), token.name.as_str()))
            }
        };
        let rest = &listing.items[start.min(listing.items.len())..];
        let mut items = Vec::new();
        let mut more_from = None;
        for (at, item) in rest.iter().enumerate() {
            if !selector.matches(item) {
                continue;
            }
            if limit > 0 && items.len() == limit {
                more_from = Some(at);
                break;
            }
            items.push(Arc::clone(item));
        }
        let continue_token = more_from.and(items.last()).map(|last| {
            let (namespace, name) = place(last);
            let revision = Some(listing.revision);
            Token { revision, namespace: namespace.to_owned(), name: name.to_owned() }.encode()
        });
        let remaining = more_from.filter(|_| selector.is_empty()).map(|at| rest.len() - at);
        Ok(Page { revision: listing.revision, items, continue_token, remaining })
    }
}

/// The refusal of a page whose moment is forgotten, with a token to go on from its place.
fn expired(token: Option<Token>) -> ApiError {
    match token {
        Some(token) => {
            let mut error = ApiError::expired(TOO_OLD_TOKEN);
            error.continue_token = Some(Token { revision: None, ..token }.encode());
            error
        }
        None => ApiError::expired("The resourceVersion for the provided list is too old."),
    }
}
