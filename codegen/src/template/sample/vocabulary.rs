//! The vocabulary on samples: what the runtime's functions give, as far as size and layout go.
//!
//! Undefined values, formatting and white space are as in the runtime (`cnpg_mcp_runtime::render`).

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters};

/// How long ago a time is.
const AGE: &str = "3d4h";

/// An environment with the vocabulary and nothing else.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    if let Ok(syntax) =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(format);
    add_filters(&mut environment);
    environment.add_test("set", |value: &Value| !is_absent(value));
    environment.add_test("empty", is_empty);
    environment.add_test("startingwith", |text: &str, beginning: &str| text.starts_with(beginning));
    environment.add_test("endingwith", |text: &str, end: &str| text.ends_with(end));
    environment.add_test("matching", |text: &str, pattern: &str| {
        regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
    });
    environment.add_function("current_namespace", || "default");
    environment.add_function("image_registry", || "ghcr.io/cloudnative-pg");
    environment.add_function("object_name", |prefix: &str, name: &str| format!("{prefix}-{name}"));
    environment.add_function("kubectl_get_secret", |name: &str, namespace: &str, key: &str| {
        format!("kubectl get secret {name} --namespace {namespace} -o jsonpath='{{.data.{key}}}' | base64 -d")
    });
    environment
}

fn add_filters(environment: &mut Environment<'static>) {
    environment.add_filter(
        "default",
        |value: &Value, fallback: &Value| {
            if is_absent(value) { fallback.clone() } else { value.clone() }
        },
    );
    environment.add_filter("fence", |text: &str, language: &str| {
        Value::from_safe_string(format!("```{language}\n{}\n```", text.replace('`', "'")))
    });
    environment.add_filter("age", |value: &Value| if is_absent(value) { Value::UNDEFINED } else { Value::from(AGE) });
    environment.add_filter("label_value", |text: &str| text.chars().take(63).collect::<String>());
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
    environment.add_filter("rfc3339", |time: &Value, _digits: &Value| time.to_string());
    environment.add_filter("lower", |text: &str| text.to_lowercase());
    environment.add_filter("upper", |text: &str| text.to_uppercase());
    environment.add_filter("trim", |text: &str| text.trim().to_owned());
    environment.add_filter(
        "replace",
        |text: &str, from: &str, to: &str| {
            if from.is_empty() { text.to_owned() } else { text.replace(from, to) }
        },
    );
    environment.add_filter("split", |text: &str, separator: &str| -> Vec<String> {
        if separator.is_empty() {
            text.split_whitespace().map(str::to_owned).collect()
        } else {
            text.split(separator).map(str::to_owned).collect()
        }
    });
    environment.add_filter("string", |value: &Value| value.to_string());
    environment.add_filter("int", |text: &str| text.trim().parse::<i64>().map_or(Value::UNDEFINED, Value::from));
    environment.add_filter("abs", filters::abs);
    environment.add_filter("min", filters::min);
    environment.add_filter("max", filters::max);
    environment.add_filter("sort", filters::sort);
    environment.add_filter("unique", filters::unique);
}

fn is_absent(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

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

fn entries(map: &Value) -> Result<Value, Error> {
    map.try_iter()?
        .map(|key| {
            let value = map.get_item(&key)?;
            Ok(Value::from_pairs([("key", key), ("value", value)]))
        })
        .collect()
}

fn format(output: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.kind() {
        ValueKind::Bool => output.write_str(if value.is_true() { "yes" } else { "no" }),
        ValueKind::Number => output.write_str(&value.to_string()),
        ValueKind::String if value.is_safe() => output.write_str(value.as_str().unwrap_or_default()),
        // A value cannot end the span, cell or line that it stands in.
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            output.write_str(&text.replace('`', "'").replace('|', "¦").replace('\n', " "))
        }
        other => return Err(Error::new(ErrorKind::InvalidOperation, format!("a {other} cannot be printed"))),
    };
    written.map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::environment;
    use crate::vocabulary::{Form, Place, Shape, WORDS};
    use minijinja::ErrorKind;

    #[test]
    fn every_word_that_templates_may_use_is_there() {
        let environment = environment();
        // Templates see no objects of kinds.
        let usable =
            |word: &&crate::vocabulary::Word| word.place != Place::Let && !word.takes.contains(&Shape::Resource);
        for word in WORDS.iter().filter(usable) {
            let arguments = vec!["'a'"; word.takes.len().saturating_sub(usize::from(word.form != Form::Function))];
            let arguments = arguments.join(", ");
            let source = match word.form {
                Form::Function => format!("{{{{ {}({arguments}) }}}}", word.name),
                Form::Filter => format!("{{{{ 'a' | {}({arguments}) }}}}", word.name),
                Form::Test => format!("{{{{ 'a' is {}({arguments}) }}}}", word.name),
            };
            let unknown = environment.render_str(&source, ()).err().is_some_and(|error| {
                matches!(error.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest)
            });
            assert!(!unknown, "{source}");
        }
    }
}
