#!/usr/bin/env bash
# Train in several processes on this machine, or on several machines.
#
#   bash tools/dist_train.sh CONFIG GPUS [options of train.py]
#
# GPUS: processes on this machine, one per GPU; without CUDA they compute on the CPU. On several machines, start it on
# each with the variables NNODES, NODE_RANK, MASTER_ADDR and, unless 29500 is free, PORT.
set -euo pipefail

if (($# < 2)); then
    echo 'usage: bash tools/dist_train.sh CONFIG GPUS [options of train.py]' >&2
    exit 2
fi
exec bash "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh" train.py "$2" "$1" "${@:3}"
