#!/bin/bash
# Objects encrypted at rest, against the same server with encrypt_objects=off.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
