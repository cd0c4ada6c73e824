#!/usr/bin/env bash
# Stripe's libraries for Python and Node and its CLI against simulators: tests/sdk/simulator.sh BINARY
# Each has one of its own, and none a demo's: Python's holds the clock, and both revoke accounts and make requests fail.
set -euo pipefail
binary=$(realpath "${1:?usage: tests/sdk/simulator.sh BINARY}")
cd "$(dirname "$0")/../.."
venv=$(scripts/venv stripe tests/sdk/requirements.txt)

log=$(mktemp)
"$binary" simulate --listen 127.0.0.1:0 --auto-approve --charges 1000 >"$log" 2>&1 &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true; wait "$simulator" 2>/dev/null || true; rm -f "$log"' EXIT

# It prints its address once it listens.
url=
for _ in $(seq 300); do
    url=$(sed -n 's/^A Stripe simulator listens on //p' "$log")
    [ -n "$url" ] && break
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$url" ]; then
    echo "the simulator did not start:" >&2
    cat "$log" >&2
    exit 1
fi

# A proxy, where one is set, is not for this machine.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
SIMULATOR_URL=$url "$venv/bin/python" tests/sdk/stripe_python.py

# Node's library and the CLI, with a simulator that lives. The CLI comes as its package for this platform: the one over
# all platforms fetches the program from elsewhere when it does not find it.
scripts/need node nodejs
scripts/need npm npm
(cd tests/sdk/node && npm ci --silent --no-audit --no-fund)
node tests/sdk/node/check.mjs "$binary"
