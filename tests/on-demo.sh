#!/usr/bin/env bash
# Everything that is checked against a demo, on one: tests/on-demo.sh BINARY
# All of it runs, and the last line names what failed. The guides need what `make clients` and the example read_payments leave.
set -euo pipefail
BINARY=$(realpath "${1:?usage: tests/on-demo.sh BINARY}")
export BINARY
cd "$(dirname "$0")/.."
[ -n "${DEMO_JSON:-}" ] || exec scripts/with-demo tests/on-demo.sh "$BINARY"

failed=()
check() { # check NAME COMMAND...
    echo "=== $1"
    "${@:2}" || failed+=("$1")
}

check sdk tests/sdk/demo.sh "$BINARY"
check conformance scripts/conformance
check guides python3 tests/guides/run.py "$BINARY"
check contract tests/schemathesis/run.sh "$BINARY"

[ ${#failed[@]} = 0 ] || { echo "on the demo FAILED: ${failed[*]}"; exit 1; }
echo "on the demo: all passed"
