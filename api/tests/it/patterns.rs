//! A regular expression finds the same in the database as here.

use api::query::pattern::Pattern;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use testkit::Services;

const PATTERNS: [&str; 24] = [
    "^/docs",
    r"\.pdf$",
    "a|bc|",
    "(a|b)c?d*",
    r"\bdocs\b",
    r"\Bo",
    "[^a-y/]",
    ".",
    "^.$",
    "(?s)^.$",
    "(?i)STRASSE|é",
    r"\d{2,3}",
    r"^\w+$",
    r"\s",
    "(?m)^b$",
    "x{0}y?",
    "(?x) a b # both",
    r"[\]\-^a]",
    r"\x41|\u{1F600}",
    "(ab){2}",
    "^(?:a+?b)+$",
    r"\b{start}d",
    "",
    "[[:alpha:]]{5}",
];

const TEXTS: [&str; 16] = [
    "",
    "a",
    "b",
    "abab",
    "aab",
    "/docs/a.pdf",
    "docs",
    "A straße, Strasse",
    "É 😀",
    "12 x 3",
    "a\nb\nc",
    "-",
    "^]",
    "zebra/Über",
    "_x9",
    "\u{7f}\t",
];

#[tokio::test]
async fn a_pattern_finds_the_same_in_the_database() {
    let services = Services::start().await;
    let client = services.db().await;
    let ask = client.prepare("SELECT $1::text ~ $2::text").await.unwrap();
    let mut runner = TestRunner::default();
    let drawn = "[ab(|)?*+.^$\\[\\]]{1,6}".prop_map(|text: String| text);
    let random = (0..150).map(|_| drawn.new_tree(&mut runner).unwrap().current());
    let patterns: Vec<String> = PATTERNS
        .map(str::to_owned)
        .into_iter()
        .chain(random)
        .collect();
    for text in patterns {
        let Ok(pattern) = Pattern::new(&text) else {
            continue;
        };
        for value in TEXTS {
            let row = client.query_one(&ask, &[&value, &pattern.sql()]).await;
            let row = row.unwrap_or_else(|error| panic!("{text}: {}: {error:?}", pattern.sql()));
            let found: bool = row.get(0);
            assert_eq!(
                found,
                pattern.is_in(value),
                "{text:?} as {:?} in {value:?}",
                pattern.sql()
            );
        }
    }
}
