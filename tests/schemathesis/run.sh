#!/usr/bin/env bash
# The examples of the description, and schemathesis against a fresh demo, by the description that it serves, with a key and
# without: run.sh BINARY
set -euo pipefail
binary=$(realpath "${1:?usage: tests/schemathesis/run.sh BINARY}")
cd "$(dirname "$0")/../.."
# So many requests of each kind for each operation; the seed makes a run one that can be repeated.
examples=${EXAMPLES:-10}
seed=${SEED:-7}

venv=target/venv-schemathesis
requirements=tests/schemathesis/requirements.txt
# The environment is made again only when what it holds has changed.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    cp "$requirements" "$venv/requirements.txt"
fi

folder=$(mktemp -d)
# What was answered is counted in its log, and a demo logs warnings only.
TRIBUTARY_LOG_FILTER=info "$binary" demo --listen 127.0.0.1:0 --data-dir "$folder/data" --charges 300 >"$folder/demo.log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 1200); do
    [ -f "$folder/data/demo.json" ] && break
    kill -0 "$demo" 2>/dev/null || break
    sleep 0.1
done
if [ ! -f "$folder/data/demo.json" ]; then
    echo "the demo did not start:" >&2
    cat "$folder/demo.log" >&2
    exit 1
fi

# A proxy, where one is set, is not for this machine.
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
failed=0
# Before anything is asked: the requests may use up what a demo can have of something.
for with in key nothing; do
    url=$("$venv/bin/python" tests/schemathesis/configure.py "$folder/data/demo.json" "$with" "$folder/$with.toml")
done
"$venv/bin/python" tests/schemathesis/examples.py "$url/openapi.json" || failed=1
for with in key nothing; do
    echo "--- schemathesis with $with"
    "$venv/bin/st" --config-file "$folder/$with.toml" run "$url/openapi.json" --checks all \
        --phases examples,coverage,fuzzing --max-examples "$examples" --seed "$seed" --continue-on-failure --no-shrink \
        --max-redirects 0 --warnings off >"$folder/said" 2>&1 && wrong=0 || wrong=1
    if [ "$wrong" = 1 ]; then cat "$folder/said"; failed=1; else tail -n 8 "$folder/said"; fi
done

# What was asked has to have been answered by what is here, and not by 404 alone.
granted=$(grep -c '"status":2' "$folder/demo.log") || true
echo "$granted requests were granted"
if [ "$granted" = 0 ]; then failed=1; fi
if grep '"message":"a request panicked"' "$folder/demo.log"; then failed=1; fi
exit "$failed"
