//! The compiler's table of functions, filters and tests, held against the runtime's functions of the same names.

use std::collections::BTreeMap;

use cnpg_mcp_codegen::vocabulary::{Gives, Place, WORDS};
use cnpg_mcp_runtime::expression::FUNCTIONS;

#[test]
fn the_compiler_and_the_runtime_know_the_same_words() {
    let written: BTreeMap<&str, usize> = WORDS.iter().map(|word| (word.name, word.takes.len())).collect();
    let served: BTreeMap<&str, usize> = FUNCTIONS.iter().copied().collect();
    assert_eq!(written.len(), WORDS.len(), "two forms of one name would be one function of the runtime");
    let mut found = Vec::new();
    for (name, arity) in &written {
        match served.get(name) {
            None => found.push(format!("specs can say `{name}`, the runtime has no such function")),
            Some(there) if there != arity => {
                found.push(format!("`{name}` takes {arity} in specs, {there} in the runtime"));
            }
            Some(_) => {}
        }
    }
    for name in served.keys().filter(|name| !written.contains_key(*name)) {
        found.push(format!("the runtime has `{name}`, specs cannot say it"));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn templates_are_tried_against_the_budget_that_answers_have() {
    assert_eq!(cnpg_mcp_codegen::template::sample::LIMIT, cnpg_mcp_runtime::budget::LIMIT);
}

#[test]
fn what_differs_each_time_or_is_secret_stands_in_let_alone() {
    for word in WORDS {
        let once = word.gives == Gives::Secret || word.name == "now";
        assert_eq!(word.place == Place::Let, once, "{}", word.name);
    }
}
