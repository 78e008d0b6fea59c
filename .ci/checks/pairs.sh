#!/usr/bin/env bash
# Pairs of releases that are one or two, where they are at hand (they are not ours to ship): none of two is merged, and
# none of one is missed.
set -eu
pairs=${PAIRS:-../shared/pairs-dev.jsonl}
[ -e "$pairs" ] || { echo "no pairs at hand: skipped"; exit 0; }
cargo build --quiet
"${CARGO_TARGET_DIR:-target}/debug/npcc-feeds" --log error evaluate pairs "$pairs" --format json | python3 -c '
import json, sys
scores = json.load(sys.stdin)
print(scores)
assert scores["wrong_merges"] == 0 and scores["recall"] >= 0.95
'
