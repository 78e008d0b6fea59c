#!/usr/bin/env bash
# What reads bytes from outside holds what it promises for any: each fuzz target, for a short while.
set -eu
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-20}
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# For what a target makes.
mkdir "$work/tmp"
export TMPDIR=$work/tmp

# Sanitisers need the nightly compiler's options; the stable one has them too, for those who ask in this way.
export RUSTC_BOOTSTRAP=1
cargo fuzz build

failed=()
for target in $(cargo fuzz list); do
    # What is found goes to a folder of its own first, so that the seeds stay as they were written.
    mkdir -p "$work/$target" fuzz/artifacts/"$target"
    if cargo fuzz run "$target" "$work/$target" "fuzz/corpus/$target" -- -max_total_time="$seconds" -max_len=65536 \
        -timeout=10 -rss_limit_mb=1024 -artifact_prefix="fuzz/artifacts/$target/" >"$work/$target.log" 2>&1; then
        grep '^Done' "$work/$target.log" | sed "s/^Done/$target:/"
    else
        failed+=("$target")
        tail -n 40 "$work/$target.log"
    fi
done

if [ ${#failed[@]} -gt 0 ]; then
    echo "these fuzz targets failed: ${failed[*]} (what broke them is in fuzz/artifacts)" >&2
    exit 1
fi
