#!/usr/bin/env bash
# The README's command for the main job, as it stands there, where nothing can be reached: the daemon builds, stays up,
# serves, says what failed and when it tries again, and ends when told.
set -eu

command=$(sed -n 's/^    \(cargo run --release\) .*/\1/p' README.md)
[ -n "$command" ] || { echo "the README no longer names the command" >&2; exit 1; }

work=$(mktemp -d)
trap 'kill "${daemon:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
# A store that is thrown away, and a proxy that is not there, so that this never asks the real newsroom.
export NPCC_FEEDS_STORE__URL=sqlite:$work/npcc-feeds.db
export NPCC_FEEDS_FETCH__PROXY=http://127.0.0.1:9
cargo build --quiet --release
$command 2>"$work/log" &
run=$!

answers() { curl -fs "http://127.0.0.1:8611$1"; }
for _ in $(seq 100); do
    answers /all.rss >"$work/all.rss" && grep -q 'next=' "$work/log" && break
    sleep 0.1
done
daemon=$(pgrep -P "$run" -x npcc-feeds || echo "$run")
xmllint --noout "$work/all.rss"
[ "$(answers /live)" = live ]
answers / | grep -q 'Violence against women and girls'
answers /health | grep -q '"failing_since": "20'
grep -q 'no connection' "$work/log" || { cat "$work/log" >&2; exit 1; }

kill -TERM "$daemon"
for _ in $(seq 50); do
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.1
done
wait "$run"
echo "'$command' serves without a network, says what failed, and ends when told"
