//! Parameters: types, bounds, defaults, meanings.

use super::Lowering;
use super::bounds::check_bounds;
use crate::diagnostic::Code;
use crate::expression::camel;
use crate::load::{Name, Node, NodeKind};
use crate::lowered::{LocalKind, Meaning, Param, ParamDefault, ParamGroup, ParamType};
use crate::syntax::{self, ParamDecl};
use crate::types::{Field, ObjectType, Origin, Type};

impl Lowering<'_> {
    /// Lowers all parameters, then the defaults that are worked out.
    pub(super) fn params(&mut self) {
        let mut computed = Vec::new();
        for decl in &self.tool.params {
            match decl {
                ParamDecl::Param(param) => {
                    self.param(param, &mut computed);
                }
                ParamDecl::Group { name, members } => {
                    let indexes: Vec<usize> =
                        members.iter().filter_map(|member| self.param(member, &mut computed)).collect();
                    self.group(name, indexes);
                }
            }
        }
        self.defaults(computed);
    }

    fn param<'p>(&mut self, param: &'p syntax::Param, computed: &mut Vec<(usize, &'p Node)>) -> Option<usize> {
        if let Some(first) = self.param_names.iter().find(|name| name.text == param.name.text) {
            let span = first.span;
            self.typer
                .sink
                .error(Code::Duplicate, param.name.span, format!("there are two parameters `{}`", param.name.text))
                .see(span, "first here");
            self.sound = false;
            return None;
        }
        let mark = self.typer.sink.mark();
        let (bounds, default) = check_bounds(param, self.shared.sources, self.typer.sink);
        self.meaning(param);
        self.sound &= self.typer.sink.mark() == mark;
        let index = self.params.len();
        if let Some(node) = param.default.as_ref().filter(|node| is_expression(node)) {
            computed.push((index, node));
        }
        let present = type_of(&param.ty);
        let value_type = if param.required || param.default.is_some() { present } else { present.optional() };
        let local = self.typer.local(&param.name.text, value_type.clone(), LocalKind::Param(index));
        let seen = self.typer.scope.declare(&param.name.text, local, Some(value_type.clone()));
        seen.hidden_from_templates = param.ty == ParamType::Secret;
        self.param_names.push(param.name.clone());
        self.typer.facts.params.push(bounds.clone());
        self.params.push(Param {
            name: param.name.text.clone(),
            about: param.about.text.clone(),
            ty: param.ty.clone(),
            bounds,
            required: param.required,
            default,
            meaning: param.meaning.map(|(meaning, _)| meaning),
            local,
            value_type,
        });
        Some(index)
    }

    fn group(&mut self, name: &Name, members: Vec<usize>) {
        let fields = members
            .iter()
            .map(|index| {
                let param = &self.params[*index];
                Field { name: param.name.clone(), ty: param.value_type.clone(), about: Some(param.about.clone()) }
            })
            .collect();
        let type_name = self.typer.types.free_name(&format!("{}{}", camel(&self.tool.name.text), camel(&name.text)));
        let object = self.typer.types.add(ObjectType { name: type_name, fields, origin: Origin::Group });
        let local = self.typer.local(&name.text, Type::Object(object), LocalKind::Group(self.groups.len()));
        if self.typer.scope.peek(&name.text).is_some() {
            self.typer.sink.error(Code::Duplicate, name.span, format!("there are two parameters `{}`", name.text));
            self.sound = false;
        }
        self.typer.scope.declare(&name.text, local, Some(Type::Object(object)));
        let with = |meaning| {
            members
                .iter()
                .map(|index| &self.params[*index])
                .find(|param| param.meaning == Some(meaning))
                .map(|param| param.local)
        };
        match (with(Meaning::Limit), with(Meaning::Cursor)) {
            (Some(limit), Some(cursor)) => self.typer.scope.paging.push((local, limit, cursor)),
            (None, None) => {}
            _ => {
                self.typer
                    .sink
                    .error(
                        Code::Paging,
                        name.span,
                        format!("group `{}` has one of `limit` and `cursor`, not both", name.text),
                    )
                    .help("paging needs a parameter with the meaning `limit` and one with the meaning `cursor`");
            }
        }
        self.group_names.push(name.clone());
        self.groups.push(ParamGroup { name: name.text.clone(), members, object, local });
    }

    /// Defaults that are worked out may name parameters without such a default, and those before them.
    fn defaults(&mut self, computed: Vec<(usize, &Node)>) {
        let later: Vec<usize> = computed.iter().map(|(index, _)| *index).collect();
        for (index, node) in computed {
            let NodeKind::Text(text) = &node.kind else { continue };
            let text = crate::load::Text::of_scalar(text, node.span, self.shared.sources.text(node.span.file));
            let scalar = syntax::Scalar { kind: syntax::ScalarKind::Text(text), span: node.span };
            let hidden: Vec<usize> = later.iter().copied().filter(|other| *other >= index).collect();
            let kept = self.typer.scope.clone();
            for other in &hidden {
                let name = self.params[*other].name.clone();
                self.typer.scope.hide(&name);
                self.typer.scope.later.insert(name, self.param_names[*other].span);
            }
            let wanted = type_of(&self.params[index].ty);
            let expr = self.typer.scalar_of(&scalar, &wanted);
            let used = std::mem::replace(&mut self.typer.scope, kept);
            self.typer.scope.use_as(&used);
            if let Some(expr) = self.keep(expr) {
                self.params[index].default = Some(ParamDefault::Computed(expr));
            }
        }
    }

    fn meaning(&mut self, param: &syntax::Param) {
        let Some((meaning, span)) = param.meaning else { return };
        let (wanted, fits) = match meaning {
            Meaning::DryRun | Meaning::Confirmation => ("bool", param.ty == ParamType::Bool),
            Meaning::Limit => ("int", param.ty == ParamType::Int),
            Meaning::Cursor => ("string", param.ty == ParamType::String),
        };
        if !fits {
            self.typer
                .sink
                .error(Code::Meaning, span, format!("a parameter with this meaning is of type {wanted}"))
                .see(param.type_span, "another type here");
            self.sound = false;
        }
        let false_by_default = matches!(param.default.as_ref().map(|node| &node.kind), Some(NodeKind::Bool(false)));
        if matches!(meaning, Meaning::DryRun | Meaning::Confirmation) && fits && !false_by_default {
            self.typer
                .sink
                .error(Code::Meaning, span, "a parameter with this meaning is false where it is not passed")
                .help("add `default: false`");
            self.sound = false;
        }
        let counted =
            param.default.is_some() && !param.required && param.min.is_some_and(|min| min >= 1) && param.max.is_some();
        if meaning == Meaning::Limit && fits && !counted {
            self.typer
                .sink
                .error(Code::Meaning, span, "a limit has a default, and bounds from 1 on")
                .help("add `min: 1`, `max` and `default`: paging must advance, and end");
            self.sound = false;
        }
        if meaning == Meaning::Cursor && fits && (param.default.is_some() || param.required) {
            self.typer
                .sink
                .error(Code::Meaning, span, "a cursor is absent on the first page")
                .help("leave `required` and `default` out");
            self.sound = false;
        }
        if let Some(other) = self.params.iter().find(|other| other.meaning == Some(meaning)) {
            let message = format!("`{}` has this meaning already", other.name);
            self.typer.sink.error(Code::Meaning, span, message);
            self.sound = false;
        }
    }
}

pub(super) fn is_expression(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Text(text) if text.contains("{{") || text.contains("{%"))
}

/// The type of a parameter that is there.
pub(super) fn type_of(ty: &ParamType) -> Type {
    match ty {
        ParamType::Bool => Type::Bool,
        ParamType::Int => Type::Int,
        ParamType::Float => Type::Float,
        ParamType::String => Type::String,
        ParamType::Enum(words) => Type::Enum(words.clone()),
        ParamType::Quantity => Type::Quantity,
        ParamType::Secret => Type::Secret,
        ParamType::StringList => Type::List(Box::new(Type::String)),
    }
}
