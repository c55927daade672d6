#!/bin/bash
# S3: small and large objects and listings, against versitygw and MinIO.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
