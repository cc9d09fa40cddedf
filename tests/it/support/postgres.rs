//! One real PostgreSQL server per test run, and a fresh database of it per test; for a test that restarts it, one of its own.
//!
//! Guarantee: the server runs as an unprivileged user, listens on a Unix socket in a folder of its own and on nothing else, and both are
//! gone when the test process is gone, however it ended: a guardian shell holds a pipe from this process and cleans up when it closes.
//! Where no server binaries are found the test fails and says what to install; nothing is skipped.

use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;

use super::schema;

const SUPERUSER: &str = "proviso";
const TEMPLATE: &str = "template_migrated";
const OLDEST_SUPPORTED: u32 = 15;

/// Durability is off where the server lives as long as the run: no test judges it, and nothing outlives the run.
const FAST: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
/// As PostgreSQL comes: what it has said is committed outlives it.
const DURABLE: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on";
/// The options of `pg_ctl` that end a server at once, as a crash would; it recovers from its log when it starts.
const AT_ONCE: &[&str] = &["-m", "immediate", "-w", "-t", "60"];

/// Runs the server and then waits for the end of its standard input, which comes when the test process ends. `$1` binaries,
/// `$2` folder, `$3` options of the server, the rest a prefix that drops privileges.
const GUARDIAN: &str = r#"
trap '' PIPE HUP INT TERM
bin=$1 dir=$2 options=$3
shift 3
cleanup() {
    "$@" "$bin/pg_ctl" stop -D "$dir/data" -m immediate >/dev/null 2>&1
    rm -rf "$dir"
}
{
    "$@" "$bin/initdb" -D "$dir/data" -U proviso -A trust -E UTF8 --locale=C --no-sync &&
    "$@" "$bin/pg_ctl" start -D "$dir/data" -w -t 60 -l "$dir/server.log" -o "$options"
} >"$dir/start.log" 2>&1 </dev/null
if [ $? -ne 0 ]; then
    echo failed; cat "$dir/start.log" "$dir/server.log" 2>/dev/null
    cleanup "$@"
    exit 1
fi
echo ready
exec >/dev/null 2>&1
cat >/dev/null
cleanup "$@"
"#;

/// A database of its own for one test, migrated; dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// The address to hand to the product, in the form `postgres:///name?host=/folder&user=proviso`.
    pub fn url(&self) -> String {
        server().url(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = server();
        let mut drop = Command::new(server.bin.join("dropdb"));
        drop.args(["--if-exists", "--force", "--username", SUPERUSER, "--host"]).arg(&server.folder).arg(&self.name);
        // The whole folder is removed at the end of the run, so a database that stays is only disk space.
        drop.stdout(Stdio::null()).stderr(Stdio::null()).status().ok();
    }
}

/// A fresh database made from the migrated template.
pub async fn database() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    migrated_template().await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    TestDatabase { name }
}

/// A fresh database without tables, for tests of the migrations themselves.
pub async fn empty_database() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("empty_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    TestDatabase { name }
}

async fn migrated_template() {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let make = || async {
        run(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0")).await;
        schema::migrate(&server().url(TEMPLATE)).await.expect("the migrations run on an empty PostgreSQL database");
        // Nothing may stay connected to a database that others are copied from.
        run(&format!("ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")).await;
    };
    MADE.get_or_init(make).await;
}

async fn run(statement: &str) {
    run_on(server(), statement).await;
}

async fn run_on(server: &Server, statement: &str) {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.expect("the test server accepts connections");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect(statement);
    connection.close().await.expect("the connection closes");
}

/// A server for one test, which keeps what it has said is committed and can be taken away; gone with the value.
pub struct OwnServer(Server);

impl OwnServer {
    pub fn start() -> Self {
        Self(start(DURABLE))
    }

    /// The address of a new database without tables.
    pub async fn empty_database(&self) -> String {
        run_on(&self.0, "CREATE DATABASE own TEMPLATE template0").await;
        self.0.url("own")
    }

    /// Ends it at once, as a crash would. Returns when it is gone.
    pub fn crash(&self) {
        self.0.control("stop", AT_ONCE);
    }

    /// Starts it again with its first settings. Returns when it accepts connections.
    pub fn come_back(&self) {
        let log = self.0.folder.join("server.log").display().to_string();
        self.0.control("start", &["-w", "-t", "60", "-l", &log, "-o", &options(&self.0.folder, DURABLE)]);
    }
}

struct Server {
    bin: PathBuf,
    folder: PathBuf,
    /// Its standard input is the pipe the guardian waits on; it stays open as long as this process lives.
    _guardian: Child,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={SUPERUSER}", self.folder.display())
    }

    /// Runs `pg_ctl` on it, as the user it runs as.
    fn control(&self, command: &str, options: &[&str]) {
        let pg_ctl = self.bin.join("pg_ctl").display().to_string();
        let mut words = prefix();
        words.extend([pg_ctl, command.to_owned(), "-D".to_owned(), self.folder.join("data").display().to_string()]);
        let mut run = Command::new(&words[0]);
        run.args(&words[1..]).args(options).current_dir(&self.folder).env("LC_ALL", "C");
        let status = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl runs");
        let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        assert!(status.success(), "pg_ctl {command}: {status}\n{log}");
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start(FAST))
}

/// What a command of the server's begins with, so that it does not run as root.
fn prefix() -> Vec<String> {
    let Some(user) = unprivileged_user() else { return Vec::new() };
    let words = ["setpriv", "--reuid", &user.id.to_string(), "--regid", &user.group.to_string(), "--clear-groups"];
    words.map(str::to_owned).to_vec()
}

/// What `postgres` is started with.
fn options(folder: &Path, durability: &str) -> String {
    format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' {durability} -c max_connections=300 -c shared_buffers=64MB \
         -c dynamic_shared_memory_type=mmap -c timezone=UTC",
        folder.display()
    )
}

fn start(durability: &str) -> Server {
    let bin = binaries();
    let folder = own_folder();
    let mut guardian = Command::new("/bin/sh");
    guardian.args(["-c", GUARDIAN, "guardian"]).arg(&bin).arg(&folder).arg(options(&folder, durability));
    if let Some(user) = unprivileged_user() {
        chown(&folder, Some(user.id), Some(user.group)).expect("root gives the folder to the unprivileged user");
    }
    guardian.args(prefix());
    guardian.current_dir(&folder).env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own: an interrupt typed at the tests must not end the guardian before it has cleaned up.
    let mut guardian = guardian.process_group(0).spawn().expect("/bin/sh starts");
    let mut answer = BufReader::new(guardian.stdout.take().expect("standard output is a pipe"));
    let mut first = String::new();
    answer.read_line(&mut first).expect("the guardian answers");
    if first.trim() != "ready" {
        let mut log = String::new();
        answer.read_to_string(&mut log).ok();
        panic!("PostgreSQL from {} did not start:\n{log}", bin.display());
    }
    Server { bin, folder, _guardian: guardian }
}

/// A new folder that only its owner enters. Its path is short, because a socket's path may have 107 bytes; for root it is
/// under `/tmp`, because the unprivileged user might not reach root's own temporary folder.
fn own_folder() -> PathBuf {
    let given = Some(std::env::temp_dir()).filter(|base| !runs_as_root() && base.as_os_str().len() <= 60);
    let base = given.unwrap_or_else(|| PathBuf::from("/tmp"));
    (0..1000)
        .map(|n| base.join(format!("proviso-pg-{}-{n}", std::process::id())))
        .find(|folder| DirBuilder::new().mode(0o700).create(folder).is_ok())
        .unwrap_or_else(|| panic!("no folder can be made in {}", base.display()))
}

fn runs_as_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The folder that holds `initdb`, `pg_ctl` and `postgres`: `PG_BIN`, else the PATH, else the newest under `/usr/lib/postgresql`.
#[expect(clippy::disallowed_methods, reason = "where the test server is installed is no setting of the product")]
fn binaries() -> PathBuf {
    if let Some(given) = std::env::var_os("PG_BIN").filter(|given| !given.is_empty()) {
        let given = PathBuf::from(given);
        assert!(is_complete(&given), "PG_BIN is {}, which does not hold initdb, pg_ctl and postgres", given.display());
        return given;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    candidates.extend(packaged());
    candidates.into_iter().find(|folder| is_complete(folder) && major_version(folder) >= OLDEST_SUPPORTED).unwrap_or_else(|| {
        panic!(
            "no PostgreSQL {OLDEST_SUPPORTED} or newer found: run tests/run.sh, which installs it, or set PG_BIN to the folder of initdb"
        )
    })
}

fn packaged() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut folders: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(major_version(folder)));
    folders
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file())
}

/// The major version, or 0 when `postgres --version` gives none.
fn major_version(folder: &Path) -> u32 {
    let Ok(output) = Command::new(folder.join("postgres")).arg("--version").output() else { return 0 };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let digits = text.split_whitespace().nth(2).unwrap_or_default();
    digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|major| major.parse().ok()).unwrap_or(0)
}

struct User {
    id: u32,
    group: u32,
}

/// Whom the server runs as when the tests run as root, which PostgreSQL refuses to be; `None` when they do not.
fn unprivileged_user() -> Option<User> {
    if !runs_as_root() {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable");
    let found = ["postgres", "nobody"].iter().find_map(|name| account(&accounts, name));
    Some(found.expect("/etc/passwd has the user postgres or nobody, as whom the test server runs"))
}

fn account(accounts: &str, name: &str) -> Option<User> {
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some(User { id: numbers.next()?.parse().ok()?, group: numbers.next()?.parse().ok()? })
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own_over_a_socket() {
    let (one, two) = (database().await, database().await);
    assert_ne!(one.url(), two.url());
    let mut connection = PgConnection::connect(&one.url()).await.unwrap();
    let addresses: String = sqlx::query_scalar("SHOW listen_addresses").fetch_one(&mut connection).await.unwrap();
    assert_eq!(addresses, "", "the server listens on no network address");
    let owner = std::fs::metadata(&server().folder).unwrap().uid();
    assert_ne!(owner, 0, "the server does not run as root");
}

#[tokio::test]
async fn the_product_accepts_the_address_of_a_test_database() {
    let database = empty_database().await;
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    connection.ping().await.unwrap();
    connection.close().await.unwrap();
}
