#!/usr/bin/env bash
# Stripe's libraries for Python and Node and its CLI, unmodified, against the simulator; the contract's library for lending
# against a demo; that of Standard Webhooks against what a demo sends: tests/sdk/run.sh BINARY
set -euo pipefail
binary=$(realpath "${1:?usage: tests/sdk/run.sh BINARY}")
cd "$(dirname "$0")/../.."

venv=target/venv-stripe
requirements=tests/sdk/requirements.txt

# The environment is made again only when what it holds has changed.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    cp "$requirements" "$venv/requirements.txt"
fi

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
"$venv/bin/python" tests/sdk/lending_python.py "$binary"

# What we send, with the published library that receivers use.
"$venv/bin/python" tests/sdk/webhooks_python.py "$binary"

# Node's library and the CLI, with a simulator that lives. The CLI comes as its package for this platform: the one over
# all platforms fetches the program from elsewhere when it does not find it.
scripts/need node nodejs
scripts/need npm npm
(cd tests/sdk/node && npm ci --silent --no-audit --no-fund)
node tests/sdk/node/check.mjs "$binary"
