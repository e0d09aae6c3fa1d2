//! Tools as a whole: names, effects, toolsets, texts.

use super::{At, Found, outputs, params};
use crate::emit::schema;
use crate::lowered::{Effect, Program, Tool};

pub fn compare(old: &Program, new: &Program, found: &mut Found<'_>) {
    let named = |program: &'_ Program, name: &str| program.tools.iter().position(|tool| tool.name == name);
    let mut taken = Vec::new();
    for tool in &old.tools {
        if let Some(at) = named(new, &tool.name) {
            both((old, tool), (new, &new.tools[at]), found);
            continue;
        }
        let alike = |other: &&Tool| {
            named(old, &other.name).is_none() && !taken.contains(&other.name) && is_alike((old, tool), (new, other))
        };
        let renamed = new.tools.iter().find(alike).map(|other| other.name.clone());
        let why = "a client that calls it by this name gets an error";
        if let Some(name) = renamed {
            let message = format!("it is now called `{name}`");
            found.gone("tool-renamed", &tool.name, &At::Key("tool"), message, why);
            taken.push(name);
        } else {
            found.gone("tool-removed", &tool.name, &At::Key("tool"), "it is gone".to_owned(), why);
        }
    }
    for tool in new.tools.iter().filter(|tool| named(old, &tool.name).is_none() && !taken.contains(&tool.name)) {
        let why = "nobody calls it yet";
        found.fits("tool-added", &tool.name, &At::Key("tool"), "it is new".to_owned(), why);
    }
}

/// Whether the two take and give the same.
fn is_alike(old: (&Program, &Tool), new: (&Program, &Tool)) -> bool {
    old.1.effect == new.1.effect
        && schema::input(old.1) == schema::input(new.1)
        && schema::output(old.0, old.1) == schema::output(new.0, new.1)
}

fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Destroy => "destroy",
    }
}

fn both(old: (&Program, &Tool), new: (&Program, &Tool), found: &mut Found<'_>) {
    let (was, is) = (old.1, new.1);
    let tool = is.name.as_str();
    if was.effect != is.effect {
        let message = format!("the effect was `{}` and is `{}`", word(was.effect), word(is.effect));
        let why = if is.effect > was.effect {
            "servers that are read-only or spare what destroys may not offer it any more, and clients ask before it"
        } else {
            "clients no longer ask before it, and servers offer it that did not"
        };
        found.breaks("effect-changed", tool, &At::Key("effect"), message, why);
    }
    match (was.idempotent, is.idempotent) {
        (true, false) => found.breaks(
            "idempotent-changed",
            tool,
            &At::Key("idempotent"),
            "it is no longer idempotent".to_owned(),
            "clients that were told so repeat a call that failed",
        ),
        (false, true) => found.fits(
            "idempotent-changed",
            tool,
            &At::Key("idempotent"),
            "it is idempotent now".to_owned(),
            "a client need not know",
        ),
        _ => {}
    }
    if was.toolset != is.toolset {
        let message = format!("it was in the toolset `{}` and is in `{}`", was.toolset, is.toolset);
        let why = "servers that were started with `--toolsets` may not offer it any more";
        found.breaks("toolset-changed", tool, &At::Key("toolset"), message, why);
    }
    for (change, key, was, is) in
        [("title-changed", "title", &was.title, &is.title), ("about-changed", "about", &was.about, &is.about)]
    {
        if was.trim() != is.trim() {
            found.fits(change, tool, &At::Key(key), format!("its `{key}` is worded anew"), "it is for reading");
        }
    }
    params::compare(was, is, found);
    outputs::compare(&schema::output(old.0, was), &schema::output(new.0, is), tool, found);
}
