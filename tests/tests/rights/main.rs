//! The rights that are generated for a tool are those that it uses: no more and no less. The server works with the
//! token of a service account that has precisely them, on a sandbox that enforces them.

mod account;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};

use account::Right;
use cnpg_mcp_runtime::tool::{Effect, Tool};
use cnpg_mcp_tests::world::EVERY_TOOL;
use futures::{StreamExt, TryStreamExt};
use scripts::Script;

/// Worlds at once: each waits more than it works.
const AT_ONCE: usize = 4;

/// Ending of the files of rights, the server's flags that they are for, and the effects of the tools that it then offers.
type Mode = (&'static str, &'static [&'static str], &'static [Effect]);

const MODES: [Mode; 3] = [
    ("", &[], &[Effect::Read, Effect::Write, Effect::Destroy]),
    ("-read-only", &["--read-only"], &[Effect::Read]),
    ("-no-destructive", &["--disable-destructive"], &[Effect::Read, Effect::Write]),
];

fn granted(tool: &Tool) -> BTreeSet<Right> {
    let grants = tool.info.grants.iter();
    let each = grants.flat_map(|grant| {
        grant.verbs.iter().map(|verb| (grant.group.to_owned(), grant.resource.to_owned(), (*verb).to_owned()))
    });
    each.collect()
}

/// Each tool through every branch that asks something of the API: what is used is what is granted, and enough.
#[tokio::test(flavor = "multi_thread")]
async fn used_is_granted_and_granted_is_used() -> anyhow::Result<()> {
    let one = async |script: Script| -> anyhow::Result<Vec<String>> {
        let world = account::world(EVERY_TOOL).await?;
        script.prepare(&world).await?;
        account::may(&world, &account::rules_of_tool(script.tool)?).await?;
        let mut complaints = script.play(&world).await?;
        let tools = cnpg_mcp::tools();
        let granted = tools.iter().find(|tool| tool.info.name == script.tool).map(granted).unwrap_or_default();
        let used = world.sandbox.recorder().by_tool().remove(script.tool).unwrap_or_default();
        for (group, resource, verb) in used.difference(&granted) {
            complaints.push(format!("{} uses {verb} on {resource}.{group}, which it is not granted", script.tool));
        }
        for (group, resource, verb) in granted.difference(&used) {
            complaints.push(format!("{} is granted {verb} on {resource}.{group}, which it does not use", script.tool));
        }
        Ok(complaints)
    };
    let played: BTreeSet<&str> = scripts::all().iter().map(|script| script.tool).collect();
    assert_eq!(played, cnpg_mcp::tools().iter().map(|tool| tool.info.name).collect(), "every tool is played");
    let found: Vec<_> = futures::stream::iter(scripts::all()).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
    let complaints = found.concat();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

/// Every combination of toolsets, and each of them read-only and without what destroys, with precisely the rights of
/// their files: what is offered works, and nothing is granted that no offered tool uses.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_works_with_the_rights_of_its_files() -> anyhow::Result<()> {
    const TOOLSETS: [&str; 6] = ["backups", "clusters", "core", "databases", "diagnostics", "roles"];
    let known = cnpg_mcp::tools().iter().map(|tool| tool.info.toolset).chain(["core"]).collect();
    assert_eq!(BTreeSet::from(TOOLSETS), known);
    let chosen = |bits: usize| (0..TOOLSETS.len()).filter(move |at| bits & (1 << at) != 0).map(|at| TOOLSETS[at]);
    let combinations = (1..1 << TOOLSETS.len()).map(|bits| chosen(bits).collect::<Vec<_>>()).chain([vec!["all"]]);
    let worlds = combinations.flat_map(|toolsets| {
        // What a mode leaves out of one toolset does not depend on another.
        let modes = if toolsets.len() == 1 { &MODES[..] } else { &MODES[..1] };
        modes.iter().map(move |mode| (toolsets.clone(), *mode))
    });
    let worlds = futures::stream::iter(worlds).map(|(toolsets, mode)| offers(toolsets, mode));
    let found: Vec<_> = worlds.buffer_unordered(AT_ONCE).try_collect().await?;
    assert!(found.len() > 70, "{} worlds", found.len());
    let complaints = found.concat();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

/// What does not work, or is granted for nothing, where these toolsets are on.
async fn offers(toolsets: Vec<&str>, (ending, flags, effects): Mode) -> anyhow::Result<Vec<String>> {
    let names = toolsets.join(",");
    let mut rules = Vec::new();
    for toolset in &toolsets {
        rules.extend(account::rules(&match (*toolset, ending) {
            ("all", "") => "all-tools".to_owned(),
            ("all", ending) => ending.trim_start_matches('-').to_owned(),
            _ => format!("toolset-{toolset}{ending}"),
        })?);
    }
    let world = account::world(&[&["--toolsets", &names][..], flags].concat()).await?;
    let offered: BTreeSet<&str> = world.client.tools().keys().map(String::as_str).collect();
    let tools = cnpg_mcp::tools();
    let meant = tools.iter().filter(|tool| {
        let belongs = |toolset: &&str| match *toolset {
            "all" => true,
            "core" => tool.info.core,
            other => tool.info.toolset == other,
        };
        toolsets.iter().any(belongs) && effects.contains(&tool.info.effect)
    });
    let meant: Vec<&Tool> = meant.collect();
    let mut complaints = Vec::new();
    if offered != meant.iter().map(|tool| tool.info.name).collect() {
        complaints.push(format!("{names}{ending}: {offered:?} is offered"));
    }
    let given: BTreeSet<Right> = account::rights(&rules).into_iter().collect();
    let used: BTreeSet<Right> = meant.iter().flat_map(|tool| granted(tool)).collect();
    for right in given.symmetric_difference(&used) {
        complaints.push(format!("{names}{ending}: {right:?} is given for nothing, or missing"));
    }
    account::may(&world, &rules).await?;
    // More than two of them work as all do.
    let played = toolsets.len() <= 2;
    for script in scripts::all().into_iter().filter(|script| played && offered.contains(script.tool)) {
        script.prepare(&world).await?;
        let found = script.play(&world).await?;
        complaints.extend(found.into_iter().map(|complaint| format!("{names}{ending}: {complaint}")));
    }
    Ok(complaints)
}

/// Takes one right away from all that there are: each tool that is granted it notices. With fewer rights beside it no
/// more would work, so this holds for every file of rights that has it.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_right_something_breaks() -> anyhow::Result<()> {
    let all = account::rules("all-tools")?;
    let mut breaking: BTreeMap<Right, BTreeSet<&str>> = BTreeMap::new();
    for tool in &cnpg_mcp::tools() {
        for right in granted(tool) {
            breaking.entry(right).or_default().insert(tool.info.name);
        }
    }
    let every: BTreeSet<Right> = account::rights(&all).into_iter().collect();
    assert_eq!(every, breaking.keys().cloned().collect(), "the file of all tools holds what they are granted");
    let cases =
        breaking.into_iter().flat_map(|(right, tools)| tools.into_iter().map(move |tool| (right.clone(), tool)));
    let one = async |(right, tool): (Right, &str)| -> anyhow::Result<Option<String>> {
        let world = account::world(EVERY_TOOL).await?;
        account::may(&world, &account::without(&all, &right)).await?;
        let mut found = Vec::new();
        for script in scripts::all().into_iter().filter(|script| script.tool == tool) {
            script.prepare(&world).await?;
            found.extend(script.play(&world).await?);
        }
        Ok(found.is_empty().then(|| format!("{tool} does not need {} on {}.{}", right.2, right.1, right.0)))
    };
    let found: Vec<_> = futures::stream::iter(cases).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
    let needless: Vec<String> = found.into_iter().flatten().collect();
    assert!(needless.is_empty(), "{}", needless.join("\n"));
    Ok(())
}
