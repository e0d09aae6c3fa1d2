//! The `format`s that the API server enforces.

use jiff::Timestamp;

/// Whether a string has the format; formats that are not enforced hold.
pub fn holds(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        "byte" => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.decode(text).is_ok()
        }
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    }
}

/// Whether an integer fits its format.
pub fn fits(format: &str, number: i64) -> bool {
    format != "int32" || i32::try_from(number).is_ok()
}
