use serde_json::json;

use super::*;
use crate::emit::fixture;

fn widgets() -> Value {
    let documents = crds(&fixture::program());
    let names: Vec<&str> = documents.iter().map(|(name, _)| name.as_str()).collect();
    // Kubernetes' own kinds are no custom resources.
    assert_eq!(names, ["shop.example_widgets.json"]);
    documents[0].1.clone()
}

#[test]
fn a_definition_has_names_and_one_version() {
    let crd = widgets();
    assert_eq!(crd["metadata"]["name"], "widgets.shop.example");
    assert_eq!(crd["spec"]["group"], "shop.example");
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    assert_eq!(
        crd["spec"]["names"],
        json!({ "kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget" })
    );
    let version = &crd["spec"]["versions"][0];
    assert_eq!((&version["name"], &version["served"], &version["storage"]), (&json!("v1"), &json!(true), &json!(true)));
    assert_eq!(
        version["subresources"],
        json!({ "status": {}, "scale": { "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas" } })
    );
}

#[test]
fn fields_keep_types_bounds_and_defaults() {
    let crd = widgets();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    assert_eq!(schema["required"], json!(["spec"]));
    let spec = &schema["properties"]["spec"];
    assert_eq!(spec["required"], json!(["owner", "maker"]));
    let properties = &spec["properties"];
    assert_eq!(
        properties["owner"],
        json!({
            "description": "Who has it.",
            "type": "string",
            "x-kubernetes-validations": [{ "rule": "self == oldSelf", "message": "owner is immutable" }],
        })
    );
    assert_eq!(properties["replicas"], json!({ "type": "integer", "minimum": 0, "maximum": 9, "default": 1 }));
    assert_eq!(properties["color"], json!({ "type": "string", "enum": ["red", "green"], "default": "red" }));
    assert_eq!(properties["price"], json!({ "type": "string" }));
    assert_eq!(properties["labels"], json!({ "type": "object", "additionalProperties": { "type": "string" } }));
    assert_eq!(properties["extra"], json!({ "x-kubernetes-preserve-unknown-fields": true }));
    let parts = &properties["parts"];
    assert_eq!(parts["type"], "array");
    assert_eq!(parts.get("x-kubernetes-list-type"), None, "an edit's key is no promise of the kind");
    assert_eq!(
        parts["items"]["properties"]["name"],
        json!({ "type": "string", "pattern": "^[a-z|]+$", "maxLength": 9 })
    );
    assert_eq!(
        schema["properties"]["status"]["properties"]["since"],
        json!({ "type": "string", "format": "date-time" })
    );
}

#[test]
fn every_object_keeps_what_is_not_described() {
    fn check(schema: &Value, path: &str) {
        if schema["properties"].is_object() && path != ".metadata" {
            assert_eq!(schema["x-kubernetes-preserve-unknown-fields"], true, "{path}");
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            check(property, &format!("{path}.{name}"));
        }
        if schema["items"].is_object() {
            check(&schema["items"], &format!("{path}[]"));
        }
    }
    check(&widgets()["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "");
}

#[test]
fn columns_tell_whose_it_is_and_how_it_is_doing() {
    let crd = widgets();
    let columns: Vec<(&str, &str, &str)> = crd["spec"]["versions"][0]["additionalPrinterColumns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| {
            let text = |key: &str| column[key].as_str().expect("text");
            (text("name"), text("type"), text("jsonPath"))
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("Age", "date", ".metadata.creationTimestamp"),
            ("Owner", "string", ".spec.owner"),
            ("Maker", "string", ".spec.maker.name"),
            ("Replicas", "integer", ".status.replicas"),
            ("Status", "string", ".status.phase"),
        ]
    );
}

#[test]
fn words_of_a_name_stand_apart() {
    assert_eq!(title("databaseReclaimPolicy"), "Database Reclaim Policy");
    assert_eq!(title("Widget"), "Widget");
}
