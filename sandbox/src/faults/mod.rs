//! Faults: what goes wrong between a client and a real API server, on demand.
//!
//! [`Faults`] holds rules (see [`Rule`]); the layer in front of the API asks it about every request.
//! Tests in the same process use the methods here; other processes use the control endpoints
//! (`/sandbox/faults`, `/sandbox/gates`, see [`control`](crate::faults::control)).

pub mod control;
mod gate;
mod layer;
mod rule;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub use gate::Gate;
use gate::Waiting;
pub use layer::{Layer, apply, webhooks_down};
pub use rule::{Action, Match, Rule};

use crate::request_info::RequestInfo;

/// The rules in force; cheap to clone, all clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    rules: Vec<Counted>,
    gates: BTreeMap<String, Arc<Waiting>>,
}

impl Inner {
    fn add(&mut self, rule: Rule) -> u64 {
        self.next += 1;
        if let Action::Hold { gate, .. } = &rule.action {
            self.gates.entry(gate.clone()).or_insert_with(Waiting::new);
        }
        self.rules.push(Counted { id: self.next, rule, matched: 0 });
        self.next
    }
}

/// A rule in force, and how often it matched.
#[derive(Debug, Clone, Serialize)]
pub struct Counted {
    /// By which it is removed.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests it matched so far, those that passed included.
    pub matched: u64,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every step leaves the rules whole, so a panic elsewhere does not spoil them.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `rule` in force behind those that are; returns its id.
    pub fn add(&self, rule: Rule) -> u64 {
        self.lock().add(rule)
    }

    /// Takes a rule out of force; false where there is none with that id.
    pub fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.rules.len();
        inner.rules.retain(|counted| counted.id != id);
        inner.rules.len() < before
    }

    /// Takes all rules out of force and lets every held request go on.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.rules.clear();
        for waiting in std::mem::take(&mut inner.gates).into_values() {
            waiting.open();
        }
    }

    /// The rules in force, with their counts.
    pub fn rules(&self) -> Vec<Counted> {
        self.lock().rules.clone()
    }

    /// How often the rule matched; `None` where there is none with that id.
    pub fn matched(&self, id: u64) -> Option<u64> {
        self.lock().rules.iter().find(|counted| counted.id == id).map(|counted| counted.matched)
    }

    /// Makes the webhooks of CloudNativePG unreachable for every request; returns the rule's id.
    pub fn webhooks_down(&self) -> u64 {
        self.add(Rule::new(Match::any(), Action::WebhooksDown))
    }

    /// Holds what `matches` before it is done, until the gate lets it go on.
    pub fn hold(&self, matches: Match) -> Gate {
        self.gate(matches, false)
    }

    /// Holds what `matches` when it is done, before it is answered.
    pub fn hold_answers(&self, matches: Match) -> Gate {
        self.gate(matches, true)
    }

    fn gate(&self, matches: Match, after: bool) -> Gate {
        let mut inner = self.lock();
        let name = format!("gate-{}", inner.next + 1);
        let waiting = Arc::clone(inner.gates.entry(name.clone()).or_insert_with(Waiting::new));
        let rule = inner.add(Rule::new(matches, Action::Hold { gate: name.clone(), after }));
        drop(inner);
        Gate { faults: self.clone(), name, rule, waiting }
    }

    /// How many requests wait at each gate.
    pub fn held(&self) -> BTreeMap<String, usize> {
        self.lock().gates.iter().map(|(name, waiting)| (name.clone(), waiting.held())).collect()
    }

    /// Lets `requests` go on at the gate of that name; false where there is none.
    pub fn release(&self, gate: &str, requests: usize) -> bool {
        self.lock().gates.get(gate).map(|waiting| waiting.release(requests)).is_some()
    }

    fn forget_gate(&self, name: &str) {
        self.lock().gates.remove(name);
    }

    /// Counts `request` at every rule that matches and returns what strikes it, in order.
    fn strike(&self, request: &RequestInfo) -> Vec<Struck> {
        let mut inner = self.lock();
        let mut struck = Vec::new();
        let Inner { rules, gates, .. } = &mut *inner;
        for counted in rules.iter_mut().filter(|counted| counted.rule.matches.strikes(request)) {
            counted.matched += 1;
            let nth = counted.matched;
            let rule = &counted.rule;
            if nth <= rule.skip || rule.times.is_some_and(|times| nth > rule.skip.saturating_add(times)) {
                continue;
            }
            struck.push(match &rule.action {
                Action::Hold { gate, after } => {
                    let waiting = Arc::clone(gates.entry(gate.clone()).or_insert_with(Waiting::new));
                    Struck::Hold { waiting, after: *after }
                }
                action => Struck::Do(action.clone()),
            });
        }
        struck
    }
}

/// What strikes one request.
#[derive(Debug)]
enum Struck {
    Do(Action),
    Hold { waiting: Arc<Waiting>, after: bool },
}
