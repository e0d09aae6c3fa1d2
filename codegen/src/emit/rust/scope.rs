//! What a handler's names stand for in Rust, at the place that is being emitted.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;

use super::code::Form;
use super::names::{ident, local_ident};
use crate::emit::walk;
use crate::lowered::{Expr, ExprKind, Let, Local, LocalId, LocalKind, Param, ParamDefault, Program, Tool, Verb};
use crate::types::{ObjectId, ObjectType, Type};

/// A name in Rust.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The variable.
    pub ident: Ident,
    /// How its value is at hand.
    pub form: Form,
    /// The type of the variable.
    pub ty: Type,
}

/// Names in scope, and what is known about their use.
pub struct Scope<'p> {
    /// Everything.
    pub program: &'p Program,
    /// The tool whose handler is emitted.
    pub tool: &'p Tool,
    bound: BTreeMap<LocalId, Bound>,
    uses: BTreeMap<LocalId, usize>,
    /// How many closures deep: inside one nothing is moved.
    closures: usize,
    /// Paths named in the handler's last expression, where each may be moved once.
    last: Vec<(LocalId, Vec<String>)>,
    /// Settings of the call that steps name (`image_registry`), to be asked for once.
    pub settings: BTreeSet<&'static str>,
    /// Parameters with a computed default of which a step asks whether they were given.
    pub asked_given: BTreeSet<LocalId>,
}

impl<'p> Scope<'p> {
    /// Parameters are in scope, bindings come as their steps do.
    pub fn new(program: &'p Program, tool: &'p Tool) -> Self {
        let mut uses = BTreeMap::new();
        walk::tool(tool, &mut |expr| {
            if let ExprKind::Local(local) = &expr.kind {
                *uses.entry(*local).or_insert(0) += 1;
            }
        });
        walk::targets(tool, &mut |local| *uses.entry(local).or_insert(0) += 1);
        let mut scope = Self {
            program,
            tool,
            bound: BTreeMap::new(),
            uses,
            closures: 0,
            last: Vec::new(),
            settings: BTreeSet::new(),
            asked_given: BTreeSet::new(),
        };
        for param in &tool.params {
            let ty = param.value_type.clone();
            scope.bind(param.local, Bound { ident: ident(&param.name), form: Form::Place, ty });
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
        for body in bodies {
            walk::expr(body, &mut |expr| {
                if let ExprKind::Local(other) = &expr.kind
                    && *other != local
                {
                    let name = self.get(*other).map_or_else(|| local_ident(&self.local(*other).name), |bound| bound.ident.clone());
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

    /// From here on only `exprs` are emitted, each once, in one expression at the handler's end: what only
    /// one of them names may be moved.
    pub fn enter_last(&mut self, exprs: &[&Expr]) {
        let mut last = Vec::new();
        for expr in exprs {
            self.paths(expr, &mut last);
        }
        self.last = last;
    }

    fn paths(&self, expr: &Expr, into: &mut Vec<(LocalId, Vec<String>)>) {
        if let Some(path) = self.path(expr) {
            into.push(path);
            return;
        }
        if let ExprKind::Local(local) = &expr.kind
            && let LocalKind::Group(group) = self.local(*local).kind
        {
            into.extend(self.tool.groups[group].members.iter().map(|member| (self.tool.params[*member].local, Vec::new())));
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
                if of.ty.is_optional() {
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
        if self.closures > 0 {
            return false;
        }
        let Some((local, fields)) = self.path(expr) else { return false };
        if self.get(local).is_none_or(|bound| bound.form != Form::Place) {
            return false;
        }
        if fields.is_empty() && self.uses.get(&local) == Some(&1) && !matches!(self.local(local).kind, LocalKind::Param(_)) {
            return true;
        }
        let overlapping = self.last.iter().filter(|(other, path)| {
            *other == local && (path.starts_with(&fields) || fields.starts_with(path))
        });
        overlapping.count() == 1
    }

    /// The parameter behind `group.field`.
    pub fn group_member(&self, of: &Expr, field: &str) -> Option<LocalId> {
        let ExprKind::Local(local) = &of.kind else { return None };
        let LocalKind::Group(group) = self.local(*local).kind else { return None };
        let members = &self.tool.groups[group].members;
        members.iter().map(|member| &self.tool.params[*member]).find(|param| param.name == field).map(|param| param.local)
    }

    /// The object type behind an id.
    pub fn object(&self, id: ObjectId) -> &'p ObjectType {
        self.program.types.object(id)
    }
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
            named |= comprehension.page.as_ref().is_some_and(|page| page.limit == param.local || page.cursor == param.local);
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
