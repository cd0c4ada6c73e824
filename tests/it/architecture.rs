//! The floors and the doors, kept by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The library's modules from the ground up; those of one row stand on the same floor.
const FLOORS: [&[&str]; 5] = [
    &["clock", "fault", "money", "query", "task", "vault", "config"],
    &["courier", "store", "stripe"],
    &["sync"],
    &["connect"],
    &["web", "work"],
];

/// Rows in which neither may use the other. Those of the first floor may, from right to left.
const SIDE_BY_SIDE: [[&str; 2]; 4] =
    [["store", "stripe"], ["courier", "store"], ["courier", "stripe"], ["web", "work"]];

/// A word, the modules where it may stand, and why nowhere else.
const DOORS: [(&str, &[&str], &str); 5] = [
    ("reqwest", &["courier", "stripe"], "only stripe speaks HTTP to Stripe, and only the courier to receivers"),
    ("EntityTrait", &["store"], "only store writes queries"),
    ("Statement::", &["store"], "only store writes queries"),
    ("StatusCode", &["web"], "only web knows status codes"),
    ("Utc::now", &["clock"], "only clock asks the time"),
];

#[test]
fn no_module_uses_one_from_a_higher_floor() {
    let mut broken = Vec::new();
    for (floor, names) in FLOORS.iter().enumerate() {
        let higher: Vec<&str> = FLOORS[floor + 1..].iter().flat_map(|row| row.iter().copied()).collect();
        for name in *names {
            broken.extend(uses(name, &higher));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn modules_side_by_side_do_not_use_each_other() {
    let mut broken = Vec::new();
    for [left, right] in SIDE_BY_SIDE {
        broken.extend(uses(left, &[right]));
        broken.extend(uses(right, &[left]));
    }
    for (at, name) in FLOORS[0].iter().enumerate() {
        broken.extend(uses(name, &FLOORS[0][at + 1..]));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_module_of_the_library_has_a_floor() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let known: Vec<&str> = FLOORS.iter().flat_map(|row| row.iter().copied()).collect();
    let homeless: Vec<&&str> = modules.iter().filter(|name| !known.contains(name)).collect();
    let missing: Vec<&&str> = known.iter().filter(|name| !modules.contains(name)).collect();
    assert!(homeless.is_empty() && missing.is_empty(), "without a floor: {homeless:?}; not there: {missing:?}");
}

#[test]
fn each_door_is_used_in_one_place() {
    let mut broken = Vec::new();
    for name in FLOORS.iter().flat_map(|row| row.iter()) {
        for (file, text) in sources(name) {
            let text = without_tests(&text);
            for (word, doors, why) in DOORS {
                if !doors.contains(name) && code(text).any(|line| line.contains(word)) {
                    broken.push(format!("{file} uses {word}: {why}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_crates_beside_the_house_know_nothing_of_it() {
    let mut broken = Vec::new();
    for (name, strangers) in [
        ("entity", ["tributary", "migration", "simulator"]),
        ("migration", ["tributary", "entity", "simulator"]),
        ("simulator", ["tributary", "entity", "migration"]),
    ] {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        for stranger in strangers {
            if dependencies.lines().any(|line| line.split([' ', '.', '=']).next() == Some(stranger)) {
                broken.push(format!("{name} depends on {stranger}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Where the module `name` names one of `others` in a path that begins with `crate`.
fn uses(name: &str, others: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources(name) {
        let text = code(&text).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        let paths = text.split("crate::").skip(1).filter_map(|rest| rest.split([';', '(']).next());
        // Only the first segment of each path is a module of the library.
        let words: Vec<&str> = paths.flat_map(first_segments).collect();
        found.extend(others.iter().filter(|other| words.contains(other)).map(|other| format!("{file} uses {other}")));
    }
    found
}

/// `store::Db` begins with `store`; `{clock::Clock, store}` begins with `clock` and `store`.
fn first_segments(path: &str) -> Vec<&str> {
    let Some(list) = path.strip_prefix('{') else {
        return path.split(|c: char| !c.is_alphanumeric() && c != '_').take(1).collect();
    };
    let mut depth = 0_u32;
    let mut starts = vec![0];
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    let word = |at: usize| list[at..].trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
    starts.into_iter().filter_map(word).collect()
}

/// The lines that are no comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

/// The files of a module of the library.
fn sources(name: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let file = root().join("src").join(format!("{name}.rs"));
    if file.exists() {
        files.push(file);
    }
    collect(&root().join("src").join(name), &mut files);
    assert!(!files.is_empty(), "there is no module {name}");
    let shown = |file: &PathBuf| file.strip_prefix(root()).unwrap().display().to_string();
    files.into_iter().map(|file| (shown(&file), fs::read_to_string(&file).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reader_of_paths_sees_first_segments_only() {
    assert_eq!(first_segments("store::Db"), ["store"]);
    assert_eq!(first_segments("{clock::{Clock, web}, store::sync, work}"), ["clock", "store", "work"]);
}
