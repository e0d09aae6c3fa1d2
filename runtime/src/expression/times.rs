//! Ages.

use crate::time::Time;

/// What has an age: a time, or one that may be absent.
pub trait Moment {
    /// `String` for a time, `Option<String>` for one that may be absent.
    type Age;

    /// How long ago it was, seen from `now`.
    fn age(self, now: Time) -> Self::Age;
}

impl Moment for Time {
    type Age = String;

    fn age(self, now: Time) -> String {
        in_words(self.seconds_before(now))
    }
}

impl Moment for Option<Time> {
    type Age = Option<String>;

    fn age(self, now: Time) -> Option<String> {
        self.map(|time| time.age(now))
    }
}

impl<T: Moment + Copy> Moment for &T {
    type Age = T::Age;

    fn age(self, now: Time) -> T::Age {
        (*self).age(now)
    }
}

/// `time | age`: how long ago it was by the call's clock, in its two greatest units: `3d4h`, `12m5s`, `40s`.
pub fn age<T: Moment>(time: T, now: Time) -> T::Age {
    time.age(now)
}

/// `time | rfc3339(digits)`: the time in UTC as RFC 3339 has it, with that many digits of a second (0 to 9).
#[must_use]
pub fn rfc3339(time: Time, digits: i64) -> String {
    let digits = u8::try_from(digits.clamp(0, 9)).unwrap_or(0);
    format!("{:.*}", usize::from(digits), time.timestamp())
}

fn in_words(seconds: i64) -> String {
    const UNITS: [(i64, &str); 5] = [(365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let Some(greatest) = UNITS.iter().position(|(unit, _)| seconds >= *unit) else {
        return "0s".to_owned();
    };
    let (unit, name) = UNITS[greatest];
    let mut words = format!("{}{name}", seconds / unit);
    if let Some((next, next_name)) = UNITS.get(greatest + 1) {
        let rest = seconds % unit / next;
        if rest > 0 {
            words.push_str(&rest.to_string());
            words.push_str(next_name);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_greatest_units() {
        for (seconds, words) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (725, "12m5s"),
            (3_600, "1h"),
            (3_659, "1h"),
            (273_600, "3d4h"),
            (400 * 86_400, "1y35d"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }

    #[test]
    fn as_many_digits_as_asked_for() {
        let time = Time::parse("2026-11-23T10:00:00.25Z").unwrap();
        assert_eq!(rfc3339(time, 0), "2026-11-23T10:00:00Z");
        assert_eq!(rfc3339(time, 6), "2026-11-23T10:00:00.250000Z");
        assert_eq!(rfc3339(time, -1), "2026-11-23T10:00:00Z");
    }

    #[test]
    fn by_the_given_clock() {
        let now = Time::parse("2026-11-23T10:00:00Z").unwrap();
        let then = Time::parse("2026-11-20T06:00:00Z").unwrap();
        assert_eq!(age(then, now), "3d4h");
        assert_eq!(age(Some(then), now).as_deref(), Some("3d4h"));
        assert_eq!(age(&None::<Time>, now), None);
        assert_eq!(age(now, then), "0s");
    }
}
