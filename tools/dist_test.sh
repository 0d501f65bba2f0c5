#!/usr/bin/env bash
# Evaluate a checkpoint in several processes on this machine, or on several machines.
#
#   bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of test.py]
#
# GPUS and the variables for several machines are those of dist_train.sh.
set -euo pipefail

if (($# < 3)); then
    echo 'usage: bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of test.py]' >&2
    exit 2
fi
exec bash "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh" test.py "$3" "$1" "$2" "${@:4}"
