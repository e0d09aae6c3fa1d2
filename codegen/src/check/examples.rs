//! Examples: their arguments must be such that a call would take them.

use super::Lowering;
use super::bounds::value_fits;
use crate::diagnostic::Code;
use crate::load::{Node, NodeKind};

impl Lowering<'_> {
    /// Checks every example against the parameters.
    pub(super) fn examples(&mut self) {
        for example in &self.tool.examples {
            self.example(&example.call);
        }
    }

    fn example(&mut self, call: &Node) {
        let NodeKind::Map(entries) = &call.kind else { return };
        // A misspelt parameter is one mistake, not a missing one too.
        let mut misspelt = false;
        for entry in entries {
            let Some(param) = self.params.iter().find(|param| param.name == entry.key.text) else {
                if self.tool.incomplete {
                    continue;
                }
                misspelt = true;
                let names: Vec<&str> = self.params.iter().map(|param| param.name.as_str()).collect();
                self.typer
                    .sink
                    .error(Code::Example, entry.key.span, format!("the tool has no parameter `{}`", entry.key.text))
                    .suggest(&entry.key.text, names);
                continue;
            };
            if let Err(reason) = value_fits(&entry.value, &param.ty, &param.bounds) {
                self.typer.sink.error(
                    Code::Example,
                    entry.value.span,
                    format!("`{}` would be refused: {reason}", param.name),
                );
            }
        }
        for param in self.params.iter().filter(|param| param.required && !misspelt) {
            if !entries.iter().any(|entry| entry.key.text == param.name) {
                self.typer.sink.error(
                    Code::Example,
                    call.span,
                    format!("the example lacks `{}`, which is required", param.name),
                );
            }
        }
    }
}
