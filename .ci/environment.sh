# Sourced by the checks: a folder of their own, a newsroom, and the daemon's settings for it. $1 is the newsroom's port.

work=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

cargo build --quiet --bins --examples
built=${CARGO_TARGET_DIR:-$PWD/target}/debug
npcc_feeds=$built/npcc-feeds

# Starts a newsroom with some arguments, and waits until it answers.
newsroom() {
    "$built/examples/newsroom" --listen "127.0.0.1:$port" "$@" >>"$work/newsroom.log" &
    pids+=($!)
    for _ in $(seq 100); do
        curl -fs "http://127.0.0.1:$port/releases" >/dev/null && return
        sleep 0.1
    done
    echo "the newsroom never answered" >&2
    return 1
}

port=$1
export NPCC_FEEDS_SOURCES__0__FEED=http://127.0.0.1:$port/feed/rss
export NPCC_FEEDS_SOURCES__0__LISTING=http://127.0.0.1:$port/releases
export NPCC_FEEDS_SOURCES__0__HOSTS='["127.0.0.1"]'
export NPCC_FEEDS_FETCH__PAUSE=1ms
export NPCC_FEEDS_STORE__URL=sqlite:$work/store/npcc-feeds.db
export NPCC_FEEDS_SERVE__LISTEN=127.0.0.1:$((port + 1))
export NPCC_FEEDS_SERVE__PUBLIC_URL=http://127.0.0.1:$((port + 1))
