#!/bin/bash
# Job overhead: a training job against the same work in a bare Python script.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
