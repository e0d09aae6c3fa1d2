//! What a handler's names stand for in Rust, at the place that is being emitted.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;

use super::code::Form;
use super::names::{ident, local_ident};
use crate::lowered::walk;
use crate::lowered::{Expr, ExprKind, Let, Local, LocalId, LocalKind, Param, ParamDefault, Program, Step, Tool, Verb};
use crate::types::{ObjectId, ObjectType, Origin, Type};

/// A name in Rust.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The variable.
    pub ident: Ident,
    /// How its value is at hand.
    pub form: Form,
    /// The type of the variable.
    pub ty: Type,
    /// How many closures deep the variable lives; from inside a deeper one it is not moved.
    pub depth: usize,
}

impl Bound {
    /// A variable of the handler itself, or one that is borrowed.
    pub fn new(ident: Ident, form: Form, ty: Type) -> Self {
        Self { ident, form, ty, depth: 0 }
    }
}

/// Names in scope, and what is known about their use.
pub struct Scope<'p> {
    /// Everything.
    pub program: &'p Program,
    /// The tool whose handler is emitted.
    pub tool: &'p Tool,
    bound: BTreeMap<LocalId, Bound>,
    /// How many closures deep: inside one nothing is moved.
    closures: usize,
    /// Names that what follows the current step still needs.
    later: BTreeSet<LocalId>,
    /// Places that the current step (or the output at the end) names.
    here: Vec<(LocalId, Vec<String>)>,
    /// Whether settings are asked for on the spot (`call.image_registry()`), not kept in a variable.
    pub ask_on_the_spot: bool,
    /// Settings of the call that steps name (`image_registry`), to be asked for once.
    pub settings: BTreeSet<&'static str>,
    /// Parameters with a computed default of which a step asks whether they were given.
    pub asked_given: BTreeSet<LocalId>,
}

impl<'p> Scope<'p> {
    /// Parameters are in scope, bindings come as their steps do.
    pub fn new(program: &'p Program, tool: &'p Tool) -> Self {
        let mut scope = Self {
            program,
            tool,
            bound: BTreeMap::new(),
            closures: 0,
            later: BTreeSet::new(),
            here: Vec::new(),
            ask_on_the_spot: false,
            settings: BTreeSet::new(),
            asked_given: BTreeSet::new(),
        };
        for param in &tool.params {
            let ty = param.value_type.clone();
            scope.bind(param.local, Bound::new(ident(&param.name), Form::Place, ty));
        }
        scope
    }

    /// Brings a name into scope, or changes what it stands for.
    pub fn bind(&mut self, local: LocalId, bound: Bound) {
        self.bound.insert(local, bound);
    }

    /// Takes a name out of scope.
    pub fn unbind(&mut self, local: LocalId) {
        self.bound.remove(&local);
    }

    /// What a name stands for.
    pub fn get(&self, local: LocalId) -> Option<&Bound> {
        self.bound.get(&local)
    }

    /// The local behind an id.
    pub fn local(&self, local: LocalId) -> &'p Local {
        self.tool.local(local)
    }

    /// The variable for the result of a step.
    pub fn step_ident(&self, local: LocalId) -> Ident {
        local_ident(&self.local(local).name)
    }

    /// The variable for an element or value that `body` sees: the spec's own name, unless `body` names
    /// something else that is called so too.
    pub fn inner_ident(&self, local: LocalId, bodies: &[&Expr]) -> Ident {
        let wanted = local_ident(&self.local(local).name);
        let mut others = BTreeSet::new();
        // Names that the body itself gives hide this one only where the spec says so.
        let mut inner = BTreeSet::from([local]);
        for body in bodies {
            walk::expr(body, &mut |expr| match &expr.kind {
                ExprKind::Comprehension(comprehension) => {
                    inner.insert(comprehension.item);
                    inner.extend(comprehension.newest.as_ref().map(|newest| newest.item));
                }
                ExprKind::IfSet { bound, .. } => {
                    inner.insert(*bound);
                }
                ExprKind::When { set, .. } => inner.extend(set.iter().map(|(_, bound)| *bound)),
                _ => {}
            });
        }
        for body in bodies {
            walk::expr(body, &mut |expr| {
                if let ExprKind::Local(other) = &expr.kind
                    && !inner.contains(other)
                {
                    let name = self
                        .get(*other)
                        .map_or_else(|| local_ident(&self.local(*other).name), |bound| bound.ident.clone());
                    others.insert(name.to_string());
                }
            });
        }
        if !others.contains(&wanted.to_string()) {
            return wanted;
        }
        let base = format!("{}_value", self.local(local).name);
        let mut candidate = local_ident(&base);
        let mut number = 2;
        while others.contains(&candidate.to_string()) {
            candidate = local_ident(&format!("{base}_{number}"));
            number += 1;
        }
        candidate
    }

    /// Emits something inside a closure.
    pub fn in_closure<T>(&mut self, emit: impl FnOnce(&mut Self) -> T) -> T {
        self.closures += 1;
        let out = emit(self);
        self.closures -= 1;
        out
    }

    /// Says which step is emitted next: what neither the steps behind it nor the output need may be moved.
    pub fn enter_step(&mut self, at: usize) {
        let tool = self.tool;
        self.later = uses(tool, &tool.steps[at + 1..]);
        let mut here = Vec::new();
        walk::top(&tool.steps[at], &mut |expr| self.paths(expr, &mut here));
        walk::targets(&tool.steps[at], &mut |local| here.push((local, Vec::new())));
        self.here = here;
    }

    /// Brings an owned element into scope for the closure that comes next, which may take it apart.
    pub fn bind_element(&mut self, local: LocalId, ident: Ident, ty: Type, body: &Expr) {
        self.bind(local, Bound { ident, form: Form::Place, ty, depth: self.closures + 1 });
        let mut here = std::mem::take(&mut self.here);
        // What `keep` looked at is over by then.
        here.retain(|(other, _)| *other != local);
        self.paths(body, &mut here);
        self.here = here;
    }

    /// Says that the output is emitted now, at the very end.
    pub fn enter_output(&mut self) {
        let mut here = Vec::new();
        for field in &self.tool.output {
            self.paths(&field.value, &mut here);
        }
        self.later = BTreeSet::new();
        self.here = here;
    }

    /// Says that nothing may be moved.
    pub fn keep_all(&mut self) {
        self.later = BTreeSet::new();
        self.here = Vec::new();
    }

    /// Whether anything after the current step needs a name.
    pub fn is_needed_later(&self, local: LocalId) -> bool {
        self.later.contains(&local)
    }

    fn paths(&self, expr: &Expr, into: &mut Vec<(LocalId, Vec<String>)>) {
        if let Some(path) = self.path(expr) {
            into.push(path);
            return;
        }
        if let ExprKind::Local(local) = &expr.kind
            && let LocalKind::Group(group) = self.local(*local).kind
        {
            into.extend(
                self.tool.groups[group].members.iter().map(|member| (self.tool.params[*member].local, Vec::new())),
            );
        }
        walk::children(expr, &mut |child| self.paths(child, into));
    }

    /// The place that an expression names, where it names one: a variable and fields in it.
    fn path(&self, expr: &Expr) -> Option<(LocalId, Vec<String>)> {
        match &expr.kind {
            ExprKind::Local(local) => match self.local(*local).kind {
                LocalKind::Group(_) => None,
                _ => Some((*local, Vec::new())),
            },
            ExprKind::Field { of, name } => {
                if let Some(member) = self.group_member(of, name) {
                    return Some((member, Vec::new()));
                }
                let (local, mut fields) = self.path(of)?;
                // A chain borrows the object, and so does a method of the metadata.
                if of.ty.is_optional() || self.is_method(of, name, &expr.ty) {
                    return Some((local, fields));
                }
                fields.push(name.clone());
                Some((local, fields))
            }
            _ => None,
        }
    }

    /// Whether the place that `expr` names can be moved here.
    pub fn can_move(&self, expr: &Expr) -> bool {
        let Some((local, fields)) = self.path(expr) else { return false };
        if let ExprKind::Field { of, name } = &expr.kind
            && self.is_method(of, name, &expr.ty)
        {
            return false;
        }
        if self.get(local).is_none_or(|bound| bound.form != Form::Place || bound.depth != self.closures) {
            return false;
        }
        if self.later.contains(&local) {
            return false;
        }
        let overlapping = self
            .here
            .iter()
            .filter(|(other, path)| *other == local && (path.starts_with(&fields) || fields.starts_with(path)));
        overlapping.count() == 1
    }

    /// Whether the runtime has a field as a method: the namespace of namespaced kinds is never absent.
    pub fn is_method(&self, of: &Expr, name: &str, ty: &Type) -> bool {
        let Type::Object(id) = of.ty.required() else { return false };
        self.object(*id).origin == Origin::Part(None) && name == "namespace" && !ty.is_optional()
    }

    /// The parameter behind `group.field`.
    pub fn group_member(&self, of: &Expr, field: &str) -> Option<LocalId> {
        let ExprKind::Local(local) = &of.kind else { return None };
        let LocalKind::Group(group) = self.local(*local).kind else { return None };
        let members = &self.tool.groups[group].members;
        members
            .iter()
            .map(|member| &self.tool.params[*member])
            .find(|param| param.name == field)
            .map(|param| param.local)
    }

    /// The object type behind an id.
    pub fn object(&self, id: ObjectId) -> &'p ObjectType {
        self.program.types.object(id)
    }
}

/// The names that steps and the output need.
fn uses(tool: &Tool, steps: &[Step]) -> BTreeSet<LocalId> {
    let mut used = BTreeSet::new();
    let mut see = |expr: &Expr| match &expr.kind {
        ExprKind::Local(local) => {
            used.insert(*local);
            if let LocalKind::Group(group) = tool.local(*local).kind {
                used.extend(tool.groups[group].members.iter().map(|member| tool.params[*member].local));
            }
        }
        ExprKind::Comprehension(comprehension) => {
            used.extend(comprehension.page.iter().flat_map(|page| [page.limit, page.cursor]));
        }
        _ => {}
    };
    for step in steps {
        walk::step(step, &mut see);
    }
    for field in &tool.output {
        walk::expr(&field.value, &mut see);
    }
    for step in steps {
        walk::targets(step, &mut |local| {
            used.insert(local);
        });
        if let Verb::List(list) = &step.verb {
            used.extend(list.page.iter().flat_map(|page| [page.limit, page.cursor]));
        }
        // A result that replaces an earlier one leaves it where the step is not taken.
        if step.when.is_some() {
            used.extend(step.binding);
        }
    }
    used
}

/// Whether anything in the handler names a parameter: itself, its group, or a default that is worked out.
pub fn is_named(tool: &Tool, param: &Param) -> bool {
    let mut named = matches!(param.default, Some(ParamDefault::Computed(_)));
    let index = tool.params.iter().position(|other| other.local == param.local);
    walk::tool(tool, &mut |expr| match &expr.kind {
        ExprKind::Local(local) | ExprKind::IsGiven(local) => {
            named |= *local == param.local;
            if let LocalKind::Group(group) = tool.local(*local).kind {
                named |= index.is_some_and(|index| tool.groups[group].members.contains(&index));
            }
        }
        ExprKind::Comprehension(comprehension) => {
            named |=
                comprehension.page.as_ref().is_some_and(|page| page.limit == param.local || page.cursor == param.local);
        }
        _ => {}
    });
    for step in &tool.steps {
        let page = match &step.verb {
            Verb::List(list) => list.page.as_ref(),
            Verb::Let(Let::Each(comprehension)) => comprehension.page.as_ref(),
            Verb::Confirm(confirm) => {
                named |= confirm.by == param.local;
                None
            }
            _ => None,
        };
        named |= page.is_some_and(|page| page.limit == param.local || page.cursor == param.local);
    }
    named
}
