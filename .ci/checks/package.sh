#!/usr/bin/env bash
# The README's ways to install, on a Debian that holds nothing else and is booted for it: the package from its installation
# to its purge, then by hand, each to a served feed. What happens inside is in .ci/package/booted.sh.
set -eu
. .ci/environment.sh 18671
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
# The files of the root belong to its users.
trap '$sudo rm -rf "$work/root" "$work/proof"; cleanup' EXIT

# The README's line installs cargo-deb for good; this keeps it with what was built.
tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
PATH=$PATH:$tools/bin
command -v cargo-deb >/dev/null || cargo install --quiet --locked --root "$tools" cargo-deb
line=$(sed -n 's/^    \(cargo deb .*\)/\1/p' README.md)
[ -n "$line" ] || { echo "the README no longer says how to make the package" >&2; exit 1; }
# CARGO_DEB_FLAGS=--no-build takes the program that is there.
$line ${CARGO_DEB_FLAGS:-} >/dev/null 2>"$work/cargo-deb" || { cat "$work/cargo-deb" >&2; exit 1; }
deb=target/debian/npcc-feeds.deb
version=$(dpkg-deb -f "$deb" Version)
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' deploy/debian/changelog)" = "$version" ] ||
    { echo "deploy/debian/changelog is not of version $version" >&2; exit 1; }
# The package closes no bug of Debian's, which is all that lintian may find.
lintian --allow-root --suppress-tags initial-upload-closes-no-bugs --fail-on error,warning "$deb" >&2

mkdir "$work/proof"
cp .ci/package/booted.sh "$work/proof"
# A later version, whose configuration is not the earlier one's.
dpkg-deb -R "$deb" "$work/newer"
sed -i "s/^Version: .*/Version: $version+newer/" "$work/newer/DEBIAN/control"
for file in npcc-feeds.toml topics.toml; do
    echo "# A newer $file." >>"$work/newer/etc/npcc-feeds/$file"
done
dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/newer" "$work/proof/newer.deb" >/dev/null

# What the package depends on waits in apt's cache, since the root has no network later: nothing may ask the real newsroom.
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=$work/root
$sudo mmdebstrap --quiet --mode=root --variant=minbase --include=systemd,systemd-sysv,curl,procps,socat,sudo --skip=cleanup/apt \
    --customize-hook='chroot "$1" apt-get -qq install --download-only -y ca-certificates >/dev/null' "$suite" "$root"
# What a person would answer.
$sudo tee "$root/etc/apt/apt.conf.d/proof" >/dev/null <<'END'
APT::Get::Assume-Yes "true";
Dpkg::Options { "--force-confold"; };
Dpkg::Use-Pty "0";
quiet "1";
END
echo localhost | $sudo tee "$root/etc/hostname" >/dev/null
echo 127.0.0.1 localhost | $sudo tee "$root/etc/hosts" >/dev/null
# The repository as somebody who builds there has it.
$sudo mkdir -p "$root/root/npcc-feeds/target/debian" "$root/root/npcc-feeds/target/release"
git ls-files -z | tar c --null -T - | $sudo tar x --no-same-owner -C "$root/root/npcc-feeds"
$sudo cp "$deb" "$root/root/npcc-feeds/target/debian"
$sudo cp "${CARGO_TARGET_DIR:-target}/release/npcc-feeds" "$root/root/npcc-feeds/target/release"
$sudo tee "$root/etc/systemd/system/proof.service" >/dev/null <<'END'
[Unit]
After=multi-user.target
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=oneshot
ExecStart=bash /proof/booted.sh
StandardOutput=append:/proof/log
StandardError=inherit
TimeoutStartSec=9min

[Install]
WantedBy=multi-user.target
END
$sudo systemctl --quiet --root="$root" enable proof.service

# Where no systemd runs there is no unit but the caller's.
unit=$([ -d /run/systemd/system ] || echo --keep-unit)
$sudo timeout 600 systemd-nspawn -q -D "$root" --register=no $unit --private-network --bind="$work/proof:/proof" \
    --bind-ro="$built/examples:/examples" --boot </dev/null >"$work/console" 2>&1 || true

if [ ! -e "$work/proof/log" ]; then
    tail -n 20 "$work/console" >&2
    echo "!! A Debian root does not boot here: only the files, the user, a feed and the removal are checked, not the service" >&2
    $sudo env -i PATH="$PATH:/usr/sbin:/sbin" chroot "$root" bash -s >"$work/proof/log" 2>&1 <<'END' && touch "$work/proof/passed"
set -eux
cd /root/npcc-feeds
apt-get install ./target/debian/npcc-feeds.deb
cd /
[ "$(stat -c '%a %U:%G' /etc/npcc-feeds/npcc-feeds.toml)" = '640 root:npcc-feeds' ]
status=0
sudo -u nobody npcc-feeds check || status=$?
[ "$status" = 78 ]
sudo -u npcc-feeds npcc-feeds releases
cd /var/lib/npcc-feeds
# The real newsroom is not asked.
setpriv --reuid=npcc-feeds --regid=npcc-feeds --init-groups env NPCC_FEEDS_SOURCES__0__HOSTS='["127.0.0.1"]' \
    NPCC_FEEDS_SOURCES__0__FEED=http://127.0.0.1:9/feed NPCC_FEEDS_SOURCES__0__LISTING=http://127.0.0.1:9/releases npcc-feeds run &
daemon=$!
trap 'kill "$daemon" || true' EXIT
for _ in $(seq 100); do
    curl -fs http://127.0.0.1:8611/all.rss | grep '</rss>' >/dev/null && break
    sleep 0.2
done
curl -fsS http://127.0.0.1:8611/all.rss | grep '</rss>' >/dev/null
kill "$daemon"
wait "$daemon"
trap - EXIT
cd /
[ -h /etc/systemd/system/multi-user.target.wants/npcc-feeds.service ]
[ -h /etc/systemd/system/sockets.target.wants/npcc-feeds.socket ]
apt-get purge npcc-feeds
[ ! -e /etc/npcc-feeds ]
[ ! -e /var/lib/npcc-feeds ]
[ -z "$(getent passwd npcc-feeds)" ]
END
fi
[ -e "$work/proof/passed" ] || { cat "$work/proof/log" >&2; exit 1; }
grep '^proved: ' "$work/proof/log" || true
