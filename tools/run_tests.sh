#!/usr/bin/env bash
# Install if needed, then check style, types and layers, build the site of the documents, and run the tests.
#
#   bash tools/run_tests.sh [--newest] [options of pytest]
#
# With --newest an environment of its own (.venv-newest) takes the newest versions that setup.cfg allows, instead of those
# of constraints.txt.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
if [[ ${1:-} == --newest ]]; then
    shift
    setup_newest_env dev
else
    setup_env dev
fi
cd "$ROOT"

# About half of the tests, by time.
HALF=(tests/recipes tests/distributed tests/transfer tests/golden)

summary=()
failures=0

check() {
    local name=$1 start=$SECONDS verdict=passed
    shift
    printf '\n=== %s\n' "$name"
    if ! "$@"; then
        verdict=FAILED
        failures=$((failures + 1))
    fi
    summary+=("$(printf '%-8s %-12s %5d s' "$verdict" "$name" $((SECONDS - start)))")
}

# One line of pytest's for what two runs side by side said in their last ones.
total() {
    awk '/^=+ .* in [0-9.]+s/ {
        for (i = 2; i <= NF; i++) { gsub(/,/, "", $i); if ($(i - 1) ~ /^[0-9]+$/) count[$i] += $(i - 1) }
        for (i = 2; i < NF; i++) if ($i == "in" && $(i + 1) + 0 > longest) longest = $(i + 1) + 0
    }
    END {
        words = split("failed passed skipped deselected xfailed xpassed warnings warning errors error", word, " ")
        for (i = 1; i <= words; i++) if (count[word[i]]) text = text (text ? ", " : "") count[word[i]] " " word[i]
        printf "===== %s in %.2fs =====\n", text, longest
    }' "$@"
}

# The whole suite runs as two processes side by side, as most tests keep one core busy; what the first says is printed
# when both are done.
run_tests() {
    local log rest beside shown status=0
    if (($# > 0 || $(env -u OMP_NUM_THREADS nproc) < 2)); then # which takes the threads for the cores
        "$PYTHON" -m pytest "$@"
        return
    fi
    log="$(mktemp)" rest="$(mktemp)"
    export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
    set -m # process groups of their own, which end as a whole when this script is ended
    trap 'kill -- $(jobs -p | sed s/^/-/)' EXIT
    "$PYTHON" -m pytest "${HALF[@]}" >"$log" 2>&1 &
    beside=$!
    { "$PYTHON" -m pytest "${HALF[@]/#/--ignore=}" | tee "$rest"; } &
    shown=$!
    set +m
    wait "$shown" || status=1
    wait "$beside" || status=1
    trap - EXIT
    cat "$log"
    total "$log" "$rest"
    rm "$log" "$rest"
    return $status
}

check style "$PYTHON" -m ruff check .
check format "$PYTHON" -m ruff format --check .
check types "$PYTHON" -m mypy
check layers "$PYTHON" -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
check documents env NO_MKDOCS_2_WARNING=1 "$PYTHON" -m mkdocs build --strict --quiet
check tests run_tests "$@"

printf '\n=== versions\n'
"$PYTHON" tools/constraints.py --moved
printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
exit $((failures > 0))
