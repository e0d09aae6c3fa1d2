//! Waits: how long they may last, and whether what they ask can change meanwhile.

use super::Lowering;
use crate::diagnostic::Code;
use crate::lowered::{Expr, ExprKind, LocalId, Wait, walk};
use crate::source::Span;
use crate::syntax;

/// Seconds after which the runtime ends every wait.
const LONGEST: i64 = 3600;

/// Seconds after which clients give a request up that sends no progress (the TypeScript SDK's
/// `DEFAULT_REQUEST_TIMEOUT_MSEC`, which other clients took over).
const PATIENCE: i64 = 60;

/// What an object keeps for its life (Kubernetes API conventions, "Metadata").
const KEPT: &[&str] = &["name", "namespace", "uid", "creationTimestamp"];

impl Lowering<'_> {
    /// Holds a wait to the rules.
    pub(super) fn check_wait(&mut self, written: &syntax::Wait, wait: &Wait) {
        self.wait_time(written, &wait.timeout);
        let until = written.until.span;
        self.wait_changes(&wait.until, wait.item, until, "`until`");
        if let (Some((when, _)), Some(fail)) = (&written.fail, &wait.fail) {
            self.wait_changes(&fail.when, wait.item, when.span, "`fail`");
        }
    }

    fn wait_time(&mut self, written: &syntax::Wait, timeout: &Expr) {
        // Shared steps wait as long as the tool that takes them in says.
        let shared = std::mem::replace(&mut self.typer.facts.shared, false);
        let range = self.typer.range(timeout);
        self.typer.facts.shared = shared;
        let sink = &mut *self.typer.sink;
        let span = timeout.span;
        if range.most.is_some_and(|most| most <= 0) {
            sink.error(Code::WaitTime, span, "this wait ends at once: its time-out is not above 0 seconds")
                .help("say how many seconds to wait, or take the step out");
            return;
        }
        match range.most {
            None => {
                sink.error(Code::WaitTime, span, "nothing bounds how long this wait lasts")
                    .note("the client that called, and the person in front of it, wait as long")
                    .help("give the parameter a `max`, or write the seconds out");
                return;
            }
            Some(most) if most > LONGEST => {
                sink.warning(Code::WaitTime, span, format!("this wait may last {most} seconds"))
                    .note(format!("every wait is ended after {LONGEST} seconds, whatever a spec says"))
                    .help(format!("let the time-out be {LONGEST} at most"));
            }
            Some(most) if most > PATIENCE && written.progress.is_none() => {
                sink.warning(Code::WaitTime, span, format!("this wait may last {most} seconds without a word"))
                    .note(format!("many clients give a call up after {PATIENCE} seconds without progress"))
                    .help("add `progress: { done, of, say }`: it is sent while the wait lasts");
            }
            Some(_) => {}
        }
        if range.least.is_some_and(|least| least <= 0) {
            self.typer
                .sink
                .warning(Code::WaitTime, span, "this wait may end at once: its time-out can be 0 or less")
                .help("give the parameter a `min` of 1 or more");
        }
    }

    /// Says that a condition does not look at anything that changes.
    fn wait_changes(&mut self, condition: &Expr, item: LocalId, span: Span, which: &str) {
        let (mut looks, mut kept) = (0, 0);
        walk::expr(condition, &mut |expr| match &expr.kind {
            ExprKind::Local(local) if *local == item => looks += 1,
            ExprKind::Field { of, name } if KEPT.contains(&name.as_str()) && is_metadata_of(of, item) => kept += 1,
            _ => {}
        });
        if looks > kept {
            return;
        }
        let why = if looks == 0 {
            "it does not look at `item`, the object as it is by then"
        } else {
            "name, namespace, uid and creation time of an object never change"
        };
        self.typer
            .sink
            .error(Code::WaitConstant, span, format!("{which} never changes while the wait lasts"))
            .note(why)
            .help("ask something of `item.status`, which the operator writes");
    }
}

/// Whether an expression is the metadata of the object that is waited for.
fn is_metadata_of(expr: &Expr, item: LocalId) -> bool {
    matches!(&expr.kind, ExprKind::Field { of, name }
        if name == "metadata" && matches!(of.kind, ExprKind::Local(local) if local == item))
}
