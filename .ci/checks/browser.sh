#!/usr/bin/env bash
# People read the pages in a browser: Debian's Chromium, without a screen, at a desktop's and a phone's width, in light
# and in dark. What they see is there, the keyboard reaches it, axe-core finds nothing that shuts anybody out, and what
# a hostile release carries stays text. With SCREENSHOTS=FOLDER the pages' pictures are left there.
set -eu
. .ci/environment.sh 18691

# With fixed versions, so that what the check proves changes only when somebody changes it. This puppeteer is the last
# for the node of Debian 12, and brings no browser along.
cp .ci/browser/* "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)

pages=http://127.0.0.1:$((port + 1))

publish() { curl -fsS -X POST "http://127.0.0.1:$port/control/publish" -d "$1" >/dev/null; }

# shows TEXT: waits for the daemon to have it in the list of all releases.
shows() {
    for _ in $(seq 50); do
        ! curl -fs "$pages/all" | grep -F "$1" >/dev/null || return 0
        sleep 0.1
    done
    echo "$pages/all never had: $1" >&2
    tail -n 20 "$work/daemon.log" >&2
    return 1
}

newsroom
# With the past filled before, and a schedule for the night, no page changes but by what the check does.
export NPCC_FEEDS_SOURCES__0__SCHEDULE='["7 3 * * *"]'
"$npcc_feeds" --log error backfill >/dev/null
"$npcc_feeds" --log error fetch >/dev/null
"$npcc_feeds" 2>"$work/daemon.log" &
pids+=($!)
shows 'Forces ready for Christmas drink drive campaign'

# An edit of the newest release; where the newsroom has one of that id, this shows in its place.
publish "$(sed -n '/forces-ready-for-christmas-drink-drive-campaign-2026/{
    s/Forces ready for Christmas drink drive/Forces ready for Christmas drink and drug drive/
    s/52,114 breath tests/52,411 breath tests/
    p
}' examples/newsroom/releases.jsonl)"
# A title and a text that would run, were they taken for markup, with a word that is wider than a phone. Titles lose
# their markup when they are read; with a tag in each tag, what is left is markup again. The date keeps it out of the
# pictures.
hostile='<script>ran=1</script><img src=x onerror=ran=2>\"><svg onload=ran=3>'
hostile+=https://a.example/$(printf 'long%.0s' {1..20})
publish "{\"id\": \"hostile\", \"title\": \"Hostile ${hostile//</<<b>} title\", \"date\": \"2026-10-01\",
    \"lead\": \"Hostile $hostile lead\", \"body\": \"Hostile $hostile lead\n\nHostile $hostile text\"}"
# Pages are read again by plan, and the plan may say: not yet.
sqlite3 -cmd '.timeout 5000' "$work/store/npcc-feeds.db" 'UPDATE addresses SET page_due = 0 WHERE page_due IS NOT NULL'
"$npcc_feeds" --log error fetch >/dev/null
shows 'Forces ready for Christmas drink and drug drive campaign'
shows 'Hostile &'

[ -z "${SCREENSHOTS:-}" ] || mkdir -p "$SCREENSHOTS"
# The browser leaves its profile and its settings with the rest.
HOME=$work TMPDIR=$work timeout 300 node "$work/pages.mjs" "$pages" "$(command -v chromium)"
