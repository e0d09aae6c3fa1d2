//! Clocks: tokens are good from one time to another, and each side goes by its own.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::report::Report;

/// Seconds that are noticed, and that break logins.
const NOTICED: i64 = 5;
const TOO_MANY: i64 = 60;

/// How far clocks are from this one, in seconds.
#[derive(Debug, Default)]
pub struct Clocks(Vec<(&'static str, i64)>);

impl Clocks {
    /// Takes the time that somebody's answer said just now (RFC 9110, section 6.6.1).
    pub fn add(&mut self, whose: &'static str, date: Option<&str>) {
        if let Some(date) = date.and_then(|date| rfc2822::parse(date).ok()) {
            self.0.push((whose, Timestamp::now().as_second() - date.timestamp().as_second()));
        }
    }

    /// Says how far they are apart.
    pub fn report(&self, report: &mut Report) {
        let next = "let all machines take their time from NTP";
        for (whose, seconds) in &self.0 {
            let apart = format!("clock: this one is {seconds} seconds ahead of that of {whose}");
            match seconds.abs() {
                0..NOTICED => report.ok(format_args!("clock: that of {whose} is right")),
                NOTICED..TOO_MANY => report.warning(apart, next),
                _ => report.failure(format_args!("{apart}; tokens will be refused"), next),
            }
        }
    }
}
