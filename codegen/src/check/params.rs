//! Parameters: types, bounds, defaults, meanings.

use super::Lowering;
use crate::diagnostic::Code;
use crate::expression::{camel, literal_fits_quantity};
use crate::load::{Name, Node, NodeKind};
use crate::lowered::{Bounds, LocalKind, Meaning, Param, ParamDefault, ParamGroup, ParamType, StringFormat};
use crate::source::Span;
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
        let bounds = self.bounds(param);
        let bounded = self.typer.sink.mark() == mark;
        self.meaning(param);
        let index = self.params.len();
        let mut default = None;
        if let Some(node) = &param.default {
            if is_expression(node) {
                computed.push((index, node));
            } else if let (true, Err(reason)) = (bounded, value_fits(node, &param.ty, &bounds)) {
                self.typer.sink.error(
                    Code::Default,
                    node.span,
                    format!("the default of `{}` would be refused: {reason}", param.name.text),
                );
                self.sound = false;
            } else {
                default = Some(ParamDefault::Literal(node.to_json()));
            }
            if param.required {
                self.typer
                    .sink
                    .error(
                        Code::Default,
                        node.span,
                        format!("parameter `{}` is required and has a default", param.name.text),
                    )
                    .help("leave out `required` or `default`");
                self.sound = false;
            }
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
            about: param.about.clone(),
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

    fn bounds(&mut self, param: &syntax::Param) -> Bounds {
        let number = matches!(param.ty, ParamType::Int | ParamType::Float);
        let text = matches!(param.ty, ParamType::String | ParamType::Secret);
        let name = &param.name.text;
        let mut wrong = |span: Span, message: String, help: &str| {
            self.typer.sink.error(Code::Bounds, span, message).help(help);
            self.sound = false;
        };
        if (param.min.is_some() || param.max.is_some()) && !number {
            wrong(
                param.type_span,
                format!("`min` and `max` of `{name}` say nothing"),
                "they are for int and float; texts have `min_length` and `max_length`",
            );
        }
        if (param.min_length.is_some() || param.max_length.is_some()) && !text {
            wrong(
                param.type_span,
                format!("`min_length` and `max_length` of `{name}` say nothing"),
                "they are for string and secret",
            );
        }
        if (param.pattern.is_some() || param.format.is_some() || param.reserved.is_some())
            && param.ty != ParamType::String
        {
            wrong(
                param.type_span,
                format!("`pattern`, `format` and `reserved` of `{name}` say nothing"),
                "they are for string",
            );
        }
        if param.min.zip(param.max).is_some_and(|(min, max)| min > max) {
            wrong(param.name.span, format!("no number fits the bounds of `{name}`"), "`min` must not be above `max`");
        }
        if param.min_length.zip(param.max_length).is_some_and(|(min, max)| min > max) {
            wrong(
                param.name.span,
                format!("no text fits the bounds of `{name}`"),
                "`min_length` must not be above `max_length`",
            );
        }
        let pattern =
            param.pattern.as_ref().filter(|pattern| self.pattern(pattern)).map(|pattern| pattern.text.clone());
        Bounds {
            min: param.min,
            max: param.max,
            min_length: param.min_length,
            max_length: param.max_length,
            pattern,
            format: param.format.map(|(format, _)| format),
            reserved: param.reserved.as_ref().map(|(reserved, _)| reserved.clone()),
        }
    }

    fn pattern(&mut self, pattern: &Name) -> bool {
        let sink = &mut *self.typer.sink;
        if let Err(error) = regex::Regex::new(&pattern.text) {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            sink.error(Code::Pattern, pattern.span, format!("this is not a regular expression: {reason}"));
        } else if !pattern.text.starts_with('^') || !pattern.text.ends_with('$') {
            sink.error(Code::Pattern, pattern.span, "the pattern is not anchored").help(format!(
                "write `^{}$`, so that the whole text must match",
                pattern.text.trim_matches(['^', '$'])
            ));
        } else {
            return true;
        }
        self.sound = false;
        false
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

fn is_expression(node: &Node) -> bool {
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

/// Whether a literal would be taken as a parameter's value; else why not.
pub(super) fn value_fits(node: &Node, ty: &ParamType, bounds: &Bounds) -> Result<(), String> {
    match (ty, &node.kind) {
        (ParamType::Int | ParamType::Float, NodeKind::Int(value)) =>
        {
            #[allow(clippy::cast_precision_loss)]
            number_fits(*value as f64, bounds)
        }
        (ParamType::Float, NodeKind::Float(value)) => number_fits(*value, bounds),
        (ParamType::String | ParamType::Secret, NodeKind::Text(text)) => text_fits(text, bounds),
        (ParamType::Enum(words), NodeKind::Text(text)) => {
            if words.contains(text) {
                Ok(())
            } else {
                Err(format!("`{text}` is not one of {}", words.join(", ")))
            }
        }
        (ParamType::Quantity, NodeKind::Text(text)) => {
            if literal_fits_quantity(text) {
                Ok(())
            } else {
                Err(format!("`{text}` is not a Kubernetes quantity"))
            }
        }
        (ParamType::Bool, NodeKind::Bool(_)) | (ParamType::Quantity, NodeKind::Int(_)) => Ok(()),
        (ParamType::StringList, NodeKind::List(items)) => {
            match items.iter().find(|item| !matches!(item.kind, NodeKind::Text(_))) {
                Some(item) => Err(format!("an element is {}, not text", item.describe())),
                None => Ok(()),
            }
        }
        (ty, _) => Err(format!("it is {}, not {}", node.describe(), name_of(ty))),
    }
}

fn name_of(ty: &ParamType) -> &'static str {
    match ty {
        ParamType::Bool => "a bool",
        ParamType::Int => "a whole number",
        ParamType::Float => "a number",
        ParamType::String | ParamType::Secret | ParamType::Quantity => "text",
        ParamType::Enum(_) => "one of its words",
        ParamType::StringList => "a list of texts",
    }
}

#[allow(clippy::cast_precision_loss)]
fn number_fits(value: f64, bounds: &Bounds) -> Result<(), String> {
    if let Some(min) = bounds.min.filter(|min| value < *min as f64) {
        return Err(format!("{value} is below {min}"));
    }
    if let Some(max) = bounds.max.filter(|max| value > *max as f64) {
        return Err(format!("{value} is above {max}"));
    }
    Ok(())
}

pub(crate) fn text_fits(text: &str, bounds: &Bounds) -> Result<(), String> {
    let length = text.chars().count();
    let (pattern, longest) = match bounds.format {
        Some(StringFormat::Dns1123Label) => (Some(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), Some(63)),
        Some(StringFormat::Dns1123Subdomain) => {
            (Some(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"), Some(253))
        }
        Some(StringFormat::Dns1035Label) => (Some(r"^[a-z]([-a-z0-9]*[a-z0-9])?$"), Some(63)),
        None => (None, None),
    };
    if let Some(min) = bounds.min_length.filter(|min| length < *min) {
        return Err(format!("`{text}` has fewer than {min} characters"));
    }
    if let Some(max) = bounds.max_length.into_iter().chain(longest).min().filter(|max| length > *max) {
        return Err(format!("`{text}` has more than {max} characters"));
    }
    for pattern in pattern.into_iter().chain(bounds.pattern.as_deref()) {
        if regex::Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text)) {
            return Err(format!("`{text}` does not match `{pattern}`"));
        }
    }
    if let Some(reserved) = &bounds.reserved
        && (reserved.names.iter().any(|name| name == text)
            || reserved.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())))
    {
        return Err(format!("`{text}` is reserved"));
    }
    Ok(())
}
