#!/usr/bin/env bash
# /metrics is as Prometheus wants it, the alert rules fire when they should, and neither they nor the dashboard speak of anything
# that is not measured.
set -eu
. .ci/environment.sh 18731

promtool check rules --lint-fatal deploy/prometheus-alerts.yml
promtool test rules deploy/prometheus-alerts-test.yml

newsroom
"$npcc_feeds" --log error fetch >/dev/null
"$npcc_feeds" 2>"$work/daemon.log" &
pids+=($!)
base=http://127.0.0.1:$((port + 1))
for _ in $(seq 300); do
    curl -fs "$base/all.rss" >/dev/null && break
    sleep 0.1
done
curl -fs "$base/metrics" >"$work/metrics"
promtool check metrics <"$work/metrics"

python3 - "$work/metrics" <<'END'
import json, re, subprocess, sys, tempfile

name = re.compile(r"\bnpcc_feeds_[a-z_0-9]+")
measured = set(re.findall(r"^# TYPE (\S+)", open(sys.argv[1]).read(), re.M))
# There while something is wrong, or once the daemon has read the newsroom itself.
measured |= {
    "npcc_feeds_alarms_sent_total",
    "npcc_feeds_cycles_total",
    "npcc_feeds_source_alarm",
    "npcc_feeds_source_failing_since_timestamp_seconds",
    "npcc_feeds_upstream_received_bytes_total",
    "npcc_feeds_upstream_requests_total",
    "npcc_feeds_verdicts_total",
}
dashboard = json.load(open("deploy/grafana-dashboard.json"))
queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
assert len(queries) >= 15, len(queries)
used = set(name.findall(" ".join(queries) + open("deploy/prometheus-alerts.yml").read()))
assert used <= measured, f"not measured: {used - measured}"
assert measured <= used | {"npcc_feeds_source_whole_since_timestamp_seconds"}, f"shown nowhere: {measured - used}"
# Each query is one: as a rule, it is read by Prometheus itself.
rules = [{"record": f"query:{n}", "expr": q.replace("$source", ".*")} for n, q in enumerate(queries)]
with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
    json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
    file.flush()
    subprocess.run(["promtool", "check", "rules", file.name], check=True, stdout=subprocess.DEVNULL)
print(f"{len(used)} metrics in the rules and {len(queries)} queries of the dashboard are measured")
END
