"""Fixtures of data that several folders of tests use; they need the fixture `clients`."""

import aws
import pytest


@pytest.fixture
def bucket(clients):
    """An empty bucket of the test's own."""
    name = aws.unique("bucket")
    clients.s3.create_bucket(Bucket=name)
    yield name
    aws.empty_bucket(clients.s3, name)


@pytest.fixture(scope="session")
def churn(clients):
    """A bucket that holds the churn data: train/, validation/ and test/."""
    name = aws.unique("churn")
    clients.s3.create_bucket(Bucket=name)
    for part in ("train", "validation", "test"):
        clients.s3.put_object(Bucket=name, Key=f"{part}/{part}.csv", Body=aws.churn_rows(part))
    return name


@pytest.fixture(scope="session")
def churn_channels(churn):
    return [aws.channel(part, f"s3://{churn}/{part}/") for part in ("train", "validation")]


@pytest.fixture(scope="session")
def trained(clients, churn, churn_channels):
    """The description of a completed training job over the churn data."""
    job = aws.train(clients, churn, churn_channels)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job
