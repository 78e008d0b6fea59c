#!/usr/bin/env bash
# The store's disk is full, then fails and can only be read, then the store is locked by another program, then the disk of the published
# files hangs: each is told in words where it is the store's, feeds go on being served, and when it is over every release comes, once.
set -eu
# Mounts are root's, in a namespace of one's own as well.
if [ -z "${IN_NAMESPACE:-}" ]; then
    IN_NAMESPACE=yes exec unshare --mount $([ "$(id -u)" -eq 0 ] || echo --user --map-root-user) "$0"
fi
. .ci/environment.sh 18721
base=http://127.0.0.1:$((port + 1))
export NPCC_FEEDS_SOURCES__0__SCHEDULE='["* * * * *"]'

fail() {
    echo "$*" >&2
    tail -n 20 "$work/daemon.log" >&2
    exit 1
}
# within SECONDS WHAT COMMAND...
within() {
    local seconds=$1 what=$2
    shift 2
    for _ in $(seq $((seconds * 5))); do
        "$@" && return
        sleep 0.2
    done
    fail "not within $seconds seconds: $what"
}
says() { grep -q "$1" "$work/daemon.log"; }
shows() { curl -fs "$base/all.rss" | grep -q "$1"; }
is_served() { curl -fs "$base/all.rss" | grep -q '</rss>' || fail "the feeds are not served while $1"; }
not() { ! "$@"; }
troubled() { curl -s "$base/health" | grep -q "$1"; }
publish() {
    curl -fsS -X POST "http://127.0.0.1:$port/control/publish" -d "{\"id\": \"late-$1\", \"title\": \"Late release $1\",
        \"date\": \"$(date -u +%F)\", \"lead\": \"Lead of $1.\", \"body\": \"Text $1 a$1 b$1 c$1 d$1 e$1 f$1 g$1 h$1.\"}" >/dev/null
}
comes() { within 130 "release $1 after $2" shows "Late release $1<"; }
start() {
    "$npcc_feeds" run 2>"$work/daemon.log" &
    daemon=$!
    pids+=("$daemon")
    within 60 "an edition" shows '<item>'
}
stop() {
    kill "$daemon"
    wait "$daemon" || true
}

unmount() {
    for folder in store files; do
        ! mountpoint -q "$work/$folder" || umount "$work/$folder" || true
    done
}

mkdir "$work/store" "$work/files"
# A file system that the kernel takes for broken can only be read from one moment to the next, whoever writes to it. Where none can
# be made of a file, a smaller proof has to do.
truncate -s 50M "$work/disk"
PATH=$PATH:/usr/sbin:/sbin
if mkfs.ext4 -q -O ^has_journal -m 0 "$work/disk" 2>/dev/null &&
    mount -o loop,errors=remount-ro "$work/disk" "$work/store" 2>/dev/null; then
    breaks=yes
else
    breaks=
    mount -t tmpfs -o size=50m tmpfs "$work/store"
    echo "!! no file system of a file can be mounted here: that a disk breaks under the daemon is not checked" >&2
fi
trap 'fsfreeze -u "$work/files" 2>/dev/null || true; kill "${pids[@]}" 2>/dev/null || true; wait; unmount; cleanup' EXIT
newsroom --hold 1
"$npcc_feeds" --log error fetch >/dev/null
start

# What is left after this is less than a page of the journal.
dd if=/dev/zero of="$work/store/filler" bs=4k 2>/dev/null || true
for n in 1 2; do publish "$n"; done
within 130 "the full disk is told" says 'its disk is full'
is_served "the disk is full"
within 130 "/health tells of it" troubled 'disk is full'
rm "$work/store/filler"
for n in 1 2; do comes "$n" "there was room"; done
within 130 "/health is well again" not troubled 'disk is full'
echo "full: told, served all the while, made up for"

if [ "$breaks" ]; then
    mount -o remount,abort "$work/store"
    publish 3
    within 130 "that its disk fails is told" says "the store's disk fails"
    is_served "the disk fails"
    within 130 "/health tells of it" troubled 'disk fails'
fi
# As after a power failure: SQLite needs the journal that a clean end takes away (https://sqlite.org/wal.html, Read-Only
# Databases).
{
    kill -KILL "$daemon"
    wait "$daemon" || true
} 2>/dev/null
[ "$breaks" ] || mount -o remount,ro "$work/store"
start
publish 4
within 130 "that it cannot be written" says 'the store cannot be written'
is_served "the store can only be read"
within 130 "/health tells of it" troubled 'cannot be written'
stop
if [ "$breaks" ]; then
    umount "$work/store"
    e2fsck -fp "$work/disk" >/dev/null || [ $? -le 1 ]
    mount -o loop "$work/disk" "$work/store"
else
    mount -o remount,rw "$work/store"
fi
start
[ -z "$breaks" ] || comes 3 "the disk was mended"
comes 4 "it could be written"
echo "read-only${breaks:+, from one moment to the next and at the start}: told, served all the while, made up for"

mkfifo "$work/gate"
sqlite3 "$work/store/npcc-feeds.db" <"$work/gate" &
pids+=($!)
exec 3>"$work/gate"
# The daemon may be writing.
printf '.timeout 30000\nBEGIN IMMEDIATE;\n' >&3
publish 5
within 130 "the lock is told" says 'locked by another program'
is_served "the store is locked"
echo 'ROLLBACK;' >&3
exec 3>&-
comes 5 "the lock"
echo "locked: told, served all the while, made up for"

if [ "$breaks" ]; then
    stop
    truncate -s 100M "$work/files.disk"
    mkfs.ext4 -q -m 0 "$work/files.disk"
    mount -o loop "$work/files.disk" "$work/files"
    mkdir "$work/config"
    cp config/*.toml "$work/config"
    export NPCC_FEEDS_CONFIG=$work/config/npcc-feeds.toml
    writes_to() { sed -i "s|^to = .*|to = \"$1\"|" "$NPCC_FEEDS_CONFIG"; }
    writes_to "$work/files"
    start
    within 60 "the files are written" says 'published as files'
    fsfreeze -f "$work/files"
    publish 6
    comes 6 "the files' disk hung"
    if grep -q 'Late release 6<' "$work/files/all.rss"; then fail "the disk did not hang"; fi
    for folder in elsewhere files; do
        writes_to "$work/$folder"
        kill -HUP "$daemon"
        [ "$folder" = files ] || within 30 "another folder is used" grep -qs 'Late release 6<' "$work/elsewhere/all.rss"
    done
    fsfreeze -u "$work/files"
    within 30 "the files are written then" grep -q 'Late release 6<' "$work/files/all.rss"
    echo "a disk of files that hangs: served all the while, made up for"
fi

twice=$(sqlite3 "$work/store/npcc-feeds.db" 'SELECT title FROM releases GROUP BY title HAVING COUNT(*) > 1')
[ -z "$twice" ] || fail "stored twice: $twice"
