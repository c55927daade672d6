#!/bin/bash
# The search of hyperparameter tuning against its peers; run.py says what and how.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cmake --build --preset release --target clary_tuning_bench >/dev/null
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
exec "$here/../support/run.sh" "$here/run.py" "$@"
