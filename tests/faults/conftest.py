"""Each test has a server of its own, since it will be killed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import aws  # noqa: E402
from clary_server import ClaryServer  # noqa: E402


@pytest.fixture
def server():
    own = ClaryServer()
    own.start()
    yield own
    own.remove()


@pytest.fixture
def clients(server):
    return aws.Clients(server)


@pytest.fixture
def bucket(clients):
    clients.s3.create_bucket(Bucket="faults")
    return "faults"


@pytest.fixture
def channels(clients, bucket):
    """The churn data, uploaded."""
    for part in ("train", "validation"):
        clients.s3.put_object(Bucket=bucket, Key=f"{part}/{part}.csv", Body=aws.churn_rows(part))
    return [aws.channel(part, f"s3://{bucket}/{part}/") for part in ("train", "validation")]
