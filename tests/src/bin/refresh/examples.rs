//! Runs examples, each on a sandbox of its own, so that they neither see nor need each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use cnpg_mcp_codegen::emit::outputs::{Answer, Answers};
use cnpg_mcp_codegen::emit::{kinds, schema};
use cnpg_mcp_codegen::lowered::{Example, Program, Tool};
use cnpg_mcp_runtime::answer::Content;
use cnpg_mcp_runtime::call::{Identity, NoProgress};
use cnpg_mcp_runtime::confirm::NoPrompter;
use cnpg_mcp_runtime::kubernetes::{Kubernetes, KubernetesOptions};
use cnpg_mcp_runtime::registry::{CallContext, Options};
use cnpg_mcp_runtime::time::{Clock, Time};
use cnpg_mcp_sandbox::{OperatorConfig, Sandbox, Seed};
use cnpg_mcp_tests::server::kubeconfig_file;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// When everything in the sandbox was made.
const MADE: &str = "2026-03-02T09:30:00Z";

/// When the examples are called.
const CALLED: &str = "2026-03-05T13:45:00Z";

/// Seed of uids and generated names.
const SEED: u64 = 7;

/// Stands for the id of a call, which is another one every time.
const CALL_ID: &str = "00000000-0000-4000-8000-000000000000";

/// The answers of all examples.
pub async fn run(program: &Program) -> anyhow::Result<Answers> {
    let documents: Vec<Value> = kinds::crds(program).into_iter().map(|(_, document)| document).collect();
    let mut answers = BTreeMap::new();
    for tool in &program.tools {
        let mut own = Vec::new();
        for (index, example) in tool.examples.iter().enumerate() {
            let answer = answer(program, tool, example, &documents).await;
            let answer = answer.with_context(|| format!("example {} of {}", index + 1, tool.name))?;
            if answer.is_error {
                let first = answer.markdown.lines().next().unwrap_or_default();
                eprintln!("note: example {} of {} is answered by an error: {first}", index + 1, tool.name);
            }
            own.push(answer);
        }
        answers.insert(tool.name.clone(), own);
    }
    Ok(answers)
}

async fn answer(program: &Program, tool: &Tool, example: &Example, documents: &[Value]) -> anyhow::Result<Answer> {
    let sandbox = Sandbox::builder()
        .kinds(documents.to_vec())
        .operator(OperatorConfig::fast())
        .clock(cnpg_mcp_sandbox::Clock::fixed(time(MADE)?.timestamp()))
        .seed(SEED)
        .preload(Seed::demo())
        .start()
        .await?;
    let kubeconfig = kubeconfig_file(&sandbox)?;
    let options = KubernetesOptions { kubeconfig: Some(kubeconfig.path().to_owned()), ..KubernetesOptions::default() };
    let kubernetes = Arc::new(Kubernetes::new(options));
    let options = Options { clock: Clock::Fixed(time(CALLED)?), ..Options::new(cnpg_mcp::VERSION) };
    let registry = cnpg_mcp::registry(kubernetes, options)?;
    let context = CallContext {
        cancellation: CancellationToken::new(),
        progress: Arc::new(NoProgress),
        prompter: Arc::new(NoPrompter),
        who: Identity::default(),
    };
    let answer = registry.call(&tool.name, example.call.clone(), context).await?;
    sandbox.shutdown().await;
    if let Content::Output { structured, .. } = &answer.content {
        fits(&schema::output(program, tool), structured)?;
    }
    Ok(Answer { is_error: answer.is_error(), markdown: answer.markdown.replace(&answer.call_id, CALL_ID) })
}

fn time(text: &str) -> anyhow::Result<Time> {
    Time::parse(text).with_context(|| format!("`{text}` is no time"))
}

/// What is shown must be what the schema promises.
fn fits(schema: &Value, output: &Value) -> anyhow::Result<()> {
    let validator = jsonschema::validator_for(schema).map_err(|error| anyhow!("the output schema: {error}"))?;
    let problems: Vec<String> =
        validator.iter_errors(output).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if problems.is_empty() {
        return Ok(());
    }
    bail!("the output does not fit its schema:\n{}\n{output:#}", problems.join("\n"))
}
