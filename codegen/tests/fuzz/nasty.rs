//! What has broken readers of YAML and of templates before, made large.

use std::fmt::Write;

/// Pieces that mean something.
pub const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "\"",
    "'",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "|",
    ">-",
    "#",
    "\n",
    "\n  ",
    "\r\n",
    "\t",
    "\0",
    "\u{FEFF}",
    "\u{85}",
    "\u{2028}",
    "\u{202E}",
    "\u{1F600}",
    "e\u{301}",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "? ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "null",
    "~",
    ".nan",
    ".inf",
    "-1",
    "0x1f",
    "0o7",
    "1e999",
    "99999999999999999999",
    "tool: ",
    "steps:\n",
    "- get: x\n",
    "each: \"{{ x }}\"",
    "cluster",
    ".spec",
    "item",
    " is set",
    " is not set",
    " | default('x')",
    " | first",
    " and ",
    " or ",
    "not ",
    " if ",
    " else ",
    "(",
    ")",
    "[0]",
    " in ",
    "..",
    "...",
    "\\",
    "\\u12",
    "\\x",
    "^(?=a)$",
    "(a+)+$",
    "include \"foot.md\"",
    "for x in ",
    "endfor",
    "set x = ",
    "list<",
];

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

/// Files for every target, by what is nasty about them.
pub fn files() -> Vec<(&'static str, String)> {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{},", level - 1).repeat(9);
        let _ = writeln!(laughs, "a{level}: &a{level} [{before}]");
    }
    let keys = lines(9_000, |number| format!("key{number}: 1"));
    let same: String = "key: 1\n".repeat(9_000);
    vec![
        ("aliases that explode", laughs),
        ("an alias of itself", "a: &a [*a]\n".to_owned()),
        ("merge keys that explode", format!("a: &a {{ x: 1 }}\n{}", "b: { <<: *a }\n".repeat(4_000))),
        ("deep lists", "[".repeat(60_000)),
        ("deep lists, closed", format!("a: {}{}", "[".repeat(30_000), "]".repeat(30_000))),
        ("deep mappings", "{a: ".repeat(25_000)),
        ("deep blocks", lines(400, |depth| format!("{}a:", " ".repeat(depth)))),
        ("deep dashes", "- ".repeat(60_000)),
        ("a huge scalar", format!("tool: {}\n", "x".repeat(120_000))),
        ("a huge quoted scalar", format!("tool: \"{}\"\n", "\\u0041".repeat(20_000))),
        ("a huge block", format!("tool: |\n{}", "  x\n".repeat(30_000))),
        ("more than a file may have", "x".repeat(200_000)),
        ("very many keys", keys),
        ("one key very often", same),
        ("a long line of expressions", format!("about: \"{}\"\n", "{{ x }}".repeat(15_000))),
        ("a long line of tags", "{% if a %}".repeat(12_000)),
        ("open tags", "{{".repeat(60_000)),
        ("comments", "{#".repeat(60_000)),
        ("only CR", "a: 1\r".repeat(20_000)),
        ("NULs", "\0".repeat(100_000)),
        ("byte order marks", "\u{FEFF}".repeat(40_000)),
        ("text from right to left", "\u{202E}a: ".repeat(20_000)),
        ("combining characters", format!("a: e{}\n", "\u{301}".repeat(60_000))),
        ("documents", "---\na: 1\n".repeat(10_000)),
        ("tags", "!!str ".repeat(20_000)),
        (
            "a pattern that explodes",
            "params:\n  a: { type: string, about: X., pattern: \"^(((a{99}){99}){99}){99}$\" }\n".to_owned(),
        ),
        (
            "a deep pattern",
            format!(
                "params:\n  a: {{ type: string, about: X., pattern: \"^{}a{}$\" }}\n",
                "(".repeat(20_000),
                ")".repeat(20_000)
            ),
        ),
    ]
}

/// Expressions, by what is nasty about them.
pub fn expressions() -> Vec<(&'static str, String)> {
    vec![
        ("deep parentheses", format!("{}1{}", "(".repeat(40_000), ")".repeat(40_000))),
        ("deep lists", "[".repeat(40_000)),
        ("deep calls", "ours(".repeat(15_000)),
        ("a long sum", format!("1{}", " + 1".repeat(25_000))),
        ("a long chain of filters", format!("name{}", " | upper".repeat(12_000))),
        ("a long chain of fields", format!("cluster{}", ".spec".repeat(20_000))),
        ("a long chain of indices", format!("cluster{}", "[0]".repeat(30_000))),
        ("a long chain of comparisons", format!("1{}", " < 1".repeat(25_000))),
        ("a long chain of conditions", format!("true{}", " and true".repeat(12_000))),
        ("nested conditions", format!("{}1", "1 if true else ".repeat(7_000))),
        ("many nots", format!("{}true", "not ".repeat(25_000))),
        ("many signs", format!("{}1", "-".repeat(60_000))),
        ("a pattern that explodes", "name is matching('(((a{99}){99}){99}){99}')".to_owned()),
        ("powers", format!("9{}", " ** 9".repeat(10_000))),
        ("text times a number", "name * 999999999".to_owned()),
        ("a number beyond all bounds", "9".repeat(60_000)),
    ]
}
