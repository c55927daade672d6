#!/bin/bash
# Inference: InvokeEndpoint against gunicorn + Flask + xgboost, and nginx as the limit.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
