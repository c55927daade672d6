#!/bin/bash
# Runs each fuzzer for SECONDS seconds from its corpus; what it finds is kept in build/fuzz/found.
# Goes on after a finding, and fails at the end.
#   tests/fuzz/run.sh [SECONDS [NAME...]]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-30}
shift || true
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for source in tests/fuzz/*_fuzzer.cc; do names+=("$(basename "$source" _fuzzer.cc)"); done
fi
mkdir -p build/fuzz/found
failed=()
for name in "${names[@]}"; do
  fuzzer=build/fuzz/bin/${name}_fuzzer
  seeds=tests/fuzz/corpus/$name
  if [ ! -x "$fuzzer" ] || [ -z "$(ls -A "$seeds" 2> /dev/null)" ]; then
    echo "$name: no $fuzzer, or nothing in $seeds" >&2
    failed+=("$name")
    continue
  fi
  mkdir -p "build/fuzz/corpus/$name"
  echo "== $name, $seconds s"
  log=build/fuzz/found/$name.log
  if "$fuzzer" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/found/$name-" -print_final_stats=1 \
    "build/fuzz/corpus/$name" "$seeds" > "$log" 2>&1; then
    grep -E "^Done" "$log"
  else
    tail -n 40 "$log" >&2
    failed+=("$name")
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}; see build/fuzz/found" >&2
  exit 1
fi
