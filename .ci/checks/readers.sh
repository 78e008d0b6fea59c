#!/usr/bin/env bash
# Six feed readers, each with a memory of its own, poll the running daemon as their owners would have them. Each sees
# every item once, is told 304 when nothing is new, sees a new release at its next poll, and takes an edited one for the
# one that it has.
set -eu
. .ci/environment.sh 18651

readers='newsboat sfeed rss2email feed2exec feedparser reader'
topic=roads-policing
feed=http://127.0.0.1:$((port + 1))/topics/$topic
log=$work/daemon.log

# With fixed versions, so that what the check proves changes only when somebody changes it. This reader uses sgmllib3k
# without asking for it: feedparser brought it along until 6.0.12.
virtualenv -q "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check \
    feed2exec==0.23.0 feedparser==6.0.14 reader==3.26 sgmllib3k==1.0.0
python=$work/venv/bin/python
# What readers keep in a home goes with the rest.
export HOME=$work

# A reader is: the format that it asks for, and what its User-Agent begins with; a poll; its items, a line each, with
# guid and title, and the text where it takes edits over.

newsboat_asks=(rss newsboat/)
echo "$feed.rss" >"$work/urls"
newsboat_polls() { timeout 30 newsboat -u "$work/urls" -c "$work/cache.db" -x reload; }
newsboat_shows() {
    sqlite3 -separator $'\t' "$work/cache.db" "SELECT guid, title, replace(content, char(10), ' ') FROM rss_item"
}

# fetch() is from sfeed's README, "Caching", but with a name, which sfeed hides by default. merge() goes by the guid and
# takes the newer: by default, an item whose title changed is another one to sfeed, whatever its guid is.
sfeed_asks=(rss sfeed/)
cat >"$work/sfeedrc" <<END
sfeedpath=$work/sfeed
feeds() { feed $topic $feed.rss; }
fetch() {
    curl -L --max-redirs 0 -H 'User-Agent: sfeed/1' -f -s -m 15 --compressed \
        --etag-save "$work/sfeed-etag" --etag-compare "$work/sfeed-etag" -z "$work/sfeed-etag" "\$2"
}
merge() { sort -s -t '	' -u -k6,6 "\$3" "\$2"; }
END
sfeed_polls() { timeout 30 sfeed_update "$work/sfeedrc"; }
sfeed_shows() { awk -F '\t' -v OFS='\t' '{ print $6, $2, $4 }' "$work/sfeed/$topic"; }

# By default one mail for a guid, and none for an edit. Debian 12's asks by the name of its parser.
rss2email_asks=(atom '\(rss2email\|feedparser\)/')
cat >"$work/rss2email.cfg" <<END
[DEFAULT]
to = subscriber@localhost
email-protocol = maildir
maildir-path = $work
maildir-mailbox = mail
[feed.$topic]
url = $feed.atom
END
cat >"$work/mail.py" <<'END'
import email.policy, mailbox, sys
read = lambda file: email.message_from_binary_file(file, policy=email.policy.default)
for mail in mailbox.Maildir(sys.argv[1], read):
    print(mail["X-RSS-ID"], mail["Subject"], sep="\t")
END
rss2email_polls() { timeout 30 r2e -c "$work/rss2email.cfg" -d "$work/rss2email.json" run; }
rss2email_shows() { "$python" "$work/mail.py" "$work/mail"; }

# Runs a command once for each guid. It obeys max-age and would not even ask again so soon, so its clock is ahead.
feed2exec_asks=(rss feed2exec/)
cat >"$work/feed2exec.ini" <<END
[$topic]
url = $feed.rss
output = feed2exec.plugins.exec
args = printf '%s\\t%s\\n' {item.id} {item.title}
END
feed2exec_polls() {
    timeout 30 faketime -f +1h "$work/venv/bin/feed2exec" --config "$work/feed2exec.ini" \
        --database "$work/feed2exec.db" fetch >>"$work/feed2exec.items"
}
feed2exec_shows() { cat "$work/feed2exec.items"; }

# What people's scripts do: keep the validators, and the entries by their ids. No document may have an id twice.
feedparser_asks=(rss script/)
cat >"$work/script.py" <<'END'
import json, os, sys
import feedparser
address, path = sys.argv[1:]
kept = json.load(open(path)) if os.path.exists(path) else {"etag": None, "modified": None, "entries": {}}
answer = feedparser.parse(address, etag=kept["etag"], modified=kept["modified"], agent="script/1")
assert answer.status in (200, 304) and not answer.bozo, answer
if answer.status == 200:
    ids = [entry.id for entry in answer.entries]
    assert len(ids) == len(set(ids)), ids
    kept["etag"], kept["modified"] = answer.etag, answer.modified
    kept["entries"] |= {entry.id: [entry.title, entry.content[0].value] for entry in answer.entries}
    json.dump(kept, open(path, "w"))
for id, (title, text) in kept["entries"].items():
    print(id, title, " ".join(text.split()), sep="\t")
END
feedparser_polls() { timeout 30 "$python" "$work/script.py" "$feed.rss" "$work/script.json" >"$work/script.items"; }
feedparser_shows() { cat "$work/script.items"; }

reader_asks=(json python-reader/)
cat >"$work/reader-polls.py" <<'END'
import sys
from reader import make_reader
address, path = sys.argv[1:]
reader = make_reader(path)
reader.add_feed(address, exist_ok=True)
reader.update_feed(address)
for entry in reader.get_entries():
    print(entry.id, entry.title, " ".join(entry.get_content().value.split()), sep="\t")
END
reader_polls() { timeout 30 "$python" "$work/reader-polls.py" "$feed.json" "$work/reader.db" >"$work/reader.items"; }
reader_shows() { cat "$work/reader.items"; }

fail() {
    echo "$1" >&2
    tail -n 20 "$log" >&2
    exit 1
}

# answers READER STATUS: how often the daemon says that it answered the reader so.
answers() {
    local -n asks=${1}_asks
    grep answered "$log" | grep "path=/topics/$topic[.]${asks[0]}\b" | grep "status=$2\b" |
        grep -c "agent=\"${asks[1]}" || true
}

# all_poll STATUS: each reader polls once, is answered so once, and shows what it should.
all_poll() {
    local reader before wanted
    for reader in $readers; do
        before=$(answers "$reader" "$1")
        "${reader}_polls" >"$work/said" 2>&1 || fail "$reader failed: $(cat "$work/said")"
        for _ in $(seq 50); do
            [ "$(answers "$reader" "$1")" -eq "$before" ] || break
            sleep 0.1
        done
        [ "$(answers "$reader" "$1")" -eq $((before + 1)) ] || fail "$reader polled and was not answered $1 once"
        wanted=$work/items
        [[ $reader != rss2email && $reader != feed2exec ]] || wanted=$work/items-as-sent
        diff "$wanted" <("${reader}_shows" | cut -f 1,2 | sort) >&2 || fail "$reader shows (>) not what it should (<)"
    done
}

# The topic's items by the daemon's own list.
items() {
    "$npcc_feeds" --log error releases --topic $topic --format json | "$python" -c '
import json, sys
for release in json.load(sys.stdin):
    print(release["guid"], release["title"], sep="\t")' | sort
}

# publish ID TITLE DATE LEAD REST: a release; where the newsroom has one of that id, this shows in its place.
publish() {
    curl -fsS -X POST "http://127.0.0.1:$port/control/publish" -d "{
        \"id\": \"$1\", \"title\": \"$2\", \"date\": \"$3\", \"lead\": \"$4\", \"body\": \"$4\n\n$5\"}" >/dev/null
}

# fetch_until_served TEXT: a cycle now; then waits for the daemon, which runs beside it, to notice.
fetch_until_served() {
    "$npcc_feeds" --log error fetch >/dev/null
    local format
    for format in rss atom json; do
        for _ in $(seq 100); do
            ! curl -fs "$feed.$format" | grep -F "$1" >/dev/null || continue 2
            sleep 0.1
        done
        fail "$feed.$format never had: $1"
    done
}

newsroom
# With the past filled before, and a schedule for the night, no feed changes but by what the check does.
export NPCC_FEEDS_SOURCES__0__SCHEDULE='["7 3 * * *"]'
"$npcc_feeds" --log error backfill >/dev/null
"$npcc_feeds" --log error fetch >/dev/null
"$npcc_feeds" --log debug 2>"$log" &
pids+=($!)
fetch_until_served 'Forces ready for Christmas drink drive campaign'

items >"$work/items"
cp "$work/items" "$work/items-as-sent"
all_poll 200
echo "each of $readers shows each of $(wc -l <"$work/items") items once"
# It writes validators into its row for the feed, and makes that row only after the first answer.
newsboat_polls
all_poll 304
echo "each is told 304 at its second poll (newsboat at its third)"

publish two-in-five-lorry-drivers-looked-at-a-phone 'Two in five lorry drivers looked at a phone' 2026-11-23 \
    'Officers in unmarked lorry cabs filmed drivers on motorways.' \
    'Roads policing officers will go on with it all year.'
fetch_until_served 'Two in five lorry drivers looked at a phone'
items >"$work/items"
cp "$work/items" "$work/items-as-sent"
all_poll 200
echo "each shows a new release at its next poll"

publish forces-ready-for-christmas-drink-drive-campaign-2026 'Forces’ Christmas drink drive campaign begins early' \
    2026-11-20 'Officers will stop and test drivers from tonight.' \
    'The winter campaign against drink and drug driving begins tonight, a week earlier than planned.'
# Pages are read again by plan, and the plan may say: not yet.
sqlite3 -cmd '.timeout 5000' "$work/store/npcc-feeds.db" 'UPDATE addresses SET page_due = 0 WHERE page_due IS NOT NULL'
fetch_until_served 'campaign begins early'
items >"$work/items"
diff <(cut -f 1 "$work/items") <(cut -f 1 "$work/items-as-sent") || fail "the edit changed more than one release's text"
all_poll 200
for reader in newsboat sfeed feedparser reader; do
    "${reader}_shows" | grep -F 'tonight, a week earlier than planned' >/dev/null || fail "$reader has the old text"
done
echo "each has one entry for an edited release, with the new text where it takes edits over"
all_poll 304
echo "each is told 304 again"
