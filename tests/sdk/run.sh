#!/usr/bin/env bash
# Published libraries, unmodified: those of Stripe against the simulator, those that our clients use against a demo:
# tests/sdk/run.sh BINARY
set -euo pipefail
here=$(dirname "$0")
"$here/simulator.sh" "${1:?usage: tests/sdk/run.sh BINARY}"
"$here/demo.sh" "$1"
