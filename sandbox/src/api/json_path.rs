//! The JSON paths of printer columns: `.a.b`, `.list[0]`, `.list[?(@.type=="Ready")].status`,
//! `.map['key']` and `.map.with\.dot`.

use serde_json::Value;

/// The value at a path; `None` where there is none.
pub(super) fn find<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = object;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let (selector, after) = (&inner[..end], &inner[end + 1..]);
            value = select(value, selector)?;
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = name(rest);
            value = value.get(&name)?;
            rest = after;
        }
    }
    (!value.is_null()).then_some(value)
}

/// A name up to the next dot or bracket; a backslash keeps the dot behind it.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '\\' if !escaped => escaped = true,
            '.' | '[' if !escaped => return (name, &text[at..]),
            _ => {
                name.push(letter);
                escaped = false;
            }
        }
    }
    (name, "")
}

fn select<'v>(value: &'v Value, selector: &str) -> Option<&'v Value> {
    if let Ok(at) = selector.parse::<usize>() {
        return value.get(at);
    }
    if let Some(condition) = selector.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        let (path, wanted) = condition.split_once("==")?;
        let path = path.trim().trim_start_matches('@');
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        return value.as_array()?.iter().find(|item| find(item, path).and_then(Value::as_str) == Some(wanted));
    }
    value.get(selector.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_paths_of_printer_columns_are_understood() {
        let object = json!({
            "spec": { "instances": 3 },
            "metadata": { "labels": { "cnpg.io/role": "rw" } },
            "status": { "conditions": [{ "type": "A", "status": "False" }, { "type": "Ready", "status": "True" }] },
        });
        let cases = [
            (".spec.instances", json!(3)),
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.conditions[0].type", json!("A")),
            (".metadata.labels['cnpg.io/role']", json!("rw")),
            (".metadata.labels.cnpg\\.io/role", json!("rw")),
        ];
        for (path, value) in cases {
            assert_eq!(find(&object, path), Some(&value), "{path}");
        }
        assert_eq!(find(&object, ".spec.missing"), None);
    }
}
