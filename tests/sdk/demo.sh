#!/usr/bin/env bash
# The contract's library for lending against a demo, and that of Standard Webhooks against what a demo sends:
# tests/sdk/demo.sh BINARY
set -euo pipefail
BINARY=$(realpath "${1:?usage: tests/sdk/demo.sh BINARY}")
export BINARY
cd "$(dirname "$0")/../.."
[ -n "${DEMO_JSON:-}" ] || exec scripts/with-demo tests/sdk/demo.sh "$BINARY"

venv=$(scripts/venv stripe tests/sdk/requirements.txt)
failed=0
"$venv/bin/python" tests/sdk/lending_python.py || failed=1
"$venv/bin/python" tests/sdk/webhooks_python.py || failed=1
exit "$failed"
