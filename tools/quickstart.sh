#!/usr/bin/env bash
# Install if needed, then run one of the small studies on embedded photographs: MAE, and TEC on it; with --mae-priv both
# variants of MAE-priv, with fine-tuning and attention; with --transfer detection and segmentation of small scenes from a
# random and from a pre-trained backbone.
#
#   bash tools/quickstart.sh [--mae-priv | --transfer] [options of run_study.py]
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
# shellcheck disable=SC2119
setup_env
study=quickstart
case "${1:-}" in
--mae-priv) study=quickstart_mae_priv && shift ;;
--transfer) study=quickstart_transfer && shift ;;
esac
exec "$PYTHON" "$ROOT/tools/run_study.py" "$ROOT/configs/studies/$study.py" --jobs 2 "$@"
