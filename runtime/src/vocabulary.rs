//! The one module that generated code imports: `use cnpg_mcp_runtime::vocabulary::*;`, and
//! `cnpg_mcp_runtime::expression` for the functions of expressions.
//!
//! # How a handler says a step
//!
//! Conditions are closures that return `Result<bool, Failure>` (arithmetic may overflow). Messages
//! (`otherwise`, `advice`, notes) are closures that return `String` or `Result<String, Failure>`, and are
//! called only where they are needed. `?` after `.await` ends the handler; the dispatcher then undoes.
//!
//! ```text
//! call.get::<K>(namespace, name)                    // or get_cluster_scoped::<K>(name)
//!     .advice(AdviceOn::NotFound, || String)
//!     .required() -> K
//!     .if_present() -> Option<K>                    // `missing: ok`; `forbidden` too where a note was given
//!     .if_permitted() -> Option<K>                  // `forbidden: NOTE` alone: a missing object still fails
//!     .forbidden_note(|| String)
//!
//! call.list::<K>(Scope::Namespace(&ns) | Scope::AllNamespaces)      // cluster-scoped kinds: AllNamespaces
//!     .label(key, value).field(path, value)
//!     .keep(|item: &K| Ok(bool))
//!     .missing_ok().forbidden_note(|| String).advice(..)
//!     .all() -> Vec<K>
//!     .newest(count: i64, |item: &K| Option<Time> or Result<Option<Time>, Failure>) -> Vec<K>
//!     .page(limit: i64, cursor: Option<&str>) -> Vec<K>
//!
//! call.create::<K>(namespace, name)                 // or create_cluster_scoped::<K>(name)
//!     .owner(&object).label(k, v).annotation(k, v).body(Fields)
//!     .adopt_if(|existing: &K| Ok(bool), || String)
//!     .undo_delete().advice(..).send() -> K
//!
//! call.get::<K>(namespace, name).text("log", max_bytes)
//!     .query("tailLines", lines).forbidden_note(|| String).advice(..)
//!     .required() -> String   .if_present() | .if_permitted() -> Option<String>
//!
//! call.patch(&object).set(Fields).label(k, v).annotation(k, v).through_status().advice(..).send() -> K
//!
//! call.edit(&object).element::<E>(&["spec", "managed", "roles"], "name", &value)   // .key(field, value) for more
//!     .require(|before: Option<&E>| Ok(bool), || String)
//!     .put(|before: Option<&E>| Ok(Fields)) | .set(|before| Ok(Fields))   .remove(&["passwordSecret"])
//!     .undo_restore().advice(..).send() -> K
//!
//! call.delete(&object).advice(..).send() -> ()
//! call.delete_each(&[K]) -> Deleted                 // .await?; fails only where the call was cancelled
//!
//! call.wait(&object)
//!     .after(|item: &K| Ok(bool)).until(|item| Ok(bool)).fail(|item| Ok(Option<String>)).progress(|item| Ok(Progress { .. }))
//!     .timeout(seconds).run() -> K
//!
//! call.require(condition, || String)?;  call.require_param("name", condition, || String)?;
//! call.warn(String);  call.stop(Outcome);           // then return the output
//! if !call.confirm(params.confirm_deletion, &plan, &[&object.metadata]).await? { return Ok(plan) }
//! call.check_param("timeout", &timeout)?;           // computed defaults, held to the parameter's rule
//! call.page_by(items, limit, cursor, |item: &T| String) -> Result<Vec<T>, Failure>
//! call.current_namespace() -> String;  call.image_registry() -> String;  call.now() -> Time;  call.dry_run() -> bool
//! ```
//!
//! # What a step needs of Kubernetes
//!
//! A write whose answer is lost is settled by reading, so each needs `get` beside its own verb.
//!
//! | step | verbs |
//! | --- | --- |
//! | get | get |
//! | list | list |
//! | `text` | get on the subresource |
//! | create | create, get; with `adopt_if` also patch; with `undo_delete` also delete |
//! | patch | patch, get; `through_status` patches the subresource `status` instead |
//! | edit | get, patch |
//! | delete, `delete_each` | delete |
//! | wait | get, watch |
//!
//! # Kinds
//!
//! Structs of kinds derive `Serialize` as well as `Deserialize`: the fields that a patch would change are
//! found, and shown before and after, by comparing with the object as it was read.

pub use crate::call::{Call, Deleted, FailedDelete, Progress, Scope};
pub use crate::expression::{Entry, MaybeEmpty};
pub use crate::failure::{AdviceOn, Failure};
pub use crate::fields::{Fields, IntoField};
pub use crate::kind::{Kind, KindInfo};
pub use crate::meta::{ObjectMeta, OwnerReference, null_default};
pub use crate::secret::SecretText;
pub use crate::time::Time;
pub use crate::tool::{
    Arguments, Effect, Format, Grant, Literal, Meaning, Outcome, ParamInfo, Rule, TextRule, Tool, ToolInfo, entry,
};
