#!/bin/bash
# Runs each fuzzer for SECONDS seconds from its corpus; what it finds is kept in build/fuzz/found.
#   tests/fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-30}
mkdir -p build/fuzz/found
for fuzzer in build/fuzz/bin/*_fuzzer; do
  name=$(basename "$fuzzer" _fuzzer)
  mkdir -p "build/fuzz/corpus/$name"
  seeds=()
  [ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
  echo "== $name, $seconds s"
  log=build/fuzz/found/$name.log
  if ! "$fuzzer" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/found/$name-" -print_final_stats=1 \
    "build/fuzz/corpus/$name" "${seeds[@]}" > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "$name failed: see build/fuzz/found" >&2
    exit 1
  fi
  grep -E "^Done" "$log"
done
