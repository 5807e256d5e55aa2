use proptest::prelude::*;

use super::*;

fn from_json(text: &str) -> Result<Filter, FilterError> {
    Filter::from_json(&serde_json::from_str(text).unwrap())
}

#[test]
fn query_strings_and_trees_say_the_same() {
    let cases = [
        ("country:DE", r#"["is","country",["DE"]]"#),
        ("country:is:DE|FR|DE", r#"["in","country",["FR","DE"]]"#),
        ("page:/a:b", r#"["is","page",["/a:b"]]"#),
        ("page:/a|b", r#"["is","page",["/a|b"]]"#),
        (
            "page:is:/a\\|b\\\\|\\c",
            r#"["is","page",["/a|b\\","\\c"]]"#,
        ),
        ("page:is:a,b:c|d", r#"["is","page",["a,b:c","d"]]"#),
        ("page:a,b|c\\|d", r#"["is","page",["a,b|c\\|d"]]"#),
        ("page:is:is:open", r#"["is","page",["is:open"]]"#),
        ("page:", r#"["is","page",[""]]"#),
        ("user_id:is_not:u1", r#"["is_not","user_id",["u1"]]"#),
        ("page:contains:doc", r#"["contains","page",["doc"]]"#),
        ("page:matches:^/d\\d$", r#"["matches","page",["^/d\\d$"]]"#),
        ("properties.a.b:7", r#"["is","properties.a.b",[7]]"#),
        (r#"["not",["is","os",[""]]]"#, r#"["not",["is","os",[""]]]"#),
    ];
    for (text, tree) in cases {
        let from_text = Filter::from_query([text]).unwrap();
        assert_eq!(from_text, from_json(tree).unwrap(), "{text}");
        let again = Filter::from_json(&from_text.to_json()).unwrap();
        assert_eq!(from_text, again, "{text}");
    }
    let both = Filter::from_query(["country:DE", "os:x"]).unwrap();
    let tree = r#"["and",[["is","country",["DE"]],["is","os",["x"]]]]"#;
    assert_eq!(both, from_json(tree).unwrap());
    assert!(Filter::from_query([]).unwrap().is_everything());
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let deep = format!(
        "{}[\"is\",\"os\",[\"\"]]{}",
        "[\"not\",".repeat(8),
        "]".repeat(8)
    );
    let many = format!(
        "[\"or\",[{}]]",
        vec!["[\"is\",\"os\",[\"\"]]"; 65].join(",")
    );
    let values = format!("[\"is\",\"os\",{:?}]", vec!["x"; 101]);
    let long = format!("[\"is\",\"os\",[\"{}\"]]", "x".repeat(2_049));
    let cases = [
        ("7", "a filter is"),
        ("[]", "a filter is"),
        (r#"["like","page",["x"]]"#, "\"like\" is not an operator"),
        (r#"["is","page"]"#, "a filter is"),
        (r#"["is",7,["x"]]"#, "at /1: a field is named"),
        (r#"["is","pages",["x"]]"#, "at /1: \"pages\" is not a field"),
        (r#"["is","all",["x"]]"#, "is not a field"),
        (r#"["is","properties.",["x"]]"#, "path of properties"),
        (r#"["is","properties.a..b",["x"]]"#, "path of properties"),
        (r#"["is","page",[]]"#, "has 0 values"),
        (
            r#"["is","page","x"]"#,
            "at /2: the values of a test are a list",
        ),
        (r#"["is","page",[null]]"#, "at /2: a value is"),
        (r#"["is","page",["a\u0000"]]"#, "NUL"),
        (r#"["or",[]]"#, "at least one filter"),
        (
            r#"["and",[["is","os",["x"]],["or",[["is","os",["("]],["matches","os",["("]]]]]]"#,
            "at /1/1/1/1: matches of os has a pattern that isn't a regular expression: unclosed group",
        ),
        (&deep, "at most 8 deep"),
        (&many, "at most 64 tests"),
        (&values, "has 101 values"),
        (&long, "2049 bytes"),
    ];
    for (text, want) in cases {
        let error = from_json(text).unwrap_err();
        assert!(error.detail.contains(want), "{text}: {error}");
    }
    for (text, want) in [
        ("country", "a filter is <field>:<value>"),
        ("color:red", "\"color\" is not a field"),
        ("[1", "not JSON"),
        ("page:matches:(", "unclosed group"),
    ] {
        let error = Filter::from_query([text]).unwrap_err();
        assert!(error.detail.contains(want), "{text}: {error}");
    }
    assert!(Filter::from_query(std::iter::repeat_n("os:x", 65)).is_err());
    let patterns = [r#"["matches","os",["a","b"]]"#; 11].join(",");
    let error = from_json(&format!(r#"["and",[{patterns}]]"#)).unwrap_err();
    assert!(error.detail.contains("at most 20 regular"), "{error}");
    let pattern = |count| std::iter::repeat_n("os:matches:a", count);
    assert!(Filter::from_query(pattern(20)).is_ok());
    assert!(Filter::from_query(pattern(21)).is_err());
    let mut left = Budget::beside(&Filter::from_query(pattern(15)).unwrap());
    assert!(Filter::from_query_within(&mut left, pattern(3)).is_ok());
    let tree = serde_json::json!(["matches", "os", ["a", "b", "c"]]);
    let error = Filter::from_json_within(&mut left, &tree).unwrap_err();
    assert!(error.detail.contains("at most 20 regular"), "{error}");
    let two = serde_json::json!(["matches", "os", ["a", "b"]]);
    assert!(Filter::from_json_within(&mut left, &two).is_ok());
    // Tests are each filter's own.
    let mut left = Budget::beside(&Filter::from_query(std::iter::repeat_n("os:x", 64)).unwrap());
    for _ in 0..2 {
        let most = std::iter::repeat_n("os:x", 64);
        assert!(Filter::from_query_within(&mut left, most).is_ok());
    }
}

#[test]
fn rollups_answer_for_one_dimension() {
    let dimension = |text: &str| from_json(text).unwrap().in_one_dimension();
    let both = r#"["or",[["is","page",["/"]],["not",["contains","page",["x"]]]]]"#;
    assert_eq!(dimension(both), Some(Dimension::Page));
    assert_eq!(
        Filter::everything().in_one_dimension(),
        Some(Dimension::All)
    );
    for text in [
        r#"["or",[["is","page",["/"]],["is","os",["x"]]]]"#,
        r#"["is","user_id",["u"]]"#,
        r#"["is","properties.a",["u"]]"#,
    ] {
        assert_eq!(dimension(text), None, "{text}");
    }
    let long = "x".repeat(600);
    let is = Filter::is(Field::Dimension(Dimension::Page), &long).unwrap();
    assert!(is.holds(&key_value(&long)) && is.holds(&long) && !is.holds("x"));
    let other = Filter::from_query(["page:(other)"]).unwrap();
    assert!(other.names_other() && !is.names_other());
}

fn filters() -> impl Strategy<Value = Filter> {
    let values = prop::collection::vec("[ab|\\\\:]{0,3}", 1..4);
    let names = prop::sample::select(&["page", "os", "user_id", "properties.a.b"][..]);
    let operators = [Operator::Is, Operator::IsNot, Operator::Contains];
    let test = (names, prop::sample::select(operators.to_vec()), values).prop_map(
        |(name, operator, values)| {
            Filter::Test(Test::new(Field::parse(name).unwrap(), operator, values).unwrap())
        },
    );
    test.prop_recursive(4, 24, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            parts.clone().prop_map(Filter::All),
            parts.prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn a_tree_is_read_back_from_what_is_shown(filter in filters()) {
        prop_assert_eq!(Filter::from_json(&filter.to_json()).unwrap(), filter);
    }

    #[test]
    fn any_text_is_refused_or_read(text in "(\\PC{0,20}|(page|os):(is|matches|contains)?:?\\PC{0,12})") {
        let _ = Filter::from_query([text.as_str()]);
    }
}
