//! `kinds.rs`: one struct for each described object, as far as tools read it.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::names::{ident, snake, type_ident};
use super::print::print;
use super::types::rust_type;
use crate::emit::{in_words, one_paragraph};
use crate::lowered::walk;
use crate::lowered::{Body, BodyEntry, ExprKind, Kind, Program, Verb};
use crate::types::{ObjectId, Origin, Type};

/// What tools read of the kinds.
struct Read {
    /// Objects, each once.
    objects: BTreeSet<ObjectId>,
    /// Fields of them.
    fields: BTreeSet<(ObjectId, String)>,
}

/// The text of `kinds.rs`.
pub fn kinds_module(program: &Program) -> String {
    let read = read(program);
    let mut items = Vec::new();
    for kind in &program.kinds {
        if read.objects.contains(&kind.object) {
            items.push(root(program, &read, kind));
        }
    }
    for id in &read.objects {
        if matches!(program.types.object(*id).origin, Origin::Part(Some(_))) {
            items.push(part(program, &read, *id));
        }
    }
    let body = quote!(#(#items)*);
    let imports = super::module::imports(&body, &[]);
    let allowed = super::module::allowed();
    print(&quote! {
        //! What tools read of Kubernetes objects. @generated from specs/resources.
        //!
        //! Fields that no tool names are not here, and are skipped while reading.
        #allowed
        #imports
        #body
    })
}

/// Names of the structs of `kinds.rs`.
pub fn struct_names(program: &Program) -> Vec<String> {
    let read = read(program);
    let named =
        |id: &&ObjectId| matches!(program.types.object(**id).origin, Origin::Part(Some(_)) | Origin::Resource(_));
    read.objects.iter().filter(named).map(|id| program.types.object(*id).name.clone()).collect()
}

fn read(program: &Program) -> Read {
    let mut read = Read { objects: BTreeSet::new(), fields: BTreeSet::new() };
    for tool in &program.tools {
        for field in &tool.output {
            whole(program, &field.value.ty, &mut read);
        }
        for step in &tool.steps {
            let sent = match &step.verb {
                Verb::Create(create) => vec![&create.body],
                Verb::Patch(patch) => vec![&patch.set],
                Verb::Edit(edit) => edit.put.iter().chain(&edit.set).collect(),
                _ => Vec::new(),
            };
            for body in sent {
                sent_whole(program, body, &mut read);
            }
        }
        walk::tool(tool, &mut |expr| {
            if let ExprKind::Field { of, name } = &expr.kind
                && let Type::Object(id) = of.ty.required()
            {
                read.fields.insert((*id, name.clone()));
                objects_in(program, &expr.ty, &mut read.objects);
            }
            objects_in(program, &expr.ty, &mut read.objects);
        });
        for step in &tool.steps {
            let kind = match &step.verb {
                Verb::Get(get) => Some(get.kind),
                Verb::List(list) => Some(list.kind),
                Verb::Read(text) => Some(text.object.kind),
                Verb::Create(create) => Some(create.kind),
                Verb::Patch(patch) => {
                    written(program, program.kinds[patch.kind.0].object, &patch.set, &mut read);
                    Some(patch.kind)
                }
                Verb::Edit(edit) => {
                    read.objects.insert(edit.element);
                    Some(edit.kind)
                }
                Verb::Delete(delete) => Some(delete.kind),
                Verb::DeleteEach(delete) => Some(delete.kind),
                Verb::Wait(wait) => Some(wait.kind),
                _ => None,
            };
            read.objects.extend(kind.map(|kind| program.kinds[kind.0].object));
        }
    }
    read
}

/// Objects that go into an output as they are, with everything in them.
fn whole(program: &Program, ty: &Type, read: &mut Read) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => whole(program, inner, read),
        Type::Object(id) => {
            let object = program.types.object(*id);
            let described = matches!(object.origin, Origin::Resource(_) | Origin::Part(Some(_)));
            if described {
                read.objects.insert(*id);
            }
            for field in &object.fields {
                let seen = described && !read.fields.insert((*id, field.name.clone()));
                if !seen && !holds_secret(program, &field.ty) {
                    whole(program, &field.ty, read);
                }
            }
        }
        _ => {}
    }
}

/// Objects that are sent as they were read.
fn sent_whole(program: &Program, body: &Body, read: &mut Read) {
    match body {
        Body::Object(entries) => {
            for entry in entries {
                match entry {
                    BodyEntry::Key(_, value) => sent_whole(program, value, read),
                    BodyEntry::Spread(value) => whole(program, &value.ty, read),
                }
            }
        }
        Body::List(elements) => elements.iter().for_each(|element| sent_whole(program, element, read)),
        Body::Value(value) => whole(program, &value.ty, read),
        Body::When(_, then) => sent_whole(program, then, read),
        Body::Null => {}
    }
}

/// Fields that a patch changes are read too: the answer shows them before and after.
fn written(program: &Program, object: ObjectId, body: &Body, read: &mut Read) {
    if let Body::When(_, then) = body {
        return written(program, object, then, read);
    }
    let Body::Object(entries) = body else { return };
    for entry in entries {
        match entry {
            BodyEntry::Key(key, value) => {
                let Some(field) = program.types.object(object).field(key) else { continue };
                if holds_secret(program, &field.ty) {
                    continue;
                }
                read.fields.insert((object, key.clone()));
                objects_in(program, &field.ty, &mut read.objects);
                if let Type::Object(inner) = field.ty.required() {
                    written(program, *inner, value, read);
                }
            }
            BodyEntry::Spread(group) => {
                let Type::Object(group) = group.ty.required() else { continue };
                let names = program.types.object(*group).fields.iter().map(|field| field.name.clone());
                read.fields.extend(names.map(|name| (object, name)));
            }
        }
    }
}

fn holds_secret(program: &Program, ty: &Type) -> bool {
    match ty {
        Type::Secret => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => holds_secret(program, inner),
        Type::Object(id) => program.types.object(*id).fields.iter().any(|field| holds_secret(program, &field.ty)),
        _ => false,
    }
}

fn objects_in(program: &Program, ty: &Type, into: &mut BTreeSet<ObjectId>) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => objects_in(program, inner, into),
        Type::Object(id) if matches!(program.types.object(*id).origin, Origin::Resource(_) | Origin::Part(Some(_))) => {
            into.insert(*id);
        }
        _ => {}
    }
}

fn root(program: &Program, read: &Read, kind: &Kind) -> TokenStream {
    let name = type_ident(&program.types.object(kind.object).name);
    let about = format!(" {}", one_paragraph(&kind.about));
    let fields = fields(program, read, kind.object);
    let (group, version, plural, word) = (&kind.group, &kind.version, &kind.plural, &kind.kind);
    let (namespaced, metadata_only) = (kind.namespaced, kind.metadata_only);
    let operator = if let Some(operator) = &kind.operator { quote!(Some(#operator)) } else { quote!(None) };
    let blank = super::handler::blank();
    quote! {
        #[doc = #about]
        #[derive(Debug, Clone, Default, Deserialize, Serialize)]
        pub struct #name {
            /// Name, labels and the like.
            #[serde(default, deserialize_with = "null_default")]
            pub metadata: ObjectMeta,
            #(#fields)*
        }
        impl Kind for #name {
            const INFO: KindInfo = KindInfo {
                group: #group,
                version: #version,
                kind: #word,
                plural: #plural,
                namespaced: #namespaced,
                metadata_only: #metadata_only,
                operator: #operator,
            };

            #blank
            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }
        }
    }
}

fn part(program: &Program, read: &Read, id: ObjectId) -> TokenStream {
    let object = program.types.object(id);
    let name = type_ident(&object.name);
    let about = part_about(program, id)
        .map_or_else(|| format!(" `{}`.", object.name), |about| format!(" {}", one_paragraph(&about)));
    let fields = fields(program, read, id);
    quote! {
        #[doc = #about]
        #[derive(Debug, Clone, Default, Deserialize, Serialize)]
        pub struct #name {
            #(#fields)*
        }
    }
}

/// What the field that holds an object says about it.
fn part_about(program: &Program, id: ObjectId) -> Option<String> {
    fn holds(ty: &Type, id: ObjectId) -> bool {
        match ty {
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => holds(inner, id),
            Type::Object(other) => *other == id,
            _ => false,
        }
    }
    program
        .types
        .iter()
        .filter(|(_, object)| matches!(object.origin, Origin::Resource(_) | Origin::Part(_)))
        .flat_map(|(_, object)| &object.fields)
        .find(|field| holds(&field.ty, id))
        .and_then(|field| field.about.clone())
}

fn fields(program: &Program, read: &Read, id: ObjectId) -> Vec<TokenStream> {
    let object = program.types.object(id);
    object
        .fields
        .iter()
        .filter(|field| field.name != "metadata" || !matches!(object.origin, Origin::Resource(_)))
        .filter(|field| read.fields.contains(&(id, field.name.clone())))
        .map(|field| {
            let name = ident(&field.name);
            let ty = rust_type(program, None, &field.ty);
            let about = field.about.as_deref().map_or_else(|| in_words(&field.name), one_paragraph);
            let about = format!(" {about}");
            let json = &field.name;
            let rename = (snake(json) != *json).then(|| quote!(rename = #json,));
            // Absent and null are one: None, an empty list or map, the type's default.
            let attribute = if field.ty.is_optional() {
                rename.map(|_| quote!(#[serde(rename = #json)]))
            } else {
                Some(quote!(#[serde(#rename default, deserialize_with = "null_default")]))
            };
            quote!(#[doc = #about] #attribute pub #name: #ty,)
        })
        .collect()
}
