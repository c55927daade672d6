"""Keys that a training job names: for its artifacts in S3 and for its files while it runs."""

import json
import os
import shutil

import aws
import pytest
from botocore.exceptions import ClientError

HAS_VOLUMES = os.geteuid() == 0 and shutil.which("gocryptfs") and os.path.exists("/dev/fuse")


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


@pytest.mark.skipif(not HAS_VOLUMES, reason="takes root, gocryptfs and /dev/fuse")
def test_a_job_runs_on_an_encrypted_volume(clients, server, churn, churn_channels):
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    let_role_use(clients, key)
    request = aws.job_request(clients, churn, churn_channels)
    request["ResourceConfig"]["VolumeKmsKeyId"] = key
    job = finished(clients, request)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "xgboost-model" in aws.read_artifact(clients, job)
    assert str(server.data_dir) not in open("/proc/mounts").read()


@pytest.mark.skipif(not HAS_VOLUMES, reason="takes root, gocryptfs and /dev/fuse")
def test_a_key_that_the_role_may_not_use_fails_the_job(clients, churn, churn_channels):
    caller = clients.sts.get_caller_identity()["Arn"]
    account = caller.split(":")[4]
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*",
         "Resource": "*"},
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:GenerateDataKey",
         "Resource": "*"}]}
    key = clients.kms.create_key(Policy=json.dumps(policy),
                                 BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    request = aws.job_request(clients, churn, churn_channels)
    request["ResourceConfig"]["VolumeKmsKeyId"] = key
    job = finished(clients, request)
    assert job["TrainingJobStatus"] == "Failed" and "volume" in job["FailureReason"]
