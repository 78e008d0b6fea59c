#!/usr/bin/env bash
# Four thousand releases from templates arrive one by one, with copies of all kinds among them: none is merged wrongly, and
# hardly a copy is missed.
set -eu
cargo bench --quiet --bench archive -- --check 4000
