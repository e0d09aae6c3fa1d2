//! What templates can call: the functions, filters and tests of the spec language, on template values.
//!
//! The work is done by [`crate::expression`], the same code that generated handlers call; here are only
//! the conversions. Absent values are minijinja's undefined (nulls never reach a template).

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, filters};

use super::markdown;
use crate::expression;
use crate::time::Time;

/// Names of values that are put into every context for the vocabulary, out of the reach of templates.
pub(super) const NOW: &str = "\u{1}now";
pub(super) const NAMESPACE: &str = "\u{1}namespace";
pub(super) const IMAGE_REGISTRY: &str = "\u{1}image_registry";

/// Adds the vocabulary to an environment without any.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    add_filters(environment);
    environment.add_test("set", |value: &Value| !is_absent(value));
    environment.add_test("empty", is_empty);
    environment.add_test("startingwith", expression::startingwith);
    environment.add_test("endingwith", expression::endingwith);
    environment.add_test("matching", expression::matching);
    environment.add_function("current_namespace", |state: &State| hidden(state, NAMESPACE));
    environment.add_function("image_registry", |state: &State| hidden(state, IMAGE_REGISTRY));
    environment.add_function("object_name", expression::object_name);
    environment.add_function("kubectl_get_secret", expression::kubectl_get_secret);
}

fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter(
        "default",
        |value: &Value, fallback: &Value| if is_absent(value) { fallback.clone() } else { value.clone() },
    );
    environment
        .add_filter("fence", |text: &str, language: &str| Value::from_safe_string(markdown::fence(text, language)));
    environment.add_filter("age", age);
    environment.add_filter("label_value", expression::label_value);
    environment.add_filter("entries", entries);
    environment.add_filter("keys", |map: &Value| -> Result<Value, Error> { Ok(map.try_iter()?.collect()) });
    environment.add_filter("values", |map: &Value| -> Result<Value, Error> {
        map.try_iter()?.map(|key| map.get_item(&key)).collect::<Result<Value, Error>>()
    });
    environment.add_filter("length", |value: &Value| {
        value.as_str().map_or_else(|| value.len().unwrap_or_default(), |text| text.chars().count())
    });
    environment.add_filter("join", |list: &Value, separator: &str| -> Result<String, Error> {
        Ok(list.try_iter()?.map(|item| item.to_string()).collect::<Vec<_>>().join(separator))
    });
    environment.add_filter("first", |list: &Value| -> Result<Value, Error> {
        Ok(list.try_iter()?.next().unwrap_or_default())
    });
    environment
        .add_filter("last", |list: &Value| -> Result<Value, Error> { Ok(list.try_iter()?.last().unwrap_or_default()) });
    environment.add_filter("lower", expression::lower);
    environment.add_filter("upper", expression::upper);
    environment.add_filter("trim", expression::trim);
    environment.add_filter("replace", expression::replace);
    environment.add_filter("split", expression::split);
    environment.add_filter("string", |value: &Value| value.to_string());
    environment.add_filter("int", |text: &str| expression::int(text).map_or(Value::UNDEFINED, Value::from));
    environment.add_filter("rfc3339", |time: &str, digits: i64| {
        Time::parse(time)
            .map(|time| expression::rfc3339(time, digits))
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "`rfc3339` needs a time"))
    });
    environment.add_filter("abs", filters::abs);
    environment.add_filter("min", filters::min);
    environment.add_filter("max", filters::max);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("unique", filters::unique);
}

/// Whether a value is not there.
pub(super) fn is_absent(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// Absent, or a text, list or map with nothing in it, or an object without any field set.
fn is_empty(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => true,
        ValueKind::String => value.as_str().is_some_and(str::is_empty),
        ValueKind::Map => value
            .try_iter()
            .is_ok_and(|mut keys| keys.all(|key| value.get_item(&key).is_ok_and(|field| is_absent(&field)))),
        _ => value.len() == Some(0),
    }
}

/// `{key, value}` pairs of a map, ordered by key.
fn entries(map: &Value) -> Result<Value, Error> {
    map.try_iter()?
        .map(|key| {
            let value = map.get_item(&key)?;
            Ok(Value::from_pairs([("key", key), ("value", value)]))
        })
        .collect()
}

/// How long ago a time was, by the call's clock.
fn age(state: &State, value: &Value) -> Result<Value, Error> {
    if is_absent(value) {
        return Ok(Value::UNDEFINED);
    }
    let then: Option<Time> = value.as_str().and_then(Time::parse);
    let now: Option<Time> = hidden(state, NOW).as_str().and_then(Time::parse);
    match (then, now) {
        (Some(then), Some(now)) => Ok(Value::from(expression::age(then, now))),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "`age` needs a time")),
    }
}

fn hidden(state: &State, name: &str) -> Value {
    state.lookup(name).unwrap_or_default()
}
