//! The floors and the doors, kept by reading manifests and sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `base`, the first floor; each may use those before it.
const BASE: [&str; 8] = ["clock", "fault", "money", "query", "task", "tls", "vault", "config"];

/// The crates above it from the ground up; those of one row stand on the same floor and do not use each other.
const FLOORS: [&[&str]; 4] = [&["courier", "store", "stripe"], &["sync"], &["connect"], &["web", "work"]];

/// A word, the modules where it may stand, and why nowhere else.
const DOORS: [(&str, &[&str], &str); 5] = [
    ("reqwest", &["courier", "stripe"], "only stripe speaks HTTP to Stripe, and only the courier to receivers"),
    ("EntityTrait", &["store"], "only store writes queries"),
    ("Statement::", &["store"], "only store writes queries"),
    ("StatusCode", &["web"], "only web knows status codes"),
    ("Utc::now", &["clock"], "only clock asks the time"),
];

#[test]
fn no_crate_depends_on_one_beside_or_above_it() {
    let mut broken = Vec::new();
    for (floor, names) in FLOORS.iter().enumerate() {
        for name in *names {
            let forbidden =
                FLOORS[floor..].iter().flat_map(|row| row.iter()).chain(&["tributary", "simulator", "portal"]);
            let dependencies = dependencies(&format!("src/{name}"));
            broken.extend(
                forbidden
                    .filter(|one| dependencies.iter().any(|known| known == *one))
                    .map(|one| format!("{name} depends on {one}")),
            );
        }
    }
    let base = dependencies("src/base");
    broken.extend(
        crates().filter(|one| base.iter().any(|known| known == one)).map(|one| format!("base depends on {one}")),
    );
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn modules_of_the_first_floor_use_only_those_before_them() {
    let mut broken = Vec::new();
    for (at, name) in BASE.iter().enumerate() {
        broken.extend(uses(name, &BASE[at + 1..]));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_folder_and_module_has_a_floor() {
    let text = fs::read_to_string(root().join("src/base/lib.rs")).unwrap();
    let mut modules: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut known = BASE.to_vec();
    modules.sort_unstable();
    known.sort_unstable();
    assert_eq!(modules, known, "the modules of base");
    let entries = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<String> = entries
        .filter(|path| path.join("Cargo.toml").exists())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut known: Vec<&str> = crates().chain(["base"]).collect();
    folders.sort_unstable();
    known.sort_unstable();
    assert_eq!(folders, known, "the crates of src");
}

/// The lints that refuse whatever could panic are an attribute of each crate: they do not hold in its tests.
#[test]
fn every_crate_of_the_house_refuses_what_could_panic() {
    let attribute = |name: &str| {
        let text = fs::read_to_string(root().join("src").join(name).join("lib.rs")).unwrap();
        let from = text.find("#![cfg_attr(\n    not(test),\n    deny(");
        from.map(|from| text[from..].split(")]").next().unwrap().to_owned())
    };
    let expected = attribute("base");
    assert!(expected.as_ref().is_some_and(|lints| lints.contains("clippy::indexing_slicing")), "{expected:?}");
    for name in crates() {
        assert_eq!(attribute(name), expected, "{name}");
    }
}

#[test]
fn each_door_is_used_in_one_place() {
    let mut broken = Vec::new();
    for name in BASE.into_iter().chain(crates()) {
        for (file, text) in sources(name) {
            let text = without_tests(&text);
            for (word, doors, why) in DOORS {
                if !doors.contains(&name) && code(text).any(|line| line.contains(word)) {
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
        let dependencies = dependencies(name);
        for stranger in crates().chain(strangers).chain(["base"]) {
            if dependencies.iter().any(|known| known == stranger) {
                broken.push(format!("{name} depends on {stranger}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The crates of the house above `base`.
fn crates() -> impl Iterator<Item = &'static str> {
    FLOORS.iter().flat_map(|row| row.iter().copied())
}

/// What the crate in a folder depends on, also in its tests.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let tables = manifest.split("dependencies]").skip(1);
    let lines = tables.flat_map(|table| table.split("\n[").next().unwrap().lines());
    lines.filter_map(|line| Some(line.split_once(['.', ' ', '='])?.0.to_owned())).collect()
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

/// The files of a module of `base`, or of a crate above it.
fn sources(name: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let folder = root().join("src").join(if BASE.contains(&name) { "base" } else { "" });
    let file = folder.join(format!("{name}.rs"));
    if file.exists() {
        files.push(file);
    }
    collect(&folder.join(name), &mut files);
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
