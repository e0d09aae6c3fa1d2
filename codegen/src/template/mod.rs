//! Markdown templates: rendered at run time, checked here.
//!
//! Every path, loop variable and include is typed with what is in scope where it stands; what is printed
//! must have a form as text and be there. What a sound one gives on samples is looked at too.

mod layout;
pub mod sample;

use crate::check::Shared;
use crate::diagnostic::{Code, Sink};
use crate::expression::{Context, Facts, Scope, Statement, Tree, Typer, Word, describe, parse_template};
use crate::load::Text;
use crate::lowered::{Local, LocalKind, Outcome};
use crate::source::Span;
use crate::types::{Field, ObjectId, ObjectType, Origin, Type, Types};

/// More includes inside each other than any template needs.
const MAX_DEPTH: usize = 16;

/// What the templates of a tool see: parameters, `output`, `warnings`, `outcome`.
pub struct TemplateScope<'a> {
    shared: Shared<'a>,
    types: Types,
    locals: Vec<Local>,
    scope: Scope,
    facts: Facts,
    /// The type of `loop`.
    around: ObjectId,
}

/// Words for outcomes, in the order of [`Outcome`].
const OUTCOMES: &[(&str, Outcome)] = &[
    ("done", Outcome::Done),
    ("unchanged", Outcome::Unchanged),
    ("planned", Outcome::Planned),
    ("unconfirmed", Outcome::Unconfirmed),
    ("partial", Outcome::Partial),
    ("timed_out", Outcome::TimedOut),
];

impl<'a> TemplateScope<'a> {
    /// The scope of a tool's templates, from that of its steps.
    #[must_use]
    pub fn new(
        shared: Shared<'a>,
        mut types: Types,
        output: ObjectId,
        mut locals: Vec<Local>,
        mut scope: Scope,
        facts: Facts,
    ) -> Self {
        scope.keep_params(|local| matches!(locals[local.0].kind, LocalKind::Param(_)));
        let field = |name: &str, ty| Field { name: name.to_owned(), ty, about: None };
        let around = types.add(ObjectType {
            name: "loop".to_owned(),
            fields: ["index", "index0", "length"]
                .map(|name| field(name, Type::Int))
                .into_iter()
                .chain(["first", "last"].map(|name| field(name, Type::Bool)))
                .collect(),
            origin: Origin::Builtin,
        });
        let words = OUTCOMES.iter().map(|(word, _)| (*word).to_owned()).collect();
        let mut add = |name: &str, ty: Type| {
            locals.push(Local { name: name.to_owned(), ty: ty.clone(), kind: LocalKind::Value });
            scope.declare(name, crate::lowered::LocalId(locals.len() - 1), Some(ty));
        };
        add("output", Type::Object(output));
        add("warnings", Type::List(Box::new(Type::String)));
        add("outcome", Type::Enum(words));
        Self { shared, types, locals, scope, facts, around }
    }

    /// Templates of several tools come next: nothing is said that holds for this one alone.
    pub fn share(&mut self) {
        self.facts.shared = true;
    }

    /// The scope, to see what was used, and the types.
    #[must_use]
    pub fn into_parts(self) -> (Scope, Types) {
        (self.scope, self.types)
    }
}

/// Checks a template with a scope.
pub fn check_template(text: &Text, scope: &mut TemplateScope<'_>, sink: &mut Sink) {
    let Some(statements) = parse_template(text, sink) else { return };
    let typer = Typer {
        types: &mut scope.types,
        kinds: scope.shared.kinds,
        sink,
        locals: std::mem::take(&mut scope.locals),
        scope: std::mem::take(&mut scope.scope),
        context: Context::Template,
        facts: std::mem::take(&mut scope.facts),
    };
    let mark = typer.scope.mark();
    let mut checker =
        Checker { typer, shared: scope.shared, around: scope.around, inside: Vec::new(), denied: Vec::new() };
    checker.statements(&statements);
    checker.typer.scope.reset(mark);
    scope.locals = checker.typer.locals;
    scope.scope = checker.typer.scope;
    scope.facts = checker.typer.facts;
}

struct Checker<'a> {
    typer: Typer<'a>,
    shared: Shared<'a>,
    around: ObjectId,
    /// Files that are being included.
    inside: Vec<String>,
    /// What was asked by the `if` and `elif` before the present one, and did not hold.
    denied: Vec<(String, Span)>,
}

impl Checker<'_> {
    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Text(_, found) => self.typer.foreign(found),
            Statement::Emit(tree, _) => {
                if let Some(expr) = self.typer.infer(tree, None) {
                    let _ = self.typer.text_part(expr);
                }
            }
            Statement::For { target, source, filter, body, otherwise } => {
                self.each(target, source, filter.as_ref(), body);
                let mark = self.typer.scope.mark();
                self.statements(otherwise);
                self.typer.scope.reset(mark);
            }
            Statement::If { condition, then, otherwise } => {
                let denied = std::mem::take(&mut self.denied);
                self.asked_again(condition, &denied);
                let before = self.typer.scope.doubtful;
                self.typer.scope.doubtful |= self.typer.condition(condition).is_none();
                self.branch(condition.conjuncts().into_iter().filter_map(Tree::set_subject).collect(), then);
                if let [Statement::If { .. }] = otherwise.as_slice() {
                    self.denied = denied;
                    self.denied.push((condition.shape(), condition.span));
                }
                self.branch(condition.disjuncts().into_iter().filter_map(Tree::unset_subject).collect(), otherwise);
                self.typer.scope.doubtful = before;
            }
            Statement::Set { target, value } => {
                let ty = self.typer.infer(value, None).map(|expr| expr.ty);
                // A variable may be set anew.
                let variable = self.typer.scope.peek(&target.text).map(|seen| self.typer.locals[seen.local.0].kind);
                if !matches!(variable, Some(LocalKind::Item)) {
                    self.typer.shadows(&target.text, target.span);
                }
                self.declare(target, ty);
            }
            Statement::Include(name) => self.include(name),
        }
    }

    /// Says that an `elif` asks what was denied just before.
    fn asked_again(&mut self, condition: &Tree, denied: &[(String, Span)]) {
        let shape = condition.shape();
        if let Some((_, before)) = denied.iter().find(|(asked, _)| *asked == shape) {
            self.typer
                .sink
                .error(Code::Foregone, condition.span, "this never holds: it was asked before")
                .see(*before, "asked here")
                .note("an `elif` is reached only where what stands before it did not hold")
                .help("take the branch out, or ask what was meant");
        }
    }

    fn declare(&mut self, name: &Word, ty: Option<Type>) {
        let local = self.typer.local(&name.text, ty.clone().unwrap_or(Type::Bool), LocalKind::Item);
        self.typer.scope.declare(&name.text, local, ty);
    }

    /// A branch, with what is known to be set in it.
    fn branch(&mut self, set: Vec<&Tree>, body: &[Statement]) {
        let mark = self.typer.scope.mark();
        for subject in set {
            if let Some((path, expr)) = self.typer.narrowable(subject) {
                let ty = expr.ty.required().clone();
                let local = self.typer.local(&path, ty.clone(), LocalKind::Item);
                self.typer.scope.narrow(path, local, ty);
            }
        }
        self.statements(body);
        self.typer.scope.reset(mark);
    }

    fn each(&mut self, target: &Word, source: &Tree, filter: Option<&Tree>, body: &[Statement]) {
        let list = self.typer.infer(source, None);
        let element = list.and_then(|list| match list.ty {
            Type::List(inner) => Some(*inner),
            other => {
                let has = describe(self.typer.types, &other);
                let error = self.typer.sink.error(
                    Code::TypeMismatch,
                    source.span,
                    format!("a loop goes through a list, not {has}"),
                );
                if matches!(other, Type::Map(_)) {
                    error.help("go through its entries: `| entries` gives `key` and `value`");
                }
                None
            }
        });
        let mark = self.typer.scope.mark();
        self.typer.shadows(&target.text, target.span);
        self.declare(target, element);
        let around = Word { text: "loop".to_owned(), span: target.span };
        self.declare(&around, Some(Type::Object(self.around)));
        let asked = filter.map(|filter| self.typer.condition(filter));
        let set = filter.map(Tree::conjuncts).unwrap_or_default().into_iter().filter_map(Tree::set_subject).collect();
        let before = self.typer.scope.doubtful;
        self.typer.scope.doubtful |= matches!(asked, Some(None));
        self.branch(set, body);
        self.typer.scope.doubtful = before;
        self.typer.scope.reset(mark);
    }

    fn include(&mut self, name: &Word) {
        let Some(text) = self.shared.partial(&name.text) else {
            self.typer
                .sink
                .error(Code::Include, name.span, format!("there is no partial `{}`", name.text))
                .suggest(&name.text, self.shared.partials.keys().map(String::as_str));
            return;
        };
        if self.inside.contains(&name.text) || self.inside.len() >= MAX_DEPTH {
            self.typer
                .sink
                .error(Code::Include, name.span, format!("`{}` includes itself", name.text))
                .help("a template that includes itself never ends");
            return;
        }
        let found = self.typer.sink.mark();
        if let Some(statements) = parse_template(text, self.typer.sink) {
            // What the partial sets ends with it.
            let mark = self.typer.scope.mark();
            self.inside.push(name.text.clone());
            let shared = std::mem::replace(&mut self.typer.facts.shared, true);
            self.statements(&statements);
            self.typer.facts.shared = shared;
            self.inside.pop();
            self.typer.scope.reset(mark);
        }
        for diagnostic in self.typer.sink.since(found) {
            if diagnostic.secondary.iter().all(|(span, _)| *span != name.span) {
                diagnostic.see(name.span, "included here");
            }
        }
    }
}
