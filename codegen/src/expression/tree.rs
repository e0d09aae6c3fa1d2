//! Expressions and templates as written: names not yet looked up, types not yet known.

use super::foreign::Foreign;
use crate::source::Span;

/// An expression.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Its form.
    pub kind: TreeKind,
    /// Where it stands.
    pub span: Span,
}

/// A word in an expression.
#[derive(Debug, Clone)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum TreeKind {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    Name(String),
    Field(Box<Tree>, Word),
    Index(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Neg(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
    /// `~`.
    Join(Box<Tree>, Box<Tree>),
    Conditional {
        condition: Box<Tree>,
        then: Box<Tree>,
        otherwise: Box<Tree>,
    },
    Filter {
        name: Word,
        subject: Box<Tree>,
        args: Vec<Tree>,
    },
    Test {
        name: Word,
        subject: Box<Tree>,
        args: Vec<Tree>,
    },
    Call {
        name: Word,
        args: Vec<Tree>,
    },
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
}

impl Tree {
    /// The dotted path, where this is a name with fields (`cluster.status.phase`).
    #[must_use]
    pub fn path(&self) -> Option<String> {
        match &self.kind {
            TreeKind::Name(name) => Some(name.clone()),
            TreeKind::Field(of, name) => Some(format!("{}.{}", of.path()?, name.text)),
            _ => None,
        }
    }

    /// The parts of a chain of `and`.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<&Self> {
        match &self.kind {
            TreeKind::And(left, right) => {
                let mut all = left.conjuncts();
                all.extend(right.conjuncts());
                all
            }
            _ => vec![self],
        }
    }

    /// The parts of a chain of `or`.
    #[must_use]
    pub fn disjuncts(&self) -> Vec<&Self> {
        match &self.kind {
            TreeKind::Or(left, right) => {
                let mut all = left.disjuncts();
                all.extend(right.disjuncts());
                all
            }
            _ => vec![self],
        }
    }

    /// How it is written, without places: two trees of one shape ask the same.
    #[must_use]
    pub fn shape(&self) -> String {
        let all = |trees: &[Self]| trees.iter().map(Self::shape).collect::<Vec<_>>().join(",");
        match &self.kind {
            TreeKind::Bool(value) => value.to_string(),
            TreeKind::Int(value) => value.to_string(),
            TreeKind::Float(value) => format!("{value:?}"),
            TreeKind::Text(text) => format!("{text:?}"),
            TreeKind::List(items) => format!("[{}]", all(items)),
            TreeKind::Name(name) => name.clone(),
            TreeKind::Field(of, name) => format!("{}.{}", of.shape(), name.text),
            TreeKind::Index(of, key) => format!("{}[{}]", of.shape(), key.shape()),
            TreeKind::Not(inner) => format!("not({})", inner.shape()),
            TreeKind::Neg(inner) => format!("-({})", inner.shape()),
            TreeKind::And(left, right) => format!("({} and {})", left.shape(), right.shape()),
            TreeKind::Or(left, right) => format!("({} or {})", left.shape(), right.shape()),
            TreeKind::Compare(op, left, right) => format!("({} {op:?} {})", left.shape(), right.shape()),
            TreeKind::Arithmetic(op, left, right) => format!("({} {op:?} {})", left.shape(), right.shape()),
            TreeKind::Join(left, right) => format!("({} ~ {})", left.shape(), right.shape()),
            TreeKind::Conditional { condition, then, otherwise } => {
                format!("({} if {} else {})", then.shape(), condition.shape(), otherwise.shape())
            }
            TreeKind::Filter { name, subject, args } => format!("({}|{}({}))", subject.shape(), name.text, all(args)),
            TreeKind::Test { name, subject, args } => format!("({} is {}({}))", subject.shape(), name.text, all(args)),
            TreeKind::Call { name, args } => format!("{}({})", name.text, all(args)),
        }
    }

    /// The subject of `x is set`.
    #[must_use]
    pub fn set_subject(&self) -> Option<&Self> {
        match &self.kind {
            TreeKind::Test { name, subject, args } if name.text == "set" && args.is_empty() => Some(subject),
            _ => None,
        }
    }

    /// The subject of `x is not set`.
    #[must_use]
    pub fn unset_subject(&self) -> Option<&Self> {
        match &self.kind {
            TreeKind::Not(inner) => inner.set_subject(),
            _ => None,
        }
    }
}

/// A part of text with expressions in it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Part {
    Text(String, Vec<Foreign>),
    Expr(Tree),
}

/// A statement of a template.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Statement {
    /// Text as it is, by its bytes in the template.
    Text(std::ops::Range<usize>, Vec<Foreign>),
    /// A value that is printed, and the byte at which its braces begin.
    Emit(Tree, usize),
    For {
        target: Word,
        source: Tree,
        filter: Option<Tree>,
        body: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    If {
        condition: Tree,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    Set {
        target: Word,
        value: Tree,
    },
    Include(Word),
}
