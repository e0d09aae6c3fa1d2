//! Parameters of queries and forms. None may stand twice (RFC 6749, section 3.1), and one without a value is none.

use std::collections::HashMap;

/// Most bytes of a parameter's value.
const MAX_VALUE: usize = 8 << 10;

/// Parameters, each once.
pub(super) struct Parameters {
    values: HashMap<String, String>,
    /// `resource` alone may stand several times (RFC 8707, section 2).
    pub resources: Vec<String>,
}

/// Parameters that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// One stands twice.
    Repeated,
    /// One is too long.
    TooLong,
}

impl Unreadable {
    /// For an `error_description`.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Repeated => "a parameter is there more than once",
            Self::TooLong => "a parameter is too long",
        }
    }
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let mut read = Self { values: HashMap::new(), resources: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if value.len() > MAX_VALUE {
                return Err(Unreadable::TooLong);
            }
            if name == "resource" {
                read.resources.push(value.into_owned());
            } else if read.values.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Unreadable::Repeated);
            }
        }
        Ok(read)
    }

    /// A value that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_an_empty_one_is_not() {
        let read = Parameters::read("a=1&b=&resource=x&resource=y&c=%41+b").unwrap();
        assert_eq!((read.get("a"), read.get("b"), read.get("c"), read.get("d")), (Some("1"), None, Some("A b"), None));
        assert_eq!(read.resources, ["x", "y"]);
        assert_eq!(Parameters::read("a=1&a=1").err(), Some(Unreadable::Repeated));
        assert_eq!(Parameters::read(&format!("a={}", "x".repeat(9000))).err(), Some(Unreadable::TooLong));
    }
}
