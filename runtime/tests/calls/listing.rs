use cnpg_mcp_runtime::failure::FailureKind;
use cnpg_mcp_runtime::vocabulary::*;
use cnpg_mcp_sandbox::faults::{Action, Match, Rule};
use serde_json::json;

use crate::fixture::*;

fn fill(ground: &Ground, count: usize) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("s-{number:04}")).collect();
    for (number, name) in names.iter().enumerate() {
        ground.secret(name, &json!({ "labels": { "even": (number % 2 == 0).to_string() } }));
    }
    names
}

fn reading() -> With {
    With { tool: &READS, arguments: json!({ "name": "x" }), ..With::default() }
}

/// All pages, with the answers cut to `returned` items.
async fn page_through(ground: &Ground, limit: i64, returned: usize, odd_only: bool) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..1000 {
        let mut call = ground.call_with(reading());
        let mut list = call.list::<Secret>(Scope::Namespace(NAMESPACE));
        if odd_only {
            list = list.keep(|secret| Ok(secret.metadata.labels.get("even").is_some_and(|even| even == "false")));
        }
        let items = list.page(limit, cursor.as_deref()).await.unwrap();
        let paging = call.finish().paging.unwrap();
        let shown = items.len().min(returned);
        found.extend(items.into_iter().take(shown).map(|secret| secret.metadata.name));
        cursor = paging.cursor_after(shown);
        assert_eq!(cursor.is_some(), paging.truncated_after(shown));
        if cursor.is_none() {
            return found;
        }
    }
    panic!("paging does not end");
}

#[tokio::test]
async fn pages_have_no_gap_and_no_repeat() {
    let ground = ground().await;
    let names = fill(&ground, 23);
    for (limit, returned) in [(500, 500), (7, 7), (1, 1), (10, 3), (23, 22), (23, 23)] {
        assert_eq!(page_through(&ground, limit, returned, false).await, names, "{limit} {returned}");
    }
    let odd: Vec<_> = names.iter().skip(1).step_by(2).cloned().collect();
    for (limit, returned) in [(500, 500), (4, 4), (5, 2), (1, 1)] {
        assert_eq!(page_through(&ground, limit, returned, true).await, odd, "{limit} {returned}");
    }
}

#[tokio::test]
async fn after_a_cut_no_more_is_fetched_than_about_fits() {
    let ground = ground().await;
    let names = fill(&ground, 90);
    let (mut found, mut cursor, mut fetched) = (Vec::new(), None::<String>, Vec::new());
    loop {
        let mut call = ground.call_with(reading());
        let items = call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(80, cursor.as_deref()).await.unwrap();
        let paging = call.finish().paging.unwrap();
        fetched.push(paging.fetched());
        // Items become shorter at the middle, so that more of them fit.
        let shown = items.len().min(if found.len() < 45 { 5 } else { 30 });
        found.extend(items.into_iter().take(shown).map(|secret| secret.metadata.name));
        assert_eq!(paging.total(), Some(90));
        cursor = paging.cursor_after(shown);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, names);
    assert_eq!(fetched[0], 80, "nothing is known yet");
    assert!(fetched[1..10].iter().all(|fetched| *fetched <= 8), "{fetched:?}");
    assert!(fetched.iter().skip(10).any(|fetched| *fetched > 8), "it grows again: {fetched:?}");
}

#[tokio::test]
async fn several_pages_of_the_server_are_read_where_items_are_filtered() {
    let ground = ground().await;
    let names = fill(&ground, 600);
    let odd: Vec<_> = names.iter().skip(1).step_by(2).cloned().collect();
    assert_eq!(page_through(&ground, 200, 200, true).await, odd);
    let mut call = ground.call_with(reading());
    let all = call.list::<Secret>(Scope::AllNamespaces).label("even", "false").all().await.unwrap();
    assert_eq!(all.len(), 300);
}

#[tokio::test]
async fn totals_where_they_are_known() {
    let ground = ground().await;
    fill(&ground, 10);
    let mut call = ground.call_with(reading());
    call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(4, None).await.unwrap();
    let paging = call.finish().paging.unwrap();
    assert_eq!((paging.total(), paging.scanned()), (Some(10), None));
    let cursor = paging.cursor_after(4).unwrap();
    let mut call = ground.call_with(reading());
    call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(4, Some(&cursor)).await.unwrap();
    assert_eq!(call.finish().paging.unwrap().total(), Some(10));
    let mut call = ground.call_with(reading());
    call.list::<Secret>(Scope::Namespace(NAMESPACE)).keep(|_| Ok(false)).page(4, None).await.unwrap();
    let paging = call.finish().paging.unwrap();
    assert_eq!((paging.total(), paging.scanned(), paging.cursor_after(0)), (None, Some(10), None));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query() {
    let ground = ground().await;
    fill(&ground, 5);
    let mut call = ground.call_with(reading());
    call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(2, None).await.unwrap();
    let cursor = call.finish().paging.unwrap().cursor_after(2).unwrap();
    let other = With { arguments: json!({ "name": "y" }), ..reading() };
    let limit = With { arguments: json!({ "name": "x", "limit": 3, "cursor": "c" }), ..reading() };
    let failure =
        ground.call_with(other).list::<Secret>(Scope::Namespace(NAMESPACE)).page(2, Some(&cursor)).await.unwrap_err();
    assert_eq!(failure.parameter_name(), Some("cursor"));
    assert!(ground.call_with(reading()).list::<Secret>(Scope::AllNamespaces).page(2, Some(&cursor)).await.is_err());
    assert_eq!(
        ground.call_with(limit).list::<Secret>(Scope::Namespace(NAMESPACE)).page(3, Some(&cursor)).await.unwrap().len(),
        3
    );
}

#[tokio::test]
async fn an_expired_page_goes_on_and_says_so() {
    let ground = ground().await;
    let names = fill(&ground, 12);
    let mut call = ground.call_with(reading());
    let first = call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(5, None).await.unwrap();
    let cursor = call.finish().paging.unwrap().cursor_after(5).unwrap();
    ground.secret("t-later", &json!({}));
    ground.sandbox.store().forget_history();
    let mut call = ground.call_with(reading());
    let second = call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(50, Some(&cursor)).await.unwrap();
    let report = call.finish();
    assert!(report.warnings[0].contains("changed while it was read"), "{:?}", report.warnings);
    let found: Vec<_> = first
        .into_iter()
        .chain(second)
        .map(|secret| secret.metadata.name)
        .filter(|name| name.starts_with("s-"))
        .collect();
    assert_eq!(found, names);
}

#[tokio::test]
async fn an_expired_page_without_a_token_starts_over_and_skips() {
    let ground = ground().await;
    let names = fill(&ground, 12);
    let mut call = ground.call_with(reading());
    let first = call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(5, None).await.unwrap();
    let cursor = call.finish().paging.unwrap().cursor_after(5).unwrap();
    ground.once("list", "secrets", status(410, "Expired", "too old"));
    let mut call = ground.call_with(reading());
    let second = call.list::<Secret>(Scope::Namespace(NAMESPACE)).page(50, Some(&cursor)).await.unwrap();
    assert_eq!(call.finish().warnings.len(), 1);
    let found: Vec<_> = first.into_iter().chain(second).map(|secret| secret.metadata.name).collect();
    assert_eq!(found, names);
}

#[tokio::test]
async fn the_newest_come_first() {
    let ground = ground().await;
    for (name, created) in
        [("a", "2026-01-02T00:00:00Z"), ("b", "2026-01-05T00:00:00Z"), ("c", "2026-01-01T00:00:00Z"), ("d", "")]
    {
        ground.secret(name, &json!({ "annotations": { "at": created } }));
    }
    let mut call = ground.call_with(reading());
    let newest = call
        .list::<Secret>(Scope::Namespace(NAMESPACE))
        .newest(3, |secret| secret.metadata.annotations.get("at").and_then(|at| Time::parse(at)))
        .await
        .unwrap();
    assert_eq!(newest.iter().map(|secret| secret.metadata.name.as_str()).collect::<Vec<_>>(), ["b", "a", "c"]);
}

#[tokio::test]
async fn missing_and_forbidden_as_the_spec_says() {
    let ground = ground().await;
    let mut call = ground.call_with(reading());
    assert!(call.list::<Unknown>(Scope::Namespace(NAMESPACE)).missing_ok().all().await.unwrap().is_empty());
    let failure = call.list::<Unknown>(Scope::Namespace(NAMESPACE)).all().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::KindUnknown);
    assert!(failure.advice()[0].contains("CloudNativePG is not installed"));
    ground.always(
        "list",
        "secrets",
        status(403, "Forbidden", "secrets is forbidden: User \"x\" cannot list resource \"secrets\""),
    );
    let failure = call
        .list::<Secret>(Scope::AllNamespaces)
        .advice(AdviceOn::Forbidden, || "Pass `namespace`.")
        .all()
        .await
        .unwrap_err();
    assert_eq!(failure.advice()[0], "Pass `namespace`.");
    assert!(
        failure.advice()[1].contains("kubectl auth can-i list secrets --all-namespaces --as x"),
        "{:?}",
        failure.advice()
    );
    assert!(
        call.list::<Secret>(Scope::AllNamespaces).forbidden_note(|| "Not readable.").all().await.unwrap().is_empty()
    );
    assert_eq!(call.finish().warnings, ["Not readable."]);
}

#[tokio::test]
async fn passing_faults_are_got_over() {
    let ground = ground().await;
    let names = fill(&ground, 3);
    for action in [
        Action::DropBefore,
        Action::DropAfter,
        Action::Truncate { bytes: 30 },
        status(429, "TooManyRequests", "busy"),
        status(503, "", "busy"),
    ] {
        ground.fault(Rule { times: Some(2), ..Rule::new(Match::on("list", "secrets"), action.clone()) });
        let mut call = ground.call_with(reading());
        assert_eq!(
            call.list::<Secret>(Scope::Namespace(NAMESPACE)).all().await.unwrap().len(),
            names.len(),
            "{action:?}"
        );
    }
}

#[tokio::test]
async fn a_label_value_cannot_become_another_selector() {
    let ground = ground().await;
    let mut call = ground.call_with(reading());
    assert!(call.list::<Secret>(Scope::Namespace(NAMESPACE)).label("a", "b,c!=d").all().await.is_err());
}

#[tokio::test]
async fn lists_inside_an_object_page_by_name() {
    let ground = ground().await;
    let items: Vec<_> = ["d", "b", "a", "b", "c"].into_iter().enumerate().collect();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut call = ground.call_with(reading());
        let page = call.page_by(items.clone(), 2, cursor.as_deref(), |(_, name)| *name).unwrap();
        let paging = call.finish().paging.unwrap();
        assert_eq!(paging.total(), Some(5));
        // The budget lets one item through.
        found.push(page[0]);
        cursor = paging.cursor_after(1);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, [(2, "a"), (1, "b"), (3, "b"), (4, "c"), (0, "d")]);
}
