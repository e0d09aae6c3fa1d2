//! Tokens that the main server lets in: those that it issued itself.

mod access_token;

pub use access_token::{AccessTokens, Claims, Grant, LEEWAY, NotIssued, Refused};
