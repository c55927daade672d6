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
if [ $# -eq 0 ]; then
  set -- conformance cli old_botocore sdk_v2 sdk_v3 js frameworks notebook console
  ! command -v java >/dev/null || set -- "$@" spark  # its tests are skipped without
fi

make_python() {
  local name=$1 list=$2 folder=$venvs/$1 compile=--no-compile stamp
  # Jobs see theirs read-only and would compile every module anew.
  case $name in frameworks | spark | notebook) compile=--compile ;; esac
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

make_spark() {
  local folder=$venvs/spark
  [ -f "$folder/.made" ] || rm -f "$folder/.jars"
  make_python spark "$root/tests/requirements/spark.txt"
  if [ ! -f "$folder/.jars" ]; then
    "$folder/bin/python3" "$root/python/clary_runtime/spark_jars.py" \
      'org.apache.hadoop:hadoop-aws:{hadoop}' com.amazonaws:aws-java-sdk-s3:1.12.797 \
      com.amazonaws:aws-java-sdk-dynamodb:1.12.797 >"$folder/jars.log" 2>&1 ||
      { tail -5 "$folder/jars.log" >&2; return; }  # their tests are skipped
    touch "$folder/.jars"
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

make_one() {
  case $1 in
    js) make_node ;;
    spark) make_spark ;;
    quickstart) make_python quickstart "$root/examples/churn/requirements.txt" ;;
    *) make_python "$1" "$root/tests/requirements/$1.txt" ;;
  esac
}

mkdir -p "$venvs"
if [ "$1" = --one ]; then
  make_one "$2"
else  # some at a time: they wait for the registries more than they compute
  printf '%s\n' "$@" | xargs -P 3 -I{} "$BASH" "$root/tools/make_venvs.sh" --one {}
fi
