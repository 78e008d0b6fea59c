#!/usr/bin/env bash
# Runs inside a booted Debian without a network: the package from its installation to its purge, then the README's lines
# by hand. Called by .ci/checks/package.sh, which shows what this prints when it fails.
set -eEu
cd /root/npcc-feeds

proved() { echo "proved: $*"; }
fail() {
    echo "failed: $*"
    systemctl status --no-pager -l npcc-feeds.service npcc-feeds.socket || true
    journalctl --no-pager -u npcc-feeds | tail -n 40
    exit 1
}
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

# The README's section, one command a line; those after `cargo build` are the ones by hand.
section=$(sed -n '/^## Install as a service/,/^## Commands/s/^    //p' README.md)
as_package=$(sed -n '/^sudo apt install/p' <<<"$section")
by_hand=$(sed -n '/^cargo build/,$p' <<<"$section" | sed 1d)
[ -n "$as_package" ] && [ -n "$by_hand" ]

# Everything that is there, but for what a system keeps for itself.
files() {
    find / \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /proof -o -path /examples \
        -o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path /var/lib/dpkg -o -path /var/lib/apt \
        -o -path /root/npcc-feeds \) -prune -o -print |
        grep -Ev '^/etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)$' | sort
    cut -d: -f1 /etc/passwd /etc/group
}
get() { curl -fsS -m 30 "http://127.0.0.1:8611$1"; }
guids() { get /export.jsonl | grep -o '"guid":"[^"]*"' | sort; }
# The service runs, and its socket is systemd's.
serves() {
    systemctl is-active --quiet npcc-feeds.socket npcc-feeds.service
    systemctl is-enabled --quiet npcc-feeds.socket npcc-feeds.service
    [ "$(get /live)" = live ]
    [ "$(ps -o user:20= -C npcc-feeds | xargs)" = npcc-feeds ]
}
# The configuration is changed as a person would, for a newsroom on this machine; a cycle of its user fills the feed.
fills() {
    sed -i -e 's|^feed = .*|feed = "http://127.0.0.1:8612/feed/rss"|' -e 's|^pause = .*|pause = "1ms"|' \
        -e 's|^listing = .*|listing = "http://127.0.0.1:8612/releases"|' -e 's|^hosts = .*|hosts = ["127.0.0.1"]|' \
        /etc/npcc-feeds/npcc-feeds.toml
    systemctl reload npcc-feeds
    # From elsewhere: a checkout's own configuration comes before that of the host. The daemon may be at a cycle of its own.
    for _ in $(seq 20); do
        (cd / && sudo -u npcc-feeds npcc-feeds --log warn fetch) && break
        sleep 1
    done
    (cd / && sudo -u npcc-feeds npcc-feeds --log error releases --limit 1) | grep . || fail "no release is in the store"
    for _ in $(seq 10); do
        get /all.rss | grep '<item>' >/dev/null && return
        sleep 1
    done
    fail "no item is in the feed"
}

# Whose the configuration is, and who may read it.
config=/etc/npcc-feeds/npcc-feeds.toml
owned() { stat -c '%a %U:%G' "$config"; }
# It is the service's and root's alone, and anybody else is told as whom to come back.
is_private() {
    [ "$(owned)" = '640 root:npcc-feeds' ] || fail "the configuration is $(owned)"
    [ "$(stat -c %a /etc/npcc-feeds/topics.toml)" = 644 ]
    local said status=0
    said=$(cd / && sudo -u nobody npcc-feeds check 2>&1) || status=$?
    [ "$status" = 78 ] && [[ "$said" = *"$config"*'sudo -u npcc-feeds'* ]] || fail "nobody is told ($status): $said"
    (cd / && sudo -u npcc-feeds npcc-feeds check >/dev/null)
}

/examples/newsroom >/dev/null &
files >/tmp/before

[ ! -e /etc/ssl/certs/ca-certificates.crt ]
bash -e -c "$as_package"
[ -s /etc/ssl/certs/ca-certificates.crt ]
serves
is_private
fills
is_private
journalctl --no-pager -o json -u npcc-feeds NPCC_FEEDS_SOURCE=npcc | grep '"NPCC_FEEDS_REQUESTS"' >/dev/null
proved "the journal has each figure of a cycle as a field"
[ "$(dpkg-query -W -f '${Conffiles}' npcc-feeds | awk 'NF { print $1 }' | sort | xargs)" = \
    "/etc/npcc-feeds/npcc-feeds.toml /etc/npcc-feeds/topics.toml" ]
# A root of this kind leaves manual pages out where its maker says so; dpkg knows them all the same.
for file in man/man1/npcc-feeds.1.gz man/man1/npcc-feeds-fetch.1.gz bash-completion/completions/npcc-feeds \
    zsh/vendor-completions/_npcc-feeds fish/vendor_completions.d/npcc-feeds.fish; do
    [ -s "/usr/share/$file" ] || fail "no $file"
done
[ "$(systemctl is-enabled npcc-feeds-fetch.timer || true)" = disabled ]
[ "$(systemctl is-active npcc-feeds-fetch.timer || true)" = inactive ]
proved "'$as_package' to a served feed, with certificates, manual pages and completions"

# A configuration that is wrong is refused in the eyes of whoever reloads, and the daemon serves on by the one before.
cp -p "$config" /tmp/config
sed -i 's|^items = .*|items = "many"|' "$config"
if systemctl reload npcc-feeds; then fail "a wrong configuration is taken"; fi
serves
journalctl --no-pager -u npcc-feeds | grep 'npcc-feeds.toml:[0-9]*: .*expected a whole number' >/dev/null
cp -p /tmp/config "$config"
systemctl reload npcc-feeds
serves
proved "a reload of a wrong configuration fails with the reason, and changes nothing"

# A newsroom behind TLS, whose authority nobody here knows, then everybody.
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
mkdir /tmp/tls
openssl req -x509 $key -days 2 -subj "/CN=An authority" -keyout /tmp/tls/ca.key -out /tmp/tls/ca.crt 2>/dev/null
openssl req $key -subj /CN=newsroom -keyout /tmp/tls/newsroom.key -out /tmp/tls/newsroom.csr 2>/dev/null
openssl x509 -req -in /tmp/tls/newsroom.csr -CA /tmp/tls/ca.crt -CAkey /tmp/tls/ca.key -set_serial 1 -days 2 \
    -extfile <(echo subjectAltName=IP:127.0.0.1) -out /tmp/tls/newsroom.crt 2>/dev/null
cat /tmp/tls/newsroom.key /tmp/tls/newsroom.crt >/tmp/tls/newsroom.pem
socat OPENSSL-LISTEN:8613,bind=127.0.0.1,reuseaddr,fork,cert=/tmp/tls/newsroom.pem,verify=0 TCP:127.0.0.1:8612 2>/dev/null &
sed -i 's|http://127.0.0.1:8612|https://127.0.0.1:8613|' "$config"
systemctl reload npcc-feeds
cycle() { (cd / && sudo -u npcc-feeds npcc-feeds fetch --format json 2>/dev/null); }
for _ in $(seq 20); do
    report=$(cycle) || true
    [[ "$report" != *certificate* ]] || break
    sleep 1
done
[[ "$report" = *certificate* ]] || fail "a certificate of nobody's is taken: $report"
cp /tmp/tls/ca.crt /usr/local/share/ca-certificates/proof.crt
update-ca-certificates >/dev/null 2>&1
for _ in $(seq 20); do
    report=$(cycle) && break
    sleep 1
done
[[ "$report" = *'"failed": []'* ]] || fail "over TLS: $report"
proved "a newsroom is read over TLS once the host trusts its authority, and not before"

# A daemon that stands still is ended and started anew. The limits are a test's.
drop_in=/etc/systemd/system/npcc-feeds.service.d
mkdir -p "$drop_in"
printf '[Unit]\nOnFailure=told.service\n[Service]\nWatchdogSec=4s\nRestartSec=1s\n' >"$drop_in/proof.conf"
printf '[Service]\nType=oneshot\nExecStart=touch /tmp/told\n' >/etc/systemd/system/told.service
systemctl daemon-reload
systemctl restart npcc-feeds
sleep 6
process=$(systemctl show -P MainPID npcc-feeds.service)
[ "$(systemctl show -P NRestarts npcc-feeds.service)" = 0 ] || fail "restarted without a reason"
kill -STOP "$process"
for _ in $(seq 60); do
    [ "$(systemctl show -P NRestarts npcc-feeds.service)" = 0 ] || break
    sleep 0.5
done
[ "$(systemctl show -P NRestarts npcc-feeds.service)" = 1 ]
journalctl --no-pager -u npcc-feeds | grep -i 'watchdog timeout' >/dev/null
serves
[ ! -e /tmp/told ]
proved "a daemon that stands still is started anew"

# What a new start does not mend leaves a unit that has failed, and somebody is told. Subscribers go on knocking meanwhile.
systemctl stop npcc-feeds
store=/var/lib/npcc-feeds/npcc-feeds.db
cp -p "$store" /tmp/store
dd if=/dev/zero of="$store" bs=4096 seek=20 count=20 conv=notrunc status=none
cksum "$store" >/tmp/damaged
while [ ! -e /tmp/mended ]; do
    curl -s -m 5 -o /dev/null http://127.0.0.1:8611/all.rss || sleep 0.2
done &
if systemctl start npcc-feeds; then fail "a damaged store is used"; fi
for _ in $(seq 60); do
    [ "$(systemctl show -P ActiveState npcc-feeds.socket)" != failed ] || break
    sleep 0.5
done
# Longer than what is to be started anew waits.
sleep 12
state=$(for unit in socket service; do systemctl show -P ActiveState "npcc-feeds.$unit"; done | xargs)
state+=" $(systemctl show -P ExecMainStatus npcc-feeds.service) $(systemctl show -P NRestarts npcc-feeds.service)"
[ "$state" = 'failed failed 1 0' ] || fail "a damaged store: $state"
starts=$(journalctl --no-pager -p err -u npcc-feeds | grep -c 'the store is damaged')
[ "$starts" -ge 1 ] && [ "$starts" -le 5 ] || fail "$starts starts"
cksum "$store" | cmp - /tmp/damaged
[ -e /tmp/told ]
rm "$store"-*
cp -p /tmp/store "$store"
rm -r "$drop_in" /etc/systemd/system/told.service
systemctl daemon-reload
systemctl reset-failed 'npcc-feeds.*'
systemctl start npcc-feeds
touch /tmp/mended
serves
proved "a damaged store is left as it is, both units have failed after $starts starts, and OnFailure= tells of it; with a backup in its place all goes on"

# What may pass by itself is waited for, whoever knocks meanwhile, and beyond the time that a start may take.
systemctl stop npcc-feeds
mkdir "$drop_in"
printf '[Service]\nTimeoutStartSec=15s\nRestartSec=1s\n' >"$drop_in/proof.conf"
systemctl daemon-reload
mv "$store" "$store.away"
mkdir "$store"
systemctl start --no-block npcc-feeds
rm /tmp/mended
while [ ! -e /tmp/mended ]; do
    curl -s -m 5 -o /dev/null http://127.0.0.1:8611/all.rss || sleep 0.2
done &
sleep 40
starts=$(systemctl show -P NRestarts npcc-feeds.service)
[ "$starts" -ge 1 ]
state=$(systemctl show -P ActiveState npcc-feeds.service)
[ "$state" = activating ] || fail "a store that cannot be opened: $state"
[[ "$(systemctl show -P StatusText npcc-feeds.service)" = 'waiting: the store '* ]]
rmdir "$store"
mv "$store.away" "$store"
for _ in $(seq 40); do
    [ "$(systemctl show -P ActiveState npcc-feeds.service)" != active ] || break
    sleep 0.5
done
touch /tmp/mended
serves
rm -r "$drop_in"
systemctl daemon-reload
proved "a store that cannot be opened for 40 seconds is waited for, over $starts starts that took too long"

# A cycle of the daemon's own may still add older releases.
guids >/tmp/guids
socket=$(systemctl show -P InvocationID npcc-feeds.socket)
process=$(systemctl show -P MainPID npcc-feeds.service)
cp /etc/npcc-feeds/npcc-feeds.toml /tmp/edited.toml
for n in 1 2 3; do
    while [ ! -e /tmp/stop ]; do
        curl -sS -m 30 -o /dev/null -w '%{http_code}\n' http://127.0.0.1:8611/all.rss || echo refused
    done >"/tmp/answers.$n" 2>&1 &
    asking[n]=$!
done
apt-get install /proof/newer.deb
sleep 2
touch /tmp/stop
wait "${asking[@]}"
answers=$(cat /tmp/answers.* | sort | uniq -c | xargs)
[[ "$answers" =~ ^[0-9]+\ 200$ ]] || fail "answers during the upgrade: $answers"
serves
[ "$(systemctl show -P MainPID npcc-feeds.service)" != "$process" ]
[ "$(systemctl show -P InvocationID npcc-feeds.socket)" = "$socket" ]
cmp /tmp/edited.toml /etc/npcc-feeds/npcc-feeds.toml
is_private
grep -q '^# A newer topics' /etc/npcc-feeds/topics.toml
guids >/tmp/guids-after
[ -s /tmp/guids ] && [ -z "$(comm -23 /tmp/guids /tmp/guids-after)" ]
proved "an upgrade keeps the edited configuration and $(wc -l </tmp/guids) releases, and takes what was not edited; answers meanwhile: $answers"

# The administrator's own choice, with dpkg and without.
chown npcc-feeds:npcc-feeds "$config"
chmod 600 "$config"
dpkg -i /proof/newer.deb
[ "$(owned)" = '600 npcc-feeds:npcc-feeds' ]
serves
proved "the configuration is for root and the service, and whoever changes that is heeded"

apt-get remove npcc-feeds
[ "$(systemctl is-active npcc-feeds.service npcc-feeds.socket | sort -u || true)" = inactive ]
if get /live; then fail "something serves after the removal"; fi
[ ! -e /usr/bin/npcc-feeds ] && [ -s /var/lib/npcc-feeds/npcc-feeds.db ]
cmp /tmp/edited.toml /etc/npcc-feeds/npcc-feeds.toml
proved "a removal ends the service, and keeps the store and the configuration"

apt-get install /proof/newer.deb
serves
guids >/tmp/guids-after
[ -z "$(comm -23 /tmp/guids /tmp/guids-after)" ]
proved "installed again, it goes on with both"

systemctl --quiet disable --now npcc-feeds.socket npcc-feeds.service
# By its timer alone, more often than in earnest, on an empty store.
rm -rf /var/lib/npcc-feeds/*
mkdir -p /etc/systemd/system/npcc-feeds-fetch.timer.d
printf '[Timer]\nOnCalendar=*:*:0/5\nAccuracySec=1s\nRandomizedDelaySec=0\n' >/etc/systemd/system/npcc-feeds-fetch.timer.d/often.conf
systemctl daemon-reload
systemctl --quiet enable --now npcc-feeds-fetch.timer
for _ in $(seq 60); do
    grep -s '<item>' /var/lib/npcc-feeds/published/all.rss >/dev/null && break
    sleep 1
done
grep '<item>' /var/lib/npcc-feeds/published/all.rss >/dev/null
systemctl --quiet disable --now npcc-feeds-fetch.timer
dpkg -i /proof/newer.deb
[ "$(systemctl is-active npcc-feeds.service npcc-feeds.socket | sort -u || true)" = inactive ]
[ "$(systemctl is-enabled npcc-feeds.service npcc-feeds.socket | sort -u || true)" = disabled ]
proved "a host that wants only files gets them, and no daemon by an upgrade"

mkdir -p /etc/systemd/system/npcc-feeds.service.d
echo '# nothing' >/etc/systemd/system/npcc-feeds.service.d/override.conf
apt-get purge npcc-feeds
files >/tmp/after
# What the package brought for others to use as well stays.
left=$(comm -13 <(sort /tmp/before) <(sort /tmp/after) |
    grep -Ev '^/(etc/(ssl|ca-certificates)|usr/(local/)?share/ca-certificates|usr/(lib/ssl|share/(doc|man|bug|lintian)))' |
    grep -Fvx "$(dpkg -L ca-certificates openssl)" || true)
[ -z "$left" ] || fail "left after the purge: $left"
proved "a purge leaves nothing"

# Said before the first installation; the group is root's, as that of the service is not there yet.
dpkg-statoverride --add root root 644 "$config"
apt-get install /proof/newer.deb
[ "$(owned)" = '644 root:root' ]
dpkg-statoverride --remove "$config"
apt-get purge npcc-feeds
proved "what dpkg-statoverride says of the configuration holds"

bash -e -c "$by_hand"
serves
is_private
fills
proved "the README's lines by hand, to a served feed"
touch /proof/passed
