#!/usr/bin/env bash
# deploy/rclone.sh brings the published folder to a storage that speaks S3: each object is as the daemon sends it, only what
# changed is asked to be another, in an order in which nothing leads nowhere, and what is no longer published goes.
set -eu -o pipefail
. .ci/environment.sh 18741
trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR

fail() {
    echo "$1" >&2
    [ ! -s "$work/said" ] || tail -n 20 "$work/said" >&2
    exit 1
}

# The units are understood, and wall in as the daemon's does.
mkdir "$work/units"
for kind in service timer; do
    cp "deploy/rclone.$kind" "$work/units/npcc-feeds-rclone.$kind"
done
sed -i "s#^ExecStart=.*#ExecStart=$PWD/deploy/rclone.sh#" "$work/units/npcc-feeds-rclone.service"
systemd-analyze verify --man=no "$work"/units/* >"$work/said" 2>&1 || fail "systemd does not understand the units"
[ ! -s "$work/said" ] || fail "systemd understands the units in part"
systemd-analyze security --offline=true --no-pager --threshold=13 "$work/units/npcc-feeds-rclone.service" >"$work/said" ||
    fail "the unit is less walled in than the daemon's"
limits() { sed -n '/^# What it may not do/,/^UMask/p' "deploy/$1.service" | grep -v '^#'; }
limits npcc-feeds | grep '^UMask' >/dev/null
diff <(limits npcc-feeds) <(limits rclone)
sed -n 's/^ExecStart=//p' deploy/rclone.service | grep -Fxq "$(sed -n 's/^#  *install -m 755 rclone.sh //p' deploy/rclone.service)"

# A storage.
virtualenv -q "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check -r .ci/s3-server.txt
# What the machine has for the real one is for none of this.
unset "${!AWS_@}"
storage=http://127.0.0.1:$((port + 2))
asked=$work/asked
"$work/venv/bin/moto_server" -H 127.0.0.1 -p $((port + 2)) >>"$asked" 2>&1 &
pids+=($!)
for _ in $(seq 300); do
    curl -fs -o /dev/null "$storage" && break
    sleep 0.1
done

# So many releases that lists have numbered pages, and feeds archives. The words are drawn, so that none is another's copy.
python3 - >"$work/releases.jsonl" <<'PYTHON'
import datetime, json, random
print(open("examples/newsroom/releases.jsonl").read().strip())
dice = random.Random(8611)
words = ["".join(dice.choices("bcdfghklmnprstvaeiou", k=dice.randint(3, 9))) for _ in range(2000)]
for n in range(70):
    paragraphs = [" ".join(dice.choices(words, k=60)) + "." for _ in range(3)]
    day = datetime.date(2026, 10, 1) - datetime.timedelta(days=n)
    print(json.dumps({"id": f"invented-{n}", "title": " ".join(dice.choices(words, k=6)).capitalize(), "date": str(day),
                      "lead": paragraphs[0], "body": "\n\n".join(paragraphs)}))
PYTHON
newsroom --releases "$work/releases.jsonl"
export NPCC_FEEDS_SOURCES__0__SCHEDULE='["7 3 * * *"]' NPCC_FEEDS_PUBLISH__ITEMS=20
"$npcc_feeds" --log error backfill >/dev/null
"$npcc_feeds" --log error fetch >/dev/null
published=$work/published
publish() { "$npcc_feeds" --log error publish "$published" >/dev/null; }
publish

export RCLONE_CONFIG='' RCLONE_CONFIG_FEEDS_TYPE=s3 RCLONE_CONFIG_FEEDS_PROVIDER=Other RCLONE_CONFIG_FEEDS_ENDPOINT=$storage
export RCLONE_CONFIG_FEEDS_REGION=us-east-1 RCLONE_CONFIG_FEEDS_ACCESS_KEY_ID=key RCLONE_CONFIG_FEEDS_SECRET_ACCESS_KEY=secret
export RCLONE_CONFIG_FEEDS_ACL=public-read
export DESTINATION=feeds:bucket FOLDER=$published

# brings [STATUS [ARGUMENT…]]: runs it; what the storage is asked meanwhile is in $work/requests, a line each.
brings() {
    local wanted=${1:-0} status=0 before
    before=$(wc -l <"$asked")
    deploy/rclone.sh "${@:2}" >"$work/said" 2>&1 || status=$?
    tail -n +$((before + 1)) "$asked" | sed -nE 's/.*"[^A-Z]*(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP.*/\1 \2/p' >"$work/requests"
    [ "$status" -eq "$wanted" ] || fail "rclone.sh ended with $status, not with $wanted"
}
says() { grep -F -- "$1" "$work/said" >/dev/null || fail "rclone.sh never says: $1"; }
# The keys that were asked for so, each once.
keys_of() { sed -n "s#^$1 /bucket/\(.*\)#\1#p" "$work/requests" | sort; }
# keys: what there shall be, a key and the bytes' MD5 a line.
keys() {
    local name file sum
    grep -v '^#' "$published/.npcc-feeds" | while read -r name; do
        file=$published/$name
        [ ! -e "$file.gz" ] || file=$file.gz
        sum=$(md5sum <"$file")
        echo "$name ${sum%% *}"
        [[ $name != *.html || $name = index.html ]] || echo "${name%.html} ${sum%% *}"
    done | sort
}
# headers ADDRESS: those of which an object has what the daemon says.
headers() {
    curl -fsS -o /dev/null -D - -H 'Accept-Encoding: gzip' "$1" | tr -d '\r' |
        sed -nE 's/^(content-type|cache-control|content-encoding|content-disposition): /\L\1\E: /Ip' | sort
}
# every_object_is_as_the_file BASE OPTION…: each has the bytes of the file, pages without their ending too.
every_object_is_as_the_file() {
    local base=$1 key file
    rm -rf "$work/got"
    mkdir "$work/got"
    keys | cut -d ' ' -f 1 >"$work/keys"
    while read -r key; do
        printf 'url = "%s/%s"\noutput = "%s"\n' "$base" "$key" "$work/got/${key//\//,}"
    done <"$work/keys" >"$work/urls"
    curl -fsS "${@:2}" -K "$work/urls" || fail "an object is missing below $base"
    while read -r key; do
        file=$published/$key
        [[ ${key##*/} = *.* ]] || file=$file.html
        cmp "$file" "$work/got/${key//\//,}"
    done <"$work/keys"
}

brings 1
says 'there is no such bucket: make it'
curl -fsS -o /dev/null -X PUT "$storage/bucket"
printf mine | rclone --s3-no-check-bucket rcat feeds:bucket/notes.txt
brings
keys >"$work/before"
diff <(keys_of PUT) <(cut -d ' ' -f 1 "$work/before") >&2 || fail "not each key (>) was uploaded once (<)"
every_object_is_as_the_file "$storage/bucket" --compressed

# The daemon, for what it says of the same addresses.
"$npcc_feeds" 2>"$work/daemon.log" &
pids+=($!)
served=http://127.0.0.1:$((port + 1))
for _ in $(seq 300); do
    curl -fs -o /dev/null "$served/all.rss" && break
    sleep 0.1
done
archive=$(grep -m 1 '^all/archive/.*\.rss$' "$published/.npcc-feeds")
release=$(grep -m 1 '^releases/' "$published/.npcc-feeds")
grep -qx 'all/page/1.html' "$published/.npcc-feeds" || fail "no list has a numbered page"
for path in all.rss all.atom all.json topics/roads-policing.rss revisions.rss subscriptions.opml "$archive" "${archive%.rss}.json" \
    all all/page/1 topics/roads-policing "${release%.html}" style.css copy.js icon.png; do
    headers "$served/$path" >"$work/served"
    headers "$storage/bucket/$path" >"$work/stored"
    grep -q '^content-type: ' "$work/served" && grep -q '^cache-control: ' "$work/served"
    diff "$work/served" "$work/stored" >&2 || fail "/$path is sent with other headers (>) than the daemon's (<)"
done
for pair in /:/index.html "/${release%.html}:/$release"; do
    diff <(headers "$served${pair%:*}") <(headers "$storage/bucket${pair#*:}") >&2 || fail "${pair#*:} has other headers"
done
# What feeds and pages lead to here is there, without an ending too: a page names its own address so. Topics are in a scheme
# of that name, which is no link, and the front page's address is the CDN's to show.
(cd "$published" && grep -rhoE --include='*.'{rss,atom,json,opml,html} "$served/[^\"<&#: ]*" .) | sort -u |
    sed "s#^$served/##; /^\(topics\)\?\$/d" >"$work/links"
grep -q '^releases/[^.]*$' "$work/links" && grep -q '^releases/.*\.html$' "$work/links" && grep -q /archive/ "$work/links"
comm -23 <(sort "$work/links") <(cut -d ' ' -f 1 "$work/before" | sort) >"$work/nowhere"
[ ! -s "$work/nowhere" ] || fail "these lead nowhere: $(head -n 3 "$work/nowhere" | xargs)"
echo "each of $(wc -l <"$work/before") objects has the file's bytes and the daemon's headers; pages are there without an ending too"

stamp_of() { curl -fsSI "$storage/bucket/$1" | tr -d '\r' | grep -iE '^(etag|last-modified):'; }
stamp_of all.rss >"$work/stamp-of-feed"
sleep 1
brings
[ "$(cat "$work/requests")" = 'GET /bucket?delimiter=&max-keys=1000&prefix=' ] || fail "unchanged, it asked: $(cat "$work/requests")"
diff "$work/stamp-of-feed" <(stamp_of all.rss)
export STAMP=$work/stamp
brings
[ -s "$STAMP" ] && brings
[ ! -s "$work/requests" ] || fail "with nothing new since its last run it asked: $(cat "$work/requests")"
touch -d '25 hours ago' "$STAMP"
brings
[ "$(wc -l <"$work/requests")" -eq 1 ] || fail "it compares not once a day"
echo "what is unchanged is uploaded no more: one request tells, and none with a stamp"

# A new release, an edited one, and one that is found to be another's copy.
arrives() {
    curl -fsS -o /dev/null -X POST "http://127.0.0.1:$port/control/publish" -d "{
        \"id\": \"$1\", \"title\": \"$2\", \"date\": \"$3\", \"lead\": \"$4\", \"body\": \"$4\n\n$5\"}"
}
arrives two-in-five-lorry-drivers-looked-at-a-phone 'Two in five lorry drivers looked at a phone' 2026-11-23 \
    'Officers in unmarked lorry cabs filmed drivers on motorways.' 'Roads policing officers will go on with it all year.'
arrives forces-ready-for-christmas-drink-drive-campaign-2026 'Christmas drink drive campaign begins early' 2026-11-20 \
    'Officers will stop and test drivers from tonight.' 'It begins tonight, a week earlier than planned, in all forces.'
# Pages are read again by plan, and the plan may say: not yet.
sqlite3 -cmd '.timeout 5000' "$work/store/npcc-feeds.db" 'UPDATE addresses SET page_due = 0 WHERE page_due IS NOT NULL'
"$npcc_feeds" --log error fetch >/dev/null
ids=$("$npcc_feeds" --log error releases --format json | python3 -c '
import json, sys
releases = json.load(sys.stdin)
print(*[one["id"] for one in releases if "/releases/invented-" in one["url"]][5:7], releases[0]["id"])')
read -r copy original new <<<"$ids"
"$npcc_feeds" --log error merge "$copy" "$original" >/dev/null
publish
keys >"$work/after"

# Where an upload fails, nothing that may lead to it is uploaded, and nothing is removed.
mkdir "$work/failing"
cat >"$work/failing/rclone" <<'SH'
#!/usr/bin/env bash
[[ "$*" != *"/brought/2.page."* ]] || { echo 'AccessDenied: a fault' >&2; exit 1; }
PATH=${PATH#*:} exec rclone "$@"
SH
chmod +x "$work/failing/rclone"
PATH=$work/failing:$PATH brings 1
says 'the storage refuses the key'
[ -z "$(keys_of DELETE)" ] || fail "it removed although uploads failed"
if keys_of PUT | grep -vE '^(releases/|.*/archive/)' >&2; then fail "it went on although pages of releases failed"; fi
diff "$work/stamp-of-feed" <(stamp_of all.rss)
keys_of PUT >"$work/uploaded"

# The stamp of the state before must not keep it from going on.
brings
keys_of PUT | sort - "$work/uploaded" >"$work/uploaded-in-all"
diff <(comm -13 "$work/before" "$work/after" | cut -d ' ' -f 1) "$work/uploaded-in-all" >&2 ||
    fail "not what changed (<) was uploaded once (>)"
comm -23 <(cut -d ' ' -f 1 "$work/before") <(cut -d ' ' -f 1 "$work/after") >"$work/gone"
diff "$work/gone" <(keys_of DELETE) >&2 || fail "not what is published no more (<) was removed (>)"
grep -qx "releases/$copy" "$work/gone" && grep -qx "releases/$copy.html" "$work/gone" && grep -q /archive/ "$work/gone"
if curl -fs "$storage/bucket/releases/$copy" >&2; then fail "a page that is gone is there"; fi
[ "$(rclone cat feeds:bucket/notes.txt)" = mine ] || fail "it touched what is not ours"
if diff "$work/stamp-of-feed" <(stamp_of all.rss) >/dev/null; then fail "the feed is the old one"; fi
curl -fsS --compressed "$storage/bucket/all.rss" | grep -F 'campaign begins early' >/dev/null
curl -fsS --compressed "$storage/bucket/releases/$new" | grep -F 'Two in five lorry drivers' >/dev/null
every_object_is_as_the_file "$storage/bucket" --compressed
rclone lsf -R --files-only feeds:bucket | sort | diff - <(cut -d ' ' -f 1 "$work/after" | cat - <(echo notes.txt) | sort) >&2 ||
    fail "the bucket holds something else (<) than what is published (>)"

# The turn of each: what it may lead to has an earlier one.
turns() {
    sed -nE 's#^(PUT|DELETE) /bucket/#\1 #p' "$work/requests" | sed -E \
        -e 's#^DELETE .*#7#;t' -e 's#.* (style.css|copy.js|icon.png)$#1#;t' -e 's#.* (releases/|.*/archive/).*#2#;t' \
        -e 's#.*/page/.*#3#;t' -e 's#.* index.html$#5#;t' -e 's#.*\.(rss|atom|json|opml)$#6#;t' -e 's#.*#4#'
}
turns >"$work/turns"
sort -c "$work/turns" || fail "not in their turn: $(cat "$work/requests")"
[ "$(uniq "$work/turns" | xargs)" = '2 3 4 5 6 7' ] || fail "not all turns were seen: $(uniq "$work/turns" | xargs)"
echo "of a change, $(wc -l <"$work/uploaded-in-all") objects are uploaded, pages before feeds, and $(wc -l <"$work/gone") removed at last"

# As they are, in a folder of the bucket.
unset STAMP
ENCODING=identity DESTINATION=feeds:bucket/plain brings
every_object_is_as_the_file "$storage/bucket/plain"
if headers "$storage/bucket/plain/all.rss" | grep content-encoding >&2; then fail "what is not packed says that it is"; fi
brings
[ "$(cat "$work/requests")" = 'GET /bucket?delimiter=&max-keys=1000&prefix=' ] || fail "another folder of the bucket changed something"
brings 0 --all
diff <(keys_of PUT) <(cut -d ' ' -f 1 "$work/after") >&2 || fail "--all leaves something out"
[ -z "$(keys_of DELETE)" ] || fail "--all removes something"

# When it is not yet time, or something is wrong, nothing is asked for.
flock --no-fork "$published" sleep 60 &
holder=$!
pids+=("$holder")
while flock -n "$published" true; do sleep 0.1; done
brings 75
says 'another run'
kill "$holder"
wait "$holder" 2>/dev/null || true
cp "$published/.npcc-feeds" "$work/list"
sed -i 1d "$published/.npcc-feeds"
brings 75
says 'is being written'
cp "$work/list" "$published/.npcc-feeds"
# Somebody begins to write it while the storage is asked.
cat >"$work/failing/rclone" <<'SH'
#!/usr/bin/env bash
[ "${*/lsf/}" = "$*" ] || sed -i 1d "$FOLDER/.npcc-feeds"
PATH=${PATH#*:} exec rclone "$@"
SH
PATH=$work/failing:$PATH brings 75 --all
says 'is being written'
[ -z "$(keys_of PUT)$(keys_of DELETE)" ] || fail "half a state was brought"
cp "$work/list" "$published/.npcc-feeds"
FOLDER=$work/nowhere brings 1
says 'nothing is uploaded and nothing removed'
[ ! -s "$work/requests" ] || fail "without a folder it asked the storage"
DESTINATION=feeds: brings 2
says 'no remote with a bucket'
# A file that the list names and that is not there, and one of a kind that nobody knows.
mv "$published/all.rss" "$published/all.atom" "$work"
mv "$published/all.rss.gz" "$published/all.atom.gz" "$work"
brings 1
says 'holds not what its list names'
[ -z "$(keys_of PUT)$(keys_of DELETE)" ] || fail "half a folder was brought"
mv "$work"/all.{rss,atom}{,.gz} "$published"
echo new >"$published/all.kind"
echo all.kind >>"$published/.npcc-feeds"
brings 1 --all
says 'no type is known for files that end with .kind'
[ -z "$(keys_of PUT)$(keys_of DELETE)" ] || fail "something was brought"
cp "$work/list" "$published/.npcc-feeds"
# A copy that was made without the compressed files.
cp -r "$published" "$work/plain"
find "$work/plain" -name '*.gz' -delete
FOLDER=$work/plain brings 0 --all
[ -n "$(keys_of PUT)" ] && [ -z "$(keys_of DELETE)" ] || fail "without compressed files it removes what is published"
echo '# 1' >"$work/plain/.npcc-feeds"
FOLDER=$work/plain brings 1
[ -z "$(keys_of PUT)$(keys_of DELETE)" ] || fail "what names nothing has removed something"
echo "a folder that is locked, half written, not there or not understood changes nothing, and it says what to do"
