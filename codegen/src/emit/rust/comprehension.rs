//! `each … keep … as …` as a chain of iterators, or as a loop where something in it can fail.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::{Code, Form, Level, is_copy, is_text};
use super::expression::{can_fail, owned, read};
use super::field::{Chain, chain};
use super::scope::{Bound, Scope};
use crate::lowered::{Comprehension, Expr, ExprKind, LocalId, Paging};
use crate::types::Type;

/// The elements of a list on their way.
struct Elements {
    /// An iterator.
    iterator: TokenStream,
    /// What an element is: a reference (`Borrowed`), a copy or a value (`Place`).
    form: Form,
    /// The element's type.
    ty: Type,
    /// Whether the list is made on the spot, so that nothing may go on borrowing from it.
    fleeting: bool,
}

/// A comprehension's value. `keep_it` says that the value is wanted as its own.
pub fn comprehension(scope: &mut Scope<'_>, comprehension: &Comprehension, ty: &Type, keep_it: bool) -> Code {
    if comprehension.newest.is_none() && comprehension.page.is_none() {
        return kept(scope, comprehension, ty, keep_it);
    }
    // Both look at the elements as they are in the list, so that `as` comes after them.
    let source = &comprehension.source.ty;
    let whole = Comprehension { map: None, ..comprehension.clone() };
    let list = kept(scope, &whole, source, true).into_owned(source);
    let list = match &comprehension.newest {
        Some(newest) => {
            let count = read(scope, &newest.count).tokens;
            let by = by(scope, newest.item, &newest.by, source);
            quote!(expression::newest(#list, #count, #by))
        }
        None => list,
    };
    let list = match &comprehension.page {
        Some(page) => paged(scope, comprehension, page, &list),
        None => list,
    };
    match &comprehension.map {
        Some(map) => mapped(scope, comprehension, map, &list),
        None => Code::owned(list),
    }
}

/// One page of a list, by name.
fn paged(scope: &mut Scope<'_>, comprehension: &Comprehension, page: &Paging, list: &TokenStream) -> TokenStream {
    let limit = read(scope, &local(scope, page.limit)).tokens;
    let cursor = {
        let cursor = local(scope, page.cursor);
        read(scope, &cursor).exact(&cursor.ty)
    };
    let by = if let Some(key) = &page.by {
        page_key(scope, comprehension.item, key, &comprehension.source.ty)
    } else {
        quote!(|item| item.to_owned())
    };
    quote!(call.page_by(#list, #limit, #cursor, #by)?)
}

/// What becomes of the elements of a list that was made on the spot.
fn mapped(scope: &mut Scope<'_>, comprehension: &Comprehension, map: &Expr, list: &TokenStream) -> Code {
    let elements = Elements {
        iterator: quote!(#list.into_iter()),
        form: Form::Place,
        ty: element_type(&comprehension.source.ty),
        fleeting: true,
    };
    let item = scope.inner_ident(comprehension.item, &[map]);
    if can_fail(map) {
        return looped(scope, comprehension, &elements, &item, None, Some(map));
    }
    bind_for_map(scope, comprehension.item, &elements, &item, map);
    let value = scope.in_closure(|scope| owned(scope, map));
    let step = if map.ty.is_optional() { quote!(filter_map) } else { quote!(map) };
    let iterator = &elements.iterator;
    Code::owned(quote!(#iterator.#step(|#item| #value).collect::<Vec<_>>()))
}

/// A local of the tool as an expression.
pub fn local(scope: &Scope<'_>, id: LocalId) -> Expr {
    Expr { kind: ExprKind::Local(id), ty: scope.local(id).ty.clone(), span: crate::source::Span::default() }
}

/// `|item| …`, the time to order by.
fn by(scope: &mut Scope<'_>, item: LocalId, by: &Expr, list: &Type) -> TokenStream {
    let name = scope.inner_ident(item, &[by]);
    let element = element_type(list);
    scope.bind(item, Bound::new(name.clone(), Form::Borrowed, element));
    let value = scope.in_closure(|scope| owned(scope, by));
    let value = if by.ty.is_optional() { value } else { quote!(Some(#value)) };
    quote!(|#name| #value)
}

/// `|item| …`, the name to page by.
fn page_key(scope: &mut Scope<'_>, item: LocalId, key: &Expr, list: &Type) -> TokenStream {
    let name = scope.inner_ident(item, &[key]);
    let element = element_type(list);
    scope.bind(item, Bound::new(name.clone(), Form::Borrowed, element));
    let value = scope.in_closure(|scope| owned(scope, key));
    quote!(|#name| #value)
}

fn element_type(list: &Type) -> Type {
    match list {
        Type::List(element) => (**element).clone(),
        other => other.clone(),
    }
}

/// The value before `newest` and `page`.
fn kept(scope: &mut Scope<'_>, comprehension: &Comprehension, ty: &Type, keep_it: bool) -> Code {
    let keep = comprehension.keep.as_ref().filter(|keep| !matches!(keep.kind, ExprKind::Bool(true)));
    let map =
        comprehension.map.as_ref().filter(|map| !matches!(&map.kind, ExprKind::Local(id) if *id == comprehension.item));
    if keep.is_none() && map.is_none() && !comprehension.first {
        return Code { tokens: owned(scope, &comprehension.source), form: Form::Owned, level: Level::Block };
    }
    let consume = keep_it && scope.can_move(&comprehension.source);
    let elements = elements(scope, &comprehension.source, consume);
    let keep_it = keep_it || elements.fleeting;
    let bodies: Vec<&Expr> = keep.into_iter().chain(map).collect();
    let item = scope.inner_ident(comprehension.item, &bodies);
    if keep.is_some_and(can_fail) || map.is_some_and(can_fail) {
        return looped(scope, comprehension, &elements, &item, keep, map);
    }
    let iterator = &elements.iterator;
    let bind = |scope: &mut Scope<'_>| {
        scope.bind(comprehension.item, Bound::new(item.clone(), elements.form, elements.ty.clone()));
    };
    bind(scope);
    let test = keep.map(|keep| {
        let test = scope.in_closure(|scope| read(scope, keep)).tokens;
        let by_reference = elements.form == Form::Borrowed || is_copy(&elements.ty);
        if by_reference && named_whole(comprehension.item, keep) {
            quote!(|&#item| #test)
        } else {
            quote!(|#item| #test)
        }
    });
    if comprehension.first {
        let found = if let Some(test) = &test { quote!(#iterator.find(#test)) } else { quote!(#iterator.next()) };
        if let Some(map) = map {
            bind_for_map(scope, comprehension.item, &elements, &item, map);
        }
        return first(scope, &elements, &item, map, found, keep_it);
    }
    let filtered = match (&test, keep_it) {
        (Some(test), _) => quote!(#iterator.filter(#test)),
        (None, _) => iterator.clone(),
    };
    let collected = match map {
        Some(map) => {
            bind_for_map(scope, comprehension.item, &elements, &item, map);
            let value = scope.in_closure(|scope| owned(scope, map));
            let step =
                if map.ty.is_optional() && !element_type(ty).is_optional() { quote!(filter_map) } else { quote!(map) };
            quote!(#filtered.#step(|#item| #value).collect::<Vec<_>>())
        }
        None if elements.form == Form::Borrowed && is_text(&elements.ty) => {
            quote!(#filtered.map(str::to_owned).collect::<Vec<_>>())
        }
        None if elements.form == Form::Borrowed => quote!(#filtered.cloned().collect::<Vec<_>>()),
        None => quote!(#filtered.collect::<Vec<_>>()),
    };
    Code::owned(collected)
}

/// The first that was found, and what becomes of it.
fn first(
    scope: &mut Scope<'_>,
    elements: &Elements,
    item: &Ident,
    map: Option<&Expr>,
    found: TokenStream,
    keep_it: bool,
) -> Code {
    let Some(map) = map else {
        let form = if elements.form == Form::Borrowed { Form::Borrowed } else { Form::Owned };
        return Code::atom(found, form);
    };
    let step = if map.ty.is_optional() { quote!(and_then) } else { quote!(map) };
    let (value, form) = scope.in_closure(|scope| {
        let code = read(scope, map);
        if keep_it || code.form == Form::Owned || elements.form != Form::Borrowed {
            (owned(scope, map), Form::Owned)
        } else {
            (code.exact(&map.ty), Form::Borrowed)
        }
    });
    Code::atom(quote!(#found.#step(|#item| #value)), form)
}

/// The elements of a list. Text is borrowed as `&str`, numbers are copied, objects are referred to;
/// `consume` takes the list apart instead.
fn elements(scope: &mut Scope<'_>, source: &Expr, consume: bool) -> Elements {
    let ty = element_type(&source.ty);
    if let ExprKind::Field { of, name } = &source.kind
        && of.ty.is_optional()
        && scope.group_member(of, name).is_none()
    {
        let Chain { each, step, value, .. } = chain(scope, of, name, &source.ty);
        let list = value.argument(&source.ty);
        let iterator = quote!(#each.flat_map(|#step| #list));
        let iterator = if is_copy(&ty) {
            quote!(#iterator.copied())
        } else if is_text(&ty) {
            quote!(#iterator.map(String::as_str))
        } else {
            iterator
        };
        let form = if is_copy(&ty) { Form::Place } else { Form::Borrowed };
        return Elements { iterator, form, ty, fleeting: false };
    }
    let code = read(scope, source);
    let receiver = code.receiver();
    let fleeting = code.form == Form::Owned;
    if (consume || fleeting) && !is_text(&ty) && !is_copy(&ty) {
        return Elements { iterator: quote!(#receiver.into_iter()), form: Form::Place, ty, fleeting };
    }
    let iterator = if code.form == Form::AbsentIsEmpty {
        quote!(#receiver.into_iter().flatten())
    } else {
        quote!(#receiver.iter())
    };
    if is_copy(&ty) {
        Elements { iterator: quote!(#iterator.copied()), form: Form::Place, ty, fleeting }
    } else if is_text(&ty) {
        Elements { iterator: quote!(#iterator.map(String::as_str)), form: Form::Borrowed, ty, fleeting }
    } else {
        Elements { iterator, form: Form::Borrowed, ty, fleeting }
    }
}

/// Whether the element itself is named, not only fields of it: then a filter's `&&T` has to become `&T`.
fn named_whole(item: LocalId, body: &Expr) -> bool {
    if let ExprKind::Field { of, .. } = &body.kind
        && matches!(of.kind, ExprKind::Local(_))
    {
        return false;
    }
    if matches!(&body.kind, ExprKind::Local(id) if *id == item) {
        return true;
    }
    let mut whole = false;
    crate::lowered::walk::children(body, &mut |child| whole |= named_whole(item, child));
    whole
}

/// Brings the element into scope for `as`.
fn bind_for_map(scope: &mut Scope<'_>, local: LocalId, elements: &Elements, item: &Ident, map: &Expr) {
    if elements.form == Form::Place {
        scope.bind_element(local, item.clone(), elements.ty.clone(), map);
    } else {
        scope.bind(local, Bound::new(item.clone(), elements.form, elements.ty.clone()));
    }
}

/// A loop, in which `?` ends the handler.
fn looped(
    scope: &mut Scope<'_>,
    comprehension: &Comprehension,
    elements: &Elements,
    item: &Ident,
    keep: Option<&Expr>,
    map: Option<&Expr>,
) -> Code {
    let iterator = over_reference(&elements.iterator);
    scope.bind(comprehension.item, Bound::new(item.clone(), elements.form, elements.ty.clone()));
    let test = keep.map(|keep| scope.in_closure(|scope| read(scope, keep)).tokens);
    let value = match map {
        Some(map) => scope.in_closure(|scope| owned(scope, map)),
        None => Code::atom(quote!(#item), elements.form).into_owned(&elements.ty),
    };
    let optional = map.is_some_and(|map| map.ty.is_optional());
    let (take, prepare, rest) = if comprehension.first {
        let value = if optional { value } else { quote!(Some(#value)) };
        (quote!(break 'found #value;), quote!(), quote!(None))
    } else if optional {
        (quote!(kept.extend(#value);), quote!(let mut kept = Vec::new();), quote!(kept))
    } else {
        (quote!(kept.push(#value);), quote!(let mut kept = Vec::new();), quote!(kept))
    };
    let body = match test {
        Some(test) => quote!(if #test { #take }),
        None => take,
    };
    let block = quote!({ #prepare for #item in #iterator { #body } #rest });
    let block = if comprehension.first { quote!('found: #block) } else { block };
    Code { tokens: block, form: Form::Owned, level: Level::Block }
}

/// What a loop goes through: `&list` rather than `list.iter()`, `list` rather than `list.into_iter()`.
fn over_reference(iterator: &TokenStream) -> TokenStream {
    let text = iterator.to_string();
    if let Some(Ok(list)) = text.strip_suffix(". into_iter ()").map(str::parse::<TokenStream>) {
        return list;
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | ' ' | '#');
    match text
        .strip_suffix(". iter ()")
        .map(str::trim)
        .filter(|list| list.chars().all(plain))
        .map(str::parse::<TokenStream>)
    {
        Some(Ok(list)) => quote!(&#list),
        _ => iterator.clone(),
    }
}
