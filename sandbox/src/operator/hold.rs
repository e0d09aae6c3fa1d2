//! The finalizer that an object asks to be held by.

use serde_json::{Value, json};

use super::annotations::{FINALIZER_HOLDS, HOLD_FINALIZER};
use super::databases::{is_held, take_finalizer};
use super::work::Step;
use super::world::World;
use crate::store::Gvr;

/// Whether there is anything to look at: the annotation or its finalizer.
pub(super) fn concerns(world: &World, object: &Value) -> bool {
    is_held(object) || wants_hold(world, object)
}

fn wants_hold(world: &World, object: &Value) -> bool {
    world.asked(object, FINALIZER_HOLDS).is_some_and(|answer| answer == "true")
}

/// Puts the finalizer on an object that asks for it, takes it off one that no longer does.
pub(super) fn decide(world: &World, gvr: &Gvr, namespace: &str, name: &str) -> Option<Step> {
    let object = world.store.get(gvr, namespace, name)?;
    let (wanted, held) = (wants_hold(world, &object), is_held(&object));
    let deleting = !object["metadata"]["deletionTimestamp"].is_null();
    if wanted == held || (wanted && deleting) {
        return None;
    }
    let (gvr, namespace, name) = (gvr.clone(), namespace.to_owned(), name.to_owned());
    Some(Step::new("hold", 0, move |world| {
        world.change(&gvr, &namespace, &name, |object| {
            take_finalizer(object, HOLD_FINALIZER);
            if !wanted {
                return;
            }
            match object["metadata"]["finalizers"].as_array_mut() {
                Some(list) => list.push(json!(HOLD_FINALIZER)),
                None => object["metadata"]["finalizers"] = json!([HOLD_FINALIZER]),
            }
        });
    }))
}
