//! Whether an engine that goes back and tries again can take exponential time on a pattern.
//!
//! It can exactly where some state of the pattern's automaton can be left and come back to by two ways on the same
//! text (exponential ambiguity; A. Weber, H. Seidl, "On the degree of ambiguity of finite automata", 1991). The
//! automaton is Glushkov's: a state for each character of the pattern, and an edge for each way in which one can
//! follow another – with the same edge twice where there are two ways, as in `(a+)+`.

use std::collections::{BTreeMap, BTreeSet};

use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange, Span};
use regex_syntax::hir::{Class, HirKind};

/// In larger patterns ways that part are not looked for, as the search goes over pairs of states; only repetitions of
/// repetitions.
const MAX_SEARCHED: usize = 64;

/// Larger patterns are not looked at.
const MAX_STATES: usize = 2000;

/// Repetitions of up to so many rounds are written out; longer ones count as endless.
const WRITTEN_OUT: u32 = 4;

/// The innermost repetition that matches some text in exponentially many ways, where there is one.
pub(super) fn find(tree: &Ast, text: &str) -> Option<Span> {
    let mut innermost = None;
    visit(tree, &mut |repetition| {
        if innermost.is_none() && is_ambiguous(repetition, text) {
            innermost = Some(*repetition.span());
        }
    });
    innermost
}

/// Every repetition, inner ones first.
fn visit(tree: &Ast, found: &mut impl FnMut(&Ast)) {
    match tree {
        Ast::Repetition(one) => {
            visit(&one.ast, found);
            found(tree);
        }
        Ast::Group(one) => visit(&one.ast, found),
        Ast::Alternation(one) => one.asts.iter().for_each(|part| visit(part, found)),
        Ast::Concat(one) => one.asts.iter().for_each(|part| visit(part, found)),
        _ => {}
    }
}

fn is_ambiguous(tree: &Ast, text: &str) -> bool {
    let mut automaton = Automaton { text, states: Vec::new(), edges: BTreeMap::new() };
    let _ = automaton.add(tree);
    automaton.states.len() <= MAX_STATES && automaton.comes_back_by_two_ways()
}

/// Ranges of characters.
type Characters = Vec<(u32, u32)>;

struct Automaton<'t> {
    text: &'t str,
    states: Vec<Characters>,
    /// How many ways lead from a state to one right behind it.
    edges: BTreeMap<(usize, usize), usize>,
}

/// What a part of the pattern may begin and end with.
struct Part {
    can_be_empty: bool,
    first: Vec<usize>,
    last: Vec<usize>,
    /// Whether all texts that it matches have one length.
    fixed: bool,
}

impl Part {
    fn empty() -> Self {
        Self { can_be_empty: true, first: Vec::new(), last: Vec::new(), fixed: true }
    }
}

impl Automaton<'_> {
    fn add(&mut self, tree: &Ast) -> Part {
        if self.states.len() > MAX_STATES {
            return Part::empty();
        }
        match tree {
            Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => Part::empty(),
            Ast::Group(group) => self.add(&group.ast),
            Ast::Alternation(one) => {
                let mut whole = Part { can_be_empty: false, ..Part::empty() };
                for part in &one.asts {
                    let part = self.add(part);
                    whole.can_be_empty |= part.can_be_empty;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                    whole.fixed = false;
                }
                whole
            }
            Ast::Concat(one) => one.asts.iter().fold(Part::empty(), |before, part| {
                let part = self.add(part);
                self.join(before, part)
            }),
            Ast::Repetition(one) => {
                let (least, most) = match &one.op.kind {
                    RepetitionKind::ZeroOrOne => (0, Some(1)),
                    RepetitionKind::ZeroOrMore => (0, None),
                    RepetitionKind::OneOrMore => (1, None),
                    RepetitionKind::Range(RepetitionRange::Exactly(times)) => (*times, Some(*times)),
                    RepetitionKind::Range(RepetitionRange::AtLeast(times)) => (*times, None),
                    RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
                };
                self.repeat(&one.ast, least, most)
            }
            Ast::Dot(_) | Ast::Literal(_) | Ast::ClassPerl(_) | Ast::ClassUnicode(_) | Ast::ClassBracketed(_) => {
                let state = self.states.len();
                self.states.push(self.characters(tree.span()));
                Part { can_be_empty: false, first: vec![state], last: vec![state], fixed: true }
            }
        }
    }

    fn repeat(&mut self, tree: &Ast, least: u32, most: Option<u32>) -> Part {
        if let Some(most) = most.filter(|most| *most <= WRITTEN_OUT) {
            let mut whole = Part::empty();
            for round in 0..most {
                let mut part = self.add(tree);
                part.can_be_empty |= round >= least;
                part.fixed &= least == most;
                whole = self.join(whole, part);
            }
            return whole;
        }
        let mut part = self.add(tree);
        // A fixed number of rounds of a fixed length can be divided in one way alone.
        if most == Some(least) && part.fixed {
            return part;
        }
        self.follow(&part.last, &part.first);
        // Rounds that must be there and may be empty can be so at any place: `(a?){30}`.
        if part.can_be_empty && least > 1 {
            self.follow(&part.last, &part.first);
        }
        part.can_be_empty |= least == 0;
        part.fixed = false;
        part
    }

    fn join(&mut self, before: Part, after: Part) -> Part {
        self.follow(&before.last, &after.first);
        let mut first = before.first;
        if before.can_be_empty {
            first.extend(after.first);
        }
        let mut last = after.last;
        if after.can_be_empty {
            last.extend(before.last);
        }
        let fixed = before.fixed && after.fixed;
        Part { can_be_empty: before.can_be_empty && after.can_be_empty, first, last, fixed }
    }

    fn follow(&mut self, last: &[usize], first: &[usize]) {
        for from in last {
            for to in first {
                *self.edges.entry((*from, *to)).or_default() += 1;
            }
        }
    }

    /// The characters that one sign or class of the pattern stands for.
    fn characters(&self, at: &Span) -> Characters {
        let text = self.text.get(at.start.offset..at.end.offset).unwrap_or_default();
        match regex_syntax::parse(text).map(regex_syntax::hir::Hir::into_kind) {
            Ok(HirKind::Literal(literal)) => String::from_utf8_lossy(&literal.0)
                .chars()
                .next()
                .map(|c| vec![(u32::from(c), u32::from(c))])
                .unwrap_or_default(),
            Ok(HirKind::Class(Class::Unicode(class))) => {
                class.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
            }
            // Whatever it is, it may be anything.
            _ => vec![(0, u32::from(char::MAX))],
        }
    }

    fn overlap(&self, one: usize, other: usize) -> bool {
        self.states[one].iter().any(|(start, end)| {
            self.states[other].iter().any(|(other_start, other_end)| start <= other_end && other_start <= end)
        })
    }

    fn comes_back_by_two_ways(&self) -> bool {
        let count = self.states.len();
        let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, to) in self.edges.keys() {
            next[*from].push(*to);
        }
        // One edge for which there are two ways, in a circle.
        let doubled = self.edges.iter().filter(|(_, ways)| **ways > 1).map(|(edge, _)| *edge);
        for (from, to) in doubled {
            if reach(to, &|state| next[state].clone()).contains(&from) {
                return true;
            }
        }
        if count > MAX_SEARCHED {
            return false;
        }
        // Two ways that part and meet again: pairs of states that read the same text, from (q, q) back to (q, q)
        // by way of a pair of two.
        let pairs = |(one, other): (usize, usize)| -> Vec<(usize, usize)> {
            let ends = next[one].iter().flat_map(|a| next[other].iter().map(move |b| (*a, *b)));
            ends.filter(|(a, b)| self.overlap(*a, *b)).collect()
        };
        (0..count).any(|state| {
            let apart = reach((state, state), &pairs).into_iter().filter(|(one, other)| one != other);
            apart.into_iter().any(|pair| reach(pair, &pairs).contains(&(state, state)))
        })
    }
}

/// What can be come to in one step or more.
fn reach<T: Copy + Ord>(from: T, next: &impl Fn(T) -> Vec<T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::new();
    let mut open = next(from);
    while let Some(one) = open.pop() {
        if seen.insert(one) {
            open.extend(next(one));
        }
    }
    // The start itself counts: no step is needed to be there.
    seen.insert(from);
    seen
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
mod tests {
    use super::find;

    fn ambiguous(pattern: &str) -> bool {
        find(&regex_syntax::ast::parse::Parser::new().parse(pattern).unwrap(), pattern).is_some()
    }

    #[test]
    fn patterns_that_clients_hang_on() {
        for pattern in [
            "^(a+)+$",
            "^(a*)*$",
            "^([a-z]+-?)+$",
            "^(a|a)*$",
            "^(a|ab|b)*$",
            "^([a-z]|[a-f0-9])+$",
            "^(a|b|ab)*c$",
            "^((ab)+|a)+b*(ab)*$",
            "^([a-z]{1,20}){5,30}$",
            "^(.*,)*$",
            "^(x+x+)+y$",
            "^(a?){30}a{30}$",
        ] {
            assert!(ambiguous(pattern), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_always_come_to_an_end() {
        for pattern in [
            "^[a-z]+(-[a-z]+)*$",
            "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            "^(a|b)*$",
            "^([0-9]{1,3}\\.){3}[0-9]{1,3}$",
            "^([a-z]{2}){8}$",
            "^(a?){0,30}$",
            "^([a-z0-9]{8}-){5,}$",
            "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi)?$",
            "^(0|[1-9][0-9]*)(, (0|[1-9][0-9]*))*$",
            "^[a-z_][a-z0-9_]*$",
        ] {
            assert!(!ambiguous(pattern), "{pattern}");
        }
    }
}
