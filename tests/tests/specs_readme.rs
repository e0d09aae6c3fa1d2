//! `specs/README.md` teaches the language: what it shows compiles, and it names every key and the whole vocabulary.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use cnpg_mcp_codegen::diagnostic::{Code, json, render};
use cnpg_mcp_codegen::emit::language_schema;
use cnpg_mcp_codegen::vocabulary::{self, Form};
use serde_json::Value;

/// A fenced block of the page.
struct Block<'a> {
    /// What stands behind the fence: `yaml spec`.
    info: &'a str,
    /// Line of the fence, from 1.
    line: usize,
    /// What is between the fences.
    text: String,
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn page() -> anyhow::Result<String> {
    std::fs::read_to_string(specs().join("README.md")).context("specs/README.md")
}

/// The fenced blocks of a Markdown text.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some(Block { info: info.trim(), line: index + 1, text: String::new() }),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// A copy of the project's shared specs without its tools: parameters, steps, partials, resources.
fn shared_specs() -> anyhow::Result<tempfile::TempDir> {
    let copy = tempfile::tempdir()?;
    for file in ["params.yaml", "steps.yaml"] {
        std::fs::copy(specs().join(file), copy.path().join(file)).context(file)?;
    }
    for folder in ["partials", "resources"] {
        std::fs::create_dir(copy.path().join(folder))?;
        for entry in std::fs::read_dir(specs().join(folder))? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.path().join(folder).join(entry.file_name()))?;
        }
    }
    std::fs::create_dir(copy.path().join("tools"))?;
    Ok(copy)
}

/// The name in the line `tool: NAME`.
fn tool_name(spec: &str) -> Option<&str> {
    spec.lines().find_map(|line| line.strip_prefix("tool:")).map(str::trim)
}

#[test]
fn every_whole_spec_compiles() -> anyhow::Result<()> {
    let text = page()?;
    let blocks = blocks(&text);
    let partials: Vec<_> =
        blocks.iter().filter_map(|block| Some((block.info.strip_prefix("markdown partial=")?, block))).collect();
    let examples: Vec<_> = blocks.iter().filter(|block| block.info == "yaml spec").collect();
    ensure!(examples.len() >= 3, "the page shows {} whole specs", examples.len());
    let mut found = String::new();
    for example in examples {
        let name =
            tool_name(&example.text).with_context(|| format!("line {}: a whole spec has `tool:`", example.line))?;
        let folder = shared_specs()?;
        for (file, partial) in &partials {
            std::fs::write(folder.path().join("partials").join(file), &partial.text)?;
        }
        std::fs::write(folder.path().join(format!("tools/{name}.yaml")), &example.text)?;
        let compiled = cnpg_mcp_codegen::compile(folder.path())?;
        // What this one tool leaves unused, others of the project use.
        for problem in compiled.diagnostics.iter().filter(|one| one.code != Code::UnusedShared) {
            writeln!(
                found,
                "the spec `{name}` at line {}:\n{}\n",
                example.line,
                render(&compiled.sources, problem, false)
            )?;
        }
        if let Some(program) = compiled.program {
            let tools: Vec<_> = program.tools.iter().map(|tool| tool.name.as_str()).collect();
            ensure!(tools == [name], "compiled {tools:?}, not {name}");
        }
    }
    assert!(found.is_empty(), "examples of specs/README.md that are no good:\n{found}");
    Ok(())
}

/// The names in the first column of the table below that heading row: `` `sort`, `unique` ``, `` `is matching('regex')` ``.
fn table(page: &str, heading: &str) -> BTreeSet<String> {
    let rows = page.lines().skip_while(|line| *line != heading).skip(2).take_while(|line| line.starts_with('|'));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    let spans = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    spans
        .map(|span| span.strip_prefix("is ").unwrap_or(span))
        .map(|span| span.split('(').next().unwrap_or(span).to_owned())
        .collect()
}

#[test]
fn the_tables_name_the_whole_vocabulary() -> anyhow::Result<()> {
    let text = page()?;
    for (heading, form) in [
        ("| function | gives |", Form::Function),
        ("| filter | gives |", Form::Filter),
        ("| test | holds where |", Form::Test),
    ] {
        let known: BTreeSet<String> = vocabulary::names(form).map(str::to_owned).collect();
        assert_eq!(
            table(&text, heading),
            known,
            "the table `{heading}` of specs/README.md, and what the compiler knows"
        );
    }
    Ok(())
}

/// Every key that the schemas for editors know.
fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        found.extend(properties.keys().cloned());
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|inner| keys(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| keys(inner, found)),
        _ => {}
    }
}

#[test]
fn every_key_is_named() -> anyhow::Result<()> {
    let text = page()?;
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    });
    let named: BTreeSet<&str> = prose
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .flat_map(|span| {
            span.split(|character: char| !character.is_alphanumeric() && character != '_' && character != '.')
        })
        .collect();
    let mut known = BTreeSet::new();
    for (_, schema) in language_schema::schemas() {
        keys(&schema, &mut known);
    }
    ensure!(known.len() > 50, "the schemas know {} keys", known.len());
    let missing: Vec<_> = known.iter().filter(|key| !named.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "specs/README.md does not name the keys {missing:?}");
    Ok(())
}

#[test]
fn the_mistake_is_shown_as_the_compiler_shows_it() -> anyhow::Result<()> {
    let text = page()?;
    let blocks = blocks(&text);
    let spec = blocks.iter().find(|block| block.info == "yaml spec").context("the first whole spec")?;
    let shown = blocks.iter().find(|block| block.text.starts_with("error[")).context("the diagnostic")?;
    let folder = shared_specs()?;
    let name = tool_name(&spec.text).context("`tool:`")?;
    let wrong = spec.text.replace("item.spec.cluster.name", "item.spec.cluster.nam");
    std::fs::write(folder.path().join(format!("tools/{name}.yaml")), wrong)?;
    let compiled = cnpg_mcp_codegen::compile(folder.path())?;
    let problems: Vec<_> =
        compiled.diagnostics.iter().map(|problem| render(&compiled.sources, problem, false)).collect();
    assert_eq!(problems, [shown.text.trim_end()]);
    let machines = blocks.iter().find(|block| block.info == "json").context("the same as JSON")?;
    let machines: Value = serde_json::from_str(&machines.text)?;
    assert_eq!(json(&compiled.sources, &compiled.diagnostics), machines, "the JSON of specs/README.md");
    Ok(())
}
