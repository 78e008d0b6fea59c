#!/usr/bin/env bash
# What deploy/ holds is understood by those who read it: systemd and nginx, and nginx in front changes no answer.
set -eu
. .ci/environment.sh 18641

# The program and its manual pages are not installed here, and a check must not install them.
mkdir "$work/units"
cp deploy/npcc-feeds*.service deploy/npcc-feeds*.socket deploy/npcc-feeds*.timer "$work/units"
sed -i -E "s#^(Exec[A-Za-z]+)=npcc-feeds #\1=$npcc_feeds #" "$work"/units/*.service
said=$(systemd-analyze verify --man=no "$work"/units/* 2>&1) && [ -z "$said" ] || { printf '%s\n' "$said" >&2; exit 1; }
for unit in npcc-feeds npcc-feeds-fetch; do
    systemd-analyze security --offline=true --no-pager --threshold=13 "$work/units/$unit.service" >"$work/security" ||
        { cat "$work/security" >&2; exit 1; }
    sed -n '/^# What it may not do/,/^UMask/p' "deploy/$unit.service" >"$work/$unit.limits"
done
[ -s "$work/npcc-feeds.limits" ]
diff "$work"/*.limits

# The package's configuration, in a folder that stands for /etc/npcc-feeds.
mkdir "$work/etc"
cp config/topics.toml "$work/etc"
sed "s|/etc/npcc-feeds|$work/etc|" deploy/debian/npcc-feeds.toml >"$work/etc/npcc-feeds.toml"
(cd / && env -u NPCC_FEEDS_STORE__URL "$npcc_feeds" --config "$work/etc/npcc-feeds.toml" check) >"$work/checked"
grep -q "^$work/etc/topics.toml: right, 30 topics" "$work/checked"
grep -q '^url = "sqlite:/var/lib/npcc-feeds/npcc-feeds.db"' "$work/etc/npcc-feeds.toml"

newsroom
# With the past filled before, no feed changes while answers are compared.
"$npcc_feeds" --log error backfill >/dev/null
"$npcc_feeds" --log error fetch >/dev/null
"$npcc_feeds" 2>"$work/daemon.log" &
pids+=($!)

# The site as shipped, but without TLS, whose certificate is the host's, and on ports of its own.
site=$(sed -e "s/listen 443 ssl/listen 127.0.0.1:$((port + 2))/" -e '/listen \[::\]:443/d' -e '/ssl_certificate/d' \
    -e "s/127.0.0.1:8611/127.0.0.1:$((port + 1))/" deploy/nginx.conf)
# The site for the published folder, likewise. The worker is another user when root starts nginx.
chmod 755 "$work"
"$npcc_feeds" --log error publish "$work/published" >/dev/null
files=$(sed -e "s/listen 443 ssl/listen 127.0.0.1:$((port + 3))/" -e '/listen \[::\]:443/d' -e '/ssl_certificate/d' \
    -e "s|/var/lib/npcc-feeds/published|$work/published|" deploy/nginx-files.conf)
# What the limits count by, for whichever address is claimed.
counted="server {
        listen 127.0.0.1:$((port + 4));
        set_real_ip_from 127.0.0.1;
        real_ip_header X-Forwarded-For;
        location / { return 200 \$npcc_feeds_subscriber; }
    }"
cat >"$work/nginx.conf" <<END
pid $work/nginx.pid;
error_log $work/nginx-error.log;
daemon off;
events {}
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    $site
    $files
    $counted
}
END
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -t -q -c "$work/nginx.conf" -e "$work/nginx-error.log"
"$nginx" -c "$work/nginx.conf" -e "$work/nginx-error.log" &
pids+=($!)

direct=http://127.0.0.1:$((port + 1))
proxied=http://127.0.0.1:$((port + 2))
for _ in $(seq 100); do
    curl -fs "$proxied/all.rss" >/dev/null && break
    sleep 0.1
done
for encoding in identity gzip; do
    for base in "$direct" "$proxied"; do
        curl -fsS -H "Accept-Encoding: $encoding" -D - -o "$work/body-of-feed" "$base/all.rss" |
            tr 'A-Z' 'a-z' | grep -E '^(etag|last-modified|content-type|content-encoding|content-length|vary|cache-control)' | sort >"$work/headers"
        md5sum <"$work/body-of-feed" >>"$work/headers"
        mv "$work/headers" "$work/headers.$([ "$base" = "$direct" ] && echo direct || echo proxied)"
    done
    diff "$work/headers.direct" "$work/headers.proxied"
done
etag=$(curl -fsS -o /dev/null -D - "$proxied/all.rss" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
[ "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $etag" "$proxied/all.rss")" = 304 ]
# Who asks without end is told to come later, and is answered again then. The monitor's addresses are for this host.
curl -s -o /dev/null -w '%{http_code}\n' "$proxied/live?[1-400]" | sort | uniq -c >"$work/answers"
grep -q ' 200$' "$work/answers" && grep -q ' 429$' "$work/answers" || { cat "$work/answers" >&2; exit 1; }
sleep 1
[ "$(curl -s -o /dev/null -w '%{http_code}' "$proxied/metrics")" = 200 ]
# All of a /64 is one subscriber, however its addresses are written, and no other is.
while read -r address subscriber; do
    is=$(curl -fsS -H "X-Forwarded-For: $address" "http://127.0.0.1:$((port + 4))/")
    [ "$is" = "$subscriber" ] || { echo "$address counts as $is" >&2; exit 1; }
done <<'END'
2001:db8:1:2:3:4:5:6 2001:db8:1:2
2001:db8:1:2::1 2001:db8:1:2
2001:db8:1:2:: 2001:db8:1:2
2001:db8:1::1 2001:db8:1:0
2001:db8:1:0:2:3:4:5 2001:db8:1:0
2001:db8::1 2001:db8:0:0
2001:db8::5:1:2:3 2001:db8:0:0
2001:db8:0:0:1:: 2001:db8:0:0
2001:db8:0:1::1 2001:db8:0:1
2001::1 2001:0:0:0
2001::2:3:4:5 2001:0:0:0
2001::6:2:3:4:5 2001:0:0:6
END
# As files: the same bytes, in their compressed form, of the right type and for the same use; a page without its ending.
static=http://127.0.0.1:$((port + 3))
for path in /all.rss /all.atom /all.json /topics/roads-policing.rss /revisions.rss /subscriptions.opml; do
    type_of() { curl -fsS -o "$work/$2" -H 'Accept-Encoding: gzip' --compressed -w '%{content_type}' "$1$path" | tr -d ' '; }
    [ "$(type_of "$direct" served)" = "$(type_of "$static" written)" ] || { echo "$path is of another type" >&2; exit 1; }
    cmp "$work/served" "$work/written"
    use_of() { curl -fsS -o /dev/null -D - "$1$path" | tr -d '\r' | grep -i '^\(content-disposition\|access-control-allow-origin\)' | tr A-Z a-z | sort; }
    [ "$(use_of "$direct" || true)" = "$(use_of "$static" || true)" ] || { echo "$path is for another use" >&2; exit 1; }
    curl -fsS -o /dev/null -D - -H 'Accept-Encoding: gzip' "$static$path" | grep -qi '^content-encoding: gzip'
done
curl -fsS -o /dev/null -D - "$static/subscriptions.opml" | grep -qi '^content-disposition: attachment; filename="subscriptions.opml"'
for path in / /all /topics/roads-policing /topics/roads-policing.html; do
    curl -fsS "$static$path" | grep -q '</html>'
done
# What stands behind the pages is there, and no version of nginx.
curl -fsS -o /dev/null -D - "$static/" | tr -d '\r' | tr A-Z a-z >"$work/headers"
for header in 'referrer-policy: no-referrer' 'x-content-type-options: nosniff' 'server: nginx'; do
    grep -qx "$header" "$work/headers" || { echo "a page as a file has no $header" >&2; exit 1; }
done
grep -q "^content-security-policy: .*frame-ancestors 'none'" "$work/headers"
[ "$(curl -fsS -o /dev/null -D - "$proxied/" | tr -d '\r' | sed -n 's/^[Ss]erver: //p')" = nginx ]
[ "$(curl -s -o /dev/null -w '%{http_code}' "$static/.npcc-feeds")" = 404 ]
touch "$work/published/all.rss.7-1.npcc-feeds-part"
[ "$(curl -s -o /dev/null -w '%{http_code}' "$static/all.rss.7-1.npcc-feeds-part")" = 404 ]
echo "systemd and nginx understand what deploy/ holds; through nginx every answer is the same, and so is every file"
