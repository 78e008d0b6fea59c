#!/usr/bin/env bash
# Real releases with an editor's topics, where they are at hand (they are not ours to ship).
set -eu
labelled=${LABELLED:-../shared/labelled-dev.jsonl}
[ -e "$labelled" ] || { echo "no labelled releases at hand: skipped"; exit 0; }
cargo build --quiet
"${CARGO_TARGET_DIR:-target}/debug/npcc-feeds" --log error evaluate topics "$labelled" --format json | python3 -c '
import json, sys
scores = json.load(sys.stdin)
micro, mean = scores["micro"]["f1"], scores["macro"]["f1"]
releases = scores["releases"]
print(f"{releases} releases, micro-F1 {micro:.3f}, macro-F1 {mean:.3f}")
assert micro >= 0.95 and mean >= 0.94
'
