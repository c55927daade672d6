#!/bin/bash
# Fetches one pinned wheel from the Python package registry and unpacks it.
#   fetch_package.sh NAME VERSION SHA256 FOLDER [PLATFORM]
# Does nothing when FOLDER already holds that very file. PLATFORM (such as manylinux_2_28_x86_64) is
# for wheels with machine code; without it the wheel is py3-none-any. pip's own settings (index,
# proxy, cache) apply.
set -euo pipefail
name=$1 version=$2 sha256=$3 folder=$4 platform=${5:-}

stamp=$folder/.fetched
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sha256" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
arguments=(--quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$work")
[ -n "$platform" ] && arguments+=(--platform "$platform" --implementation py --abi none)
for attempt in 1 2 3 4 5; do
  python3 -m pip download "${arguments[@]}" "$name==$version" && break
  [ "$attempt" = 5 ] && { echo "cannot download $name $version" >&2; exit 1; }
  sleep $((attempt * 3))  # a registry that is away for a moment
done

wheel=$(echo "$work"/*.whl)
if ! echo "$sha256  $wheel" | sha256sum --check --status; then
  echo "$name $version: SHA-256 is $(sha256sum "$wheel" | cut -d' ' -f1), expected $sha256" >&2
  exit 1
fi
rm -rf "$folder"
mkdir -p "$folder"
python3 -m zipfile -e "$wheel" "$folder"
echo "$sha256" > "$stamp"
