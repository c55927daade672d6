"""What becomes of captured invocations when the server ends."""

import json

import aws
import pytest
from clary_server import ClaryServer


@pytest.fixture
def server():
    """Nothing is written for its age alone."""
    own = ClaryServer(arguments=["--data-capture-seconds", "3600"])
    own.start()
    yield own
    own.remove()


def captured_ids(clients, bucket):
    ids = []
    for item in clients.s3.list_objects_v2(Bucket=bucket, Prefix="kept/").get("Contents", []):
        lines = clients.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().splitlines()
        ids += [json.loads(line)["eventMetadata"]["inferenceId"] for line in lines]
    return sorted(ids)


def test_sigterm_writes_them_and_a_killed_server_goes_on(server, clients, bucket, channels):
    """A server that is asked to end writes what it holds; one that is killed captures again."""
    job = aws.train(clients, bucket, channels)
    config = aws.create_config(
        clients, aws.variant(aws.create_model(clients, job["ModelArtifacts"]["S3ModelArtifacts"])),
        DataCaptureConfig={"InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{bucket}/kept",
                           "CaptureOptions": [{"CaptureMode": "Input"}]})
    clients.sagemaker.create_endpoint(EndpointName=config, EndpointConfigName=config)
    assert aws.wait_endpoint(clients, config)["EndpointStatus"] == "InService"
    row = aws.churn_features()[0][0]

    def answered(name):
        def ask():
            try:
                return aws.invoke(aws.Clients(server), config, row, InferenceId=name)
            except clients.runtime.exceptions.ClientError:  # its routes are not up again
                return None
        return aws.wait_until(ask, 30)

    for number in range(5):
        answered(f"a{number}")
    assert captured_ids(clients, bucket) == []
    assert server.stop() == 0
    server.start()
    clients = aws.Clients(server)
    first = [f"a{number}" for number in range(5)]
    assert captured_ids(clients, bucket) == first
    answered("lost")
    server.kill()
    server.start()
    clients = aws.Clients(server)
    assert captured_ids(clients, bucket) == first, "whole files only"
    answered("b")
    assert server.stop() == 0
    server.start()
    assert captured_ids(aws.Clients(server), bucket) == [*first, "b"]
