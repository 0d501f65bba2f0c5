#!/usr/bin/env bash
# Start one of the Python tools in several processes; dist_train.sh and dist_test.sh are the doors to it.
#
#   bash tools/dist_launch.sh TOOL GPUS [arguments of the tool]
set -euo pipefail

tool=$1 gpus=$2
shift 2
if ! [[ $gpus =~ ^[1-9][0-9]*$ ]]; then
    echo "error: GPUS must be a number of processes, not '$gpus'" >&2
    exit 2
fi
if [[ ${NNODES:-1} != 1 && (-z ${NODE_RANK:-} || -z ${MASTER_ADDR:-}) ]]; then
    echo "error: with NNODES=$NNODES each machine needs its NODE_RANK (0 to $((NNODES - 1))) and the MASTER_ADDR of machine 0" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
# shellcheck disable=SC2119
setup_env

if [[ ${NNODES:-1} == 1 && -z ${PORT:-} ]]; then
    rendezvous=(--standalone) # on any free port
else
    rendezvous=(
        --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}"
        --master-addr "${MASTER_ADDR:-127.0.0.1}" --master-port "${PORT:-29500}"
    )
fi

export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
"$PYTHON" "$ROOT/tools/$tool" "$@" --check # one clear message, before processes race to end
exec "$PYTHON" "$ROOT/tools/torchrun.py" "${rendezvous[@]}" --nproc-per-node "$gpus" "$ROOT/tools/$tool" "$@" --launcher pytorch
