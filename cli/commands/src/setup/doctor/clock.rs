//! Clocks: tokens are good from one time to another, and each side goes by its own.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{AGE, DATE, HeaderMap};

use cnpg_mcp_runtime::auth::{bearer, oidc};

use super::report::Report;

/// Milliseconds that are noticed: as much as the server allows between its replicas.
const NOTICED: i64 = bearer::LEEWAY.cast_signed() * 1000;

/// Milliseconds between server and provider from which on the server refuses the provider's tokens.
const REFUSED: i64 = oidc::LEEWAY.cast_signed() * 1000;

const NEXT: &str = "let all machines take their time from NTP (`timedatectl status`, `chronyc tracking`)";

/// How far a clock is ahead of this machine's, in milliseconds: between these two. An answer took its time to come, and
/// says whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    least: i64,
    most: i64,
}

impl Reading {
    /// This machine's own.
    const HERE: Self = Self { least: 0, most: 0 };

    /// Of an answer, by its `Date` (RFC 9110, section 6.6.1), to which a cache adds its `Age` (RFC 9111, section 5.1).
    /// `sent`: when the question was.
    pub fn of(headers: &HeaderMap, sent: Timestamp) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let age = text(AGE).and_then(|age| age.parse::<i64>().ok()).unwrap_or_default();
        Self::said(text(DATE)?, age, sent, Timestamp::now())
    }

    fn said(date: &str, age: i64, sent: Timestamp, got: Timestamp) -> Option<Self> {
        let said = rfc2822::parse(date).ok()?.timestamp().as_second().checked_add(age)?.checked_mul(1000)?;
        Some(Self { least: said - got.as_millisecond(), most: said + 1000 - sent.as_millisecond() })
    }

    /// The least that this clock can be ahead of another one; negative where it is behind.
    fn ahead_of(self, other: Self) -> i64 {
        let (least, most) = (self.least - other.most, self.most - other.least);
        if least > 0 { least } else { most.min(0) }
    }
}

/// What is known of each side's clock.
#[derive(Debug, Default)]
pub struct Clocks {
    /// Of the identity provider.
    pub provider: Option<Reading>,
    /// Of the API server.
    pub kubernetes: Option<Reading>,
    /// Of the server, as what is in front of it says.
    pub server: Option<Reading>,
}

impl Clocks {
    /// Says how far they are apart, seen from the server; where that was not heard of, or where this is its pod, from
    /// here.
    pub fn report(&self, in_pod: bool, report: &mut Report) {
        let heard = self.server.filter(|_| !in_pod);
        let (server, whose) = heard.map_or((Reading::HERE, "this machine"), |server| (server, "the server"));
        let here = heard.map(|_| ("this machine", Reading::HERE));
        let kubernetes = self.kubernetes.map(|clock| ("Kubernetes", clock));
        let front = self.server.filter(|_| in_pod).map(|clock| ("the public URL", clock));
        let provider = self.provider.map(|clock| ("the identity provider", clock));
        for (name, clock) in [provider, kubernetes, front, here].into_iter().flatten() {
            let ahead = clock.ahead_of(server);
            let direction = if ahead < 0 { "behind" } else { "ahead of" };
            // Rounded up: just above a bound is above it.
            let seconds = ahead.unsigned_abs().div_ceil(1000);
            let what = format!("clock: that of {name} is {seconds} s {direction} that of {whose}");
            if ahead.abs() <= NOTICED {
                report.ok(format_args!("clock: that of {name} agrees with that of {whose}"));
            } else if ahead.abs() > REFUSED && name == "the identity provider" {
                let bound = oidc::LEEWAY;
                report.failure(format_args!("{what}; above {bound} s the server refuses the provider's tokens"), NEXT);
            } else {
                report.warning(format_args!("{what}; more than {} s are too much", bearer::LEEWAY), NEXT);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000_000_000 + millisecond).unwrap()
    }

    #[test]
    fn what_an_answer_took_is_no_skew() {
        // 2001-09-09T01:46:40Z is second 1,000,000,000.
        let said = |sent, got| Reading::said("Sun, 09 Sep 2001 01:46:40 GMT", 0, at(sent), at(got)).unwrap();
        // It may have been said at any time from the beginning of that second to its end.
        assert_eq!(said(0, 0), Reading { least: 0, most: 1000 });
        assert_eq!(said(-20_000, 900).ahead_of(Reading::HERE), 0);
        assert_eq!(said(-20_000, -10_000).ahead_of(Reading::HERE), 10_000);
        assert_eq!(said(8_000, 28_000).ahead_of(Reading::HERE), -7_000);
        // Two that are seen from here, whatever this clock says.
        assert_eq!(said(60_000, 60_100).ahead_of(said(60_200, 60_300)), 0);
        assert_eq!(said(0, 100).ahead_of(said(40_000, 40_100)), 38_900);
    }

    #[test]
    fn a_cached_answer_is_older_than_it_comes() {
        let date = "Sun, 09 Sep 2001 01:46:40 GMT";
        let cached = Reading::said(date, 300, at(300_000), at(300_100)).unwrap();
        assert_eq!(cached.ahead_of(Reading::HERE), 0);
        assert_eq!(Reading::said("yesterday", 0, at(0), at(0)), None);
    }
}
