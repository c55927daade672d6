"""Keys that a training job names: for its artifacts in S3 and for its files while it runs."""

import json
import os

import aws
import pytest
from botocore.exceptions import ClientError

from clary_server import ClaryServer
from stored_bytes import holds

HAS_VOLUMES = os.geteuid() == 0 and os.path.exists("/dev/loop-control")
needs_volumes = pytest.mark.skipif(not HAS_VOLUMES, reason="takes root and loop devices")


def refused(clients, bucket, channels, **resources):
    request = aws.job_request(clients, bucket, channels)
    for path, value in resources.items():
        request[path].update(value)
    with pytest.raises(ClientError) as raised:
        clients.sagemaker.create_training_job(**request)
    return raised.value.response["Error"]["Message"]


def let_role_use(clients, key):
    """The job's role makes data keys: with rights of its own, as it writes to S3."""
    clients.iam.put_role_policy(
        RoleName=clients.role.rsplit("/", 1)[1], PolicyName=aws.unique("key"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
             "Resource": key}]}))


def without_data_keys(clients):
    """A key policy: everything for the account, but nobody makes data keys."""
    account = clients.sts.get_caller_identity()["Arn"].split(":")[4]
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*",
         "Resource": "*"},
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:GenerateDataKey",
         "Resource": "*"}]}


def finished(clients, request):
    clients.sagemaker.create_training_job(**request)
    return aws.wait_job(clients, request["TrainingJobName"], 120)


def test_a_key_must_be_there_and_enabled(clients, churn, churn_channels):
    assert "cannot be used" in refused(clients, churn, churn_channels,
                                       OutputDataConfig={"KmsKeyId": "alias/none"})
    key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
    clients.kms.disable_key(KeyId=key)
    for member in ({"OutputDataConfig": {"KmsKeyId": key}},
                   {"ResourceConfig": {"VolumeKmsKeyId": key}}):
        assert "is disabled" in refused(clients, churn, churn_channels, **member)


def test_artifacts_are_stored_under_the_key(clients, churn, churn_channels):
    key = clients.kms.create_key()["KeyMetadata"]
    request = aws.job_request(clients, churn, churn_channels)
    let_role_use(clients, key["Arn"])
    request["OutputDataConfig"]["KmsKeyId"] = key["KeyId"]
    job = finished(clients, request)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["OutputDataConfig"]["KmsKeyId"] == key["KeyId"]
    bucket, name = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    head = clients.s3.head_object(Bucket=bucket, Key=name)
    assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"] == key["Arn"]
    assert "xgboost-model" in aws.read_artifact(clients, job)


@needs_volumes
def test_a_job_runs_on_an_encrypted_volume(clients, server, churn, churn_channels):
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    let_role_use(clients, key)
    request = aws.job_request(clients, churn, churn_channels)
    request["ResourceConfig"]["VolumeKmsKeyId"] = key
    job = finished(clients, request)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "xgboost-model" in aws.read_artifact(clients, job)


@pytest.fixture(scope="module")
def model(clients, artifact):
    return aws.create_model(clients, artifact)


def config_with(clients, model, key):
    name = aws.unique("sealed")
    clients.sagemaker.create_endpoint_config(
        EndpointConfigName=name, KmsKeyId=key, ProductionVariants=[
            {"VariantName": "all", "ModelName": model, "InstanceType": "ml.m5.large",
             "InitialInstanceCount": 1}])
    return name


def ended_endpoint(clients, config):
    clients.sagemaker.create_endpoint(EndpointName=config, EndpointConfigName=config)
    return aws.wait_until(
        lambda: next((found for found in [clients.sagemaker.describe_endpoint(EndpointName=config)]
                      if found["EndpointStatus"] != "Creating"), None), 60)


@needs_volumes
def test_an_endpoint_serves_from_an_encrypted_volume(clients, model):
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    let_role_use(clients, key)
    config = config_with(clients, model, key)
    assert clients.sagemaker.describe_endpoint_config(EndpointConfigName=config)["KmsKeyId"] == key
    endpoint = ended_endpoint(clients, config)
    try:
        assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")
        assert aws.invoke(clients, config, aws.churn_features()[0][0])["Body"].read()
    finally:
        clients.sagemaker.delete_endpoint(EndpointName=config)


@needs_volumes
def test_an_endpoint_whose_role_may_not_use_the_key_fails(clients, model):
    key = clients.kms.create_key(Policy=json.dumps(without_data_keys(clients)),
                                 BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    endpoint = ended_endpoint(clients, config_with(clients, model, key))
    assert endpoint["EndpointStatus"] == "Failed" and "volume" in endpoint["FailureReason"]
    clients.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


def test_an_endpoint_configuration_names_a_key_that_is_there(clients, model):
    key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
    clients.kms.disable_key(KeyId=key)
    for name, why in ((key, "is disabled"), ("alias/none", "cannot be used")):
        with pytest.raises(ClientError, match=why):
            config_with(clients, model, name)


# A value of a training table that no program has in it by itself.
MARKER = b"0.7312948150629"


def written_by_a_job(arguments):
    """Where below the data folder MARKER stands while a job runs whose input has it."""
    server = ClaryServer(arguments=arguments)
    server.start()
    try:
        clients = aws.Clients(server)
        clients.s3.create_bucket(Bucket="marked")
        rows = b"".join(b"%d,%s,%d\n" % (i % 2, MARKER, i) for i in range(20000))
        clients.s3.put_object(Bucket="marked", Key="train/train.csv", Body=rows)
        request = aws.job_request(clients, "marked", [aws.channel("train", "s3://marked/train/")],
                                  hyperparameters={"num_round": "1000000", "eta": "0.001"})
        clients.sagemaker.create_training_job(**request)
        aws.wait_until(lambda: clients.sagemaker.describe_training_job(
            TrainingJobName=request["TrainingJobName"])["SecondaryStatus"] == "Training", 30)
        os.sync()
        plain = server.data_dir / "volumes" / "plain"
        found = [path for path in sorted(server.data_dir.rglob("*"))
                 if path.is_file() and plain not in path.parents and holds(path, MARKER)]
        seen = any(plain.rglob("train.csv"))
        return [str(path.relative_to(server.data_dir)) for path in found], seen
    finally:
        server.remove()


@needs_volumes
def test_what_a_job_writes_is_on_disk_encrypted_without_being_asked_for():
    found, seen = written_by_a_job([])
    assert found == [] and seen


def test_without_encryption_this_test_would_find_it():
    found, _ = written_by_a_job(["--encrypt-job-volumes", "off", "--encrypt-objects", "off"])
    assert any(name.startswith("runs/") for name in found)



@needs_volumes
def test_a_key_that_the_role_may_not_use_fails_the_job(clients, churn, churn_channels):
    key = clients.kms.create_key(Policy=json.dumps(without_data_keys(clients)),
                                 BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    request = aws.job_request(clients, churn, churn_channels)
    request["ResourceConfig"]["VolumeKmsKeyId"] = key
    job = finished(clients, request)
    assert job["TrainingJobStatus"] == "Failed" and "volume" in job["FailureReason"]
