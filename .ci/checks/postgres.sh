#!/usr/bin/env bash
# The store on PostgreSQL, on a server of this check's own: the store's tests, those of copies, of a person's words and of what
# is moved or removed, and several daemons on one store.
set -eu
cd "$(dirname "$0")/../.."

port=18871
work=$(mktemp -d)
bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bin/initdb" ] || bin=$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -1)")
# A server does not run as root.
as_server=()
if [ "$(id -u)" -eq 0 ]; then
    chown nobody "$work"
    as_server=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
stop() {
    (cd "$work" && "${as_server[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null) || true
    rm -rf "$work"
}
trap stop EXIT
cd "$work"
"${as_server[@]}" "$bin/initdb" -D "$work/data" -U npcc_feeds -A trust -E UTF8 --locale=C >/dev/null
"${as_server[@]}" "$bin/pg_ctl" -D "$work/data" -l "$work/log" -w \
    -o "-p $port -k $work -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=400" start >/dev/null
cd - >/dev/null

export NPCC_FEEDS_TEST_POSTGRES=postgres://npcc_feeds@127.0.0.1:$port/postgres
cargo test --quiet --lib store::
# Much of their time they wait.
cargo test --quiet --test it -- --test-threads=4 shared:: moving:: redactions:: copies:: corrections:: alarms::
# What is worth a line in the server's log each time that a connection is given back fills its disk.
if grep -m 5 'there is no transaction in progress' "$work/log" >&2; then
    echo "the server warns of what nobody needs to know" >&2
    exit 1
fi
