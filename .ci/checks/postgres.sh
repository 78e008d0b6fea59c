#!/usr/bin/env bash
# The store on PostgreSQL, on a server of this check's own: the store's tests, those of all that is kept in it end to end, kills, and
# several daemons on one store.
set -eu
cd "$(dirname "$0")/../.."
. .ci/postgres.sh

port=18871
work=$(mktemp -d)
chmod 711 "$work"
trap 'stop_server "$work/server"; rm -rf "$work"' EXIT
make_server "$work/server"
# What the server does by itself each minute, it does here each second.
start_server "$work/server" "$port" listen_addresses=127.0.0.1 max_connections=400 \
    autovacuum_naptime=1s autovacuum_vacuum_threshold=1 autovacuum_analyze_threshold=1 autovacuum_max_workers=8

export NPCC_FEEDS_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port/postgres
cargo test --quiet --lib store::
modules=(shared moving redactions copies corrections alarms gaps edits withdrawals record crashes)
listed=$(cargo test --quiet --test it -- --list)
for module in "${modules[@]}"; do
    grep -q "^$module::" <<<"$listed" || { echo "there are no tests in $module" >&2; exit 1; }
done
# Much of their time they wait. The kills do not, and come last.
cargo test --quiet --test it -- --test-threads=4 "${modules[@]/%/::}" --skip crashes::
cargo test --quiet --test it -- crashes::
# What is worth a line in the server's log each time that a connection is given back fills its disk.
if grep -m 5 'there is no transaction in progress' "$work/server/log" >&2; then
    echo "the server warns of what nobody needs to know" >&2
    exit 1
fi
