#!/bin/bash
# The console in a browser: bytes and time of the first load, a list of 100,000 jobs, a chart of
# 1,000,000 points.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
"$root/tools/build_console.sh"
"$root/tools/make_venvs.sh" console
exec "${CLARY_VENVS:-$root/build/venv}/console/bin/python" "$root/bench/console/run.py" "$@"
