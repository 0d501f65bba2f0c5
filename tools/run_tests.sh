#!/usr/bin/env bash
# Install if needed, then check style, types and layers, and run the tests.
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

printf '\n=== versions\n'
"$PYTHON" tools/constraints.py --moved
printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
exit $((failures > 0))
