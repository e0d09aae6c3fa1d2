//! Steps: one form for each verb, with the clauses that any step may have.

use serde_json::{Map, Value, json};

use super::pieces::{
    condition, described, mapping, named, reference, scalar, shown, text, texts, value, words, words_of,
};
use super::values::comprehension_keys;
use crate::syntax::tables::{ADVICE, OUTCOMES, UNDO};

type Keys = Vec<(&'static str, Value, bool)>;

/// Clauses of any step.
fn clauses() -> Keys {
    let advice: Keys = ADVICE.iter().map(|(on, _)| (*on, scalar("What to do about it."), false)).collect();
    vec![
        ("when", condition("Only where this holds."), false),
        (
            "missing",
            words("Not found, or the kind not known there, is no error: the result is absent.", &["ok"]),
            false,
        ),
        ("forbidden", scalar("403 is no error: the result is absent, and this note becomes a warning."), false),
        (
            "advice",
            described_mapping("What to do about a failure, beside the runtime's own advice.", mapping(&advice)),
            false,
        ),
        (
            "undo",
            words_of(
                "What takes the step back where a later write fails: `delete` what was created, `restore` the element as it was.",
                UNDO,
            ),
            false,
        ),
    ]
}

fn described_mapping(about: &str, mut schema: Value) -> Value {
    schema["description"] = json!(about);
    schema
}

/// `kind`, `name`, `namespace`: an object by name.
fn object(required: bool) -> Keys {
    vec![
        ("kind", text("Kind, as described in `resources/`."), required),
        ("name", scalar("Name of the object."), required),
        ("namespace", scalar("Namespace; unset, the parameter `namespace`."), false),
    ]
}

/// The forms of a step: by verb, two for those that can go through a list.
fn forms_of_steps() -> Vec<(&'static str, Value)> {
    vec![
        ("get", step("get", text("Read one object. The name of the result."), object(true))),
        ("list", step("list", text("Read objects. The name of the result, a list."), list())),
        ("read", step("read", text("Read the end of a text of an object. The name of the result."), read())),
        ("create", step("create", text("Make an object. The name of the result."), create())),
        ("patch", {
            let mut schema = step(
                "patch",
                text("Change fields of an object; what is not named stays. The binding to change."),
                patch(),
            );
            let one = |key: &str| json!({ "required": [key] });
            schema["anyOf"] = json!([one("set"), one("labels"), one("annotations")]);
            schema
        }),
        ("edit", step("edit", text("Change one element of a list in an object. The binding to change."), edit())),
        ("delete", step("delete", text("Delete an object, by its uid. The binding to delete."), object(false))),
        (
            "delete_each",
            step(
                "delete",
                text(
                    "Delete each of a list; a failure does not stop it. The name of the result, `{ done, failed: [{ name, reason }] }`.",
                ),
                vec![("each", scalar("The objects."), true)],
            ),
        ),
        ("wait", step("wait", text("Follow an object until a condition holds. The binding to follow."), wait())),
        ("require", step("require", reference("require"), Vec::new())),
        ("let", step("let", text("Name a value. The name."), vec![("be", shown("The value."), true)])),
        ("let_each", step("let", text("Name what a comprehension gives. The name."), comprehension_keys(shown))),
        ("warn", step("warn", scalar("A text for the answer's warnings."), Vec::new())),
        (
            "stop",
            step(
                "stop",
                described_mapping(
                    "End the call here, in good order.",
                    mapping(&[
                        ("when", condition("Where this holds."), true),
                        ("outcome", words_of("How the call ended.", OUTCOMES), true),
                    ]),
                ),
                Vec::new(),
            ),
        ),
        (
            "confirm",
            step(
                "confirm",
                described_mapping(
                    "Ask before going on.",
                    mapping(&[
                        ("by", text("Parameter that says yes beforehand (meaning `confirmation`)."), true),
                        ("plan", text("Partial that shows what would go."), true),
                        ("when", condition("Only where this holds."), false),
                    ]),
                ),
                Vec::new(),
            ),
        ),
        ("use", mapping(&[("use", text("Shared steps of `steps.yaml`, put in this place."), true)])),
    ]
}

fn step(verb: &'static str, schema: Value, keys: Keys) -> Value {
    let mut all: Keys = vec![(verb, schema, true)];
    all.extend(keys);
    all.extend(clauses());
    mapping(&all)
}

fn list() -> Keys {
    vec![
        ("kind", text("Kind, as described in `resources/`."), true),
        ("namespace", scalar("Namespace; unset, the parameter `namespace`."), false),
        ("all_namespaces", condition("Where this holds, every namespace."), false),
        ("labels", described("Labels that they must have; the API server selects.", "scalars"), false),
        ("fields", described("Fields that they must have; the API server selects.", "scalars"), false),
        ("keep", condition("Only those (`item`) where this holds."), false),
        ("newest", reference("newest"), false),
        ("page", reference("page"), false),
    ]
}

fn read() -> Keys {
    let mut keys = object(true);
    keys.extend([
        ("subresource", text("The text, as the kind's description names it under `texts`."), true),
        ("query", described("Parameters of the request; absent ones are left out.", "scalars"), false),
        ("max_bytes", scalar("Most bytes of the result: the last whole lines."), true),
    ]);
    keys
}

fn create() -> Keys {
    let mut keys = object(true);
    keys.extend([
        ("owner", text("Binding of the object that it belongs to and goes away with."), false),
        ("labels", described("Labels beside the server's own.", "scalars"), false),
        ("annotations", described("Annotations beside the server's own.", "scalars"), false),
        ("body", value("Everything but metadata."), false),
        (
            "existing",
            described_mapping(
                "What if there is one already.",
                mapping(&[
                    ("adopt", condition("Where this holds of it (`existing`), it is taken over."), true),
                    ("otherwise", scalar("What to say where it is not."), false),
                ]),
            ),
            false,
        ),
    ]);
    keys
}

fn patch() -> Keys {
    let mut keys = object(false);
    keys.extend([
        ("set", value("Fields and their new values; `null` deletes a field."), false),
        ("labels", described("Labels to set.", "scalars"), false),
        ("annotations", described("Annotations to set.", "scalars"), false),
        ("subresource", words("Write through `status`, as the operator does.", &["status"]), false),
    ]);
    keys
}

fn edit() -> Keys {
    let mut keys = object(false);
    keys.extend([
        ("list", text("Path of the list, as `spec.managed.roles`."), true),
        ("key", described("Fields that name the element, and their values.", "scalars"), true),
        ("require", reference("require"), false),
        ("put", value("The element becomes the key plus this."), false),
        ("set", value("These fields of the element change."), false),
        ("remove", texts("These fields of the element go."), false),
    ]);
    keys
}

fn wait() -> Keys {
    let mut keys = object(false);
    keys.extend([
        ("after", condition("`until` counts only once this held, for status that lags."), false),
        ("until", condition("Done where this holds of it (`item`)."), true),
        (
            "fail",
            described_mapping(
                "Give up.",
                mapping(&[("when", condition("Where this holds."), true), ("message", scalar("What to say."), true)]),
            ),
            false,
        ),
        ("timeout", scalar("How long at most, in seconds."), true),
        (
            "progress",
            described_mapping(
                "What to tell the client meanwhile.",
                mapping(&[
                    ("done", scalar("How much is done, a whole number."), true),
                    ("of", scalar("Of how much."), true),
                    ("say", scalar("What is going on."), true),
                ]),
            ),
            false,
        ),
    ]);
    keys
}

pub fn definitions() -> Map<String, Value> {
    let mut all = Map::new();
    all.insert(
        "require".to_owned(),
        described_mapping(
            "Refuse the call where a condition does not hold.",
            mapping(&[
                ("that", condition("What must hold."), true),
                ("otherwise", scalar("What is wrong, and what to do."), true),
                ("parameter", text("The parameter that is to blame."), false),
            ]),
        ),
    );
    let mut forms = Vec::new();
    for (form, schema) in forms_of_steps() {
        let name = format!("step_{form}");
        forms.push(reference(&name));
        all.insert(name, schema);
    }
    all.insert("step".to_owned(), json!({ "anyOf": forms }));
    all.insert(
        "steps".to_owned(),
        json!({ "description": "What is done, in order.", "type": "array", "items": reference("step") }),
    );
    all.insert("params".to_owned(), named("What the tool takes, by name.", reference("param")));
    all
}
