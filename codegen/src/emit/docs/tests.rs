use super::*;
use crate::emit::fixture;

fn page_of(name: &str, answers: &[ExampleAnswer]) -> String {
    let program = fixture::program();
    let tool = program.tools.iter().find(|tool| tool.name == name).expect("the tool is there");
    page(&program, tool, answers)
}

fn answer(markdown: &str, is_error: bool) -> ExampleAnswer {
    ExampleAnswer { markdown: markdown.to_owned(), is_error }
}

#[test]
fn a_page_of_a_tool_that_writes() {
    insta::assert_snapshot!(page_of("make_widget", &[answer("Made **one**.\n\n```yaml\nkind: Widget\n```\n", false)]));
}

#[test]
fn a_page_of_a_tool_that_destroys() {
    insta::assert_snapshot!(page_of(
        "drop_widget",
        &[answer("Dropped one.", false), answer("**Widget `two` is not there.**", true)]
    ));
}

#[test]
fn the_index() {
    insta::assert_snapshot!(index(&fixture::program()));
}

/// Rows of one table have as many cells as its head: text with bars cannot break out of its cell.
#[test]
fn tables_are_whole() {
    let program = fixture::program();
    let mut pages: Vec<String> = program.tools.iter().map(|tool| page(&program, tool, &[])).collect();
    pages.push(index(&program));
    let mut seen = 0;
    for page in &pages {
        let mut width = None;
        for line in page.lines() {
            if !line.starts_with('|') {
                width = None;
                continue;
            }
            seen += 1;
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(*width.get_or_insert(bars), bars, "{line}");
        }
    }
    assert!(seen > 20, "no tables were found");
}
