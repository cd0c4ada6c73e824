#!/usr/bin/env bash
# The examples of the description, and schemathesis against a demo, by the description that it serves, with a key and
# without: run.sh BINARY
# On a demo that others use too it comes last, since it writes whatever the API lets it.
set -euo pipefail
BINARY=$(realpath "${1:?usage: tests/schemathesis/run.sh BINARY}")
export BINARY
cd "$(dirname "$0")/../.."
[ -n "${DEMO_JSON:-}" ] || exec scripts/with-demo tests/schemathesis/run.sh "$BINARY"
log=${DEMO_LOG:?the log of the demo}
# So many requests of each kind for each operation; the seed makes a run one that can be repeated.
examples=${EXAMPLES:-10}
seed=${SEED:-7}

venv=$(scripts/venv schemathesis tests/schemathesis/requirements.txt)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

failed=0
# Before anything is asked: the requests may use up what a demo can have of something.
for with in key nothing; do
    url=$("$venv/bin/python" tests/schemathesis/configure.py "$DEMO_JSON" "$with" "$folder/$with.toml")
done
"$venv/bin/python" tests/schemathesis/examples.py "$url/openapi.json" || failed=1
before=$(wc -c <"$log") # what others asked does not count
# Both at once: who has no key changes nothing.
ask() { # ask key|nothing
    "$venv/bin/st" --config-file "$folder/$1.toml" run "$url/openapi.json" --checks all \
        --phases examples,coverage,fuzzing --max-examples "$examples" --seed "$seed" --continue-on-failure --no-shrink \
        --max-redirects 0 --warnings off >"$folder/$1.said" 2>&1
}
ask nothing &
nothing=$!
wrong=()
ask key || wrong+=(key)
wait "$nothing" || wrong+=(nothing)
for with in key nothing; do
    echo "--- schemathesis with $with"
    if [[ " ${wrong[*]} " = *" $with "* ]]; then cat "$folder/$with.said"; failed=1; else tail -n 8 "$folder/$with.said"; fi
done

# What was asked has to have been answered by what is here, and not by 404 alone.
granted=$(tail -c +$((before + 1)) "$log" | grep -c '"status":2') || true
echo "$granted requests were granted"
if [ "$granted" = 0 ]; then failed=1; fi
if grep '"message":"a request panicked"' "$log"; then failed=1; fi
exit "$failed"
