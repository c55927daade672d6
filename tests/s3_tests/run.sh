#!/bin/bash
# Runs the public ceph/s3-tests suite against servers of this tree and writes what passed, by area.
#   tests/s3_tests/run.sh [--checkout DIR] [--processes N] [--time-limit SECONDS] [--out DIR]
#                         [--document FILE] [pytest arguments...]
# The suite is not ours and not in this tree:
#   git clone https://github.com/ceph/s3-tests; tests/s3_tests/run.sh --checkout s3-tests
# or S3_TESTS_CHECKOUT=DIR. Other arguments go to pytest: `-k versioning`, `--last-failed`.
# The whole suite with `--document docs/s3-tests.md` renews the published table.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
venvs=${CLARY_VENVS:-$root/build/venv}
"$root/tools/make_venvs.sh" s3_tests
exec "$venvs/s3_tests/bin/python" "$root/tests/s3_tests/run.py" "$@"
