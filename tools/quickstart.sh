#!/usr/bin/env bash
# Install if needed, then pre-train, evaluate and export the small recipes on the embedded photographs; with --mae-priv,
# pre-train, evaluate and fine-tune both variants of MAE-priv and draw pictures; with --transfer, detect and segment small
# scenes from a random and from a pre-trained backbone.
#
#   bash tools/quickstart.sh [options of quickstart.py]
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
# shellcheck disable=SC2119
setup_env
exec "$PYTHON" "$ROOT/tools/quickstart.py" "$@"
