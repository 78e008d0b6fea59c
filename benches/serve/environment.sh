# Sourced by the measurements: a folder of their own, the programs as they are shipped, and the daemon's settings for a newsroom
# at $port. NPCC_FEEDS and NEWSROOM name other binaries than those that cargo builds.

work=$(mktemp -d)
# nginx's worker is another user when root starts it.
chmod 755 "$work"
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

if [ -z "${NPCC_FEEDS:-}" ] || [ -z "${NEWSROOM:-}" ]; then
    cargo build --quiet --release --bins --examples
fi
built=${CARGO_TARGET_DIR:-$PWD/target}/release
npcc_feeds=${NPCC_FEEDS:-$built/npcc-feeds}
newsroom=${NEWSROOM:-$built/examples/newsroom}

ours=http://127.0.0.1:$((port + 1))
export NPCC_FEEDS_SOURCES__0__FEED=http://127.0.0.1:$port/feed/rss
export NPCC_FEEDS_SOURCES__0__LISTING=http://127.0.0.1:$port/releases
export NPCC_FEEDS_SOURCES__0__HOSTS='["127.0.0.1"]'
export NPCC_FEEDS_STORE__URL=sqlite:$work/store/npcc-feeds.db
export NPCC_FEEDS_SERVE__LISTEN=${ours#http://}
export NPCC_FEEDS_SERVE__PUBLIC_URL=$ours

answers() {
    for _ in $(seq 300); do
        curl -fs -o /dev/null "$1" && return
        sleep 0.1
    done
    echo "$1 never answered" >&2
    return 1
}

# newsroom_of COUNT: one with so many releases, all of which are stored.
newsroom_of() {
    python3 benches/serve/releases.py "$1" >"$work/releases.jsonl"
    "$newsroom" --listen "127.0.0.1:$port" --releases "$work/releases.jsonl" >"$work/newsroom.log" &
    pids+=($!)
    answers "http://127.0.0.1:$port/releases"
    for command in fetch backfill; do
        NPCC_FEEDS_FETCH__PAUSE=1ms "$npcc_feeds" --log error "$command" >/dev/null
    done
}
