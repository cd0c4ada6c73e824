#!/usr/bin/env bash
# One journey through the Link pages in Chromium, with an accessibility check of every page: run.sh BINARY
# Prints `N passed, N failed`; screenshots are left in target/screenshots.
set -euo pipefail
binary=$(realpath "${1:?usage: run.sh BINARY}")
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
exec node journey.mjs "$binary" "$chromium" "$here/../../target/screenshots"
