//! Names the built files as a reason to build this crate again: new files have new names.

fn main() {
    println!("cargo:rerun-if-changed=../dist");
}
