#!/usr/bin/env bash
# What the daemon takes while nothing is new, with the shipped schedule and thousands of releases stored: memory and a core's
# time over ten minutes. Fails where that is more than it shall be.
#
# `bash benches/serve/idle.sh`. NPCC_FEEDS and NEWSROOM name other binaries than those that cargo builds.
set -eu -o pipefail
cd "$(dirname "$0")/../.."

releases=${IDLE_RELEASES:-4000}
minutes=${IDLE_MINUTES:-10}
most_kb=$((24 * 1024))
most_percent=0.10

port=18671
. benches/serve/environment.sh
newsroom_of "$releases"
stored=$("$npcc_feeds" --log error releases --limit $((releases + 1)) --format json | grep -c '"guid"')
[ "$stored" -eq "$releases" ] || { echo "$stored of $releases releases are stored" >&2; exit 1; }

# As the unit has it, with a service manager that wants proof of life.
python3 -c '
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    print(manager.recv(4096).decode(), flush=True)
' "$work/notify" >"$work/told" &
pids+=($!)
for _ in $(seq 100); do [ -e "$work/notify" ] || sleep 0.1; done
[ -e "$work/notify" ] || { echo "python3 listens to nobody" >&2; exit 1; }
NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=180000000 "$npcc_feeds" --log warn run 2>"$work/daemon.log" &
daemon=$!
pids+=("$daemon")
answers "$ours/all.rss"
# What is made at the start is made.
sleep 60

# Hundredths of a second that it has run.
ran() { awk '{ print $14 + $15 }' "/proc/$daemon/stat"; }
before=$(ran)
most=0
for _ in $(seq $((minutes * 12))); do
    sleep 5
    now=$(awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status")
    [ "$now" -le "$most" ] || most=$now
done
percent=$(awk -v ran=$(($(ran) - before)) -v minutes="$minutes" 'BEGIN { printf "%.3f", ran / (minutes * 60) }')
alive=$(grep -c '^WATCHDOG=1' "$work/told" || true)
# Every 45 seconds, in the minute before as well.
[ "$alive" -ge "$minutes" ] || { echo "!! the service manager heard $alive times that all is well" >&2; exit 1; }
echo "with $releases releases in $(du -m "$work/store/npcc-feeds.db" | cut -f 1) MB, idle for $minutes minutes:" \
    "at most $((most / 1024)).$((most % 1024 * 10 / 1024)) MB resident, $percent % of a core"
[ "$most" -lt "$most_kb" ] || { echo "!! that is not under $((most_kb / 1024)) MB" >&2; exit 1; }
awk -v a="$percent" -v b="$most_percent" 'BEGIN { exit !(a < b) }' || { echo "!! that is not under $most_percent % of a core" >&2; exit 1; }
