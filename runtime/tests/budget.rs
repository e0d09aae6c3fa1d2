//! The size of answers: lists first, by whole items, then Markdown at a line end.
#![allow(clippy::unwrap_used)]

mod small_tools;

use cnpg_mcp_runtime::answer::{Answer, Content};
use cnpg_mcp_runtime::budget::{LIMIT, cut_markdown, fit, size};
use cnpg_mcp_runtime::registry::Options;
use proptest::prelude::*;
use serde_json::{Value, json};

fn structured(answer: &Answer) -> &Value {
    match &answer.content {
        Content::Output { structured, .. } => structured,
        Content::Failure { .. } => panic!("{}", answer.markdown),
    }
}

async fn many(count: usize) -> Answer {
    let arguments = json!({ "count": count }).as_object().unwrap().clone();
    small_tools::registry(Options::new("1")).call("list_many", arguments, small_tools::context()).await.unwrap()
}

#[tokio::test]
async fn a_short_answer_is_whole() {
    let answer = many(3).await;
    assert_eq!(structured(&answer)["items"].as_array().unwrap().len(), 3);
    assert_eq!(structured(&answer)["truncated"], false);
    assert_eq!(answer.markdown.lines().count(), 3);
}

#[tokio::test]
async fn a_long_list_loses_whole_items_in_both_forms() {
    let answer = many(5000).await;
    let output = structured(&answer);
    let items = output["items"].as_array().unwrap();
    assert!(items.len() > 100 && items.len() < 1000, "{}", items.len());
    assert_eq!(output["truncated"], true);
    assert!(output.to_string().chars().count() <= LIMIT);
    assert!(answer.markdown.chars().count() <= LIMIT);
    let last = items.last().unwrap()["name"].as_str().unwrap();
    assert!(answer.markdown.contains(&format!("`{last}`")), "the Markdown shows what the structured output has");
    assert_eq!(answer.markdown.matches("\n- `item-").count() + 1, items.len());
    assert!(
        answer
            .markdown
            .ends_with(&format!("*{} of 5000 `items` are shown; the rest did not fit into the answer.*", items.len()))
    );
}

#[test]
fn the_first_list_goes_first_and_keeps_an_item() {
    let mut value = json!({ "others": vec!["y".repeat(100); 50], "clusters": vec!["x".repeat(100); 50] });
    let cuts = fit(&mut value, Some("clusters"), 6_000);
    assert!(size(&value) <= 6_000);
    assert_eq!(cuts.len(), 1);
    assert_eq!((cuts[0].path.as_str(), cuts[0].of), ("clusters", 50));
    assert_eq!(value["others"].as_array().unwrap().len(), 50);
    let cuts = fit(&mut value, Some("clusters"), 300);
    assert_eq!(cuts.len(), 2);
    assert_eq!(value["clusters"].as_array().unwrap().len(), 1);
}

#[test]
fn the_largest_inner_list_is_named_by_its_path() {
    let mut value =
        json!({ "clusters": [{ "name": "a", "conditions": vec!["c".repeat(90); 40], "roles": ["r", "s"] }] });
    let cuts = fit(&mut value, Some("clusters"), 1_000);
    assert_eq!(cuts[0].path, "clusters[].conditions");
    assert_eq!(value["clusters"][0]["roles"].as_array().unwrap().len(), 2);
}

#[test]
fn a_single_long_text_is_shortened_last() {
    let mut value = json!({ "changes": [{ "manifest": "m".repeat(40_000), "name": "a" }] });
    fit(&mut value, None, 5_000);
    assert!(size(&value) <= 5_000, "{}", size(&value));
    assert!(value["changes"][0]["manifest"].as_str().unwrap().ends_with("characters left out)"));
}

#[test]
fn markdown_ends_at_a_line_with_its_fence_closed() {
    let text = format!("# Title\n\n````yaml\n{}````\n", "key: value\n".repeat(1000));
    let cut = cut_markdown(&text, 2_000);
    assert!(cut.chars().count() <= 2_000);
    let (body, note) = cut.split_once("\n````\n\n*").unwrap();
    assert!(body.ends_with("key: value"));
    assert!(note.contains("longer than 2000 characters"));
    assert_eq!(cut_markdown("short", 2_000), "short");
}

proptest! {
    #[test]
    fn size_is_the_length_of_the_json_text(text in ".{0,40}", number in any::<i64>(), float in any::<f64>(), flag in any::<bool>()) {
        let value = json!({ (text.as_str()): [number, flag, null, { "f": float }], "t": text });
        prop_assert_eq!(size(&value), value.to_string().chars().count());
    }

    #[test]
    fn any_text_is_cut_to_any_limit(text in "(.{0,60}\n|```\n|- ``x``\n){0,60}", limit in 300..2000_usize) {
        let cut = cut_markdown(&text, limit);
        prop_assert!(cut.chars().count() <= limit.max(text.chars().count().min(limit)));
    }
}
