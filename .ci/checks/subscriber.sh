#!/usr/bin/env bash
# A subscriber's reader, pointed at the running daemon, shows a topic's items, and the new one after the newsroom has
# published it. Every feed and the list of subscriptions are well-formed XML.
set -eu

. .ci/environment.sh 18611

newsroom
export NPCC_FEEDS_FETCH__PAUSE=10ms
export NPCC_FEEDS_SOURCES__0__SCHEDULE='["* * * * *"]'
"$npcc_feeds" 2>"$work/daemon.log" &
pids+=($!)

feeds=http://127.0.0.1:$((port + 1))
echo "$feeds/topics/roads-policing.rss" >"$work/urls"

# Reloads and looks for a title among the reader's articles, for a minute and a half: the schedule has one each minute.
reader_shows() {
    for _ in $(seq 90); do
        newsboat -u "$work/urls" -c "$work/cache.db" -x reload >/dev/null 2>&1 || true
        if sqlite3 "$work/cache.db" 'SELECT title FROM rss_item' 2>/dev/null | grep -qF "$1"; then
            echo "newsboat shows: $1"
            return 0
        fi
        sleep 1
    done
    echo "newsboat never showed: $1" >&2
    tail -n 20 "$work/daemon.log" >&2
    return 1
}

reader_shows 'Forces ready for Christmas drink drive campaign'

curl -fsS -X POST http://127.0.0.1:$port/control/publish -d '{
    "id": "two-in-five-lorry-drivers-looked-at-a-phone", "title": "Two in five lorry drivers looked at a phone",
    "date": "2026-11-23", "lead": "Officers in unmarked lorry cabs filmed drivers on motorways.",
    "body": "Officers in unmarked lorry cabs filmed drivers on motorways.\n\nRoads policing officers will go on with it all year."
}'
# Nobody but the schedule tells the daemon.
reader_shows 'Two in five lorry drivers looked at a phone'

titles=$(sqlite3 "$work/cache.db" 'SELECT count(*), count(DISTINCT guid) FROM rss_item')
[ "${titles%|*}" = "${titles#*|}" ] || { echo "an item is shown twice: $titles" >&2; exit 1; }

"$npcc_feeds" --log error publish "$work/files"
xmllint --noout "$work"/files/*.rss "$work"/files/topics/*.rss "$work"/files/*.opml
for feed in "$work"/files/topics/*.rss; do
    curl -fsS "$feeds/topics/$(basename "$feed")" | cmp - "$feed"
done
echo "every feed is well-formed, and served as it is published"
