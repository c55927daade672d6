#!/bin/bash
# Authorization: signed GetObject of 1 KiB with the checks on, against the same with them off.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
