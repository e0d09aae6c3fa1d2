//! Schedules of `ScheduledBackup`s: cron with seconds, as github.com/robfig/cron reads it, in UTC.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// No schedule that ever comes is rarer than the 29th of February on one weekday.
const FARTHEST_YEARS: i16 = 41;

/// A schedule, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `@every 1h`.
    Every(SignedDuration),
    /// Six fields.
    Fields(Box<Fields>),
}

/// The moments at which each part of a time fits, as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// `*` or `?`: only the other of the two says which days.
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads a schedule; `None` where it is none, which the webhook says in detail.
    pub fn read(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            other => other,
        };
        if let Some(interval) = text.strip_prefix("@every ") {
            let interval: SignedDuration = interval.trim().parse().ok()?;
            return (interval.as_secs() >= 1).then_some(Self::Every(interval));
        }
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            // The day of the week may be left out.
            fields.push("*");
        }
        let [second, minute, hour, day, month, weekday] = fields.as_slice() else { return None };
        Some(Self::Fields(Box::new(Fields {
            seconds: bits(second, 0, 59, &[])?,
            minutes: bits(minute, 0, 59, &[])?,
            hours: bits(hour, 0, 23, &[])?,
            days: bits(day, 1, 31, &[])?,
            months: bits(month, 1, 12, &MONTHS)?,
            weekdays: bits(weekday, 0, 6, &DAYS)?,
            any_day: day.starts_with(['*', '?']),
            any_weekday: weekday.starts_with(['*', '?']),
        })))
    }

    /// The first moment after `after`; `None` where none comes.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            // As robfig: from the full second on.
            Self::Every(interval) => Timestamp::from_second(after.as_second()).ok()?.checked_add(*interval).ok(),
            Self::Fields(fields) => fields.next(after),
        }
    }
}

impl Fields {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut at = Timestamp::from_second(after.as_second() + 1).ok()?.to_zoned(TimeZone::UTC);
        let last = at.year() + FARTHEST_YEARS;
        while at.year() <= last {
            if !fits(self.months, at.month()) {
                at = at.first_of_month().ok()?.start_of_day().ok()?.checked_add(1.month()).ok()?;
            } else if !self.is_day(&at) {
                at = at.start_of_day().ok()?.checked_add(1.day()).ok()?;
            } else if !fits(self.hours, at.hour()) {
                at = at.with().minute(0).second(0).build().ok()?.checked_add(1.hour()).ok()?;
            } else if !fits(self.minutes, at.minute()) {
                at = at.with().second(0).build().ok()?.checked_add(1.minute()).ok()?;
            } else if fits(self.seconds, at.second()) {
                return Some(at.timestamp());
            } else {
                at = at.checked_add(1.second()).ok()?;
            }
        }
        None
    }

    /// Both a day of the month and a weekday may be named: one of them is enough.
    fn is_day(&self, at: &Zoned) -> bool {
        let day = fits(self.days, at.day());
        let weekday = fits(self.weekdays, Weekday::to_sunday_zero_offset(at.weekday()));
        if self.any_day || self.any_weekday { day && weekday } else { day || weekday }
    }
}

fn fits(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits & (1 << value) != 0)
}

fn bits(field: &str, low: u32, high: u32, words: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let named = words.iter().position(|word| *word == text.to_ascii_lowercase());
        named.and_then(|at| u32::try_from(at).ok()).map(|at| at + low).or_else(|| text.parse().ok())
    };
    let mut found = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step: u32 = step.map_or(Some(1), |step| step.parse().ok())?;
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/15` is every 15 from 5 on.
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if step == 0 || from < low || to > high || from > to {
            return None;
        }
        found |= (from..=to).step_by(usize::try_from(step).ok()?).fold(0, |bits, value| bits | 1 << value);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> Option<String> {
        Schedule::read(schedule).unwrap().next(after.parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn the_next_moment() {
        for (schedule, after, wanted) in [
            ("0 0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 3 * * *", "2026-01-31T23:59:59.5Z", "2026-02-01T03:00:00Z"),
            ("30 */15 * * * *", "2026-01-01T10:15:30Z", "2026-01-01T10:30:30Z"),
            ("0 0 3 * * mon-fri", "2026-01-02T03:00:00Z", "2026-01-05T03:00:00Z"),
            ("0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 12 1 * sun", "2026-01-01T12:00:00Z", "2026-01-04T12:00:00Z"),
            ("0 5/20 * * * ?", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:00.7Z", "2026-01-01T01:30:00Z"),
            ("0 0 1 1 jan", "2026-01-01T01:00:00Z", "2027-01-01T01:00:00Z"),
        ] {
            assert_eq!(next(schedule, after).as_deref(), Some(wanted), "{schedule} after {after}");
        }
        assert_eq!(next("0 0 0 31 2 *", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_no_schedule() {
        for wrong in ["", "often", "0 0 24 * * *", "0 0 0 0 * *", "5-1 * * * * *", "*/0 * * * * *", "@every soon"] {
            assert_eq!(Schedule::read(wrong), None, "{wrong}");
        }
    }
}
