#!/bin/bash
# Staging: a channel of many small objects against `aws s3 cp --recursive` of the same objects.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
