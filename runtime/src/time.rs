//! Points in time, and the clock that a call goes by.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, written as Kubernetes writes it: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// Reads RFC 3339 text, as in `metav1.Time` and `metav1.MicroTime`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The timestamp.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// How long ago it was, in whole seconds, seen from `now`; zero for what lies ahead.
    pub fn seconds_before(self, now: Self) -> i64 {
        now.0.duration_since(self.0).max(SignedDuration::ZERO).as_secs()
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self)
    }
}

/// Where a call takes the time from that it shows and writes. Deadlines do not go by it.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Always the same moment, so that the answers of examples are the same every time.
    Fixed(Time),
}

impl Clock {
    /// The time by this clock.
    pub fn now(self) -> Time {
        match self {
            Self::System => Time(Timestamp::now()),
            Self::Fixed(time) => time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_kubernetes_times() {
        let time: Time = serde_json::from_str("\"2026-11-23T10:00:00Z\"").unwrap();
        assert_eq!(time.to_string(), "2026-11-23T10:00:00Z");
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-11-23T10:00:00Z\"");
        assert_eq!(Time::parse("2026-11-23T10:00:00.250000Z").unwrap().to_string(), "2026-11-23T10:00:00.25Z");
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn what_lies_ahead_has_no_age() {
        let now = Time::parse("2026-11-23T10:00:00Z").unwrap();
        assert_eq!(Time::parse("2026-11-23T09:59:00Z").unwrap().seconds_before(now), 60);
        assert_eq!(Time::parse("2026-11-23T10:01:00Z").unwrap().seconds_before(now), 0);
        assert_eq!(Clock::Fixed(now).now(), now);
    }
}
