//! Pauses between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Longest pause that a server may ask for with `Retry-After`; it is asked again after that.
const LONGEST_ASKED: Duration = Duration::from_secs(10);

/// Exponential pauses with full jitter, so that clients that met once do not meet again.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// How often it was asked for a pause.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next pause; at least what the server asked for.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.attempts.min(10)).min(LONGEST);
        self.attempts += 1;
        let jittered = bound.mul_f64(0.5 + random_fraction() / 2.0);
        asked.map_or(jittered, |asked| asked.min(LONGEST_ASKED) + jittered.min(FIRST))
    }
}

/// Between 0 and 1. Without random source the middle: then clients may meet again, and that is all.
fn random_fraction() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_stays_bounded() {
        let mut backoff = Backoff::default();
        for attempt in 0..40 {
            let pause = backoff.next(None);
            assert!(pause <= LONGEST);
            assert!(pause >= FIRST / 2, "{attempt}: {pause:?}");
        }
        assert_eq!(backoff.attempts(), 40);
        assert!(backoff.next(None) >= LONGEST / 2);
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_ever() {
        assert!(Backoff::default().next(Some(Duration::from_secs(3))) >= Duration::from_secs(3));
        assert!(Backoff::default().next(Some(Duration::from_hours(1))) <= LONGEST_ASKED + FIRST);
    }
}
