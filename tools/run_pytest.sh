#!/bin/bash
# The conformance and fault tests against build/release (or $CLARY_BIN), in their environments.
#   run_pytest.sh [FOLDER OF TESTS OR OTHER PYTEST ARGUMENTS...]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
tools/make_venvs.sh
pytest=${CLARY_VENVS:-$root/build/venv}/conformance/bin/pytest
if [ $# -gt 0 ]; then
  exec "$pytest" -q "$@"
fi
"$pytest" -q --durations=10 tests/conformance
"$pytest" -q --durations=10 tests/faults
