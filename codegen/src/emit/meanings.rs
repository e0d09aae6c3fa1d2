//! What the fields of an output mean: what the spec says of them, else what is said of the parameter or the field of
//! a kind that they come from.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::one_paragraph;
use crate::lowered::{BinaryOp, Comprehension, Expr, ExprKind, Let, LocalId, LocalKind, Tool, Verb, walk};
use crate::sentence::first_sentence;
use crate::types::{Origin, Type, Types};

/// Where the values of a tool's output come from.
pub struct Meanings<'p> {
    types: &'p Types,
    tool: &'p Tool,
    /// What names stand for: results of `let`, and values that a condition says are there.
    named: BTreeMap<LocalId, Source<'p>>,
    /// The lists that variables go through.
    lists: BTreeMap<LocalId, &'p Expr>,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Source<'p> {
    Value(&'p Expr),
    Elements(&'p Comprehension),
    Name(LocalId),
}

/// A field of a mapping.
pub struct Made<'p> {
    /// Its name.
    pub name: &'p str,
    /// What its value is.
    pub value: &'p Expr,
    /// What the spec says of it.
    pub about: Option<&'p String>,
}

impl<'p> Meanings<'p> {
    /// Looks through a tool.
    pub fn new(types: &'p Types, tool: &'p Tool) -> Self {
        let mut named = BTreeMap::new();
        let mut lists = BTreeMap::new();
        for step in &tool.steps {
            let mut narrows = step.narrows.iter().collect::<Vec<_>>();
            match (&step.verb, step.binding) {
                (Verb::Let(Let::Be(value)), Some(local)) => {
                    named.insert(local, Source::Value(value));
                }
                (Verb::Let(Let::Each(each)), Some(local)) => {
                    named.insert(local, Source::Elements(each));
                    lists.insert(each.item, &each.source);
                }
                (Verb::Require(require), _) => narrows.extend(&require.narrows),
                _ => {}
            }
            named.extend(narrows.into_iter().map(|(old, new)| (*new, Source::Name(*old))));
        }
        walk::tool(tool, &mut |expr| match &expr.kind {
            ExprKind::Comprehension(each) => {
                lists.insert(each.item, &each.source);
            }
            ExprKind::IfSet { subject, bound, .. } => {
                named.insert(*bound, Source::Value(subject));
            }
            ExprKind::When { set, .. } => {
                named.extend(set.iter().map(|(subject, bound)| (*bound, Source::Value(subject))));
            }
            _ => {}
        });
        Self { types, tool, named, lists }
    }

    /// What a field of the output means, on one line: in the spec's words, else in those of where it comes from.
    pub fn of_field(&self, about: Option<&String>, value: &'p Expr) -> Option<String> {
        match about {
            Some(about) => Some(one_paragraph(about)),
            None => self.of(value),
        }
    }

    /// What is said of where a value comes from. Nothing, where it is worked out.
    fn of(&self, value: &'p Expr) -> Option<String> {
        match &value.kind {
            ExprKind::Local(local) => self.of_local(*local),
            ExprKind::Field { of, name } => {
                let Type::Object(id) = of.ty.required() else { return None };
                let object = self.types.object(*id);
                if object.origin == Origin::Mapping {
                    let made = self.made_by(of, name)?;
                    return self.of_field(made.about, made.value);
                }
                let text = object.field(name)?.about.as_deref().and_then(first_sentence)?;
                Some(match self.kind_of_metadata(of) {
                    Some(kind) => text.replace("the object", &format!("the {kind} object")),
                    None => text,
                })
            }
            ExprKind::Default { of, .. }
            | ExprKind::Widen(of)
            | ExprKind::When { then: of, otherwise: None, .. }
            | ExprKind::Binary(BinaryOp::Concat, of, _) => self.of(of),
            ExprKind::Call { function: "entries", args } => self.of(args.first()?),
            ExprKind::Comprehension(each) => self.of_elements(each),
            _ => None,
        }
    }

    /// The kind of the object whose metadata it is.
    fn kind_of_metadata(&self, metadata: &Expr) -> Option<&'p str> {
        let ExprKind::Field { of, name } = &metadata.kind else { return None };
        let Type::Object(id) = of.ty.required() else { return None };
        let object = self.types.object(*id);
        (name == "metadata" && matches!(object.origin, Origin::Resource(_))).then_some(&object.name)
    }

    fn of_local(&self, local: LocalId) -> Option<String> {
        if let LocalKind::Param(index) = self.tool.local(local).kind {
            return first_sentence(&self.tool.params[index].about);
        }
        match self.named.get(&local)? {
            Source::Value(value) => self.of(value),
            Source::Elements(each) => self.of_elements(each),
            Source::Name(name) => self.of_local(*name),
        }
    }

    /// One element means what its value means; a list with nothing left out what its source means.
    fn of_elements(&self, each: &'p Comprehension) -> Option<String> {
        match (&each.map, each.first) {
            (Some(map), true) => self.of(map),
            // Elements that lack something are left out.
            (Some(Expr { kind: ExprKind::When { .. }, .. }), false) => None,
            (_, false) if each.keep.is_none() && each.newest.is_none() => self.of(&each.source),
            _ => None,
        }
    }

    /// A field of the mappings that a value is made by, with what the spec says of it.
    fn made_by(&self, value: &'p Expr, name: &str) -> Option<Made<'p>> {
        self.fields(value).into_iter().find(|made| made.name == name)
    }

    /// The fields of the mappings that a value, or each element of a list, is made by. More than one may make it: the
    /// first that has a field counts.
    pub fn fields(&self, value: &'p Expr) -> Vec<Made<'p>> {
        let mut found = Vec::new();
        // Two ways may lead to one value; looked at once, steps that double them stay cheap.
        let mut seen = BTreeSet::new();
        let mut made_of = vec![value];
        while let Some(value) = made_of.pop() {
            if !seen.insert(std::ptr::from_ref(value)) {
                continue;
            }
            match &value.kind {
                ExprKind::Object { fields, about, .. } => {
                    found.extend(fields.iter().map(|(name, value)| Made { name, value, about: about.get(name) }));
                }
                ExprKind::Local(local) => made_of.extend(self.source(*local)),
                ExprKind::Field { of, name } => made_of.extend(self.made_by(of, name).map(|made| made.value)),
                ExprKind::Default { of: first, fallback: second }
                | ExprKind::Binary(BinaryOp::Concat, first, second)
                | ExprKind::IfSet { then: first, otherwise: second, .. }
                | ExprKind::Conditional { then: first, otherwise: second, .. } => {
                    made_of.extend([&**second, first]);
                }
                ExprKind::When { then, otherwise, .. } => {
                    made_of.extend(otherwise.as_deref());
                    made_of.push(then);
                }
                ExprKind::Widen(of) => made_of.push(of),
                ExprKind::Comprehension(each) => made_of.push(elements(each)),
                _ => {}
            }
        }
        found
    }

    /// What a name stands for, or where the elements come from that it goes through.
    fn source(&self, local: LocalId) -> Option<&'p Expr> {
        match self.named.get(&local) {
            Some(Source::Value(value)) => Some(value),
            Some(Source::Elements(each)) => Some(elements(each)),
            Some(Source::Name(name)) => self.source(*name),
            None => self.lists.get(&local).copied(),
        }
    }
}

/// What makes the elements of a list.
fn elements(each: &Comprehension) -> &Expr {
    each.map.as_ref().unwrap_or(&each.source)
}
