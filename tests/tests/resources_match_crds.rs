//! The resource descriptions under `specs/resources`, held against the operator's custom resource definitions.
//!
//! What is described must be so in the CRD: the field exists there, with that type, enum, default, bounds and
//! `required`. A CRD may have more fields; of a described field it may not have more rules. The smallest length of text
//! cannot be said in a description and is not compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use cnpg_mcp_codegen::diagnostic::render_line;
use cnpg_mcp_codegen::import;
use cnpg_mcp_codegen::lowered::{Kind, KindField, KindFieldType};
use serde_json::{Value, json};

/// The folder with the CRDs, as YAML files.
const FOLDER: &str = "CNPG_CRDS_DIR";

#[test]
#[ignore = "needs CNPG_CRDS_DIR, a folder with the operator's CRDs"]
fn resources_match_crds() -> anyhow::Result<()> {
    let folder = std::env::var_os(FOLDER).context(FOLDER)?;
    let crds = read_crds(Path::new(&folder))?;
    let kinds: Vec<Kind> = described_kinds()?.into_iter().filter(|kind| kind.operator.is_some()).collect();
    assert!(!kinds.is_empty(), "no operator's kind is described");
    let mut found = Vec::new();
    for kind in &kinds {
        match crds.get(&(kind.group.clone(), kind.kind.clone())) {
            Some(crd) => compare_kind(kind, crd, &mut found),
            None => found.push(format!("{}: no CRD of group `{}` has this kind", kind.kind, kind.group)),
        }
    }
    assert!(
        found.is_empty(),
        "{} differences between specs/resources and {}:\n{}",
        found.len(),
        Path::new(&folder).display(),
        found.join("\n")
    );
    Ok(())
}

/// What `import-crd` makes of each CRD is so in the CRD too; but that a text is secret no CRD says.
#[test]
#[ignore = "needs CNPG_CRDS_DIR, a folder with the operator's CRDs"]
fn imported_descriptions_match_crds() -> anyhow::Result<()> {
    let folder = std::env::var_os(FOLDER).context(FOLDER)?;
    let specs = tempfile::tempdir()?;
    std::fs::create_dir(specs.path().join("resources"))?;
    let crds = read_crds(Path::new(&folder))?;
    for crd in crds.values() {
        for definition in import::definitions(&crd.to_string(), None)? {
            let imported = import::import(&definition, &import::Choice::default())?;
            std::fs::write(specs.path().join("resources").join(&imported.file), imported.text)?;
        }
    }
    let kinds = kinds_of(specs.path())?;
    assert_eq!(kinds.len(), crds.len());
    let mut found = Vec::new();
    for kind in &kinds {
        compare_kind(kind, &crds[&(kind.group.clone(), kind.kind.clone())], &mut found);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// The kinds of the project's own specs.
fn described_kinds() -> anyhow::Result<Vec<Kind>> {
    kinds_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs"))
}

fn kinds_of(specs: &Path) -> anyhow::Result<Vec<Kind>> {
    let compiled = cnpg_mcp_codegen::compile(specs)?;
    let problems: Vec<_> = compiled.diagnostics.iter().map(|problem| render_line(&compiled.sources, problem)).collect();
    Ok(compiled.program.with_context(|| format!("the specs do not compile:\n{}", problems.join("\n")))?.kinds)
}

/// CRDs of a folder by group and kind.
fn read_crds(folder: &Path) -> anyhow::Result<BTreeMap<(String, String), Value>> {
    let mut crds = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{FOLDER} names {}", folder.display()))? {
        let path = entry?.path();
        if !path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let crd: Value = serde_yaml::from_str(&text).with_context(|| path.display().to_string())?;
        if crd["kind"] == "CustomResourceDefinition" {
            let name = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            crds.insert((name("/spec/group"), name("/spec/names/kind")), crd);
        }
    }
    if crds.is_empty() {
        bail!("{} holds no CustomResourceDefinition", folder.display());
    }
    Ok(crds)
}

/// Everything in which a description and its CRD differ.
fn compare_kind(kind: &Kind, crd: &Value, found: &mut Vec<String>) {
    let mut differs = |what: &str, described: String, there: String| {
        if described != there {
            found.push(format!("{}: {what} is described as `{described}`, the CRD says `{there}`", kind.kind));
        }
    };
    differs("plural", kind.plural.clone(), text(&crd["spec"]["names"]["plural"]));
    differs("scope", if kind.namespaced { "Namespaced" } else { "Cluster" }.to_owned(), text(&crd["spec"]["scope"]));
    let versions = crd["spec"]["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(version) =
        versions.iter().find(|version| version["name"] == kind.version.as_str() && version["served"] == true)
    else {
        found.push(format!("{}: the CRD serves no version `{}`", kind.kind, kind.version));
        return;
    };
    let has_status = version.pointer("/subresources/status").is_some();
    differs("status_subresource", kind.status_subresource.to_string(), has_status.to_string());
    for field in &kind.fields {
        if field.server_set != (field.name == "status") {
            found.push(format!(
                "{}.{}: server_set is `{}`; it holds for `status` and nothing else",
                kind.kind, field.name, field.server_set
            ));
        }
    }
    compare_fields(&kind.kind, &kind.fields, &version["schema"]["openAPIV3Schema"], found);
}

fn compare_fields(path: &str, fields: &[KindField], schema: &Value, found: &mut Vec<String>) {
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for field in fields {
        let path = format!("{path}.{}", field.name);
        let Some(there) = schema["properties"].get(&field.name) else {
            found.push(format!("{path}: the CRD has no such field"));
            continue;
        };
        if field.required != required.contains(field.name.as_str()) {
            found.push(format!("{path}: required is described as `{}`", field.required));
        }
        let default = there.get("default");
        if field.default.as_ref() != default {
            found.push(format!(
                "{path}: default is described as `{}`, the CRD says `{}`",
                shown(field.default.as_ref()),
                shown(default)
            ));
        }
        let immutable = is_immutable(schema, &field.name, there);
        if field.immutable != immutable {
            found.push(format!("{path}: immutable is described as `{}`", field.immutable));
        }
        compare_type(&path, &field.ty, there, found);
    }
}

/// CRDs say it by a rule, on the field itself or on the object around it.
fn is_immutable(parent: &Value, name: &str, field: &Value) -> bool {
    let rules = |schema: &Value| -> Vec<String> {
        let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
        rules.map(|rule| text(&rule["rule"]).split_whitespace().collect()).collect()
    };
    rules(field).iter().any(|rule| rule == "self==oldSelf" || rule == "oldSelf==self")
        || rules(parent).iter().any(|rule| *rule == format!("self.{name}==oldSelf.{name}"))
}

fn compare_type(path: &str, ty: &KindFieldType, schema: &Value, found: &mut Vec<String>) {
    match ty {
        KindFieldType::Bool => is_scalar(path, "bool", schema, "boolean", None, found),
        KindFieldType::Int { .. } => is_scalar(path, "int", schema, "integer", None, found),
        KindFieldType::Float => is_scalar(path, "float", schema, "number", None, found),
        KindFieldType::String { .. } => is_scalar(path, "string", schema, "string", None, found),
        KindFieldType::Secret => is_scalar(path, "secret", schema, "string", None, found),
        KindFieldType::Time => is_scalar(path, "time", schema, "string", Some("date-time"), found),
        KindFieldType::Quantity if schema["x-kubernetes-int-or-string"] == true => {}
        KindFieldType::Quantity => is_scalar(path, "quantity", schema, "string", None, found),
        KindFieldType::Enum(words) => {
            is_scalar(path, "enum", schema, "string", None, found);
            let described: BTreeSet<&str> = words.iter().map(String::as_str).collect();
            let there: BTreeSet<&str> =
                schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if described != there {
                found.push(format!("{path}: enum is described as {described:?}, the CRD says {there:?}"));
            }
        }
        KindFieldType::List { items, key } => {
            let Some(element) = schema.get("items").filter(|_| schema["type"] == "array") else {
                found.push(format!("{path}: described as a list, the CRD says `{}`", text(&schema["type"])));
                return;
            };
            if let Some(keys) = schema.get("x-kubernetes-list-map-keys")
                && *keys != json!([key])
            {
                found.push(format!(
                    "{path}: key is described as `{}`, the CRD says {keys}",
                    key.as_deref().unwrap_or("none")
                ));
            }
            compare_type(&format!("{path}[]"), items, element, found);
        }
        KindFieldType::Map(values) => {
            let Some(value) = schema.get("additionalProperties").filter(|value| value.is_object()) else {
                found.push(format!("{path}: described as a map, the CRD says `{}`", text(&schema["type"])));
                return;
            };
            compare_type(&format!("{path}{{}}"), values, value, found);
        }
        KindFieldType::Object { fields, .. } => {
            if schema["type"] != "object" || schema.get("properties").is_none() {
                found.push(format!(
                    "{path}: described as an object with fields, the CRD says `{}`",
                    text(&schema["type"])
                ));
                return;
            }
            compare_fields(path, fields, schema, found);
        }
        KindFieldType::Opaque => {
            // What is a number or a text has no type in the language.
            if schema["type"] != "object" && schema["x-kubernetes-int-or-string"] != true {
                found.push(format!("{path}: described as opaque, the CRD says `{}`", text(&schema["type"])));
            }
        }
    }
    compare_bounds(path, ty, schema, found);
}

/// A scalar of that type and format; an enum in the CRD has to be described as one.
fn is_scalar(path: &str, described: &str, schema: &Value, ty: &str, format: Option<&str>, found: &mut Vec<String>) {
    let there = text(&schema["type"]);
    // Widths of numbers and base64 are no types of the language.
    let there_format = schema["format"].as_str().filter(|format| !["int32", "int64", "byte"].contains(format));
    if there != ty || there_format != format {
        found.push(format!(
            "{path}: described as `{described}`, the CRD says `{there}` with format `{}`",
            there_format.unwrap_or("none")
        ));
    }
    if described != "enum" && schema.get("enum").is_some() {
        found.push(format!("{path}: described as `{described}`, the CRD has the enum {}", schema["enum"]));
    }
}

fn compare_bounds(path: &str, ty: &KindFieldType, schema: &Value, found: &mut Vec<String>) {
    let (mut min, mut max, mut pattern, mut max_length) = (None, None, None, None);
    match ty {
        KindFieldType::Int { min: least, max: greatest } => {
            (min, max) = (least.map(Value::from), greatest.map(Value::from));
        }
        KindFieldType::String { pattern: form, max_length: length } => {
            pattern = form.as_deref().map(Value::from);
            max_length = length.map(Value::from);
        }
        // A quantity's form is its type, and an opaque value has none.
        KindFieldType::Quantity | KindFieldType::Opaque => return,
        _ => {}
    }
    for (word, described, keyword) in [
        ("min", min, "minimum"),
        ("max", max, "maximum"),
        ("pattern", pattern, "pattern"),
        ("max_length", max_length, "maxLength"),
    ] {
        let there = schema.get(keyword);
        if described.as_ref() != there {
            found.push(format!(
                "{path}: {word} is described as `{}`, the CRD says `{}`",
                shown(described.as_ref()),
                shown(there)
            ));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), Value::to_string)
}

/// A field as a description without any flags says it.
fn field(name: &str, ty: KindFieldType) -> KindField {
    KindField {
        name: name.to_owned(),
        ty,
        required: false,
        server_set: false,
        write_only: false,
        immutable: false,
        default: None,
        about: None,
    }
}

fn plain_string() -> KindFieldType {
    KindFieldType::String { pattern: None, max_length: None }
}

#[test]
fn every_sort_of_difference_is_found() {
    let words = |words: &[&str]| KindFieldType::Enum(words.iter().map(|word| (*word).to_owned()).collect());
    let number = |min, max| KindFieldType::Int { min, max };
    let list = |items, key: Option<&str>| KindFieldType::List { items: Box::new(items), key: key.map(str::to_owned) };
    let string = || json!({ "type": "string" });
    let cases = [
        (field("other", plain_string()), string(), "Thing.other: the CRD has no such field"),
        (field("f", number(None, None)), string(), "described as `int`, the CRD says `string`"),
        (field("f", KindFieldType::Time), string(), "described as `time`, the CRD says `string` with format `none`"),
        (field("f", plain_string()), json!({ "type": "string", "format": "date-time" }), "with format `date-time`"),
        (field("f", KindFieldType::Bool), json!({ "type": "integer" }), "described as `bool`, the CRD says `integer`"),
        (field("f", KindFieldType::Quantity), json!({ "type": "integer" }), "described as `quantity`"),
        (field("f", KindFieldType::Opaque), string(), "described as opaque"),
        (field("f", words(&["a", "b"])), json!({ "type": "string", "enum": ["a", "c"] }), "enum is described"),
        (field("f", plain_string()), json!({ "type": "string", "enum": ["a"] }), "the CRD has the enum"),
        (
            field("f", number(Some(1), None)),
            json!({ "type": "integer", "minimum": 2 }),
            "min is described as `1`, the CRD says `2`",
        ),
        (
            field("f", number(None, None)),
            json!({ "type": "integer", "maximum": 9 }),
            "max is described as `none`, the CRD says `9`",
        ),
        (field("f", plain_string()), json!({ "type": "string", "maxLength": 5 }), "max_length is described"),
        (field("f", plain_string()), json!({ "type": "string", "pattern": "^a$" }), "pattern is described"),
        (field("f", list(plain_string(), None)), string(), "described as a list"),
        (
            field("f", list(plain_string(), None)),
            json!({ "type": "array", "items": { "type": "boolean" } }),
            "Thing.f[]: described as",
        ),
        (
            field("f", list(KindFieldType::Opaque, Some("id"))),
            json!({ "type": "array", "items": { "type": "object" }, "x-kubernetes-list-map-keys": ["name"] }),
            "key is described as `id`",
        ),
        (field("f", KindFieldType::Map(Box::new(plain_string()))), json!({ "type": "object" }), "described as a map"),
        (
            field("f", KindFieldType::Map(Box::new(plain_string()))),
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            "Thing.f{}: described as `string`",
        ),
        (KindField { required: true, ..field("f", plain_string()) }, string(), "required is described as `true`"),
        (
            KindField { default: Some(json!("x")), ..field("f", plain_string()) },
            string(),
            "default is described as `\"x\"`",
        ),
        (field("f", plain_string()), json!({ "type": "string", "default": "y" }), "the CRD says `\"y\"`"),
        (KindField { immutable: true, ..field("f", plain_string()) }, string(), "immutable is described as `true`"),
        (
            field("f", plain_string()),
            json!({ "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf" }] }),
            "immutable is described as `false`",
        ),
    ];
    for (described, there, expected) in cases {
        let mut found = Vec::new();
        compare_fields("Thing", &[described], &json!({ "type": "object", "properties": { "f": there } }), &mut found);
        assert_eq!(found.len(), 1, "{expected}: {found:?}");
        assert!(found[0].contains(expected), "{expected}: {found:?}");
    }
}
