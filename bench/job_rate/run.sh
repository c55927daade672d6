#!/bin/bash
# Job rate: many short jobs queued at once, against GNU parallel with the same commands.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
