//! Bodies in Kubernetes' protobuf, which `kubectl` sends for a few built-in kinds (`create secret`,
//! `create namespace`, `auth can-i` …). They are read into the JSON that the same object would be; answers are
//! always JSON.
//!
//! Source of the field numbers: the `generated.proto` files of `k8s.io/api` and `k8s.io/apimachinery`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// The media type.
pub(super) const MEDIA: &str = "application/vnd.kubernetes.protobuf";

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// A field: number, name, type, may repeat.
struct Field(u64, &'static str, Kind, bool);

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bytes,
    Integer,
    Boolean,
    Message(&'static [Field]),
    TextMap,
    BytesMap,
}

use Kind::{Boolean, Bytes, BytesMap, Integer, Message, Text, TextMap};

const TYPE_META: &[Field] = &[Field(1, "apiVersion", Text, false), Field(2, "kind", Text, false)];
const ENVELOPE: &[Field] = &[Field(1, "type", Message(TYPE_META), false), Field(2, "raw", Bytes, false)];
const OWNER: &[Field] = &[
    Field(1, "kind", Text, false),
    Field(3, "name", Text, false),
    Field(4, "uid", Text, false),
    Field(5, "apiVersion", Text, false),
    Field(6, "controller", Boolean, false),
    Field(7, "blockOwnerDeletion", Boolean, false),
];
const METADATA: &[Field] = &[
    Field(1, "name", Text, false),
    Field(2, "generateName", Text, false),
    Field(3, "namespace", Text, false),
    Field(5, "uid", Text, false),
    Field(6, "resourceVersion", Text, false),
    Field(11, "labels", TextMap, false),
    Field(12, "annotations", TextMap, false),
    Field(13, "ownerReferences", Message(OWNER), true),
    Field(14, "finalizers", Text, true),
];
const NAMESPACE_SPEC: &[Field] = &[Field(1, "finalizers", Text, true)];
const NAMESPACE: &[Field] =
    &[Field(1, "metadata", Message(METADATA), false), Field(2, "spec", Message(NAMESPACE_SPEC), false)];
const SECRET: &[Field] = &[
    Field(1, "metadata", Message(METADATA), false),
    Field(2, "data", BytesMap, false),
    Field(3, "type", Text, false),
    Field(4, "stringData", TextMap, false),
    Field(5, "immutable", Boolean, false),
];
const CONFIG_MAP: &[Field] = &[
    Field(1, "metadata", Message(METADATA), false),
    Field(2, "data", TextMap, false),
    Field(3, "binaryData", BytesMap, false),
    Field(4, "immutable", Boolean, false),
];
const NAMED: &[Field] = &[Field(1, "name", Text, false)];
const SERVICE_ACCOUNT: &[Field] = &[
    Field(1, "metadata", Message(METADATA), false),
    Field(3, "imagePullSecrets", Message(NAMED), true),
    Field(4, "automountServiceAccountToken", Boolean, false),
];
const RULE: &[Field] = &[
    Field(1, "verbs", Text, true),
    Field(2, "apiGroups", Text, true),
    Field(3, "resources", Text, true),
    Field(4, "resourceNames", Text, true),
    Field(5, "nonResourceURLs", Text, true),
];
const ROLE: &[Field] = &[Field(1, "metadata", Message(METADATA), false), Field(2, "rules", Message(RULE), true)];
const SUBJECT: &[Field] = &[
    Field(1, "kind", Text, false),
    Field(2, "apiGroup", Text, false),
    Field(3, "name", Text, false),
    Field(4, "namespace", Text, false),
];
const ROLE_REF: &[Field] =
    &[Field(1, "apiGroup", Text, false), Field(2, "kind", Text, false), Field(3, "name", Text, false)];
const BINDING: &[Field] = &[
    Field(1, "metadata", Message(METADATA), false),
    Field(2, "subjects", Message(SUBJECT), true),
    Field(3, "roleRef", Message(ROLE_REF), false),
];
const RESOURCE_ATTRIBUTES: &[Field] = &[
    Field(1, "namespace", Text, false),
    Field(2, "verb", Text, false),
    Field(3, "group", Text, false),
    Field(4, "version", Text, false),
    Field(5, "resource", Text, false),
    Field(6, "subresource", Text, false),
    Field(7, "name", Text, false),
];
const PATH_ATTRIBUTES: &[Field] = &[Field(1, "path", Text, false), Field(2, "verb", Text, false)];
const ACCESS_SPEC: &[Field] = &[
    Field(1, "resourceAttributes", Message(RESOURCE_ATTRIBUTES), false),
    Field(2, "nonResourceAttributes", Message(PATH_ATTRIBUTES), false),
    Field(3, "user", Text, false),
    Field(4, "groups", Text, true),
];
const ACCESS: &[Field] = &[Field(2, "spec", Message(ACCESS_SPEC), false)];
const RULES_SPEC: &[Field] = &[Field(1, "namespace", Text, false)];
const RULES: &[Field] = &[Field(2, "spec", Message(RULES_SPEC), false)];
const TOKEN_SPEC: &[Field] = &[Field(1, "audiences", Text, true), Field(4, "expirationSeconds", Integer, false)];
const TOKEN: &[Field] = &[Field(2, "spec", Message(TOKEN_SPEC), false)];
const PRECONDITIONS: &[Field] = &[Field(1, "uid", Text, false), Field(2, "resourceVersion", Text, false)];
const DELETE_OPTIONS: &[Field] = &[
    Field(1, "gracePeriodSeconds", Integer, false),
    Field(2, "preconditions", Message(PRECONDITIONS), false),
    Field(3, "orphanDependents", Boolean, false),
    Field(4, "propagationPolicy", Text, false),
    Field(5, "dryRun", Text, true),
];

fn message_of(kind: &str) -> Option<&'static [Field]> {
    Some(match kind {
        "Namespace" => NAMESPACE,
        "Secret" => SECRET,
        "ConfigMap" => CONFIG_MAP,
        "ServiceAccount" => SERVICE_ACCOUNT,
        "Role" | "ClusterRole" => ROLE,
        "RoleBinding" | "ClusterRoleBinding" => BINDING,
        "SelfSubjectAccessReview" | "SubjectAccessReview" | "LocalSubjectAccessReview" => ACCESS,
        "SelfSubjectRulesReview" => RULES,
        "SelfSubjectReview" => &[],
        "TokenRequest" => TOKEN,
        "DeleteOptions" => DELETE_OPTIONS,
        _ => return None,
    })
}

/// Reads a body into the JSON of its object.
///
/// # Errors
/// 400 for bytes that are no such message, 501 for kinds whose messages are not known here.
pub(super) fn to_json(bytes: &[u8]) -> Result<Value, ApiError> {
    let broken = || ApiError::bad_request("the body is not a Kubernetes protobuf message");
    let envelope = bytes.strip_prefix(MAGIC).ok_or_else(broken)?;
    let envelope = read(ENVELOPE, envelope).ok_or_else(broken)?;
    let kind = envelope["type"]["kind"].as_str().unwrap_or_default();
    let Some(message) = message_of(kind) else {
        return Err(ApiError::not_implemented(format!("a {kind} in protobuf; send it as JSON or YAML")));
    };
    let raw = STANDARD.decode(envelope["raw"].as_str().unwrap_or_default()).map_err(|_| broken())?;
    let mut object = read(message, &raw).ok_or_else(broken)?;
    object["apiVersion"] = envelope["type"]["apiVersion"].clone();
    object["kind"] = json!(kind);
    Ok(object)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// Reads a message; unknown fields are passed over, as protobuf has it.
fn read(fields: &[Field], mut bytes: &[u8]) -> Option<Value> {
    let mut object = Map::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = fields.iter().find(|field| field.0 == tag >> 3);
        match tag & 7 {
            0 => {
                let number = varint(&mut bytes)?;
                match field {
                    Some(Field(_, name, Boolean, _)) => {
                        object.insert((*name).to_owned(), json!(number != 0));
                    }
                    Some(Field(_, name, Integer, _)) => {
                        object.insert((*name).to_owned(), json!(number.cast_signed()));
                    }
                    _ => {}
                }
            }
            1 => drop(take(&mut bytes, 8)?),
            5 => drop(take(&mut bytes, 4)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let content = take(&mut bytes, length)?;
                if let Some(field) = field {
                    put(&mut object, field, content)?;
                }
            }
            _ => return None,
        }
    }
    Some(Value::Object(object))
}

fn put(object: &mut Map<String, Value>, Field(_, name, kind, repeated): &Field, content: &[u8]) -> Option<()> {
    const ENTRY: &[Field] = &[Field(1, "key", Text, false), Field(2, "value", Text, false)];
    const BYTES_ENTRY: &[Field] = &[Field(1, "key", Text, false), Field(2, "value", Bytes, false)];
    let value = match kind {
        Text => json!(std::str::from_utf8(content).ok()?),
        Bytes => json!(STANDARD.encode(content)),
        Message(fields) => read(fields, content)?,
        TextMap | BytesMap => {
            let entry = read(if matches!(kind, TextMap) { ENTRY } else { BYTES_ENTRY }, content)?;
            let map = object.entry((*name).to_owned()).or_insert_with(|| json!({}));
            let value = entry.get("value").cloned().unwrap_or_else(|| json!(""));
            map[entry["key"].as_str().unwrap_or_default()] = value;
            return Some(());
        }
        Integer | Boolean => return None,
    };
    if *repeated {
        object.entry((*name).to_owned()).or_insert_with(|| json!([])).as_array_mut()?.push(value);
    } else if value != "" {
        // Go writes empty texts where JSON leaves the field out.
        object.insert((*name).to_owned(), value);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend(content);
        bytes
    }

    #[test]
    fn a_secret_is_read_as_its_json() {
        let meta = [field(1, b"s1"), field(3, b"")].concat();
        let entry = [field(1, b"a"), field(2, b"b")].concat();
        let raw = [field(1, &meta), field(2, &entry), field(3, b"Opaque")].concat();
        let of = [field(1, b"v1"), field(2, b"Secret")].concat();
        let body = [MAGIC.to_vec(), field(1, &of), field(2, &raw)].concat();
        let expected = json!({
            "metadata": { "name": "s1" }, "data": { "a": "Yg==" }, "type": "Opaque", "apiVersion": "v1", "kind": "Secret",
        });
        assert_eq!(to_json(&body).unwrap(), expected);
    }

    #[test]
    fn broken_and_unknown_messages_are_refused() {
        assert_eq!(to_json(b"nothing").unwrap_err().code, 400);
        assert_eq!(to_json(b"k8s\0\x0a\xff").unwrap_err().code, 400);
        let of = [field(1, b"v1"), field(2, b"Pod")].concat();
        assert_eq!(to_json(&[MAGIC.to_vec(), field(1, &of)].concat()).unwrap_err().code, 501);
    }
}
