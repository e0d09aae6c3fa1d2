//! What names mean at a point of a tool.

use std::collections::{BTreeMap, BTreeSet};

use crate::lowered::LocalId;
use crate::source::Span;
use crate::types::Type;

/// What a name means.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub local: LocalId,
    /// Its type; `None` where the step that gives it was wrong, so that what follows from it is not said.
    pub ty: Option<Type>,
    /// Whether the call may end well before it is there: then `output` sees it as optional.
    pub after_stop: bool,
    /// The parameter that an expression outside a template may name, but a template may not.
    pub hidden_from_templates: bool,
}

/// A path that is known to be set.
#[derive(Debug, Clone)]
struct Narrowed {
    path: String,
    root: LocalId,
    local: LocalId,
    ty: Type,
}

/// Names in scope, inner ones last.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    seen: Vec<Seen>,
    narrowed: Vec<Narrowed>,
    used: BTreeSet<LocalId>,
    /// Results of steps that come later.
    pub later: BTreeMap<String, Span>,
    /// Groups that page: their local, and those of `limit` and `cursor`.
    pub paging: Vec<(LocalId, LocalId, LocalId)>,
    /// Whether a condition that would say what is set could not be typed: then nothing is said of absence.
    pub doubtful: bool,
    /// Unknown names that were spoken of: once is enough.
    pub unknown: BTreeSet<String>,
    /// Whether names may be missing because what gives them could not be read.
    pub incomplete: bool,
    /// Whether names are seen from `output`, at the end of the call.
    pub at_end: bool,
}

/// A point to go back to.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    seen: usize,
    narrowed: usize,
}

impl Scope {
    /// Where the scope stands now.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { seen: self.seen.len(), narrowed: self.narrowed.len() }
    }

    /// Forgets the names since a mark.
    pub fn reset(&mut self, mark: Mark) {
        self.seen.truncate(mark.seen);
        self.narrowed.truncate(mark.narrowed);
    }

    /// Takes in a name.
    pub fn declare(&mut self, name: impl Into<String>, local: LocalId, ty: Option<Type>) -> &mut Seen {
        let at = self.seen.len();
        self.seen.push(Seen { name: name.into(), local, ty, after_stop: false, hidden_from_templates: false });
        &mut self.seen[at]
    }

    /// Takes in a path that is known to be set, and the name of its value.
    pub fn narrow(&mut self, path: String, local: LocalId, ty: Type) {
        let root = path.split('.').next().unwrap_or_default();
        if let Some(root) = self.peek(root).map(|seen| seen.local) {
            self.narrowed.push(Narrowed { path, root, local, ty });
        }
    }

    /// What a name means, without using it.
    #[must_use]
    pub fn peek(&self, name: &str) -> Option<&Seen> {
        self.seen.iter().rev().find(|seen| seen.name == name)
    }

    /// Changes what a name means.
    pub fn peek_mut(&mut self, name: &str) -> Option<&mut Seen> {
        self.seen.iter_mut().rev().find(|seen| seen.name == name)
    }

    /// What a name means, and that it is used.
    pub fn look_up(&mut self, name: &str) -> Option<Seen> {
        let mut seen = self.peek(name)?.clone();
        self.used.insert(seen.local);
        if self.at_end && seen.after_stop {
            seen.ty = seen.ty.map(Type::optional);
        }
        Some(seen)
    }

    /// The value of a path that is known to be set.
    pub fn narrowed(&mut self, path: &str) -> Option<(LocalId, Type)> {
        let root = self.peek(path.split('.').next().unwrap_or_default())?.local;
        let found = self.narrowed.iter().rev().find(|one| one.path == path && one.root == root)?;
        let (local, ty) = (found.local, found.ty.clone());
        self.used.insert(local);
        self.used.insert(root);
        Some((local, ty))
    }

    /// The parameters `limit` and `cursor` of a group.
    #[must_use]
    pub fn paging_of(&self, group: LocalId) -> Option<(LocalId, LocalId)> {
        self.paging.iter().find(|one| one.0 == group).map(|one| (one.1, one.2))
    }

    /// Takes a name out of sight.
    pub fn hide(&mut self, name: &str) {
        self.seen.retain(|seen| seen.name != name);
    }

    /// Keeps the names whose local is wanted, as templates see them.
    pub fn keep_params(&mut self, wanted: impl Fn(LocalId) -> bool) {
        self.seen.retain(|seen| wanted(seen.local));
        self.narrowed.clear();
        self.later.clear();
    }

    /// Takes over what another scope saw used.
    pub fn use_as(&mut self, other: &Self) {
        self.used.extend(other.used.iter().copied());
    }

    /// Says that something is used.
    pub fn mark_used(&mut self, local: LocalId) {
        self.used.insert(local);
    }

    /// Whether something was used.
    #[must_use]
    pub fn is_used(&self, local: LocalId) -> bool {
        self.used.contains(&local)
    }

    /// The names that can be used here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        names.extend(self.seen.iter().map(|seen| seen.name.as_str()));
        names.into_iter()
    }
}
