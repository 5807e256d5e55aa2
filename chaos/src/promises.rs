//! The tests and scenarios that RELIABILITY.md names as proofs exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::scenarios;

const DOCUMENT: &str = include_str!("report/reliability.md");
const CRATES: [&str; 5] = ["common", "ingestion", "consumer", "api", "testkit"];

/// What stands in backquotes in the third column.
fn proofs() -> Vec<(String, String)> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| "));
    let columns = rows.filter_map(|row| row.split(" | ").nth(2));
    let mut proofs = Vec::new();
    for column in columns {
        let mut pieces = column.split('`');
        let mut of_crate = String::new();
        while let (Some(before), Some(quoted)) = (pieces.next(), pieces.next()) {
            if let Some(word) = before.split_whitespace().last()
                && CRATES.contains(&word)
            {
                word.clone_into(&mut of_crate);
            }
            proofs.push((of_crate.clone(), quoted.to_owned()));
        }
    }
    proofs
}

fn sources(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path.with_extension(""), text));
        }
    }
}

/// Of each crate, without their extension.
fn files() -> BTreeMap<&'static str, Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_crate = CRATES.map(|name| {
        let mut files = Vec::new();
        for folder in ["src", "tests"] {
            let folder = root.join(name).join(folder);
            if folder.exists() {
                sources(&folder, &mut files);
            }
        }
        (name, files)
    });
    of_crate.into()
}

/// Whether a file of the test's module, or one in the module's folder, has the test.
fn is_there(proof: &str, files: &[(PathBuf, String)]) -> bool {
    let mut modules: Vec<_> = proof.split("::").collect();
    let test = format!("fn {}()", modules.pop().unwrap_or_default());
    let of_modules = |path: &Path| {
        let parts: Vec<_> = path.iter().collect();
        modules
            .iter()
            .all(|module| parts.contains(&OsStr::new(module)))
    };
    let mut files = files.iter();
    files.any(|(path, text)| of_modules(path) && text.contains(&test))
}

#[test]
fn every_named_scenario_and_test_exists() {
    let scenarios: BTreeSet<_> = scenarios::all().iter().map(|one| one.name).collect();
    let (files, proofs) = (files(), proofs());
    assert!(proofs.len() > 100, "{}", proofs.len());
    for (name, proof) in &proofs {
        let there = if proof.contains("::") {
            is_there(proof, &files[name.as_str()])
        } else if let Some(start) = proof.strip_suffix('…') {
            scenarios.iter().any(|name| name.starts_with(start))
        } else {
            proof.starts_with("make ") || scenarios.contains(&**proof)
        };
        assert!(there, "{name} {proof}");
    }
}

/// Nobody writes a scenario that the document doesn't know.
#[test]
fn every_scenario_proves_a_promise() {
    let proofs = proofs();
    for scenario in scenarios::all() {
        let named = proofs.iter().any(|(_, proof)| {
            let start = proof.strip_suffix('…');
            proof == scenario.name || start.is_some_and(|start| scenario.name.starts_with(start))
        });
        assert!(named, "{}", scenario.name);
    }
}
