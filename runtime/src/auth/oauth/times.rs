//! How long things live.

use std::time::Duration;

/// Lives of what the proxy keeps and issues.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// From `/authorize` to the end of the consent page, and from there to the provider's answer.
    pub transaction: Duration,
    /// From the provider's answer to the redemption of the code (RFC 6749, section 4.1.2 has ten minutes at most).
    pub code: Duration,
    /// How long a replay of a code is known as one.
    pub code_memory: Duration,
    /// An access token.
    pub access_token: Duration,
    /// A session, and with it the refresh token, since it was last refreshed.
    pub session: Duration,
    /// A client that has never logged anybody in.
    pub unused_client: Duration,
    /// A client since it was last used.
    pub client: Duration,
    /// How long before its end a provider's token is refreshed.
    pub refresh_ahead: Duration,
    /// A provider's token of which the provider does not say how long it lives.
    pub provider_token: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self {
            transaction: Duration::from_mins(10),
            code: Duration::from_mins(1),
            code_memory: Duration::from_hours(1),
            access_token: Duration::from_hours(1),
            session: day * 30,
            unused_client: Duration::from_hours(1),
            client: day * 90,
            refresh_ahead: Duration::from_secs(30),
            provider_token: Duration::from_hours(1),
        }
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}
