//! Arguments against what the tool takes.
//!
//! Everything wrong is found in one pass, so that a model can put it all right in its next call. Nothing
//! here looks deeper into a value than its rule says, so that deep or huge arguments cost nothing, and
//! nothing repeats a secret.

mod problem;
mod quantity;
mod text;

pub use problem::Problem;
pub(crate) use quantity::amount as quantity_amount;
pub use quantity::is_positive_quantity;
pub use text::pattern;

use problem::{shown_name, shown_value, type_name};
use serde_json::{Number, Value};

use crate::tool::{Arguments, ParamInfo, Rule, TextRule, ToolInfo};

/// Problems with unknown names that are listed; more are only counted.
const MAX_UNKNOWN: usize = 10;

/// Longest unknown name that is compared with the known ones.
const MAX_COMPARED: usize = 64;

/// Holds arguments to the tool's rules, and fills in literal defaults.
///
/// # Errors
/// Every problem: unknown names first in the order in which they were passed, then the parameters in the
/// order of the spec.
pub fn check(info: &ToolInfo, mut arguments: Arguments) -> Result<Arguments, Vec<Problem>> {
    let mut problems = unknown_names(info, &arguments);
    let secrets: Vec<String> = info
        .params
        .iter()
        .filter(|param| param.secret)
        .filter_map(|param| {
            arguments.get(param.name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        })
        .collect();
    for param in info.params {
        match arguments.get_mut(param.name) {
            None if param.required => problems.push(Problem {
                parameter: param.name.to_owned(),
                what: String::from("is required and was not passed"),
                expected: expectation(&param.rule),
            }),
            None => {
                if let Some(default) = param.default {
                    arguments.insert(param.name.to_owned(), default.to_value());
                }
            }
            Some(value) => {
                if matches!(param.rule, Rule::Int { .. }) {
                    whole_number(value);
                }
                // A secret may have been passed a second time, in a parameter that is none.
                let quotes_secret =
                    value.as_str().is_some_and(|text| secrets.iter().any(|secret| text.contains(secret.as_str())));
                problems.extend(problem_of(param, value, param.secret || quotes_secret));
            }
        }
    }
    if problems.is_empty() { Ok(arguments) } else { Err(problems) }
}

/// Holds one value to its parameter's rule: also for computed defaults.
pub fn check_value(param: &ParamInfo, value: &Value) -> Option<Problem> {
    problem_of(param, value, param.secret)
}

fn problem_of(param: &ParamInfo, value: &Value, secret: bool) -> Option<Problem> {
    let what = match (&param.rule, value) {
        (_, Value::Null) => Some(String::from("is null; leave it out instead")),
        (Rule::Bool, Value::Bool(_)) => None,
        (Rule::Int { min, max }, Value::Number(number)) => out_of_range(number, *min, *max, true),
        (Rule::Float { min, max }, Value::Number(number)) => out_of_range(number, *min, *max, false),
        (Rule::Text(rule), Value::String(text)) => of_text(text, rule),
        (Rule::Enum(words), Value::String(text)) => {
            (!words.contains(&text.as_str())).then(|| String::from("is none of the words"))
        }
        (Rule::Quantity, Value::String(text)) => {
            (!is_positive_quantity(text)).then(|| String::from("is no Kubernetes quantity greater than zero"))
        }
        (Rule::TextList(rule), Value::Array(items)) => items.iter().enumerate().find_map(|(index, item)| match item {
            Value::String(text) => of_text(text, rule).map(|what| format!("has an element {} that {what}", index + 1)),
            other => Some(format!("has an element {} that is a {}", index + 1, type_name(other))),
        }),
        (_, other) => Some(format!("is a {}", type_name(other))),
    }?;
    let got = if value.is_null() { String::new() } else { format!(" (got {})", shown_value(value, secret)) };
    Some(Problem { parameter: param.name.to_owned(), what: format!("{what}{got}"), expected: expectation(&param.rule) })
}

/// What a parameter takes, in words.
pub fn expectation(rule: &Rule) -> String {
    match rule {
        Rule::Bool => String::from("`true` or `false`"),
        Rule::Int { min, max } => range("a whole number", *min, *max),
        Rule::Float { min, max } => range("a number", *min, *max),
        Rule::Text(rule) => text::expectation(rule),
        Rule::Enum(words) => {
            format!("one of {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
        Rule::Quantity => String::from("a Kubernetes quantity greater than zero, such as `10Gi`"),
        Rule::TextList(rule) => format!("a list, each element {}", text::expectation(rule)),
    }
}

/// The known name nearest to a wrong one, where one is near.
pub fn nearest<'name>(wrong: &str, known: impl IntoIterator<Item = &'name str>) -> Option<&'name str> {
    if wrong.len() > MAX_COMPARED {
        return None;
    }
    let wrong = wrong.to_lowercase().replace('-', "_");
    let allowed = (wrong.chars().count() / 3).max(1);
    let near = |name: &&str| strsim::damerau_levenshtein(&wrong, name);
    let contains =
        |name: &&str| wrong.len() >= 4 && (name.contains(wrong.as_str()) || wrong.contains(*name) && name.len() >= 4);
    known.into_iter().filter(|name| near(name) <= allowed || contains(name)).min_by_key(near)
}

fn unknown_names(info: &ToolInfo, arguments: &Arguments) -> Vec<Problem> {
    let unknown: Vec<&String> = arguments.keys().filter(|name| info.param(name).is_none()).collect();
    let known = || info.params.iter().map(|param| param.name);
    let mut problems: Vec<Problem> = unknown
        .iter()
        .take(MAX_UNKNOWN)
        .map(|name| Problem {
            parameter: shown_name(name),
            what: nearest(name, known())
                .map_or_else(|| String::from("is unknown"), |near| format!("is unknown (did you mean `{near}`?)")),
            expected: format!("one of {}", known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        })
        .collect();
    if unknown.len() > MAX_UNKNOWN {
        problems.push(Problem {
            parameter: String::from("…"),
            what: format!("stands for {} more unknown parameters", unknown.len() - MAX_UNKNOWN),
            expected: String::from("none of them"),
        });
    }
    problems
}

/// `3.0` is an integer to JSON Schema; handlers see `3`.
fn whole_number(value: &mut Value) {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(float) = value.as_f64().filter(|_| value.is_f64())
        && float.fract() == 0.0
        && float.abs() <= LARGEST_EXACT
    {
        // The value is whole and exactly representable, so nothing is lost.
        #[allow(clippy::cast_possible_truncation)]
        let whole = float as i64;
        *value = Value::from(whole);
    }
}

fn out_of_range(number: &Number, min: Option<i64>, max: Option<i64>, whole: bool) -> Option<String> {
    if whole {
        let Some(value) = number.as_i64() else {
            return Some(String::from(if number.is_u64() { "is too great" } else { "is no whole number" }));
        };
        if min.is_some_and(|min| value < min) {
            return Some(String::from("is too small"));
        }
        return max.is_some_and(|max| value > max).then(|| String::from("is too great"));
    }
    let value = number.as_f64()?;
    // Bounds in specs are small; their nearest float is the bound itself.
    #[allow(clippy::cast_precision_loss)]
    let (low, high) = (min.map(|min| min as f64), max.map(|max| max as f64));
    if low.is_some_and(|min| value < min) {
        return Some(String::from("is too small"));
    }
    high.is_some_and(|max| value > max).then(|| String::from("is too great"))
}

fn of_text(text: &str, rule: &TextRule) -> Option<String> {
    let found = text::violations(text, rule);
    (!found.is_empty()).then(|| found.join(" and "))
}

fn range(noun: &str, min: Option<i64>, max: Option<i64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{noun} from {min} to {max}"),
        (Some(min), None) => format!("{noun} of at least {min}"),
        (None, Some(max)) => format!("{noun} of at most {max}"),
        (None, None) => noun.to_owned(),
    }
}
