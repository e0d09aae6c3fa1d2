//! From trees to typed expressions.

use std::collections::BTreeMap;

use super::describe;
use super::foregone::Chain;
use super::range::Range;
use super::scope::Scope;
use super::tree::{Arithmetic, Tree, TreeKind, Word};
use crate::diagnostic::{Code, Sink, nearest};
use crate::kinds::Kinds;
use crate::lowered::{BinaryOp, Bounds, Expr, ExprKind, Local, LocalId, LocalKind, UnaryOp};
use crate::source::Span;
use crate::types::{Origin, Type, Types};

/// Where expressions stand: some functions are possible in one place alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// In a mapping.
    Mapping,
    /// In a `let` step, which is worked out once.
    Let,
    /// In a template.
    Template,
}

/// Types expressions of one tool.
pub struct Typer<'a> {
    /// Object types.
    pub types: &'a mut Types,
    /// Kinds.
    pub kinds: &'a Kinds,
    /// Where problems go.
    pub sink: &'a mut Sink,
    /// Everything that expressions of the tool can name.
    pub locals: Vec<Local>,
    /// What names mean.
    pub scope: Scope,
    /// Where the expressions stand.
    pub context: Context,
    /// What is known of the numbers and texts behind names.
    pub facts: Facts,
}

/// What is known of values before any call.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Bounds of the tool's parameters, in their order.
    pub params: Vec<Bounds>,
    /// Ranges of numbers that steps name.
    pub named: BTreeMap<LocalId, Range>,
    /// Objects that this call made and did not look at since, with the place of the step: their status, which
    /// the operator writes, is not there yet.
    pub unfilled: BTreeMap<LocalId, Span>,
    /// Whether shared steps or a partial are looked at: what follows from the parameters of one tool need
    /// not hold in another, so nothing is said of it.
    pub shared: bool,
}

impl Typer<'_> {
    /// Whether a template is looked at.
    #[must_use]
    pub fn in_template(&self) -> bool {
        self.context == Context::Template
    }

    /// Makes a local.
    pub fn local(&mut self, name: &str, ty: Type, kind: LocalKind) -> LocalId {
        self.locals.push(Local { name: name.to_owned(), ty, kind });
        LocalId(self.locals.len() - 1)
    }

    /// Says where a variable takes a name that means something there already.
    pub fn shadows(&mut self, name: &str, span: Span) {
        if self.scope.peek(name).is_some() {
            self.sink
                .error(Code::Shadowed, span, format!("`{name}` means something else here already"))
                .help("give one of the two another name");
        }
    }

    /// A condition.
    pub fn condition(&mut self, tree: &Tree) -> Option<Expr> {
        if let TreeKind::Bool(value) = tree.kind {
            self.written_out(value, tree.span);
        }
        self.bool(tree)
    }

    /// A bool, which may be a plain `true` or `false`.
    pub fn bool(&mut self, tree: &Tree) -> Option<Expr> {
        let expr = self.infer(tree, None)?;
        match &expr.ty {
            Type::Bool => Some(expr),
            Type::Optional(inner) if **inner == Type::Bool => {
                self.maybe_absent(&expr);
                None
            }
            Type::Secret => {
                self.leak(expr.span);
                None
            }
            other => {
                let has = describe(self.types, other);
                let help = match other {
                    Type::List(_) | Type::Map(_) | Type::String => "ask `is empty` or `is not empty`",
                    Type::Optional(_) => "ask `is set` or `is not set`",
                    _ => "compare it with something",
                };
                self.sink
                    .error(Code::NotBool, expr.span, format!("a condition must be a bool, not {has}"))
                    .label(format!("this is {has}"))
                    .help(help);
                None
            }
        }
    }

    /// An expression of a wanted type.
    pub fn check(&mut self, tree: &Tree, wanted: &Type) -> Option<Expr> {
        let expr = self.infer(tree, Some(wanted))?;
        self.coerce(expr, wanted)
    }

    /// An expression, whatever its type; `wanted` says what literals may become.
    pub fn infer(&mut self, tree: &Tree, wanted: Option<&Type>) -> Option<Expr> {
        let span = tree.span;
        let make = |kind, ty| Some(Expr { kind, ty, span });
        if let Some(path) = tree.path()
            && let Some((local, ty)) = self.scope.narrowed(&path)
        {
            return make(ExprKind::Local(local), ty);
        }
        match &tree.kind {
            TreeKind::Bool(value) => make(ExprKind::Bool(*value), Type::Bool),
            TreeKind::Int(value) => make(ExprKind::Int(*value), Type::Int),
            TreeKind::Float(value) => make(ExprKind::Float(*value), Type::Float),
            TreeKind::Text(text) => self.text_literal(text, span, wanted),
            TreeKind::List(items) => {
                let inner = match wanted.map(Type::required) {
                    Some(Type::List(inner)) => Some((**inner).clone()),
                    _ => None,
                };
                self.list_literal(items, span, inner.as_ref())
            }
            TreeKind::Name(name) => self.name(name, span),
            TreeKind::Field(of, field) => {
                let of = self.infer(of, None)?;
                self.field(of, field, span)
            }
            TreeKind::Index(of, key) => {
                let of = self.infer(of, None)?;
                self.index(of, key, span)
            }
            TreeKind::Not(inner) => {
                let inner = self.condition(inner)?;
                make(ExprKind::Unary(UnaryOp::Not, Box::new(inner)), Type::Bool)
            }
            TreeKind::Neg(inner) => {
                let inner = self.infer(inner, None)?;
                if !matches!(inner.ty, Type::Int | Type::Float) {
                    return self.not_a_number(&inner);
                }
                let ty = inner.ty.clone();
                make(ExprKind::Unary(UnaryOp::Neg, Box::new(inner)), ty)
            }
            TreeKind::And(..) => self.chained(&tree.conjuncts(), Chain::All, span),
            TreeKind::Or(..) => self.chained(&tree.disjuncts(), Chain::Any, span),
            TreeKind::Compare(op, left, right) => self.compare(*op, left, right, span),
            TreeKind::Arithmetic(op, left, right) => self.arithmetic(*op, left, right, span),
            TreeKind::Join(..) => {
                let mut parts = Vec::new();
                self.join_parts(tree, &mut parts)?;
                make(ExprKind::Concat(parts), Type::String)
            }
            TreeKind::Conditional { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise, span, wanted)
            }
            TreeKind::Filter { name, subject, args } if name.text == "default" => {
                self.default(name, subject, args, span)
            }
            TreeKind::Filter { name, subject, args } => self.filter(name, subject, args, span),
            TreeKind::Test { name, subject, args } => self.test(name, subject, args, span),
            TreeKind::Call { name, args } => self.call(name, args, span),
        }
    }

    fn chained(&mut self, parts: &[&Tree], chain: Chain, span: Span) -> Option<Expr> {
        let said = self.agree(parts, chain);
        let mark = self.sink.mark();
        let expr = match chain {
            Chain::All => self.all_of(parts, span),
            Chain::Any => self.any_of(parts, span),
        };
        // That a part is known to hold was said of the chain.
        self.sink.forget(mark, |one| one.code == Code::NeverAbsent && said.contains(&one.span));
        expr
    }

    fn name(&mut self, name: &str, span: Span) -> Option<Expr> {
        let Some(seen) = self.scope.look_up(name) else {
            if let Some(place) = self.scope.later.get(name).copied() {
                self.sink
                    .error(Code::UsedBeforeBound, span, format!("`{name}` is used before the step that gives it"))
                    .see(place, "given here")
                    .help("move the step further up");
                return None;
            }
            let names: Vec<String> = self.scope.names().map(str::to_owned).collect();
            let template = self.in_template();
            if self.scope.incomplete && nearest(name, names.iter().map(String::as_str)).is_none() {
                return None;
            }
            if !self.scope.unknown.insert(name.to_owned()) {
                return None;
            }
            let error = self.sink.error(Code::UnknownName, span, format!("there is nothing called `{name}` here"));
            error.suggest(name, names.iter().map(String::as_str));
            if template && error.help.is_none() {
                error.help("templates see the parameters, `output`, `warnings` and `outcome`; put what is missing into `output`");
            }
            return None;
        };
        let ty = seen.ty?;
        if seen.hidden_from_templates && self.in_template() {
            self.leak(span);
            return None;
        }
        Some(Expr { kind: ExprKind::Local(seen.local), ty, span })
    }

    fn field(&mut self, of: Expr, field: &Word, span: Span) -> Option<Expr> {
        let Type::Object(id) = *of.ty.required() else {
            let has = describe(self.types, &of.ty);
            let error = self.sink.error(Code::UnknownField, field.span, format!("{has} has no fields"));
            error.label(format!("no field `{}` on {has}", field.text));
            match of.ty.required() {
                Type::List(_) => error.help("go through the list by `each`, or take one element by `| first`"),
                Type::Map(_) => error.help(format!("ask for a key by `['{}']`, or for all by `| entries`", field.text)),
                Type::Opaque => error.help("opaque values are copied whole, never looked into"),
                _ => error,
            };
            return None;
        };
        let object = self.types.object(id);
        let Some(found) = object.field(&field.text) else {
            self.no_such_field(id, field);
            return None;
        };
        let ty = if of.ty.is_optional() { found.ty.clone().optional() } else { found.ty.clone() };
        if let ExprKind::Local(local) = of.kind
            && field.text == "status"
            && let Some(made) = self.facts.unfilled.get(&local)
        {
            self.sink
                .error(Code::NeverFilled, field.span, "this is always absent: nothing has filled the status yet")
                .see(*made, "made here, and not looked at since")
                .note("the API server drops the status of an object that is made; the operator writes it later")
                .help("follow the object by a `wait` step before, or leave its status out");
        }
        Some(Expr { kind: ExprKind::Field { of: Box::new(of), name: field.text.clone() }, ty, span })
    }

    fn no_such_field(&mut self, id: crate::types::ObjectId, field: &Word) {
        let object = self.types.object(id);
        let name = describe(self.types, &Type::Object(id));
        if let Some(known) = self.kinds.fields(id).and_then(|fields| fields.iter().find(|one| one.name == field.text)) {
            let whole = matches!(object.origin, Origin::Resource(kind) if self.kinds.kind(kind).metadata_only);
            let error =
                self.sink.error(Code::WriteOnly, field.span, format!("`{}` of {name} cannot be read", field.text));
            if whole && !known.write_only {
                error.help(format!("objects of the kind {name} are read as metadata alone"));
            } else {
                error.help("the field is write-only");
            }
            return;
        }
        let names: Vec<&str> = object.fields.iter().map(|field| field.name.as_str()).collect();
        let elsewhere = match object.origin {
            Origin::Resource(kind) | Origin::Part(Some(kind)) => self.kinds.path_to(kind, &field.text, false),
            _ => None,
        };
        let error = self.sink.error(Code::UnknownField, field.span, format!("{name} has no field `{}`", field.text));
        error.label("unknown field").suggest(&field.text, names);
        if let (None, Some(path)) = (&error.help, elsewhere) {
            error.help(format!("the object has it at `{path}`"));
        }
    }

    fn index(&mut self, of: Expr, key: &Tree, span: Span) -> Option<Expr> {
        let Type::Map(inner) = of.ty.clone() else {
            let has = describe(self.types, &of.ty);
            let help = match of.ty.required() {
                Type::List(_) => "take an element by `| first`, `| last` or a comprehension",
                Type::Object(_) => "fields of an object are named by `.name`",
                _ => "only maps are asked by key",
            };
            self.sink.error(Code::TypeMismatch, of.span, format!("{has} cannot be asked by `[…]`")).help(help);
            return None;
        };
        let key = self.check(key, &Type::String)?;
        Some(Expr { kind: ExprKind::Index { of: Box::new(of), key: Box::new(key) }, ty: inner.optional(), span })
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &Tree, right: &Tree, span: Span) -> Option<Expr> {
        let (left, right) = (self.infer(left, None), self.infer(right, None));
        let (left, right) = (left?, right?);
        if op == Arithmetic::Add && matches!((&left.ty, &right.ty), (Type::List(_), Type::List(_))) {
            let (left, right) = self.unify(left, right, "the lists")?;
            let ty = left.ty.clone();
            return Some(Expr { kind: ExprKind::Binary(BinaryOp::Concat, Box::new(left), Box::new(right)), ty, span });
        }
        for side in [&left, &right] {
            if !matches!(side.ty, Type::Int | Type::Float) {
                return self.not_a_number(side);
            }
        }
        let (left, right) = self.unify(left, right, "the two numbers")?;
        let op = match op {
            Arithmetic::Add => BinaryOp::Add,
            Arithmetic::Sub => BinaryOp::Sub,
            Arithmetic::Mul => BinaryOp::Mul,
            Arithmetic::Div => BinaryOp::Div,
            Arithmetic::FloorDiv => BinaryOp::FloorDiv,
            Arithmetic::Rem => BinaryOp::Rem,
        };
        // `/` gives a fraction, as in Jinja; `//` does not.
        let ty = if op == BinaryOp::Div { Type::Float } else { left.ty.clone() };
        Some(Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), ty, span })
    }

    fn not_a_number(&mut self, expr: &Expr) -> Option<Expr> {
        match &expr.ty {
            Type::Secret => self.leak(expr.span),
            Type::Optional(inner) if matches!(**inner, Type::Int | Type::Float) => self.maybe_absent(expr),
            other => {
                let has = describe(self.types, other);
                let error = self.sink.error(Code::TypeMismatch, expr.span, format!("expected a number, found {has}"));
                if matches!(other, Type::String | Type::Enum(_)) {
                    error.help("texts are joined by `~`");
                }
            }
        }
        None
    }

    fn join_parts(&mut self, tree: &Tree, parts: &mut Vec<Expr>) -> Option<()> {
        if let TreeKind::Join(left, right) = &tree.kind {
            let first = self.join_parts(left, parts);
            let second = self.join_parts(right, parts);
            return first.and(second);
        }
        let expr = self.infer(tree, None)?;
        parts.push(self.text_part(expr)?);
        Some(())
    }
}
