//! The project's own files, for tests that hold the house to its rules.

use std::path::{Path, PathBuf};

/// The top folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file named from the top folder.
pub fn text(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every file of the project, named from the top folder, in order; without what is built, fetched or written by running it.
pub fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project is readable").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_folder = entry.file_type().expect("the file system tells what an entry is").is_dir();
            let skipped = ["target", ".git", "data", "node_modules"].iter().any(|skipped| name == *skipped);
            match (is_folder, skipped) {
                (_, true) => {}
                (true, false) => folders.push(path),
                (false, false) => found.push(relative(path)),
            }
        }
    }
    found.sort();
    found
}

/// Every file whose name ends in `.rs`.
pub fn rust_files() -> Vec<String> {
    files().into_iter().filter(|path| path.ends_with(".rs")).collect()
}

fn relative(path: PathBuf) -> String {
    path.strip_prefix(root()).expect("the file lies in the project").to_string_lossy().replace('\\', "/")
}
