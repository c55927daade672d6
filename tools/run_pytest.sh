#!/bin/bash
# The tests that Python drives, against build/release (or $CLARY_BIN), in their environments: the
# algorithms against their references, the wire layer against botocore, API behaviour through the
# real clients, faults, the console in a browser.
#   run_pytest.sh [FOLDER OF TESTS OR OTHER PYTEST ARGUMENTS...]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
venvs=${CLARY_VENVS:-$root/build/venv}
tools/make_venvs.sh
if [ $# -gt 0 ]; then
  venv=conformance
  [[ " $* " != *" tests/console"* ]] || venv=console
  exec "$venvs/$venv/bin/pytest" -q "$@"
fi
# Each of them runs even when one before it failed. Several workers, each with servers of its own,
# since most tests wait more than they compute.
workers="-n 4 --dist loadfile --no-loadscope-reorder"
failed=0
tools/make_venvs.sh algorithms
"$venvs/algorithms/bin/pytest" -q tests/algorithms || failed=1
"$venvs/conformance/bin/pytest" -q $workers --durations=10 tests/conformance tests/runtime tests/wire || failed=1
"$venvs/conformance/bin/pytest" -q $workers --durations=10 tests/faults || failed=1
"$venvs/console/bin/pytest" -q -n 2 --dist loadfile --durations=10 tests/console || failed=1
exit "$failed"
