#!/bin/bash
# Container jobs: from the call to the program's first line, against `podman run` of the same image.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
