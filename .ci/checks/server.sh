#!/usr/bin/env bash
# A store moves from a file to a PostgreSQL server by the lines of docs/scale.md: over TLS, as a role that owns its database and has
# no other right, whose password is in a file. What the one held the other holds, and all work goes on there.
set -eu
. .ci/environment.sh 18881
. .ci/postgres.sh
trap 'stop_server "$work/server"; cleanup' EXIT
chmod 711 "$work"

fail() {
    echo "$*" >&2
    exit 1
}

# An authority, the server's certificate by it, and another authority that nobody has heard of.
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for ca in ca stranger; do
    openssl req -x509 $key -days 2 -subj "/CN=$ca" -keyout "$work/$ca.key" -out "$work/$ca.crt" 2>/dev/null
done
openssl req $key -subj /CN=db -keyout "$work/db.key" -out "$work/db.csr" 2>/dev/null
openssl x509 -req -in "$work/db.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -set_serial 1 -days 2 \
    -extfile <(echo subjectAltName=DNS:localhost) -out "$work/db.crt" 2>/dev/null

server=$work/server
make_server "$server"
cat >"$server/data/pg_hba.conf" <<'END'
local all postgres trust
hostssl npcc_feeds npcc_feeds 127.0.0.1/32 scram-sha-256
hostssl npcc_feeds npcc_feeds ::1/128 scram-sha-256
END
for file in db.key db.crt; do
    "${as_server[@]}" sh -c "umask 077; cat >'$server/data/$file'" <"$work/$file"
done
start_server "$server" $((port + 2)) listen_addresses=localhost ssl=on "ssl_cert_file=$server/data/db.crt" "ssl_key_file=$server/data/db.key"
sql() { "$pg_bin/psql" -h "$server" -p $((port + 2)) -U postgres -qAt -v ON_ERROR_STOP=1; }
made=$(sed -n "s/^    \(CREATE \(ROLE\|DATABASE\) .*\)/\1/p" docs/scale.md)
[ "$(wc -l <<<"$made")" = 2 ] || fail "docs/scale.md no longer says how the database is made"
sed 's/…/hunter2/' <<<"$made" | sql
mkdir "$work/home"
(umask 077 && printf "%s:$((port + 2)):npcc_feeds:npcc_feeds:hunter2\n" localhost 127.0.0.1 >"$work/home/.pgpass")
export HOME=$work/home
in_file=$NPCC_FEEDS_STORE__URL
on_server="postgres://npcc_feeds@localhost:$((port + 2))/npcc_feeds?sslmode=verify-full"

newsroom --hold 1
run() { "$npcc_feeds" --log error "$@"; }
run fetch >/dev/null
run backfill >/dev/null
ids=($(run releases --format json | python3 -c 'import json, sys; print(*(one["id"] for one in json.load(sys.stdin)))'))
run label "${ids[0]}" +counter-terrorism >/dev/null
run redact "${ids[1]}" >/dev/null
run export --with-withdrawn >"$work/file.jsonl"

# refused WHAT WORDS URL
refused() {
    local said
    if said=$(NPCC_FEEDS_STORE__URL=$3 run releases 2>&1); then fail "not refused: $1"; fi
    [[ "$said" = *'cannot be opened'* && "$said" = *"$2"* && "$said" != *hunter2* ]] || fail "$1: $said"
}
refused "a certificate by somebody else" UnknownIssuer "$on_server&sslrootcert=$work/stranger.crt"
refused "a certificate for another name" "not valid for name" "${on_server/localhost/127.0.0.1}&sslrootcert=$work/ca.crt"
refused "a connection without TLS" 'no pg_hba.conf entry' "${on_server/verify-full/disable}"
chmod 644 "$work/home/.pgpass"
refused "a password that everybody may read" password "$on_server&sslrootcert=$work/ca.crt"
chmod 600 "$work/home/.pgpass"

export NPCC_FEEDS_STORE__URL="$on_server&sslrootcert=$work/ca.crt"
run import "$work/file.jsonl"
run export --with-withdrawn >"$work/server.jsonl"
# When feeds last changed is told by each store in its own count.
python3 - "$work/file.jsonl" "$work/server.jsonl" <<'END'
import json, sys
def lines(name):
    for line in open(name):
        one = json.loads(line)
        one["record"].pop("feed_changes", None)
        yield one
one, other = (list(lines(name)) for name in sys.argv[1:])
assert len(one) > 40 and one == other, [pair for pair in zip(one, other) if pair[0] != pair[1]][:1]
print(f"{len(one)} releases, the same on the server as in the file")
END

"$npcc_feeds" run 2>"$work/daemon.log" &
pids+=($!)
shows() {
    for _ in $(seq 150); do
        curl -fs "http://127.0.0.1:$((port + 1))/all.rss" | grep -q "$1" && return
        sleep 0.2
    done
    tail -n 20 "$work/daemon.log" >&2
    fail "never shown: $1"
}
shows '<item>'
curl -fsS -X POST "http://127.0.0.1:$port/control/publish" -d "{\"id\": \"on-the-server\", \"title\": \"The first on the server\",
    \"date\": \"$(date -u +%F)\", \"lead\": \"A lead.\", \"body\": \"Words that no other text has: quince, quoin, quill.\"}" >/dev/null
for _ in $(seq 20); do run fetch >/dev/null && break || sleep 1; done
shows 'quince, quoin'
id=$(run releases --limit 1 --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
run label "$id" +roads-policing >/dev/null
run redact "$id" >/dev/null
for _ in $(seq 50); do
    curl -fs "http://127.0.0.1:$((port + 1))/all.rss" | grep -q 'quince, quoin' || break
    sleep 0.2
done
if curl -fs "http://127.0.0.1:$((port + 1))/all.rss" | grep -q 'quince, quoin'; then fail "the removed text is still shown"; fi
if run export --with-withdrawn | grep -q 'quince, quoin'; then fail "the text is not removed"; fi
[ "$(sql <<<"SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = 'npcc_feeds'")" = f ]
if grep hunter2 "$work/daemon.log"; then fail "the password is in the log"; fi
echo "over TLS, by a role without other rights, the daemon serves, reads, labels and removes there"
