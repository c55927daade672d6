#!/bin/bash
# Makes the environments that the tests and benchmarks use, from the pinned lists in
# tests/requirements; for JavaScript Node itself comes as a wheel, since Debian's is too old.
#   make_venvs.sh [NAME...]        default: everything the conformance tests need
# An environment whose list has not changed is left alone. Folders: build/venv/NAME, or below
# $CLARY_VENVS when it is set.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venvs=${CLARY_VENVS:-$root/build/venv}
python=${PYTHON:-/usr/bin/python3}
[ $# -gt 0 ] || set -- conformance cli old_botocore sdk_v2 sdk_v3 js frameworks

make_python() {
  local name=$1 list=$2 folder=$venvs/$1 compile=--no-compile stamp
  # Jobs see theirs read-only and would compile every module anew.
  [ "$name" != frameworks ] || compile=--compile
  stamp=$(sha256sum < "$list" | cut -d' ' -f1)
  if [ ! -f "$folder/.made" ] || [ "$(cat "$folder/.made")" != "$stamp" ]; then
    rm -rf "$folder"
    "$python" -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check $compile --no-deps -r "$list" ||
      "$folder/bin/pip" install --quiet --disable-pip-version-check $compile --no-deps -r "$list"
    echo "$stamp" > "$folder/.made"
    echo "made $folder ($(du -sm "$folder" | cut -f1) MB)"
  fi
}

make_node() {
  local source=$root/tests/conformance/js folder=$venvs/js stamp
  make_python node "$root/tests/requirements/node.txt"
  stamp=$(cat "$source"/package*.json | sha256sum | cut -d' ' -f1)
  if [ ! -f "$folder/.made" ] || [ "$(cat "$folder/.made")" != "$stamp" ]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$source"/package*.json "$folder"
    (cd "$folder" && PATH=$venvs/node/bin:$PATH npm ci --silent --no-audit --no-fund --ignore-scripts)
    echo "$stamp" > "$folder/.made"
    echo "made $folder ($(du -sm "$folder" | cut -f1) MB)"
  fi
}

mkdir -p "$venvs"
for name in "$@"; do
  case $name in
    js) make_node ;;
    quickstart) make_python quickstart "$root/examples/churn/requirements.txt" ;;
    *) make_python "$name" "$root/tests/requirements/$name.txt" ;;
  esac
done
