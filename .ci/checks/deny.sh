#!/usr/bin/env bash
# All that is linked has a licence that deny.toml allows, comes from the crates' own index, and is nothing that it bans.
set -eu
cd "$(dirname "$0")/../.."

if command -v cargo-deny >/dev/null; then
    cargo deny --offline check licenses bans sources
    exit
fi
# The same lists, read here: cargo-deny takes longer to build than all of this program.
packages=$(mktemp)
trap 'rm -f "$packages"' EXIT
cargo metadata --format-version 1 --locked >"$packages"
python3 - "$packages" <<'END'
import json, re, sys, tomllib

deny = tomllib.load(open("deny.toml", "rb"))
allowed = set(deny["licenses"]["allow"])
banned = {one["crate"]: one["reason"] for one in deny["bans"]["deny"]}

def satisfied(expression):
    """Whether an SPDX expression is met by what is allowed; a slash is what OR was before."""
    words = expression.replace("/", " OR ").replace(" WITH ", "_WITH_")
    words = re.findall(r"\(|\)|[^\s()]+", words)
    signs = {"OR": "or", "AND": "and", "(": "(", ")": ")"}
    terms = [signs.get(word) or str(word.replace("_WITH_", " WITH ") in allowed) for word in words]
    return eval(" ".join(terms), {"__builtins__": {}})

faults = []
packages = json.load(open(sys.argv[1]))["packages"]
for package in packages:
    name, source, licence = package["name"], package["source"], package["license"]
    if not licence or not satisfied(licence):
        faults.append(f"{name}: the licence {licence} is none that deny.toml allows")
    if name in banned:
        faults.append(f"{name} is banned: {banned[name]}")
    if source is not None and not source.startswith("registry+"):
        faults.append(f"{name} comes from {source}")
    for needed in package["dependencies"] if source is None else []:
        if needed["req"] == "*":
            faults.append(f"{needed['name']} is wanted in any version")
assert len(packages) > 100, len(packages)
print("\n".join(faults) or f"{len(packages)} packages: all licences allowed, all from the index, none banned")
sys.exit(bool(faults))
END
