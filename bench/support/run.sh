#!/bin/bash
# Runs a benchmark in the `bench` environment.
#   run.sh PROGRAM.py [ARGUMENTS...]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
program=$1
shift
"$root/tools/make_venvs.sh" bench
exec "${CLARY_VENVS:-$root/build/venv}/bench/bin/python" "$program" "$@"
