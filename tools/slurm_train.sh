#!/usr/bin/env bash
# Train as a Slurm job.
#
#   [GPUS=8 GPUS_PER_NODE=8 CPUS_PER_TASK=... SRUN_ARGS=...] \
#       bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of train.py]
#
# A task has a core for itself and one for each of the config's workers, unless CPUS_PER_TASK says otherwise.
# SRUN_ARGS=--gpus-per-task=1 gives each task its GPU alone. Jobs on one node meet on ports of their own (MASTER_PORT).
#
# For a job that Slurm puts back into the queue before its time is over, submit the same command as a batch job of the
# same size, with --resume; 120 seconds must be enough for one step and one checkpoint:
#
#   sbatch --partition PARTITION --job-name JOB_NAME --gres gpu:8 --ntasks 8 --ntasks-per-node 8 --cpus-per-task 9 \
#       --requeue --signal=USR1@120 --open-mode=append \
#       --wrap 'bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR --resume'
set -euo pipefail

if (($# < 4)); then
    echo 'usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of train.py]' >&2
    exit 2
fi
if ! command -v srun >/dev/null; then
    echo 'error: there is no srun here; run this on a login node of a Slurm cluster, or use tools/dist_train.sh' >&2
    exit 2
fi

partition=$1 job=$2 config=$3 work_dir=$4
shift 4
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-8}
per_node=$((gpus < per_node ? gpus : per_node))
read -ra extra <<<"${SRUN_ARGS:-}"

source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
# shellcheck disable=SC2119
setup_env
export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
"$PYTHON" "$ROOT/tools/train.py" "$config" --work-dir "$work_dir" "$@" --check # one clear message, before the job waits
workers=$("$PYTHON" "$ROOT/tools/print_config.py" "$config" | awk '$1 == "train_dataloader.num_workers" {print $2}')
exec srun --partition "$partition" --job-name "$job" --gres "gpu:$per_node" --ntasks "$gpus" \
    --ntasks-per-node "$per_node" --cpus-per-task "${CPUS_PER_TASK:-$((${workers:-0} + 1))}" --kill-on-bad-exit=1 "${extra[@]}" \
    "$PYTHON" -u "$ROOT/tools/train.py" "$config" --work-dir "$work_dir" --launcher slurm "$@"
