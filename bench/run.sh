#!/bin/bash
# Every comparison, one after the other; each writes build/bench/NAME.json. A peer that cannot be
# had here is left out and said so.
#   run.sh [NAME...]
set -uo pipefail
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- job_overhead job_rate containers staging inference control_plane s3 authorization
failed=0
for name in "$@"; do
  "./$name/run.sh" || { echo "bench/$name failed" >&2; failed=1; }
done
exit $failed
