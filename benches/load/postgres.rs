//! A PostgreSQL server of the bench's own, as durable as one in production: fsync and synchronous commits are on.
//!
//! Guarantee: it runs as an unprivileged user, listens on a socket in a folder of its own and on nothing else, and both are
//! gone when the bench is gone: a guardian shell waits for the end of its standard input and cleans up.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::database::Database;

const SUPERUSER: &str = "proviso";

/// `$1` binaries, `$2` folder, the rest a prefix that drops privileges. Beside a larger cache, and the times of commits that
/// lateness is read from, all settings are PostgreSQL's own.
const GUARDIAN: &str = r#"
trap '' PIPE HUP INT TERM
bin=$1 dir=$2
shift 2
{
    "$@" "$bin/initdb" -D "$dir/data" -U proviso -A trust -E UTF8 --locale=C &&
    "$@" "$bin/pg_ctl" start -D "$dir/data" -w -t 60 -l "$dir/server.log" -o "-c listen_addresses='' -c unix_socket_directories='$dir' \
        -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=256MB -c track_commit_timestamp=on \
        -c dynamic_shared_memory_type=mmap -c timezone=UTC"
} >"$dir/start.log" 2>&1 </dev/null && echo ready || { echo failed; cat "$dir/start.log" >&2; }
exec >/dev/null 2>&1
cat >/dev/null
"$@" "$bin/pg_ctl" stop -D "$dir/data" -m immediate
rm -rf "$dir"
"#;

pub struct Server {
    folder: PathBuf,
    process: u32,
    guardian: Child,
}

impl Server {
    pub fn start() -> Self {
        let bin = binaries();
        let folder = PathBuf::from(format!("/tmp/proviso-load-pg-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).expect("a folder for PostgreSQL can be made");
        let mut guardian = Command::new("/bin/sh");
        guardian.args(["-c", GUARDIAN, "guardian"]).arg(&bin).arg(&folder);
        if let Some((user, group)) = unprivileged_user() {
            chown(&folder, Some(user), Some(group)).expect("root gives the folder to the unprivileged user");
            guardian.args(["setpriv", "--reuid", &user.to_string(), "--regid", &group.to_string(), "--clear-groups"]);
        }
        let mut guardian = guardian.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("/bin/sh starts");
        let mut answer = String::new();
        BufReader::new(guardian.stdout.take().expect("standard output is a pipe")).read_line(&mut answer).expect("the guardian answers");
        assert_eq!(answer.trim(), "ready", "PostgreSQL from {} did not start", bin.display());
        let noted = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("PostgreSQL notes its process");
        let process = noted.lines().next().and_then(|first| first.parse().ok()).expect("the first line is a process id");
        Self { folder, process, guardian }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={SUPERUSER}", self.folder.display())
    }

    /// Runs a statement on the database that is always there.
    pub async fn run(&self, sql: &str) {
        let mut connection = Database::Postgres { url: self.url("postgres") }.open().await;
        connection.run(sql).await;
        connection.close().await;
    }

    pub fn process(&self) -> u32 {
        self.process
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        self.guardian.wait().ok();
    }
}

/// The database an address names.
pub fn name(url: &str) -> &str {
    url.trim_start_matches("postgres:///").split('?').next().unwrap_or_default()
}

/// The folder of `initdb`, `pg_ctl` and `postgres`: `PG_BIN`, or the newest under `/usr/lib/postgresql`.
fn binaries() -> PathBuf {
    if let Some(given) = std::env::var_os("PG_BIN") {
        return PathBuf::from(given);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).filter(|path| version(path).is_some()).max_by_key(|path| version(path));
    newest.expect("install PostgreSQL 15 or newer, or set PG_BIN to the folder of initdb").join("bin")
}

/// PostgreSQL refuses to run as root.
fn unprivileged_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable");
    let account = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    Some(account("postgres").or_else(|| account("nobody")).expect("/etc/passwd has the user postgres or nobody"))
}
