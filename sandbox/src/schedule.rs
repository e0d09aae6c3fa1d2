//! Schedules of `ScheduledBackup`s: cron with seconds, as github.com/robfig/cron (version 1, which CloudNativePG
//! uses) reads it, in UTC. It is our own, since the crates that read cron differ from that one where it matters: in
//! `@every`, in the numbers of weekdays, in `5/15`, and in the words of a refusal, which the webhook passes on.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// As far ahead as robfig looks for a moment.
const FARTHEST_YEARS: i16 = 5;

/// A schedule, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// `@every 1h`.
    Every(SignedDuration),
    /// Six fields.
    Fields(Box<Fields>),
}

/// The moments at which each part of a time fits, as bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
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

/// What a field may hold.
struct Bounds {
    low: u32,
    high: u32,
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What is wrong with it, in robfig's words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Empty spec string".to_owned());
        }
        let plain = match text {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            other => other,
        };
        if let Some(interval) = plain.strip_prefix("@every ") {
            let interval = duration(interval).map_err(|why| format!("Failed to parse duration {text}: {why}"))?;
            // Not more often than every second, and on full seconds.
            return Ok(Self::Every(SignedDuration::from_secs(interval.as_secs().max(1))));
        }
        if plain.starts_with('@') {
            return Err(format!("Unrecognized descriptor: {text}"));
        }
        let mut fields: Vec<&str> = plain.split_whitespace().collect();
        if !(5..=6).contains(&fields.len()) {
            return Err(format!("Expected 5 to 6 fields, found {}: {text}", fields.len()));
        }
        // The day of the week may be left out.
        fields.resize(6, "*");
        let number = |low, high| Bounds { low, high, words: &[] };
        let (seconds, _) = bits(fields[0], &number(0, 59))?;
        let (minutes, _) = bits(fields[1], &number(0, 59))?;
        let (hours, _) = bits(fields[2], &number(0, 23))?;
        let (days, any_day) = bits(fields[3], &number(1, 31))?;
        let (months, _) = bits(fields[4], &Bounds { low: 1, high: 12, words: MONTHS })?;
        let (weekdays, any_weekday) = bits(fields[5], &Bounds { low: 0, high: 6, words: DAYS })?;
        let fields = Fields { seconds, minutes, hours, days, months, weekdays, any_day, any_weekday };
        Ok(Self::Fields(Box::new(fields)))
    }

    /// The first moment after `after`; `None` where none comes within five years.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
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

/// The values of a field, and whether it holds a `*` or `?`.
fn bits(field: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let (mut found, mut any) = (0, false);
    for part in field.split(',').filter(|part| !part.is_empty()) {
        let (from, to, step, star) = range(part, bounds)?;
        any |= star;
        found |= (from..=to).step_by(step).fold(0, |bits, value| bits | 1 << value);
    }
    Ok((found, any))
}

fn range(part: &str, bounds: &Bounds) -> Result<(u32, u32, usize, bool), String> {
    let (low, high) = (bounds.low, bounds.high);
    let pieces: Vec<&str> = part.split('/').collect();
    let ends: Vec<&str> = pieces[0].split('-').collect();
    let star = matches!(ends[0], "*" | "?");
    let (from, mut to) = match ends.as_slice() {
        _ if star => (low, high),
        [one] => (value(one, bounds)?, value(one, bounds)?),
        [from, to] => (value(from, bounds)?, value(to, bounds)?),
        _ => return Err(format!("Too many hyphens: {part}")),
    };
    let step = match pieces.as_slice() {
        [_] => 1,
        [_, step] => {
            // `5/15` is every 15 from 5 on.
            if ends.len() == 1 {
                to = high;
            }
            number(step)?
        }
        _ => return Err(format!("Too many slashes: {part}")),
    };
    if from < low {
        return Err(format!("Beginning of range ({from}) below minimum ({low}): {part}"));
    }
    if to > high {
        return Err(format!("End of range ({to}) above maximum ({high}): {part}"));
    }
    if from > to {
        return Err(format!("Beginning of range ({from}) beyond end of range ({to}): {part}"));
    }
    if step == 0 {
        return Err(format!("Step of range should be a positive number: {part}"));
    }
    Ok((from, to, usize::try_from(step).unwrap_or(usize::MAX), star))
}

fn value(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let word = text.to_ascii_lowercase();
    let named = bounds.words.iter().position(|there| *there == word).and_then(|at| u32::try_from(at).ok());
    named.map_or_else(|| number(text), |at| Ok(at + bounds.low))
}

fn number(text: &str) -> Result<u32, String> {
    let parsed: i64 = text
        .parse()
        .map_err(|_| format!("Failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax"))?;
    u32::try_from(parsed).map_err(|_| format!("Negative number ({parsed}) not allowed: {text}"))
}

/// A duration as Go writes it: `1h30m`.
fn duration(text: &str) -> Result<SignedDuration, String> {
    const UNITS: [(&str, f64); 8] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let invalid = || format!("time: invalid duration \"{text}\"");
    let mut rest = text;
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len());
        let amount: f64 = rest[..end].parse().map_err(|_| invalid())?;
        rest = &rest[end..];
        let end = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
        if end == 0 {
            return Err(format!("time: missing unit in duration \"{text}\""));
        }
        let unit = UNITS.iter().find(|(name, _)| *name == &rest[..end]);
        let (_, factor) =
            unit.ok_or_else(|| format!("time: unknown unit \"{}\" in duration \"{text}\"", &rest[..end]))?;
        seconds += amount * factor;
        rest = &rest[end..];
    }
    SignedDuration::try_from_secs_f64(seconds).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> Option<String> {
        Schedule::parse(schedule).unwrap().next(after.parse().unwrap()).map(|at| at.to_string())
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
            ("0 */5 1-3,7 * jan *", "2026-01-01T03:55:00Z", "2026-01-01T07:00:00Z"),
            ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T00:00:00.7Z", "2026-01-01T01:30:00Z"),
            ("@every 1.5m", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"),
            ("@every 20ms", "2026-01-01T00:00:00.7Z", "2026-01-01T00:00:01Z"),
            ("0 0 1 1 jan", "2026-01-01T01:00:00Z", "2027-01-01T01:00:00Z"),
        ] {
            assert_eq!(next(schedule, after).as_deref(), Some(wanted), "{schedule} after {after}");
        }
        assert_eq!(next("0 0 0 31 2 *", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn refusals_are_robfigs() {
        for (wrong, words) in [
            ("", "Empty spec string"),
            ("often", "Expected 5 to 6 fields, found 1: often"),
            ("@sometimes", "Unrecognized descriptor: @sometimes"),
            ("@every soon", "Failed to parse duration @every soon: time: invalid duration \"soon\""),
            ("@every 5", "Failed to parse duration @every 5: time: missing unit in duration \"5\""),
            ("@every 5x", "Failed to parse duration @every 5x: time: unknown unit \"x\" in duration \"5x\""),
            ("0 0 24 * * *", "End of range (24) above maximum (23): 24"),
            ("0 0 0 0 * *", "Beginning of range (0) below minimum (1): 0"),
            ("0 0 0 * * 7", "End of range (7) above maximum (6): 7"),
            ("5-1 * * * * *", "Beginning of range (5) beyond end of range (1): 5-1"),
            ("1-2-3 * * * * *", "Too many hyphens: 1-2-3"),
            ("1/2/3 * * * * *", "Too many slashes: 1/2/3"),
            ("*/0 * * * * *", "Step of range should be a positive number: */0"),
            ("x * * * * *", "Failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(Schedule::parse(wrong).unwrap_err(), words, "{wrong}");
        }
    }
}
