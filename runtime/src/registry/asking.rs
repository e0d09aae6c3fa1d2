//! Between a handler that asks and the way to a person: the plan as Markdown.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::answer::Maker;
use crate::call::Settings;
use crate::confirm::{Asked, Asker, Prompt, Prompter, Question};
use crate::render::Templates;
use crate::time::Clock;
use crate::tool::{Arguments, ToolInfo};

/// Renders a question with the tool's plan template and hands it on.
pub(super) struct PlanAsker {
    pub(super) templates: Arc<Templates>,
    pub(super) tool: &'static ToolInfo,
    pub(super) params: Arguments,
    pub(super) settings: Arc<Settings>,
    pub(super) current_namespace: String,
    pub(super) clock: Clock,
    pub(super) prompter: Arc<dyn Prompter>,
}

impl Asker for PlanAsker {
    fn ask(&self, question: Question) -> BoxFuture<'_, Asked> {
        let nothing_published = Arguments::new();
        let mut params = self.params.clone();
        params.extend(question.computed);
        let maker = Maker {
            templates: &self.templates,
            tool: self.tool,
            published: &nothing_published,
            params: &params,
            settings: &self.settings,
            current_namespace: self.current_namespace.clone(),
            now: self.clock.now(),
        };
        let message = maker.plan(&question.plan, &question.warnings);
        self.prompter.prompt(Prompt { tool: self.tool, message, objects: question.objects })
    }
}
