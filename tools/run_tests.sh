#!/usr/bin/env bash
# Install if needed, then check style, types and layers, and run the tests.
#
#   bash tools/run_tests.sh [options of pytest]
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
setup_env dev
cd "$ROOT"

summary=()
failures=0

check() {
    local name=$1 start=$SECONDS verdict=passed
    shift
    printf '\n=== %s\n' "$name"
    if ! "$PYTHON" "$@"; then
        verdict=FAILED
        failures=$((failures + 1))
    fi
    summary+=("$(printf '%-8s %-12s %5d s' "$verdict" "$name" $((SECONDS - start)))")
}

check style -m ruff check .
check format -m ruff format --check .
check types -m mypy
check layers -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
check tests -m pytest "$@"

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
exit $((failures > 0))
