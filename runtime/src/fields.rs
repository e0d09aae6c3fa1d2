//! JSON to send, kept beside a copy in which secrets are masked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::secret::{MASK, SecretText};
use crate::time::Time;

/// A JSON object to send. It keeps its keys in order, leaves absent values out, and knows how to show
/// itself without its secrets.
#[derive(Clone, Default)]
pub struct Fields {
    real: Map<String, Value>,
    shown: Map<String, Value>,
    secrets: Vec<SecretText>,
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Fields").field(&self.shown).finish()
    }
}

impl Fields {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key; an absent optional value leaves it out.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl IntoField) -> Self {
        if let Some(field) = value.into_field() {
            self.real.insert(key.to_owned(), field.real);
            self.shown.insert(key.to_owned(), field.shown);
            self.secrets.extend(field.secrets);
        }
        self
    }

    /// Sets a key to JSON `null`, which takes the field away where this is sent as a merge patch.
    #[must_use]
    pub fn null(mut self, key: &str) -> Self {
        self.real.insert(key.to_owned(), Value::Null);
        self.shown.insert(key.to_owned(), Value::Null);
        self
    }

    /// Takes in every key of another object.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.real.extend(other.real);
        self.shown.extend(other.shown);
        self.secrets.extend(other.secrets);
        self
    }

    /// Whether no key is set.
    pub fn is_empty(&self) -> bool {
        self.real.is_empty()
    }

    /// The object to send. Secrets are in it: it goes into a request body and nowhere else.
    pub(crate) fn real(&self) -> &Map<String, Value> {
        &self.real
    }

    /// The object to show, secrets masked.
    pub fn shown(&self) -> &Map<String, Value> {
        &self.shown
    }

    /// The secret values in it.
    pub(crate) fn secrets(&self) -> &[SecretText] {
        &self.secrets
    }
}

/// A value on its way into [`Fields`].
pub struct Field {
    real: Value,
    shown: Value,
    secrets: Vec<SecretText>,
}

impl Field {
    fn plain(value: Value) -> Self {
        Self { shown: value.clone(), real: value, secrets: Vec::new() }
    }
}

/// Values that can be sent.
pub trait IntoField {
    /// The JSON to send; `None` leaves the key out.
    fn into_field(self) -> Option<Field>;
}

impl<T: IntoField> IntoField for Option<T> {
    fn into_field(self) -> Option<Field> {
        self.and_then(IntoField::into_field)
    }
}

impl<T: IntoField + Clone> IntoField for &T {
    fn into_field(self) -> Option<Field> {
        self.clone().into_field()
    }
}

impl IntoField for &str {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self)))
    }
}

impl IntoField for String {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self)))
    }
}

impl IntoField for bool {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self)))
    }
}

impl IntoField for i64 {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self)))
    }
}

impl IntoField for f64 {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self)))
    }
}

impl IntoField for Time {
    fn into_field(self) -> Option<Field> {
        Some(Field::plain(Value::from(self.to_string())))
    }
}

impl IntoField for Value {
    fn into_field(self) -> Option<Field> {
        (!self.is_null()).then(|| Field::plain(self))
    }
}

impl IntoField for SecretText {
    fn into_field(self) -> Option<Field> {
        Some(Field { real: Value::from(self.expose()), shown: Value::from(MASK), secrets: vec![self] })
    }
}

impl IntoField for Fields {
    fn into_field(self) -> Option<Field> {
        Some(Field { real: Value::Object(self.real), shown: Value::Object(self.shown), secrets: self.secrets })
    }
}

impl<T: IntoField> IntoField for Vec<T> {
    fn into_field(self) -> Option<Field> {
        let mut list = Field::plain(Value::Null);
        let (mut real, mut shown) = (Vec::new(), Vec::new());
        for field in self.into_iter().filter_map(IntoField::into_field) {
            real.push(field.real);
            shown.push(field.shown);
            list.secrets.extend(field.secrets);
        }
        list.real = Value::Array(real);
        list.shown = Value::Array(shown);
        Some(list)
    }
}

impl<T: IntoField> IntoField for BTreeMap<String, T> {
    fn into_field(self) -> Option<Field> {
        self.into_iter().fold(Fields::new(), |fields, (key, value)| fields.set(&key, value)).into_field()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_values_leave_their_key_out() {
        let fields = Fields::new()
            .set("a", "x")
            .set("b", None::<String>)
            .set("c", Some(&String::from("y")))
            .set("d", Fields::new().set("e", 3_i64).set("f", None::<bool>))
            .set("g", vec!["h".to_owned()])
            .null("i");
        assert_eq!(Value::Object(fields.real().clone()), json!({"a":"x","c":"y","d":{"e":3},"g":["h"],"i":null}));
    }

    #[test]
    fn secrets_are_masked_at_every_depth() {
        let secret = SecretText::new("s3cret-s3cret".into());
        let fields = Fields::new().set("stringData", Fields::new().set("password", &secret)).set("list", vec![&secret]);
        assert_eq!(
            Value::Object(fields.shown().clone()),
            json!({"stringData":{"password":"<secret>"},"list":["<secret>"]})
        );
        assert_eq!(fields.real()["stringData"]["password"], "s3cret-s3cret");
        assert_eq!(fields.secrets().len(), 2);
        assert!(!format!("{fields:?}").contains("s3cret"));
    }

    #[test]
    fn merge_takes_the_later_value() {
        let fields = Fields::new().set("a", 1_i64).merge(Fields::new().set("a", 2_i64).set("b", true));
        assert_eq!(Value::Object(fields.real().clone()), json!({"a":2,"b":true}));
    }
}
