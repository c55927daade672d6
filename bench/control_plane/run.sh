#!/bin/bash
# Control plane: DescribeTrainingJob and ListTrainingJobs over 100,000 jobs, against moto_server.
exec "$(dirname "$0")/../support/run.sh" "$(dirname "$0")/run.py" "$@"
