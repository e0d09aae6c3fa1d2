//! `is given` is asked only where the answer is not plain from the declaration.

use crate::diagnostic::{Code, Sink};
use crate::lowered::{ExprKind, LocalKind, ParamDefault, Tool, walk};

/// Refuses to ask of a parameter that is always passed, or whose default is filled in before the call begins.
pub(super) fn check(tool: &Tool, sink: &mut Sink) {
    walk::tool(tool, &mut |expr| {
        let ExprKind::IsGiven(local) = expr.kind else { return };
        let LocalKind::Param(index) = tool.local(local).kind else { return };
        let Some(param) = tool.params.get(index) else { return };
        if param.required {
            sink.error(Code::Arguments, expr.span, format!("`{}` is required, so it is always given", param.name));
        } else if matches!(param.default, Some(ParamDefault::Literal(_))) {
            let name = &param.name;
            sink.error(
                Code::Arguments,
                expr.span,
                format!("`{name}` has a default, which cannot be told from a passed value"),
            )
            .help(format!("compare `{name}` with its default, or take the default away and ask `is set`"));
        }
    });
}
