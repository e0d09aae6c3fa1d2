//! The part of CEL that the rules of CloudNativePG's CRDs are written in: field access, `has`, comparison,
//! arithmetic on lengths, `&&`, `||`, `!`, `?:`, `in`, lists, the macros `all`, `exists`, `exists_one`,
//! `filter` and `map`, and `size`, `startsWith`, `endsWith`, `contains`, `matches`.
//!
//! Everything else is refused when the CRD is read: a rule is never skipped in silence.

mod parser;

use std::cmp::Ordering;

use serde_json::{Value, json};

/// A parsed rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Literal(Value),
    Name(String),
    Field(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    Has(Box<Node>, String),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
    List(Vec<Node>),
    Call(String, Box<Node>, Vec<Node>),
    Macro(Macro, Box<Node>, String, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    In,
    Add,
    Subtract,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// The names that a rule can read.
type Scope<'a> = Vec<(&'a str, Value)>;

impl Expression {
    /// Parses a rule.
    ///
    /// # Errors
    /// What is not understood.
    pub fn parse(source: &str) -> Result<Self, String> {
        parser::parse(source).map(Self)
    }

    /// Whether the rule reads that name.
    pub fn mentions(&self, name: &str) -> bool {
        mentions(&self.0, name)
    }

    /// Evaluates the rule.
    ///
    /// # Errors
    /// What CEL says, such as `no such key: x`.
    pub fn holds(&self, this: &Value, old: Option<&Value>) -> Result<bool, String> {
        let mut scope: Scope<'_> = vec![("self", this.clone())];
        if let Some(old) = old {
            scope.push(("oldSelf", old.clone()));
        }
        truth(&evaluate(&self.0, &mut scope)?)
    }
}

fn mentions(node: &Node, name: &str) -> bool {
    match node {
        Node::Literal(_) => false,
        Node::Name(there) => there == name,
        Node::Field(inner, _) | Node::Has(inner, _) | Node::Not(inner) | Node::Negate(inner) => mentions(inner, name),
        Node::Index(a, b) | Node::Binary(_, a, b) | Node::Macro(_, a, _, b) => mentions(a, name) || mentions(b, name),
        Node::Choice(a, b, c) => [a, b, c].into_iter().any(|inner| mentions(inner, name)),
        Node::List(items) => items.iter().any(|inner| mentions(inner, name)),
        Node::Call(_, target, arguments) => mentions(target, name) || arguments.iter().any(|a| mentions(a, name)),
    }
}

fn truth(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "no such overload".to_owned())
}

fn evaluate<'a>(node: &'a Node, scope: &mut Scope<'a>) -> Result<Value, String> {
    match node {
        Node::Literal(value) => Ok(value.clone()),
        Node::Name(name) => {
            let found = scope.iter().rev().find(|(there, _)| there == name);
            found.map(|(_, value)| value.clone()).ok_or_else(|| format!("undeclared reference to '{name}'"))
        }
        Node::Field(target, name) => {
            let target = evaluate(target, scope)?;
            target.get(name).cloned().ok_or_else(|| format!("no such key: {name}"))
        }
        Node::Index(target, index) => {
            let target = evaluate(target, scope)?;
            match evaluate(index, scope)? {
                Value::String(key) => target.get(&key).cloned().ok_or_else(|| format!("no such key: {key}")),
                index => {
                    let at = index.as_u64().and_then(|at| usize::try_from(at).ok());
                    at.and_then(|at| target.get(at).cloned()).ok_or_else(|| format!("index out of bounds: {index}"))
                }
            }
        }
        Node::Has(target, name) => Ok(json!(evaluate(target, scope)?.get(name).is_some())),
        Node::Not(inner) => Ok(json!(!truth(&evaluate(inner, scope)?)?)),
        Node::Negate(inner) => {
            let value = evaluate(inner, scope)?;
            value.as_i64().map(|number| json!(-number)).ok_or_else(|| "no such overload".to_owned())
        }
        Node::Binary(operator, left, right) => binary(*operator, left, right, scope),
        Node::Choice(condition, yes, no) => {
            let branch = if truth(&evaluate(condition, scope)?)? { yes } else { no };
            evaluate(branch, scope)
        }
        Node::List(items) => {
            let items = items.iter().map(|item| evaluate(item, scope)).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::Array(items))
        }
        Node::Call(name, target, arguments) => {
            let target = evaluate(target, scope)?;
            let argument = arguments.first().map(|argument| evaluate(argument, scope)).transpose()?;
            call(name, &target, argument.as_ref())
        }
        Node::Macro(kind, target, variable, body) => {
            let target = evaluate(target, scope)?;
            comprehend(*kind, &target, variable, body, scope)
        }
    }
}

/// `&&` and `||` absorb an error of one side where the other decides, as CEL does.
fn binary<'a>(operator: Operator, left: &'a Node, right: &'a Node, scope: &mut Scope<'a>) -> Result<Value, String> {
    if matches!(operator, Operator::And | Operator::Or) {
        let decisive = operator == Operator::Or;
        let first = evaluate(left, scope).and_then(|value| truth(&value));
        if first == Ok(decisive) {
            return Ok(json!(decisive));
        }
        let second = evaluate(right, scope).and_then(|value| truth(&value))?;
        return if second == decisive { Ok(json!(decisive)) } else { first.map(|_| json!(!decisive)) };
    }
    let (left, right) = (evaluate(left, scope)?, evaluate(right, scope)?);
    let overload = || "no such overload".to_owned();
    let order = || -> Result<Ordering, String> {
        match (&left, &right) {
            (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
            _ => left.as_f64().zip(right.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)).ok_or_else(overload),
        }
    };
    Ok(match operator {
        Operator::Equal => json!(left == right),
        Operator::NotEqual => json!(left != right),
        Operator::Less => json!(order()?.is_lt()),
        Operator::LessOrEqual => json!(order()?.is_le()),
        Operator::More => json!(order()?.is_gt()),
        Operator::MoreOrEqual => json!(order()?.is_ge()),
        Operator::In => match &right {
            Value::Array(items) => json!(items.contains(&left)),
            Value::Object(map) => json!(left.as_str().is_some_and(|key| map.contains_key(key))),
            _ => return Err(overload()),
        },
        Operator::Add | Operator::Subtract => match (&left, &right) {
            (Value::String(a), Value::String(b)) if operator == Operator::Add => json!(format!("{a}{b}")),
            _ => {
                let (a, b) = left.as_i64().zip(right.as_i64()).ok_or_else(overload)?;
                let result = if operator == Operator::Add { a.checked_add(b) } else { a.checked_sub(b) };
                json!(result.ok_or("integer overflow")?)
            }
        },
        Operator::And | Operator::Or => return Err(overload()),
    })
}

fn call(name: &str, target: &Value, argument: Option<&Value>) -> Result<Value, String> {
    let overload = || "no such overload".to_owned();
    if name == "size" {
        return Ok(match target {
            Value::String(text) => json!(text.chars().count()),
            Value::Array(items) => json!(items.len()),
            Value::Object(map) => json!(map.len()),
            _ => return Err(overload()),
        });
    }
    let text = target.as_str().ok_or_else(overload)?;
    let argument = argument.and_then(Value::as_str).ok_or_else(overload)?;
    Ok(json!(match name {
        "startsWith" => text.starts_with(argument),
        "endsWith" => text.ends_with(argument),
        "contains" => text.contains(argument),
        _ => regex::Regex::new(argument).map_err(|error| error.to_string())?.is_match(text),
    }))
}

fn comprehend<'a>(
    kind: Macro,
    target: &Value,
    variable: &'a str,
    body: &'a Node,
    scope: &mut Scope<'a>,
) -> Result<Value, String> {
    let items: Vec<Value> = match target {
        Value::Array(items) => items.clone(),
        Value::Object(map) => map.keys().map(|key| json!(key)).collect(),
        _ => return Err("no such overload".to_owned()),
    };
    let mut results = Vec::with_capacity(items.len());
    for item in &items {
        scope.push((variable, item.clone()));
        let result = evaluate(body, scope);
        scope.pop();
        results.push(result);
    }
    let decided = |decisive: bool| -> Result<bool, String> {
        let mut failure = None;
        for result in &results {
            match result.clone().and_then(|value| truth(&value)) {
                Ok(value) if value == decisive => return Ok(decisive),
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(!decisive), Err)
    };
    Ok(match kind {
        Macro::All => json!(decided(false)?),
        Macro::Exists => json!(decided(true)?),
        Macro::Map => Value::Array(results.into_iter().collect::<Result<_, _>>()?),
        Macro::ExistsOne | Macro::Filter => {
            let mut kept = Vec::new();
            for (item, result) in items.into_iter().zip(results) {
                if truth(&result?)? {
                    kept.push(item);
                }
            }
            if kind == Macro::Filter { Value::Array(kept) } else { json!(kept.len() == 1) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: &str, this: impl Into<Value>) -> Result<bool, String> {
        Expression::parse(rule).unwrap().holds(&this.into(), None)
    }

    #[test]
    fn the_rules_of_the_crds_are_decided_as_cel_decides_them() {
        let exclusive = "!(has(self.a) && has(self.b))";
        assert_eq!(holds(exclusive, json!({ "a": 1 })), Ok(true));
        assert_eq!(holds(exclusive, json!({ "a": 1, "b": 2 })), Ok(false));
        let unique = "self.all(e, self.filter(f, f.key==e.key).size() == 1)";
        assert_eq!(holds(unique, json!([{ "key": "x" }, { "key": "y" }])), Ok(true));
        assert_eq!(holds(unique, json!([{ "key": "x" }, { "key": "x" }])), Ok(false));
        assert_eq!(holds("!self.name.startsWith('pg_')", json!({ "name": "pg_x" })), Ok(false));
    }

    #[test]
    fn a_missing_key_is_an_error_unless_the_other_side_decides() {
        let rule = "!has(self.icu) || self.provider == 'icu'";
        assert_eq!(holds(rule, json!({})), Ok(true));
        assert_eq!(holds(rule, json!({ "icu": "de" })), Err("no such key: provider".to_owned()));
        assert_eq!(holds("self.missing == 1 || true", json!({})), Ok(true));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(Expression::parse("self.isSorted()").is_err());
        assert!(Expression::parse("self == ").is_err());
        assert!(Expression::parse("quantity(self)").is_err());
    }
}
