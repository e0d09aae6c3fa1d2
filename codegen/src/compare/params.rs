//! What a tool takes: wider fits, narrower breaks.

use serde_json::Value;

use super::{At, Found};
use crate::emit::schema;
use crate::lowered::{Param, ParamType, Tool};

const REFUSED: &str = "calls that were taken are refused";
const WIDER: &str = "what was taken still is";

pub fn compare(old: &Tool, new: &Tool, found: &mut Found<'_>) {
    let tool = new.name.as_str();
    let (was, is) = (schema::input(old), schema::input(new));
    let schema_of = |input: &Value, name: &str| input["properties"][name].clone();
    let mut taken: Vec<&str> = Vec::new();
    for param in &old.params {
        let name = param.name.as_str();
        if let Some(now) = new.params.iter().find(|now| now.name == name) {
            both(tool, param, now, &schema_of(&was, name), &schema_of(&is, name), found);
            continue;
        }
        let renamed = new.params.iter().find(|now| {
            old.params.iter().all(|other| other.name != now.name)
                && !taken.contains(&now.name.as_str())
                && now.required == param.required
                && schema_of(&is, &now.name) == schema_of(&was, name)
        });
        if let Some(now) = renamed {
            taken.push(&now.name);
            let message = format!("parameter `{name}` is now called `{}`", now.name);
            found.breaks(
                "parameter-renamed",
                tool,
                &At::Param(&now.name),
                message,
                "a call that passes it by its old name is refused",
            );
        } else {
            let message = format!("parameter `{name}` is gone");
            found.gone("parameter-removed", tool, &At::Param(name), message, "a call that passes it is refused");
        }
    }
    for param in &new.params {
        let name = param.name.as_str();
        if taken.contains(&name) || old.params.iter().any(|was| was.name == name) {
            continue;
        }
        if param.required {
            let message = format!("parameter `{name}` is new and required");
            found.breaks("parameter-added", tool, &At::Param(name), message, "every call that there is lacks it");
        } else {
            let message = format!("parameter `{name}` is new and optional");
            found.fits("parameter-added", tool, &At::Param(name), message, "a call without it is taken");
        }
    }
}

fn both(tool: &str, old: &Param, new: &Param, was: &Value, is: &Value, found: &mut Found<'_>) {
    let name = new.name.as_str();
    let at = At::Param(name);
    match (old.required, new.required) {
        (false, true) => {
            let message = format!("parameter `{name}` is required now");
            found.breaks("parameter-required", tool, &at, message, "a call without it is refused");
        }
        (true, false) => {
            let message = format!("parameter `{name}` is no longer required");
            found.fits("parameter-optional", tool, &at, message, WIDER);
        }
        (false, false) => default(tool, new, found),
        (true, true) => {}
    }
    if kind(&old.ty) != kind(&new.ty) {
        let message = format!("parameter `{name}` was {} and is {}", kind(&old.ty), kind(&new.ty));
        if widens(&old.ty, &new.ty) {
            found.fits("parameter-type", tool, &at, message, WIDER);
        } else {
            found.breaks("parameter-type", tool, &at, message, REFUSED);
        }
    }
    if let (ParamType::Enum(before), ParamType::Enum(now)) = (&old.ty, &new.ty) {
        words(tool, name, before, now, found);
    }
    // The bounds of a list hold for its elements.
    let part = |schema: &Value| if schema["type"] == "array" { schema["items"].clone() } else { schema.clone() };
    if matches!(new.ty, ParamType::Quantity) == matches!(old.ty, ParamType::Quantity) {
        bounds(tool, name, &part(was), &part(is), found);
    }
    reserved(tool, old, new, found);
    if old.meaning != new.meaning {
        let message = format!("parameter `{name}` has another meaning");
        found.breaks("parameter-meaning", tool, &at, message, "calls that pass it do something else");
    }
    if old.about.trim() != new.about.trim() {
        let message = format!("the description of parameter `{name}` is worded anew");
        found.fits("about-changed", tool, &at, message, "it is for reading");
    }
}

/// A default, of a parameter that may be left out before and after.
fn default(tool: &str, param: &Param, found: &mut Found<'_>) {
    let name = param.name.as_str();
    let (was, is) = (found.old.default(tool, name), found.new.default(tool, name));
    if was == is {
        return;
    }
    let shown =
        |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
    let message = format!("the default of parameter `{name}` was {} and is {}", shown(&was), shown(&is));
    found.breaks("default-changed", tool, &At::Param(name), message, "calls that leave it out do something else");
}

fn kind(ty: &ParamType) -> &'static str {
    match ty {
        ParamType::Bool => "a bool",
        ParamType::Int => "an int",
        ParamType::Float => "a float",
        ParamType::String => "a string",
        ParamType::Enum(_) => "an enum",
        ParamType::Quantity => "a quantity",
        ParamType::Secret => "a secret",
        ParamType::StringList => "a list of strings",
    }
}

/// Whether every value of the one is a value of the other.
fn widens(old: &ParamType, new: &ParamType) -> bool {
    matches!(
        (old, new),
        (ParamType::Int, ParamType::Float)
            | (ParamType::Enum(_) | ParamType::Quantity | ParamType::Secret, ParamType::String)
            | (ParamType::String, ParamType::Secret)
    )
}

fn words(tool: &str, name: &str, old: &[String], new: &[String], found: &mut Found<'_>) {
    let beyond = |some: &[String], others: &[String]| -> Vec<String> {
        some.iter().filter(|word| !others.contains(word)).map(|word| format!("`{word}`")).collect()
    };
    let (gone, added) = (beyond(old, new), beyond(new, old));
    if !gone.is_empty() {
        let message = format!("parameter `{name}` no longer takes {}", gone.join(", "));
        found.breaks("enum-narrowed", tool, &At::Param(name), message, REFUSED);
    }
    if !added.is_empty() {
        let message = format!("parameter `{name}` takes {} too", added.join(", "));
        found.fits("enum-widened", tool, &At::Param(name), message, WIDER);
    }
}

/// Numbers and lengths, and the pattern.
fn bounds(tool: &str, name: &str, old: &Value, new: &Value, found: &mut Found<'_>) {
    for (keyword, what, upwards) in [
        ("minimum", "least value", true),
        ("maximum", "greatest value", false),
        ("minLength", "least length", true),
        ("maxLength", "greatest length", false),
    ] {
        let (was, is) = (old[keyword].as_i64(), new[keyword].as_i64());
        if was == is {
            continue;
        }
        let tighter = match (was, is) {
            (Some(was), Some(is)) => (is > was) == upwards,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let shown = |bound: Option<i64>| bound.map_or_else(|| "not bounded".to_owned(), |bound| bound.to_string());
        let message = format!("the {what} of parameter `{name}` was {} and is {}", shown(was), shown(is));
        if tighter {
            found.breaks("bounds-tightened", tool, &At::Param(name), message, REFUSED);
        } else {
            found.fits("bounds-loosened", tool, &At::Param(name), message, WIDER);
        }
    }
    match (old["pattern"].as_str(), new["pattern"].as_str()) {
        (was, is) if was == is => {}
        (Some(was), None) => {
            let message = format!("parameter `{name}` need no longer match `{was}`");
            found.fits("pattern-removed", tool, &At::Param(name), message, WIDER);
        }
        (None, is) => {
            let message = format!("parameter `{name}` must match `{}` now", is.unwrap_or_default());
            found.breaks("pattern-added", tool, &At::Param(name), message, REFUSED);
        }
        (Some(was), Some(is)) => {
            let message = format!("parameter `{name}` had to match `{was}` and has to match `{is}`");
            let why = "values that matched may not any more";
            found.breaks("pattern-changed", tool, &At::Param(name), message, why);
        }
    }
}

fn reserved(tool: &str, old: &Param, new: &Param, found: &mut Found<'_>) {
    let listed = |param: &Param| -> Vec<String> {
        let reserved = param.bounds.reserved.clone().unwrap_or_default();
        let prefixes = reserved.prefixes.into_iter().map(|prefix| format!("`{prefix}*`"));
        reserved.names.into_iter().map(|name| format!("`{name}`")).chain(prefixes).collect()
    };
    let (was, is, name) = (listed(old), listed(new), new.name.as_str());
    let beyond = |some: &[String], others: &[String]| -> Vec<String> {
        some.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let (added, gone) = (beyond(&is, &was), beyond(&was, &is));
    if !added.is_empty() {
        let message = format!("parameter `{name}` no longer takes {}", added.join(", "));
        found.breaks("reserved-added", tool, &At::Param(name), message, REFUSED);
    }
    if !gone.is_empty() {
        let message = format!("parameter `{name}` takes {} too", gone.join(", "));
        found.fits("reserved-removed", tool, &At::Param(name), message, WIDER);
    }
}
