#!/usr/bin/env bash
# The journeys of an owner and of an admin in Chromium, with an accessibility check of every page: run.sh BINARY [JOURNEY...]
# Each prints `N passed, N failed`; screenshots are left in target/screenshots.
set -euo pipefail
binary=$(realpath "${1:?usage: run.sh BINARY [JOURNEY...]}")
here=$(cd "$(dirname "$0")" && pwd)
need=$here/../../scripts/need

"$need" node nodejs
"$need" npm npm
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    "$need" chromium chromium
    chromium=$(command -v chromium)
fi

cd "$here"
npm ci --silent --no-audit --no-fund
node run.mjs "$binary" "$chromium" "$here/../../target/screenshots" "${@:2}"
