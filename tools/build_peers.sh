#!/bin/bash
# Builds the S3 servers that bench/s3 compares with, and its load program, into build/peers/bin.
# They are Go programs, taken pinned through the Go module proxy; what is built is left alone. It
# takes a few minutes once and needs Go.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export GOBIN=$root/build/peers/bin GOFLAGS=-mod=mod
mkdir -p "$GOBIN"
command -v go > /dev/null || { echo "Go is not installed: apt-get install golang" >&2; exit 1; }

peer() {
  [ -x "$GOBIN/$1" ] || go install "$2" || echo "$1 could not be built; it is left out" >&2
}
peer versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0
peer minio github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

source=$root/bench/s3/load
if [ ! -x "$GOBIN/s3load" ] || [ "$source/main.go" -nt "$GOBIN/s3load" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$source"/go.* "$source"/*.go "$work"
  (cd "$work" && go build -o "$GOBIN/s3load" .)
fi
