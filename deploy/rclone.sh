#!/usr/bin/env bash
# Brings the folder that `npcc-feeds publish` writes, or the daemon with `to` in [publish], to object storage that speaks
# S3, for a CDN in front of it: what is new or another is uploaded, what is published no longer is removed. With rclone,
# from 1.60 on, as Debian 12 has it; the rest is in every Debian. A worked example: read it, and make it yours.
#
#     DESTINATION=feeds:bucket rclone.sh          only what changed
#     DESTINATION=feeds:bucket rclone.sh --all    everything, where this file's headers were changed: the storage tells
#                                                 which bytes it has, not with which headers
#
# Set public_url in [serve] of the configuration to the CDN's address before the folder is written. Settings are variables
# of the environment:
#
# DESTINATION  Where to: a remote of rclone's, its bucket, and a folder in that if there shall be one. The remote is one of
#              `rclone config`, or stands in the environment as well, here for one that is called feeds:
#                  RCLONE_CONFIG_FEEDS_TYPE=s3
#                  RCLONE_CONFIG_FEEDS_PROVIDER=Other
#                  RCLONE_CONFIG_FEEDS_ENDPOINT=https://s3.example.org
#                  RCLONE_CONFIG_FEEDS_REGION=…
#                  RCLONE_CONFIG_FEEDS_ACCESS_KEY_ID=…
#                  RCLONE_CONFIG_FEEDS_SECRET_ACCESS_KEY=…
#              The key may list the bucket, and get, put and delete objects; it makes no bucket. Who may read is said to
#              the bucket, or with RCLONE_CONFIG_FEEDS_ACL=public-read.
# FOLDER       The published folder; /var/lib/npcc-feeds/published if not set.
# ENCODING     gzip: an object is what gzip made of the document, and says so. That is a third of the bytes to keep and to
#              send, whatever the CDN would compress by itself: feeds are often not among the types it knows. A client
#              that asks for no gzip gets it all the same, unless the CDN unpacks it; browsers and most readers ask, and
#              scripts often do not (`curl --compressed` does). identity: documents as they are, for all clients, and for a
#              CDN that compresses application/rss+xml, application/atom+xml and application/feed+json. gzip if not set.
# STAMP        A file that keeps what was brought last, so that a run with nothing new asks the storage nothing; once a
#              day it is compared nevertheless. None if not set: each run lists the bucket, a request for 1,000 objects.
#
# What an address is there: a feed has the key of its path. A page has two keys: `<path>.html`, as published pages and feeds
# link to it, and `<path>`, which is its address with the daemon and the one that search engines are told, so that no rule of
# the CDN is needed to find it. `/` alone has no key: have the CDN, or the storage's web site, show index.html for it ("default
# root object", "index document").
#
# What the daemon and nginx do and an object cannot: X-Content-Type-Options, Content-Security-Policy and, for .json,
# Access-Control-Allow-Origin are the CDN's to add; they are in nginx-files.conf.
#
# Ends with 0 when all is there, 1 when something failed, 2 when called wrongly, and 75 when it was not yet time: the folder
# is being written, or another run is under way. It is for one machine: two that bring different states undo each other.
# rclone.service and rclone.timer run it each minute.
set -eu -o pipefail
# Keys are compared byte for byte.
export LC_ALL=C

# As the daemon sends it.
cached='public, max-age=60, stale-while-revalidate=600'

fail() {
    local status=$1
    shift
    printf 'rclone.sh: %s\n' "$@" >&2
    exit "$status"
}

usage='call it as: DESTINATION=remote:bucket [FOLDER=…] [ENCODING=gzip|identity] [STAMP=…] rclone.sh [--all]'
destination=${DESTINATION:-}
folder=${FOLDER:-/var/lib/npcc-feeds/published}
encoding=${ENCODING:-gzip}
stamp=${STAMP:-}
is_all=
case $#:${1:-} in
    0:) ;;
    1:--all) is_all=1 ;;
    *) fail 2 "$usage" ;;
esac
case $destination in
    *:?*) ;;
    *) fail 2 "DESTINATION is \"$destination\", which is no remote with a bucket, as feeds:bucket is" "$usage" ;;
esac
case $encoding in
    gzip | identity) ;;
    *) fail 2 "ENCODING is \"$encoding\"; it can be gzip or identity" "$usage" ;;
esac
for command in awk flock md5sum rclone tar; do
    command -v "$command" >/dev/null || fail 2 "$command is missing: apt install rclone, or what has $command"
done
list=$folder/.npcc-feeds
[ -r "$list" ] || fail 1 "$list cannot be read, so nothing is uploaded and nothing removed" \
    "write the folder with: npcc-feeds publish $folder; or set \"to\" in [publish], and let this user read it"

# The folder itself is the lock, so that there is no file to leave behind.
exec 9<"$folder"
flock -n 9 || fail 75 "another run brings $folder; this one leaves it to that"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# asks WHAT ARGUMENTS…: rclone, and what to do where it fails.
asks() {
    local what=$1
    shift
    # Uploads carry the MD5 of their bytes, which the storage compares: to ask again for what was stored is of no use.
    rclone --s3-no-check-bucket --s3-no-head --transfers 16 --checkers 16 --stats 0 "$@" 2>"$work/said" && return
    cat "$work/said" >&2
    local hint='what rclone says is above; the next run goes on where this one ended'
    case $(cat "$work/said") in
        *"didn't find section"*) hint='rclone knows no such remote: see DESTINATION at the top of this file' ;;
        *NoSuchBucket* | *'directory not found'*) hint='there is no such bucket: make it, or mend DESTINATION' ;;
        *AccessDenied* | *InvalidAccessKeyId* | *SignatureDoesNotMatch* | *Forbidden* | *NoCredentialProviders*)
            hint='the storage refuses the key: it has to be this bucket'\''s, and may list, get, put and delete' ;;
        *'connection refused'* | *'no such host'* | *'i/o timeout'* | *'deadline exceeded'*)
            hint='the storage cannot be reached: look at the endpoint and at the network' ;;
        *LoadCustomCABundleError*) hint='rclone takes no AWS_CA_BUNDLE: unset it, and name the file in RCLONE_CA_CERT' ;;
        *'no space left'*) hint="the disk is full: $work" ;;
    esac
    fail 1 "could not $what $destination: $hint"
}

# What may be an address of ours.
ours='^(index[.]html|icon[.]png|style[.]css|copy[.]js|subscriptions[.]opml|revisions[.]rss|all([.][a-z]+)?|(all|topics|releases)/.*)$'

# What was brought, where to, and how.
state() {
    printf '%s %s %s\n' "$destination" "$encoding" "$(md5sum <"$0")"
    cat "$work/list"
}

# Takes the list. Its first line is a change's number once all that it names is written, and another at the next change.
take_list() {
    cp "$list" "$work/list"
    [[ $(head -n 1 "$work/list") == '# '* ]]
}

# What there shall be: a line for each key, with the file that it is of, the file's form, its turn and its ending.
# Who follows a link must find what it leads to, so what is linked to has its turn before what links: what pages are made
# with, pages of releases and archives, numbered pages of lists, the newest ones, the front page; then the feeds.
plan() {
    (cd "$folder" && find . -name '*.gz' -type f -printf '%P\n') >"$work/packed" || return
    awk -v encoding="$encoding" -v packed_list="$work/packed" -v OFS='\t' '
        function add(key, ending) { print key, name form, form == "" ? "identity" : "gzip", turn, ending }
        FILENAME == packed_list { packed[$0] = encoding == "gzip"; next }
        /^#/ { next }
        {
            name = $0
            form = packed[name ".gz"] ? ".gz" : ""
            ending = name ~ /\.[a-z]+$/ ? substr(name, match(name, /\.[a-z]+$/) + 1) : "none"
            if (name == "index.html") turn = 5
            else if (ending != "html") turn = name ~ /\/archive\// ? 2 : ending ~ /^(css|js|png)$/ ? 1 : 6
            else turn = name ~ /^releases\// ? 2 : name ~ /\/page\// ? 3 : 4
            add(name, ending)
            if (ending == "html" && name != "index.html") add(substr(name, 1, length(name) - 5), "page")
        }' "$work/packed" "$work/list" >"$work/plan" || return
    # Nothing at all is no site.
    [ -s "$work/plan" ] || return
    cut -f 2 "$work/plan" | sort -u | tr '\n' '\0' |
        (cd "$folder" && xargs -0 -r md5sum --) | awk -v OFS='\t' '{ print $2, $1 }' >"$work/sums"
}

# Compares the plan with what is there: makes groups of files that have the same headers and the same turn, and a list
# of the keys that are no longer published. Only what may be an address of ours is ever removed, whatever else lies in the bucket.
compare() {
    rm -rf "$work/groups" "$work/brought" "$work/gone" && mkdir "$work/groups" "$work/brought" && touch "$work/gone" || return
    awk -F '\t' -v work="$work" -v is_all="$is_all" -v ours="$ours" '
        FILENAME == work "/sums" { sum[$1] = $2; next }
        FILENAME == work "/there" { there[$2] = $1; next }
        { planned[$1] }
        is_all || there[$1] != sum[$2] { print $2 >(work "/groups/" $4 "." $5 "." $3) }
        END {
            for (key in there) if (!(key in planned) && key ~ ours) print key >(work "/gone")
        }' "$work/sums" "$work/there" "$work/plan"
}

# Copies what is to be uploaded aside, under the names of its keys: the folder may be written again while uploads last.
# A key may be the beginning of another, as topics/a of topics/a/page/1, which files cannot; those have different turns.
bring() {
    local group into names
    for group in "$work"/groups/*; do
        [ -e "$group" ] || continue
        into=$work/brought/${group##*/}
        names='s/\.gz$//'
        [[ $group != *.page.* ]] || names='s/\.html\(\.gz\)\?$//'
        mkdir "$into" && tar -C "$folder" -T "$group" --transform "$names" -c | tar -C "$into" -x || return
    done
}

# content_type ENDING: as the daemon sends it.
content_type() {
    case $1 in
        rss) echo 'application/rss+xml; charset=utf-8' ;;
        atom) echo 'application/atom+xml; charset=utf-8' ;;
        json) echo 'application/feed+json; charset=utf-8' ;;
        opml) echo 'text/x-opml; charset=utf-8' ;;
        html | page) echo 'text/html; charset=utf-8' ;;
        css) echo 'text/css; charset=utf-8' ;;
        js) echo 'text/javascript; charset=utf-8' ;;
        png) echo 'image/png' ;;
        jsonl) echo 'application/jsonl; charset=utf-8' ;;
        csv) echo 'text/csv; charset=utf-8; header=present' ;;
        *) fail 1 "no type is known for files that end with .$1: take the rclone.sh of your npcc-feeds' version" ;;
    esac
}

# upload GROUP: a turn's files with the same headers.
upload() {
    local group=$1 ending form type
    IFS=. read -r _ ending form <<<"$group"
    type=$(content_type "$ending")
    local headers=(--header-upload "Content-Type: $type" --header-upload "Cache-Control: $cached")
    [ "$form" = identity ] || headers+=(--header-upload "Content-Encoding: $form")
    # The pages offer it as a download, and some browsers would show it as text.
    [ "$ending" != opml ] || headers+=(--header-upload 'Content-Disposition: attachment; filename="subscriptions.opml"')
    # What is there has been compared, and is not asked for again.
    asks 'upload to' copy --no-check-dest --no-traverse "${headers[@]}" "$work/brought/$group" "$destination"
}

take_list || fail 75 "$folder is being written; if nobody does: npcc-feeds publish $folder"
if [ -n "$stamp" ] && [ -z "$is_all" ] && [ -n "$(find "$stamp" -mmin -1440 2>/dev/null)" ] && state | cmp -s - "$stamp"; then
    exit 0
fi
asks 'list' lsf -R --files-only --fast-list --hash MD5 --format hp --separator $'\t' "$destination" >"$work/there"
unknown=$(sed -n 's/^\t//p' "$work/there" | grep -E -m 1 "$ours" || true)
if [ -n "$unknown" ]; then
    fail 1 "the storage tells no MD5 of what it has, as with keys of your own (SSE-KMS, SSE-C) or for what was uploaded in parts" \
        "have the bucket encrypt with the storage's keys (SSE-S3), and remove: $unknown"
fi
# As one state, or not at all: it is read again where it has been written meanwhile.
for _ in 1 2 3; do
    if plan && compare && bring && cmp -s "$list" "$work/list"; then
        is_one_state=1
        break
    fi
    take_list || fail 75 "$folder is being written; the next run brings it"
done
[ -n "${is_one_state:-}" ] ||
    fail 1 "$folder holds not what its list names, or changes too often; write it again: npcc-feeds publish $folder"

# Before the first upload, so that none of them is done in vain.
for group in "$work"/brought/*; do
    [ -e "$group" ] || continue
    IFS=. read -r _ ending _ <<<"${group##*/}"
    content_type "$ending" >/dev/null
done
for group in "$work"/brought/*; do
    [ ! -e "$group" ] || upload "${group##*/}"
done
# At last, when nothing links to it any more.
[ ! -s "$work/gone" ] || asks 'remove from' delete --no-traverse --files-from-raw "$work/gone" "$destination"
[ -z "$stamp" ] || state >"$stamp"
planned=$(wc -l <"$work/plan")
uploaded=$(find "$work/brought" -type f | wc -l)
echo "$((planned - uploaded)) objects are as they were, $uploaded uploaded, $(wc -l <"$work/gone") removed"
