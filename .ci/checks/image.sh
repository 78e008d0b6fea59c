#!/usr/bin/env bash
# What the Containerfile says of its last stage holds: with nothing else in its root than what is copied there, as its user, with its
# environment, the program reads over TLS and serves, its health check tells so, and the store is in the volume. The image itself is not built
# here, which would ask a registry for the stage before; a program that is linked dynamically has its libraries beside it instead.
set -eu
. .ci/environment.sh 18891

fail() {
    echo "$*" >&2
    [ ! -e "$work/log" ] || cat "$work/log" >&2
    exit 1
}
last=$(sed -n '/^FROM scratch/,$p' Containerfile)
words() { sed -n "s/^$1.*\[\(.*\)\]/\1/p" <<<"$last" | tr -d '",'; }
user=$(sed -n 's/^USER //p' <<<"$last")
environment=($(sed -n '/^ENV /,/[^\\]$/p' <<<"$last" | grep -o 'NPCC_FEEDS_[A-Z_]*=[^ ]*'))
volume=$(sed -n 's/^VOLUME //p' <<<"$last")
read -ra entry <<<"$(words ENTRYPOINT)"
read -ra health <<<"$(words HEALTHCHECK)"
[[ "$user" =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the image's user is $user"
[ ${#environment[@]} -eq 2 ] || fail "the image's environment is ${environment[*]}"
[[ "$volume" = /* && ${#entry[@]} -eq 1 && "${health[*]}" = "${entry[0]} live" ]] ||
    fail "volume, entry and health check are not understood: $volume, ${entry[*]}, ${health[*]}"
[ "$(grep -c '^COPY' <<<"$last")" = 2 ] || fail "the image has got more, which is to be looked at here too"

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
root=$work/root
trap '[ -z "${daemon:-}" ] || $sudo kill "$daemon" || true; $sudo rm -rf "$root"; cleanup' EXIT
mkdir -p "$root/tmp" "$root/etc/ssl/certs" "$root$volume"
chmod 755 "$work" "$root"
chmod 1777 "$root/tmp"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs"
# A newsroom behind TLS, whose authority is among those that the image brings.
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key -days 2 -subj "/CN=An authority" -keyout "$work/ca.key" -out "$work/ca.crt" 2>/dev/null
openssl req $key -subj /CN=newsroom -keyout "$work/newsroom.key" -out "$work/newsroom.csr" 2>/dev/null
openssl x509 -req -in "$work/newsroom.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -set_serial 1 -days 2 \
    -extfile <(echo subjectAltName=IP:127.0.0.1) -out "$work/newsroom.crt" 2>/dev/null
cat "$work/ca.crt" >>"$root/etc/ssl/certs/ca-certificates.crt"
cat "$work/newsroom.key" "$work/newsroom.crt" >"$work/newsroom.pem"
socat "OPENSSL-LISTEN:$((port + 2)),bind=127.0.0.1,reuseaddr,fork,cert=$work/newsroom.pem,verify=0" "TCP:127.0.0.1:$port" 2>/dev/null &
pids+=($!)
export NPCC_FEEDS_SOURCES__0__FEED=https://127.0.0.1:$((port + 2))/feed/rss
export NPCC_FEEDS_SOURCES__0__LISTING=https://127.0.0.1:$((port + 2))/releases
cp "$npcc_feeds" "$root${entry[0]}"
for library in $(ldd "$npcc_feeds" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp "$library" "$root$library"
done
$sudo chown "$user" "$root$volume"
newsroom --hold 1

# The newsroom and the port are this check's.
own=($(env | grep '^NPCC_FEEDS_SOURCES\|^NPCC_FEEDS_FETCH') "NPCC_FEEDS_SERVE__LISTEN=0.0.0.0:$((port + 1))")
inside=($sudo env -i "${environment[@]}" "${own[@]}" /usr/sbin/chroot --userspec="$user" "$root")
if "${inside[@]}" "${health[@]}" 2>"$work/log"; then fail "healthy before it serves"; fi
grep -q 'nobody serves at' "$work/log" || fail "no health check"
"${inside[@]}" "${entry[@]}" 2>"$work/log" &
daemon=$!
for _ in $(seq 150); do
    curl -fs "http://127.0.0.1:$((port + 1))/all.rss" | grep -q '<item>' && break
    sleep 0.2
done
curl -fs "http://127.0.0.1:$((port + 1))/all.rss" | grep -q '<item>' || fail "no item is served"
"${inside[@]}" "${health[@]}" || fail "not healthy while it serves"
store=$(printf '%s\n' "${environment[@]}" | sed -n 's/^NPCC_FEEDS_STORE__URL=sqlite://p')
[[ "$store" = "$volume"/* ]] && [ "$($sudo stat -c '%u:%g %a' "$root$store")" = "$user 600" ] || fail "the store is not in the volume"
# What it writes is there and nowhere else.
written=$($sudo find "$root" -newer "$root${entry[0]}" -type f ! -path "$root$volume/*" ! -path "$root/lib*" ! -path "$root/usr/lib*")
[ -z "$written" ] || fail "written elsewhere: $written"
echo "with nothing else around it, as $user, the program reads over TLS and serves, its health check says so, and the store is in $volume"
