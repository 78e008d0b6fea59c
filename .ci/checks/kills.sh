#!/usr/bin/env bash
# A cycle that closes a gap is killed at its first sync to the disk, at its second, and so on to its last, and in the
# same way in the middle of its writes: the next cycle loses nothing and repeats nothing.
set -eu
. .ci/environment.sh 18621

fetch() { "$npcc_feeds" --log error fetch >/dev/null; }
publish() {
    curl -fsS -X POST "http://127.0.0.1:$port/control/publish" -d "{\"id\": \"late-$1\", \"title\": \"Late release $1\",
        \"date\": \"2026-11-23\", \"lead\": \"Lead of $1.\", \"body\": \"Text $1 a$1 b$1 c$1 d$1 e$1 f$1 g$1 h$1.\"}" >/dev/null
}
# Every release with the number of its revisions.
kept() {
    sqlite3 "$work/store/npcc-feeds.db" \
        'SELECT r.guid, COUNT(*) FROM releases r JOIN revisions v ON v.guid = r.guid GROUP BY r.guid ORDER BY r.guid'
}

newsroom --hold 26 --every 86400
fetch
cp -r "$work/store" "$work/start"
for n in $(seq 12); do publish "$n"; done
fetch
expected=$(kept)
[ "$(wc -l <<<"$expected")" -eq 32 ] || { echo "not every release came: $expected" >&2; exit 1; }

# kill_at SYSCALLS STEP: at every STEP-th call. Each thread of the program counts its own.
kill_at() {
    local at=1 killed=0
    while true; do
        rm -rf "$work/store"
        cp -r "$work/start" "$work/store"
        # In braces, so that the shell does not report each of the killed.
        if {
            strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$at" "$npcc_feeds" fetch >/dev/null
        } 2>/dev/null; then
            break
        fi
        fetch
        if [ "$(kept)" != "$expected" ]; then
            echo "killed at call $at of $1, the next cycle gives:" >&2
            diff <(echo "$expected") <(kept) >&2
            exit 1
        fi
        killed=$((killed + 1))
        at=$((at + $2))
    done
    [ "$killed" -ge 10 ] || { echo "only $killed kills at $1: does the injection work here?" >&2; exit 1; }
    echo "killed at $killed calls of $1: nothing lost, nothing repeated"
}

kill_at fsync,fdatasync 1
kill_at pwrite64 7
