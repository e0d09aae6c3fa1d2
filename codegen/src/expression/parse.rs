//! From text to trees. The only module that sees minijinja: its AST is unstable, so it ends here.

use std::ops::Range;

use minijinja::machinery::{self, ast};
use minijinja::syntax::SyntaxConfig;

use super::foreign::foreign;
use super::hints::hint;
use super::limits::{MAX_BLOCK_BYTES, MAX_LINE_BYTES, long_line, too_long};
use super::tree::{Arithmetic, Comparison, Part, Statement, Tree, TreeKind, Word};
use crate::diagnostic::{Code, Sink};
use crate::load::Text;
use crate::source::Span;

/// Parses text that may hold `{{ }}`, as it stands in mappings. `None`: it was wrong, and that is reported.
pub fn parse_parts(text: &Text, sink: &mut Sink) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut bridge = Bridge { text, sink, failed: false, depth: 0 };
    let parsed = bridge.parse()?;
    for child in children(&parsed) {
        match child {
            ast::Stmt::EmitRaw(raw) => {
                let range = bridge.range(raw.raw);
                parts.push(Part::Text(raw.raw.to_owned(), foreign(raw.raw, text, range.start)));
            }
            ast::Stmt::EmitExpr(emit) => parts.push(Part::Expr(bridge.expr(&emit.expr)?)),
            other => {
                let (name, span) = statement_name(other);
                let place = bridge.place(span);
                bridge
                    .sink
                    .error(Code::StatementInMapping, place, format!("`{{% {name} %}}` cannot stand in a mapping"))
                    .help(
                        "use `each`, `when` and `then`, or `a if condition else b`; statements belong into templates",
                    );
                return None;
            }
        }
    }
    (!bridge.failed).then_some(parts)
}

/// Parses a template.
pub fn parse_template(text: &Text, sink: &mut Sink) -> Option<Vec<Statement>> {
    let mut bridge = Bridge { text, sink, failed: false, depth: 0 };
    let parsed = bridge.parse()?;
    let statements = bridge.statements(children(&parsed));
    (!bridge.failed).then_some(statements)
}

/// Trees are walked by recursion.
const MAX_TREE_DEPTH: usize = 100;

struct Bridge<'a> {
    text: &'a Text,
    sink: &'a mut Sink,
    failed: bool,
    /// How many nodes lie around the present one.
    depth: usize,
}

impl<'a> Bridge<'a> {
    fn parse(&mut self) -> Option<ast::Stmt<'a>> {
        let text = self.text;
        let expression = too_long(&text.value).map(|(start, end)| {
            (
                start,
                end,
                format!("an expression of more than {MAX_BLOCK_BYTES} bytes"),
                "name parts of it by `let` or `set`",
            )
        });
        let line = || {
            long_line(&text.value)
                .map(|at| (at, at, format!("a line of more than {MAX_LINE_BYTES} bytes"), "break the line"))
        };
        if let Some((start, end, what, help)) = expression.or_else(line) {
            let place = text.place(start, end);
            self.refuse(place, &what, help);
            return None;
        }
        if let Some((at, _)) = text.value.match_indices("elif").nth(MAX_TREE_DEPTH) {
            // minijinja's parser goes one level deeper with each.
            let place = text.place(at, at + 4);
            self.refuse(
                place,
                &format!("a template with more than {MAX_TREE_DEPTH} `elif`"),
                "split the template by `include`",
            );
            return None;
        }
        match machinery::parse(&text.value, "", SyntaxConfig::default()) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let range = error.range().unwrap_or(0..text.value.len().min(1));
                let place = text.place(range.start, range.end.max(range.start + 1));
                let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                let error = self.sink.error(Code::Syntax, place, format!("this cannot be parsed: {detail}"));
                if let Some(hint) = hint(&text.value, range.start, &detail) {
                    error.help(hint.help);
                    if let Some(open) = hint.open {
                        error.see(text.place(open.start, open.end), "never closed");
                    }
                }
                None
            }
        }
    }

    /// Where in the text a slice of it lies, white space trimmed.
    fn range(&self, raw: &str) -> Range<usize> {
        let start = (raw.as_ptr() as usize).saturating_sub(self.text.value.as_ptr() as usize);
        let end = (start + raw.len()).min(self.text.value.len());
        start.min(end)..end
    }

    fn place(&self, span: machinery::Span) -> Span {
        self.text.place(span.start_offset as usize, span.end_offset as usize)
    }

    fn refuse(&mut self, span: Span, what: &str, help: &str) {
        self.failed = true;
        self.sink.error(Code::Unsupported, span, format!("{what} is not part of the spec language")).help(help);
    }

    fn statements(&mut self, statements: &[ast::Stmt<'_>]) -> Vec<Statement> {
        statements.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: &ast::Stmt<'_>) -> Option<Statement> {
        if self.depth >= MAX_TREE_DEPTH {
            let (_, span) = statement_name(statement);
            let place = self.place(span);
            self.too_deep(place);
            return None;
        }
        self.depth += 1;
        let lowered = self.shallow_statement(statement);
        self.depth -= 1;
        lowered
    }

    fn too_deep(&mut self, place: Span) {
        // Said once: what lies around it fails with it.
        if !self.failed {
            self.refuse(
                place,
                &format!("a tree of more than {MAX_TREE_DEPTH} levels"),
                "name parts of it by `let` or `set`",
            );
        }
    }

    fn shallow_statement(&mut self, statement: &ast::Stmt<'_>) -> Option<Statement> {
        match statement {
            ast::Stmt::EmitRaw(raw) => {
                let range = self.range(raw.raw);
                let found = foreign(raw.raw, self.text, range.start);
                Some(Statement::Text(range, found))
            }
            ast::Stmt::EmitExpr(emit) => {
                let start = emit.expr.span().start_offset as usize;
                let braces = self.text.value.get(..start).and_then(|before| before.rfind("{{")).unwrap_or(start);
                self.expr(&emit.expr).map(|tree| Statement::Emit(tree, braces))
            }
            ast::Stmt::ForLoop(each) => {
                let target = self.target(&each.target);
                let source = self.expr(&each.iter);
                let filter = each.filter_expr.as_ref().map(|filter| self.expr(filter));
                if each.recursive {
                    let place = self.place(each.span());
                    self.refuse(place, "`recursive`", "write the levels as loops of their own");
                }
                let body = self.statements(&each.body);
                let otherwise = self.statements(&each.else_body);
                let filter = match filter {
                    Some(filter) => Some(filter?),
                    None => None,
                };
                Some(Statement::For { target: target?, source: source?, filter, body, otherwise })
            }
            ast::Stmt::IfCond(branch) => {
                let condition = self.expr(&branch.expr);
                let then = self.statements(&branch.true_body);
                let otherwise = self.statements(&branch.false_body);
                Some(Statement::If { condition: condition?, then, otherwise })
            }
            ast::Stmt::Set(set) => {
                let target = self.target(&set.target);
                let value = self.expr(&set.expr);
                Some(Statement::Set { target: target?, value: value? })
            }
            ast::Stmt::Include(include) => {
                let place = self.place(include.name.span());
                if let ast::Expr::Const(name) = &include.name
                    && let (Some(file), false) = (name.value.as_str(), include.ignore_missing)
                {
                    return Some(Statement::Include(Word { text: file.to_owned(), span: place }));
                }
                self.refuse(
                    place,
                    "an include that is worked out or may be missing",
                    "write `{% include \"name.md\" %}`",
                );
                None
            }
            other => {
                let (name, span) = statement_name(other);
                let place = self.place(span);
                self.refuse(place, &format!("`{{% {name} %}}`"), "templates have for, if, set and include");
                None
            }
        }
    }

    fn target(&mut self, target: &ast::Expr<'_>) -> Option<Word> {
        let place = self.place(target.span());
        if let ast::Expr::Var(var) = target {
            return Some(Word { text: var.id.to_owned(), span: place });
        }
        self.refuse(place, "taking a value apart", "name the element, and use its fields");
        None
    }

    fn expr(&mut self, expr: &ast::Expr<'_>) -> Option<Tree> {
        if self.depth >= MAX_TREE_DEPTH {
            let place = self.place(expr.span());
            self.too_deep(place);
            return None;
        }
        self.depth += 1;
        let tree = self.shallow_expr(expr);
        self.depth -= 1;
        tree
    }

    fn shallow_expr(&mut self, expr: &ast::Expr<'_>) -> Option<Tree> {
        let own = self.place(expr.span());
        let (kind, span) = match expr {
            ast::Expr::Var(var) => match var.id {
                "none" | "None" | "null" => {
                    self.refuse(own, "`none`", "ask `x is set`, or give a value by `default(…)`");
                    return None;
                }
                name => (TreeKind::Name(name.to_owned()), own),
            },
            ast::Expr::Const(constant) => (self.constant(&constant.value, own)?, own),
            ast::Expr::List(list) => (TreeKind::List(self.all(&list.items)?), own),
            ast::Expr::UnaryOp(op) => {
                let inner = self.expr(&op.expr)?;
                let span = inner.span;
                match op.op {
                    ast::UnaryOpKind::Not => (negated(inner), span),
                    ast::UnaryOpKind::Neg => (TreeKind::Neg(Box::new(inner)), own.to(span)),
                }
            }
            ast::Expr::BinOp(op) => {
                let (left, right) = (self.expr(&op.left), self.expr(&op.right));
                let (left, right) = (left?, right?);
                let span = left.span.to(right.span);
                (self.binary(op.op, left, right, span)?, span)
            }
            ast::Expr::Compare(chain) => {
                let mut left = self.expr(&chain.expr)?;
                let mut whole: Option<Tree> = None;
                for op in &chain.ops {
                    let right = self.expr(&op.expr)?;
                    let span = left.span.to(right.span);
                    let kind = TreeKind::Compare(comparison(op.op), Box::new(left), Box::new(right.clone()));
                    let next = Tree { kind, span };
                    whole = Some(match whole {
                        Some(before) => {
                            let span = before.span.to(next.span);
                            Tree { kind: TreeKind::And(Box::new(before), Box::new(next)), span }
                        }
                        None => next,
                    });
                    left = right;
                }
                return whole.or(Some(left));
            }
            ast::Expr::IfExpr(branch) => {
                let then = self.expr(&branch.true_expr);
                let condition = self.expr(&branch.test_expr);
                let Some(otherwise) = &branch.false_expr else {
                    self.refuse(own, "`if` without `else`", "add `else` with the value for the other case");
                    return None;
                };
                let otherwise = self.expr(otherwise);
                let (then, condition, otherwise) = (then?, condition?, otherwise?);
                let span = then.span.to(otherwise.span);
                let (condition, then, otherwise) = (Box::new(condition), Box::new(then), Box::new(otherwise));
                (TreeKind::Conditional { condition, then, otherwise }, span)
            }
            ast::Expr::Filter(filter) => {
                let Some(subject) = &filter.expr else {
                    self.refuse(own, "a filter without a value", "write `value | filter`");
                    return None;
                };
                let subject = self.expr(subject);
                let args = self.args(&filter.args);
                let (subject, args) = (subject?, args?);
                let name = word_at(filter.name, own);
                let span = subject.span.to(own);
                (TreeKind::Filter { name, subject: Box::new(subject), args }, span)
            }
            ast::Expr::Test(test) => {
                let subject = self.expr(&test.expr);
                let args = self.args(&test.args);
                let (subject, args) = (subject?, args?);
                let name = word_at(test.name, own);
                let span = subject.span.to(own);
                (TreeKind::Test { name, subject: Box::new(subject), args }, span)
            }
            ast::Expr::GetAttr(get) => {
                let of = self.expr(&get.expr)?;
                let end = expr.span().end_offset as usize;
                let name = self.text.place(end.saturating_sub(get.name.len()), end);
                let span = of.span.to(own);
                (TreeKind::Field(Box::new(of), Word { text: get.name.to_owned(), span: name }), span)
            }
            ast::Expr::GetItem(get) => {
                let (of, key) = (self.expr(&get.expr), self.expr(&get.subscript_expr));
                let (of, key) = (of?, key?);
                let span = of.span.to(own);
                (TreeKind::Index(Box::new(of), Box::new(key)), span)
            }
            ast::Expr::Call(call) => {
                let args = self.args(&call.args);
                let ast::Expr::Var(name) = &call.expr else {
                    self.refuse(own, "calling a value", "functions are called by their name, filters by `|`");
                    return None;
                };
                let place = self.place(name.span());
                (TreeKind::Call { name: Word { text: name.id.to_owned(), span: place }, args: args? }, place.to(own))
            }
            ast::Expr::Slice(slice) => {
                let of = self.expr(&slice.expr)?;
                self.refuse(of.span.to(own), "a slice", "use `first`, `newest` or `keep`");
                return None;
            }
            ast::Expr::Tuple(_) => {
                self.refuse(own, "a tuple", "write a list: `[a, b]`");
                return None;
            }
            ast::Expr::Map(_) => {
                self.refuse(own, "a mapping inside an expression", "write it as a YAML mapping");
                return None;
            }
        };
        Some(Tree { kind, span })
    }

    fn constant(&mut self, value: &minijinja::Value, span: Span) -> Option<TreeKind> {
        use minijinja::value::ValueKind;
        match value.kind() {
            ValueKind::Bool => Some(TreeKind::Bool(value.is_true())),
            ValueKind::String => value.as_str().map(|text| TreeKind::Text(text.to_owned())),
            ValueKind::Number => {
                if let Ok(whole) = i64::try_from(value.clone())
                    && value.is_integer()
                {
                    return Some(TreeKind::Int(whole));
                }
                match f64::try_from(value.clone()) {
                    Ok(number) if !value.is_integer() => Some(TreeKind::Float(number)),
                    _ => {
                        self.refuse(span, "a number of more than 64 bits", "use a smaller number");
                        None
                    }
                }
            }
            _ => {
                self.refuse(span, "`none`", "ask `x is set`, or give a value by `default(…)`");
                None
            }
        }
    }

    fn all(&mut self, items: &[ast::Expr<'_>]) -> Option<Vec<Tree>> {
        let all: Vec<_> = items.iter().map(|item| self.expr(item)).collect();
        all.into_iter().collect()
    }

    fn args(&mut self, args: &[ast::CallArg<'_>]) -> Option<Vec<Tree>> {
        let mut found = Vec::new();
        for arg in args {
            match arg {
                ast::CallArg::Pos(expr) => found.push(self.expr(expr)),
                ast::CallArg::Kwarg(_, expr) | ast::CallArg::PosSplat(expr) | ast::CallArg::KwargSplat(expr) => {
                    let place = self.place(expr.span());
                    self.refuse(place, "an argument by name or by `*`", "pass arguments in their order");
                    found.push(None);
                }
            }
        }
        found.into_iter().collect()
    }

    fn binary(&mut self, op: ast::BinOpKind, left: Tree, right: Tree, span: Span) -> Option<TreeKind> {
        use ast::BinOpKind as Op;
        let (left, right) = (Box::new(left), Box::new(right));
        Some(match op {
            Op::ScAnd => TreeKind::And(left, right),
            Op::ScOr => TreeKind::Or(left, right),
            Op::Eq => TreeKind::Compare(Comparison::Eq, left, right),
            Op::Ne => TreeKind::Compare(Comparison::Ne, left, right),
            Op::Lt => TreeKind::Compare(Comparison::Lt, left, right),
            Op::Lte => TreeKind::Compare(Comparison::Le, left, right),
            Op::Gt => TreeKind::Compare(Comparison::Gt, left, right),
            Op::Gte => TreeKind::Compare(Comparison::Ge, left, right),
            Op::In => TreeKind::Compare(Comparison::In, left, right),
            Op::Add => TreeKind::Arithmetic(Arithmetic::Add, left, right),
            Op::Sub => TreeKind::Arithmetic(Arithmetic::Sub, left, right),
            Op::Mul => TreeKind::Arithmetic(Arithmetic::Mul, left, right),
            Op::Div => TreeKind::Arithmetic(Arithmetic::Div, left, right),
            Op::FloorDiv => TreeKind::Arithmetic(Arithmetic::FloorDiv, left, right),
            Op::Rem => TreeKind::Arithmetic(Arithmetic::Rem, left, right),
            Op::Concat => TreeKind::Join(left, right),
            Op::Pow => {
                self.refuse(span, "`**`", "multiply");
                return None;
            }
        })
    }
}

/// The place of a name at the beginning of a node's own place.
fn word_at(name: &str, place: Span) -> Word {
    let length = u32::try_from(name.len()).unwrap_or(0);
    Word { text: name.to_owned(), span: Span { end: place.start + length, ..place } }
}

fn children<'p, 'a>(parsed: &'p ast::Stmt<'a>) -> &'p [ast::Stmt<'a>] {
    match parsed {
        ast::Stmt::Template(template) => &template.children,
        _ => &[],
    }
}

/// `not (a in b)` is what `a not in b` parses to.
fn negated(inner: Tree) -> TreeKind {
    match inner.kind {
        TreeKind::Compare(Comparison::In, left, right) => TreeKind::Compare(Comparison::NotIn, left, right),
        _ => TreeKind::Not(Box::new(inner)),
    }
}

fn comparison(op: ast::CompareOpKind) -> Comparison {
    match op {
        ast::CompareOpKind::Eq => Comparison::Eq,
        ast::CompareOpKind::Ne => Comparison::Ne,
        ast::CompareOpKind::Lt => Comparison::Lt,
        ast::CompareOpKind::Lte => Comparison::Le,
        ast::CompareOpKind::Gt => Comparison::Gt,
        ast::CompareOpKind::Gte => Comparison::Ge,
        ast::CompareOpKind::In => Comparison::In,
        ast::CompareOpKind::NotIn => Comparison::NotIn,
    }
}

fn statement_name(statement: &ast::Stmt<'_>) -> (&'static str, machinery::Span) {
    match statement {
        ast::Stmt::Template(one) => ("template", one.span()),
        ast::Stmt::EmitExpr(one) => ("print", one.span()),
        ast::Stmt::EmitRaw(one) => ("raw", one.span()),
        ast::Stmt::ForLoop(one) => ("for", one.span()),
        ast::Stmt::IfCond(one) => ("if", one.span()),
        ast::Stmt::WithBlock(one) => ("with", one.span()),
        ast::Stmt::Set(one) => ("set", one.span()),
        ast::Stmt::SetBlock(one) => ("set block", one.span()),
        ast::Stmt::AutoEscape(one) => ("autoescape", one.span()),
        ast::Stmt::FilterBlock(one) => ("filter", one.span()),
        ast::Stmt::Block(one) => ("block", one.span()),
        ast::Stmt::Import(one) => ("import", one.span()),
        ast::Stmt::FromImport(one) => ("from", one.span()),
        ast::Stmt::Extends(one) => ("extends", one.span()),
        ast::Stmt::Include(one) => ("include", one.span()),
        ast::Stmt::Macro(one) => ("macro", one.span()),
        ast::Stmt::CallBlock(one) => ("call", one.span()),
        ast::Stmt::Do(one) => ("do", one.span()),
        #[allow(unreachable_patterns)]
        _ => ("statement", machinery::Span::default()),
    }
}
