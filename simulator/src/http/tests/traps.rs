//! Every trap of real data and real providers has a test that is named after it.

use std::collections::BTreeSet;
use std::path::Path;

/// How many traps are known.
const TRAPS: u32 = 60;

#[test]
fn each_trap_has_a_test() {
    let mut met = BTreeSet::new();
    for folder in ["src/http/tests", "src/world/tests"] {
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let names = text.split("fn trap_").skip(1).filter_map(|rest| rest.get(..2)?.parse::<u32>().ok());
                met.extend(names);
            }
        }
    }
    let missing: Vec<u32> = (1..=TRAPS).filter(|trap| !met.contains(trap)).collect();
    assert!(missing.is_empty(), "no test meets {missing:?}");
}
