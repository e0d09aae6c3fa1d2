//! The objects that steps work on: kind, name, namespace.

use super::Lowering;
use super::verbs::Given;
use crate::diagnostic::Code;
use crate::load::Name;
use crate::lowered::{Expr, ExprKind, Get, LocalKind, Target};
use crate::syntax::{self, Scalar};
use crate::types::{KindId, Origin, Type};

impl Lowering<'_> {
    /// What a step on an object of a kind gives.
    pub(super) fn resource(&self, kind: KindId, acts: bool) -> Given {
        let object = self.shared.kinds.kind(kind).object;
        Given { ty: Some(Type::Object(object)), kind: LocalKind::Resource(kind), acts }
    }

    /// The kind whose objects have a type.
    pub(super) fn kind_of(&self, ty: &Type) -> Option<KindId> {
        match ty {
            Type::Object(id) => match self.typer.types.object(*id).origin {
                Origin::Resource(kind) => Some(kind),
                _ => None,
            },
            _ => None,
        }
    }

    /// An object by kind, name and namespace.
    pub(super) fn object(&mut self, object: &syntax::Object) -> Option<Get> {
        let kind = self.shared.kinds.find(&object.kind, self.typer.sink);
        let name = self.typer.scalar_of(&object.name, &Type::String);
        let namespace = kind.and_then(|kind| self.namespace(kind, object.namespace.as_ref(), &object.kind));
        Some(Get { kind: kind?, name: name?, namespace: namespace? })
    }

    /// The namespace of a step: its own clause, else the parameter `namespace`.
    #[allow(clippy::option_option)]
    pub(super) fn namespace(&mut self, kind: KindId, own: Option<&Scalar>, kind_name: &Name) -> Option<Option<Expr>> {
        let namespaced = self.shared.kinds.kind(kind).namespaced;
        match (own, namespaced) {
            (Some(own), true) => self.typer.scalar_of(own, &Type::String).map(Some),
            (Some(own), false) => {
                let message = format!("objects of the kind `{}` live in no namespace", kind_name.text);
                self.typer.sink.error(Code::Clause, own.span, message).help("leave `namespace` out");
                None
            }
            (None, false) => Some(None),
            (None, true) => {
                let param =
                    self.params.iter().find(|param| param.name == "namespace" && param.value_type == Type::String);
                let Some(local) = param.map(|param| param.local) else {
                    if self.tool.incomplete {
                        return None;
                    }
                    self.typer
                        .sink
                        .error(Code::NamespaceMissing, kind_name.span, format!("nothing says in which namespace the {} is", kind_name.text))
                        .help("take in the shared parameter by `namespace: { use: namespace }`, or add `namespace:` to the step");
                    return None;
                };
                self.typer.scope.mark_used(local);
                Some(Some(Expr { kind: ExprKind::Local(local), ty: Type::String, span: kind_name.span }))
            }
        }
    }

    /// The object that a step works on.
    pub(super) fn target(
        &mut self,
        step: &syntax::Step,
        named: Option<&syntax::Object>,
        bound: bool,
    ) -> Option<(KindId, Target)> {
        if let Some(object) = named {
            let get = self.object(object)?;
            return Some((get.kind, Target::Named(get)));
        }
        let name = step.binding.as_ref()?;
        if !bound {
            let later = self.typer.scope.later.get(&name.text).copied().filter(|place| *place != name.span);
            let known: Vec<String> = self.bindings.iter().map(|binding| binding.name.text.clone()).collect();
            if self.tool.incomplete
                && crate::diagnostic::nearest(&name.text, known.iter().map(String::as_str)).is_none()
            {
                return None;
            }
            let code = if later.is_some() { Code::UsedBeforeBound } else { Code::UnknownName };
            let error =
                self.typer.sink.error(code, name.span, format!("no step before this one gives `{}`", name.text));
            error.suggest(&name.text, known.iter().map(String::as_str));
            if error.help.is_none() {
                error.help("read the object first by `get`, or add `kind` and `name` to this step");
            }
            return None;
        }
        let seen = self.typer.scope.look_up(&name.text)?;
        let ty = seen.ty?;
        let Some(kind) = self.kind_of(ty.required()) else {
            let has = crate::expression::describe(self.typer.types, &ty);
            self.typer
                .sink
                .error(Code::TypeMismatch, name.span, format!("`{}` is no object of a kind, but {has}", name.text))
                .help("a step works on the result of `get` or `create`");
            return None;
        };
        if ty.is_optional() && self.typer.scope.doubtful {
            return None;
        }
        if ty.is_optional() {
            let help = format!("ask before: `when: \"{{{{ {} is set }}}}\"`, or a `require`", name.text);
            self.typer
                .sink
                .error(Code::MaybeAbsent, name.span, format!("`{}` may be absent here", name.text))
                .help(help);
            return None;
        }
        Some((kind, Target::Bound(seen.local)))
    }
}
