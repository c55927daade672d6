"""The AWS SDK for JavaScript v3: other encoders, other defaults, CBOR for metrics."""

import json
import pathlib
import subprocess

import aws
import pytest
from clary_server import VENVS

PROGRAM = pathlib.Path(__file__).parent / "js" / "aws_sdk_v3.cjs"


NODE = VENVS / "node" / "bin" / "node"


@pytest.mark.skipif(not (VENVS / "js" / "node_modules").exists() or not NODE.exists(),
                    reason="needs tools/make_venvs.sh js")
@pytest.mark.parametrize("part", ["storage", "training", "inference", "metrics"])
def test_part(server, clients, churn, churn_channels, endpoint, part):
    """One run of the program for each part, so that one failure hides no other."""
    environment = server.environment() | {
        "NODE_PATH": str(VENVS / "js" / "node_modules"),
        "TRAINING_REQUEST": json.dumps(aws.job_request(clients, churn, churn_channels)),
        "TEST_ROW": aws.churn_features()[0][0].decode(), "ENDPOINT_NAME": endpoint}
    done = subprocess.run([str(NODE), str(PROGRAM), part], env=environment, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "ok", done.stdout + done.stderr
