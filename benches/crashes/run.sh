#!/usr/bin/env bash
# The proofs that last too long for every change, by the tests that `cargo test` runs a short form of: the daemon is killed some
# hundred times, also with the disk full and after minutes of standing still, on SQLite and on PostgreSQL, then one of several daemons
# on one server is. As root, for the small disks; it takes some two hours.
#
# `bash benches/crashes/run.sh`. CRASHES and KILLED are other numbers of kills, STANDS_STILL other milliseconds, ONLY one of the
# proofs below, PORT another than 18911 and the next for the servers.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
if [ -z "${IN_NAMESPACE:-}" ]; then
    IN_NAMESPACE=yes exec unshare --mount bash benches/crashes/run.sh
fi
. .ci/postgres.sh

crashes=${CRASHES:-500}
grep -q "^prove ${ONLY:-kills} " "$0" || { echo "there is no proof called ${ONLY:-}" >&2; exit 2; }
work=$(mktemp -d)
chmod 711 "$work"
mkdir -m 711 "$work/file" "$work/disk"
mount -t tmpfs -o size=40m,mode=711 tmpfs "$work/file"
mount -t tmpfs -o size=160m,mode=711 tmpfs "$work/disk"
trap 'touch "$work/over"; wait; stop_server "$work/server"; stop_server "$work/disk/server"; umount "$work/file" "$work/disk"; rm -rf "$work"' EXIT

large=${PORT:-18911}
small=$((large + 1))
small_settings=(listen_addresses=127.0.0.1 max_connections=200 max_wal_size=32MB min_wal_size=32MB checkpoint_timeout=30s)
make_server "$work/server"
start_server "$work/server" "$large" listen_addresses=127.0.0.1 max_connections=400
make_server "$work/disk/server"
start_server "$work/disk/server" "$small" "${small_settings[@]}"
answers() { timeout 3 psql -qAt -h 127.0.0.1 -p "$small" -U postgres -c "$1" >/dev/null 2>&1; }
# A server that finds no room ends, and somebody starts it again. It keeps some of its journal's files for later, which would hide
# that the disk is full: it begins another each second.
while [ ! -e "$work/over" ]; do
    if answers 'SELECT pg_switch_wal()'; then
        sleep 1
    else
        stop_server "$work/disk/server" 2>/dev/null
        timeout 20 bash -c '. .ci/postgres.sh; start_server "$@"' - "$work/disk/server" "$small" "${small_settings[@]}" 2>/dev/null || sleep 1
    fi
done &

cargo test --quiet --test it --no-run
failed=()
# prove NAME SETTING... TEST
prove() {
    local name=$1 test=${*: -1} began=$SECONDS
    [ "${ONLY:-$name}" = "$name" ] || return 0
    echo "== $name"
    # A test that is called otherwise by now passes as well, as none.
    env "${@:2:$#-2}" cargo test --quiet --test it -- --nocapture --exact "$test" 2>&1 | tee "$work/output" || true
    grep -q 'test result: ok. 1 passed' "$work/output" || failed+=("$name")
    echo "-- $name took $((SECONDS - began)) s"
}
on_server() { echo "NPCC_FEEDS_TEST_POSTGRES=postgres://postgres@127.0.0.1:$1/postgres"; }
kills=crashes::killed_at_any_moment_a_daemon_loses_and_repeats_nothing
still=(CRASHES="${CRASHES:-80}" STANDS_STILL="${STANDS_STILL:-120000}")
prove kills CRASHES="$crashes" "$kills"
prove kills-on-server CRASHES="$crashes" "$(on_server "$large")" "$kills"
prove full-disk CRASHES="$crashes" CRASH_DISK="$work/file" "$kills"
prove full-disk-on-server CRASHES="$crashes" CRASH_DISK="$work/disk" "$(on_server "$small")" "$kills"
prove standing-still "${still[@]}" "$kills"
prove standing-still-on-server "${still[@]}" "$(on_server "$large")" "$kills"
prove several-daemons KILLED="${KILLED:-12}" "$(on_server "$large")" shared::another_goes_on_when_the_one_that_fetches_is_killed
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
