//! Steps that ask something of the API server, as chains of calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::body;
use super::code::{Form, is_text};
use super::comprehension::local;
use super::expression::{argument, object_path, owned, read};
use super::names::type_ident;
use super::scope::{Bound, Scope};
use super::step::message;
use crate::lowered::{AdviceOn, Create, Edit, Expr, Get, List, LocalId, Patch, Read, Step, Target, Undo, Verb, Wait};
use crate::types::{KindId, Type};

/// The call of a step, `?` included.
pub fn call(scope: &mut Scope<'_>, step: &Step) -> TokenStream {
    let clauses = clauses(scope, step);
    match &step.verb {
        Verb::Get(get) => get_call(scope, step, get, &clauses),
        Verb::List(list) => list_call(scope, step, list, &clauses),
        Verb::Read(read) => read_call(scope, step, read, &clauses),
        Verb::Create(create) => create_call(scope, step, create, &clauses),
        Verb::Patch(patch) => patch_call(scope, patch, &clauses),
        Verb::Edit(edit) => edit_call(scope, step, edit, &clauses),
        Verb::Delete(delete) => {
            let target = object(scope, &delete.target, delete.kind);
            quote!(call.delete(#target)#clauses.send().await?)
        }
        Verb::DeleteEach(delete) => {
            let each = argument(scope, &delete.each);
            quote!(call.delete_each(#each).await?)
        }
        Verb::Wait(wait) => wait_call(scope, wait, &clauses),
        Verb::Require(_) | Verb::Let(_) | Verb::Warn(_) | Verb::Stop(_) | Verb::Confirm(_) => TokenStream::new(),
    }
}

fn kind_ident(scope: &Scope<'_>, kind: KindId) -> Ident {
    type_ident(&scope.object(scope.program.kinds[kind.0].object).name)
}

/// Clauses that any step may have: missing, forbidden, advice.
fn clauses(scope: &mut Scope<'_>, step: &Step) -> TokenStream {
    let missing = (step.missing_ok && matches!(step.verb, Verb::List(_))).then(|| quote!(.missing_ok()));
    let forbidden = step.forbidden_note.as_ref().map(|note| {
        let note = message(scope, note);
        quote!(.forbidden_note(#note))
    });
    let mut advice = Vec::new();
    for one in &step.advice {
        let on = Ident::new(
            match one.on {
                AdviceOn::Forbidden => "Forbidden",
                AdviceOn::NotFound => "NotFound",
                AdviceOn::AlreadyExists => "AlreadyExists",
                AdviceOn::Conflict => "Conflict",
                AdviceOn::Invalid => "Invalid",
            },
            Span::call_site(),
        );
        let text = message(scope, &one.text);
        advice.push(quote!(.advice(AdviceOn::#on, #text)));
    }
    quote!(#missing #forbidden #(#advice)*)
}

fn get_start(scope: &mut Scope<'_>, get: &Get) -> TokenStream {
    let kind = kind_ident(scope, get.kind);
    let name = argument(scope, &get.name);
    let Some(namespace) = &get.namespace else { return quote!(call.get_cluster_scoped::<#kind>(#name)) };
    let namespace = argument(scope, namespace);
    quote!(call.get::<#kind>(#namespace, #name))
}

fn get_call(scope: &mut Scope<'_>, step: &Step, get: &Get, clauses: &TokenStream) -> TokenStream {
    let start = get_start(scope, get);
    let end = reading_end(step);
    quote!(#start #clauses.#end().await?)
}

/// How a read ends: what may be absent.
fn reading_end(step: &Step) -> TokenStream {
    match (step.missing_ok, &step.forbidden_note) {
        (true, _) => quote!(if_present),
        (false, Some(_)) => quote!(if_permitted),
        (false, None) => quote!(required),
    }
}

fn read_call(scope: &mut Scope<'_>, step: &Step, text: &Read, clauses: &TokenStream) -> TokenStream {
    let start = get_start(scope, &text.object);
    let subresource = &text.subresource;
    let query: Vec<_> = text
        .query
        .iter()
        .map(|(key, value)| {
            let value = body::sent(scope, value);
            quote!(.query(#key, #value))
        })
        .collect();
    let max_bytes = read(scope, &text.max_bytes).tokens;
    let end = reading_end(step);
    quote!(#start.text(#subresource, #max_bytes) #(#query)* #clauses.#end().await?)
}

/// The object that a step works on, borrowed: the one of a binding, or read now.
fn object(scope: &mut Scope<'_>, target: &Target, _kind: KindId) -> TokenStream {
    match target {
        Target::Bound(local) => bound(scope, *local),
        Target::Named(get) => {
            let start = get_start(scope, get);
            quote!(&#start.required().await?)
        }
    }
}

fn bound(scope: &Scope<'_>, local: LocalId) -> TokenStream {
    scope.get(local).map_or_else(TokenStream::new, |bound| {
        let name = &bound.ident;
        if bound.form == Form::Borrowed { quote!(#name) } else { quote!(&#name) }
    })
}

fn scope_of(scope: &mut Scope<'_>, list: &List) -> TokenStream {
    let Some(namespace) = &list.namespace else { return quote!(Scope::AllNamespaces) };
    let namespace = argument(scope, namespace);
    match &list.all_namespaces {
        None => quote!(Scope::Namespace(#namespace)),
        Some(all) => {
            let all = read(scope, all).tokens;
            quote!(if #all { Scope::AllNamespaces } else { Scope::Namespace(#namespace) })
        }
    }
}

/// `|item| Ok(condition)`.
fn predicate(scope: &mut Scope<'_>, item: LocalId, kind: KindId, condition: &Expr) -> TokenStream {
    let name = scope.inner_ident(item, &[condition]);
    let ty = Type::Object(scope.program.kinds[kind.0].object);
    scope.bind(item, Bound::new(name.clone(), Form::Borrowed, ty));
    let condition = scope.in_closure(|scope| read(scope, condition)).tokens;
    let name = argument_name(&condition, &name);
    quote!(|#name| Ok(#condition))
}

/// The name, or `_` where the body does not need it.
fn argument_name(body: &TokenStream, name: &Ident) -> TokenStream {
    if super::handler::names_ident(body.clone(), &name.to_string()) { quote!(#name) } else { quote!(_) }
}

fn list_call(scope: &mut Scope<'_>, _step: &Step, list: &List, clauses: &TokenStream) -> TokenStream {
    let kind = kind_ident(scope, list.kind);
    let place = scope_of(scope, list);
    let labels = pairs(scope, &list.labels, &quote!(label));
    let fields = pairs(scope, &list.fields, &quote!(field));
    let keep = list.keep.as_ref().map(|keep| {
        let keep = predicate(scope, list.item, list.kind, keep);
        quote!(.keep(#keep))
    });
    let end = if let Some(newest) = &list.newest {
        let count = read(scope, &newest.count).tokens;
        let name = scope.inner_ident(newest.item, &[&newest.by]);
        let ty = Type::Object(scope.program.kinds[list.kind.0].object);
        scope.bind(newest.item, Bound::new(name.clone(), Form::Borrowed, ty));
        let by = scope.in_closure(|scope| owned(scope, &newest.by));
        let by = if newest.by.ty.is_optional() { by } else { quote!(Some(#by)) };
        quote!(.newest(#count, |#name| #by))
    } else if let Some(page) = &list.page {
        let limit = local(scope, page.limit);
        let limit = read(scope, &limit).tokens;
        let cursor = local(scope, page.cursor);
        let cursor = read(scope, &cursor).exact(&cursor.ty);
        quote!(.page(#limit, #cursor))
    } else {
        quote!(.all())
    };
    quote!(call.list::<#kind>(#place) #labels #fields #clauses #keep #end.await?)
}

fn pairs(scope: &mut Scope<'_>, pairs: &[(String, Expr)], method: &TokenStream) -> TokenStream {
    let calls: Vec<_> = pairs
        .iter()
        .map(|(key, value)| {
            let code = read(scope, value);
            // The runtime takes text in any form here.
            let value =
                if is_text(&value.ty) && code.form == Form::Owned { code.tokens } else { text_argument(scope, value) };
            quote!(.#method(#key, #value))
        })
        .collect();
    quote!(#(#calls)*)
}

/// A string argument; other scalars are written out.
fn text_argument(scope: &mut Scope<'_>, value: &Expr) -> TokenStream {
    if is_text(&value.ty) {
        return argument(scope, value);
    }
    let value = read(scope, value).receiver();
    quote!(&#value.to_string())
}

fn create_call(scope: &mut Scope<'_>, step: &Step, create: &Create, clauses: &TokenStream) -> TokenStream {
    let kind = kind_ident(scope, create.kind);
    let name = argument(scope, &create.name);
    let start = if let Some(namespace) = &create.namespace {
        let namespace = argument(scope, namespace);
        quote!(call.create::<#kind>(#namespace, #name))
    } else {
        quote!(call.create_cluster_scoped::<#kind>(#name))
    };
    let owner = create.owner.map(|owner| {
        let owner = bound(scope, owner);
        quote!(.owner(#owner))
    });
    let labels = pairs(scope, &create.labels, &quote!(label));
    let annotations = pairs(scope, &create.annotations, &quote!(annotation));
    let body = body::fields(scope, &create.body);
    let adopt = create.existing.as_ref().map(|existing| {
        let adopt = predicate(scope, existing.local, create.kind, &existing.adopt);
        let otherwise = if let Some(text) = &existing.otherwise { message(scope, text) } else { quote!(String::new) };
        quote!(.adopt_if(#adopt, #otherwise))
    });
    let undo = (step.undo == Some(Undo::Delete)).then(|| quote!(.undo_delete()));
    quote!(#start #owner #labels #annotations.body(#body)#adopt #undo #clauses.send().await?)
}

fn patch_call(scope: &mut Scope<'_>, patch: &Patch, clauses: &TokenStream) -> TokenStream {
    let target = object(scope, &patch.target, patch.kind);
    let status = patch.status.then(|| quote!(.through_status()));
    let labels = pairs(scope, &patch.labels, &quote!(label));
    let annotations = pairs(scope, &patch.annotations, &quote!(annotation));
    let is_empty = matches!(&patch.set, crate::lowered::Body::Object(entries) if entries.is_empty());
    let set = (!is_empty).then(|| {
        let set = body::fields(scope, &patch.set);
        quote!(.set(#set))
    });
    quote!(call.patch(#target)#status #labels #annotations #set #clauses.send().await?)
}

fn edit_call(scope: &mut Scope<'_>, step: &Step, edit: &Edit, clauses: &TokenStream) -> TokenStream {
    let target = object(scope, &edit.target, edit.kind);
    let element = object_path(scope, edit.element);
    let path = &edit.list;
    let mut keys = edit
        .key
        .iter()
        .map(|(key, value)| {
            let value = text_argument(scope, value);
            quote!(#key, #value)
        })
        .collect::<Vec<_>>()
        .into_iter();
    let key = keys.next();
    let more = keys.map(|key| quote!(.key(#key))).collect::<Vec<_>>();
    let before = Bound::new(scope.step_ident(edit.before), Form::Borrowed, Type::Object(edit.element).optional());
    scope.bind(edit.before, before.clone());
    let guard = edit.require.as_ref().map(|require| {
        let that = scope.in_closure(|scope| read(scope, &require.that)).tokens;
        let name = argument_name(&that, &before.ident);
        let otherwise = message(scope, &require.otherwise);
        quote!(.require(|#name| Ok(#that), #otherwise))
    });
    let change = |scope: &mut Scope<'_>, method: TokenStream, body: &crate::lowered::Body| {
        let fields = scope.in_closure(|scope| body::fields(scope, body));
        let name = argument_name(&fields, &before.ident);
        quote!(.#method(|#name| Ok(#fields)))
    };
    let put = edit.put.as_ref().map(|body| change(scope, quote!(put), body));
    let set = edit.set.as_ref().map(|body| change(scope, quote!(set), body));
    let remove = (!edit.remove.is_empty()).then(|| {
        let remove = &edit.remove;
        quote!(.remove(&[#(#remove),*]))
    });
    let undo = (step.undo == Some(Undo::Restore)).then(|| quote!(.undo_restore()));
    quote!(call.edit(#target).element::<#element>(&[#(#path),*], #key)#(#more)* #guard #put #set #remove #undo #clauses.send().await?)
}

fn wait_call(scope: &mut Scope<'_>, wait: &Wait, clauses: &TokenStream) -> TokenStream {
    let target = object(scope, &wait.target, wait.kind);
    let after = wait.after.as_ref().map(|after| {
        let after = predicate(scope, wait.item, wait.kind, after);
        quote!(.after(#after))
    });
    let until = predicate(scope, wait.item, wait.kind, &wait.until);
    let item = scope.get(wait.item).map_or_else(|| scope.step_ident(wait.item), |bound| bound.ident.clone());
    let fail = wait.fail.as_ref().map(|fail| {
        let (when, text) = scope.in_closure(|scope| (read(scope, &fail.when).receiver(), owned(scope, &fail.message)));
        let name = argument_name(&quote!(#when #text), &item);
        quote!(.fail(|#name| Ok(#when.then(|| #text))))
    });
    let progress = wait.progress.as_ref().map(|progress| {
        let (done, of, say) = scope.in_closure(|scope| {
            (read(scope, &progress.done).tokens, read(scope, &progress.of).tokens, owned(scope, &progress.say))
        });
        let (done, of) = (named("done", &done), named("of", &of));
        let name = argument_name(&quote!(#done #of #say), &item);
        quote!(.progress(|#name| Ok(Progress { #done, #of, say: #say })))
    });
    let timeout = read(scope, &wait.timeout).tokens;
    quote!(call.wait(#target)#after.until(#until)#fail #progress.timeout(#timeout)#clauses.run().await?)
}

fn named(name: &str, value: &TokenStream) -> TokenStream {
    let field = Ident::new(name, Span::call_site());
    if value.to_string() == name { quote!(#field) } else { quote!(#field: #value) }
}
