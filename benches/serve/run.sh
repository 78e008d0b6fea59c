#!/usr/bin/env bash
# The daemon beside nginx on the same core with the same bytes, then with a crowd of idle and of slow clients. Fails where
# the daemon is slower than it shall be.
#
# `bash benches/serve/run.sh`, on a quiet machine with two cores or more, with the Debian packages wrk and nginx-light.
# NPCC_FEEDS and NEWSROOM name other binaries than those that cargo builds.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin

seconds=${LOAD_SECONDS:-10}
rounds=${LOAD_ROUNDS:-3}
connections=64
idle=10000
slow=200
asked=2000
least_200=1.00
least_304=0.80
most_crowd_ms=50

for tool in wrk nginx curl pgrep taskset python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
# Sharing a core, client and server would measure the scheduler.
cores=$(nproc)
[ "$cores" -ge 2 ] || { echo "two cores are needed: one for the server, one for its clients" >&2; exit 2; }
on_server_core=(taskset -c 0)
# wrk takes about as much of a core as a server does, so it gets all the others.
on_client_cores=(taskset -c "1-$((cores - 1))")
threads=$((cores - 1 < connections ? cores - 1 : connections))
# Each of the crowd is a file for the daemon, and one for the crowd.
ulimit -n 32768 2>/dev/null || ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" -ge $((idle + slow + 1000)) ] || { echo "only $(ulimit -n) open files are allowed" >&2; exit 2; }

port=18661
. benches/serve/environment.sh
export NPCC_FEEDS_FETCH__PAUSE=1ms
theirs=http://127.0.0.1:$((port + 2))
# All is fetched before, so that the feeds stay as they are while they are measured.
newsroom_of 60
"$npcc_feeds" --log error publish "$work/site" >/dev/null
# nginx serves what stands beside a file.
[ -e "$work/site/all.rss.gz" ] || gzip -9 -k -n "$work/site/all.rss"

TOKIO_WORKER_THREADS=1 "${on_server_core[@]}" "$npcc_feeds" --log warn run 2>"$work/daemon.log" &
daemon=$!
pids+=("$daemon")

# As good as nginx gets for files. It sends fewer headers than the daemon, which is in its favour. tcp_nopush would give it a
# few more requests a second, but hold the ends of answers back for 40 ms.
cat >"$work/nginx.conf" <<END
pid $work/nginx.pid;
error_log $work/nginx.log crit;
daemon off;
worker_processes 1;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    types { application/rss+xml rss; }
    sendfile on;
    etag on;
    gzip_static on;
    gzip_vary on;
    keepalive_requests 1000000000;
    open_file_cache max=1000 inactive=1h;
    open_file_cache_valid 1h;
    server {
        listen ${theirs#http://};
        root $work/site;
    }
}
END
"${on_server_core[@]}" nginx -c "$work/nginx.conf" -e "$work/nginx.log" &
nginx=$!
pids+=("$nginx")
answers "$ours/all.rss"
answers "$theirs/all.rss"
nginx_worker=$(pgrep -P "$nginx")

# fetched NAME URL: the feed as that server sends it; its size on the wire and its tag go into files.
fetched() {
    curl -fsS -H 'Accept-Encoding: gzip' -D "$work/$1.head" -o "$work/$1.gz" "$2/all.rss"
    grep -qi '^content-encoding: gzip' "$work/$1.head" || { echo "$1 does not compress" >&2; exit 1; }
    gzip -dc "$work/$1.gz" >"$work/$1.rss"
    wc -c <"$work/$1.gz" >"$work/$1.size"
    sed -n 's/^etag: *\(.*\)\r$/\1/Ip' "$work/$1.head" >"$work/$1.tag"
}
fetched npcc-feeds "$ours"
fetched nginx "$theirs"
cmp "$work/npcc-feeds.rss" "$work/nginx.rss"
printf '/all.rss: %d items, %d bytes, gzipped %d from npcc-feeds and %d from nginx\n' \
    "$(grep -o '<item>' "$work/nginx.rss" | wc -l)" "$(wc -c <"$work/nginx.rss")" \
    "$(cat "$work/npcc-feeds.size")" "$(cat "$work/nginx.size")"

cat >"$work/summary.lua" <<'END'
done = function(summary, latency)
    local e = summary.errors
    print(string.format("%.0f %.2f %.0f %d", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
        summary.bytes / summary.requests, e.connect + e.read + e.write + e.status + e.timeout))
end
END

# Hundredths of a second that a process has run.
ran() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# The same of all processes on the server's core.
core_ran() { awk '$1 == "cpu0" { print $2 + $3 + $4 }' /proc/stat; }

# measure NAME PID URL STATUS SECONDS: prints requests a second, the 99th percentile in milliseconds and how busy the server
# was in percent. Far below a hundred, wrk was the limit and not the server.
measure() {
    local headers=(-H 'Accept-Encoding: gzip') size before after core others line rate p99 bytes errors
    size=$(cat "$work/$1.size")
    if [ "$4" = 304 ]; then
        headers+=(-H "If-None-Match: $(cat "$work/$1.tag")")
        size=0
    fi
    before=$(ran "$2")
    core=$(core_ran)
    line=$("${on_client_cores[@]}" wrk -t "$threads" -c "$connections" -d "$5s" -s "$work/summary.lua" \
        "${headers[@]}" "$3/all.rss" | tail -n 1)
    after=$(ran "$2")
    others=$((($(core_ran) - core - after + before) / $5))
    [ "$others" -le 10 ] || echo "$1, $4: others took $others % of the core; this machine is not quiet" >&2
    read -r rate p99 bytes errors <<<"$line"
    # wrk does not look at what it gets: the bytes tell a whole gzipped feed from a plain one, and a 304 from a 200.
    if [ "$errors" -ne 0 ] || [ "$bytes" -lt "$size" ] || [ "$bytes" -gt $((size + 1000)) ]; then
        echo "$1 did not answer each request with $4: $errors errors, $bytes bytes an answer" >&2
        exit 1
    fi
    echo "$rate $p99 $(((after - before) / $5))"
}

for status in 200 304; do
    measure npcc-feeds "$daemon" "$ours" "$status" 2 >/dev/null
    measure nginx "$nginx_worker" "$theirs" "$status" 2 >/dev/null
    for round in $(seq "$rounds"); do
        # In turns, so that what else the machine does meets both.
        measure npcc-feeds "$daemon" "$ours" "$status" "$seconds" | tee -a "$work/npcc-feeds.$status" >"$work/ours"
        measure nginx "$nginx_worker" "$theirs" "$status" "$seconds" | tee -a "$work/nginx.$status" >"$work/theirs"
        echo "$status, round $round: npcc-feeds $(cat "$work/ours"), nginx $(cat "$work/theirs")" >&2
    done
done

resident() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$daemon/status"; }
resident_before=$(resident)
mkfifo "$work/gate"
"${on_client_cores[@]}" python3 benches/serve/crowd.py hold $((port + 1)) "$idle" "$slow" <"$work/gate" >"$work/crowd" &
crowd=$!
pids+=("$crowd")
# The crowd holds until this is closed.
exec 3>"$work/gate"
until grep -q '^up' "$work/crowd"; do
    kill -0 "$crowd"
    sleep 1
done
# Longer than a request's headers may take: a connection that only waits must not be taken for one that is slow.
sleep 15
kill -0 "$daemon" || { tail "$work/daemon.log" >&2; exit 1; }
resident_crowd=$(resident)
read -r crowd_p50 crowd_p99 crowd_max < <("${on_client_cores[@]}" python3 benches/serve/crowd.py ask $((port + 1)) "$asked")
exec 3>&-
wait "$crowd"
came=$(sed -n 's/^up //p' "$work/crowd")
stayed=$(sed -n 's/^open //p' "$work/crowd")

# median FILE COLUMN
median() { awk -v n="$2" '{ print $n }' "$1" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
# ratio STATUS COLUMN
ratio() {
    awk -v a="$(median "$work/npcc-feeds.$1" "$2")" -v b="$(median "$work/nginx.$1" "$2")" 'BEGIN { printf "%.2f", a / b }'
}
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }

printf '\n%-12s %10s %8s %6s %10s %8s %6s\n' server '200 req/s' 'p99 ms' 'busy' '304 req/s' 'p99 ms' 'busy'
for server in npcc-feeds nginx; do
    printf '%-12s' "$server"
    for status in 200 304; do
        for column in 1 2 3; do median "$work/$server.$status" "$column"; done |
            paste -s | { read -r rate p99 busy; printf ' %10s %8s %5s%%' "$rate" "$p99" "$busy"; }
    done
    echo
done
printf '%-12s %10s %8s %6s %10s %8s\n\n' 'ours/nginx' "$(ratio 200 1)" "$(ratio 200 2)" '' "$(ratio 304 1)" "$(ratio 304 2)"
echo "crowd: $came of $idle idle connections came and $stayed stayed, $slow slow ones beside them"
echo "a subscriber waits $crowd_p50 ms (median), $crowd_p99 ms (p99), $crowd_max ms (longest)"
echo "resident: $resident_before MB before, $resident_crowd MB then"

failed=0
fail() {
    echo "!! $*" >&2
    failed=1
}
below "$(ratio 200 1)" "$least_200" && fail "200: below $least_200 of nginx"
below "$(ratio 304 1)" "$least_304" && fail "304: below $least_304 of nginx"
below "$crowd_p99" "$most_crowd_ms" || fail "with the crowd, p99 is not below $most_crowd_ms ms"
[ "$stayed" -eq "$idle" ] || fail "not all idle connections were held"
exit "$failed"
