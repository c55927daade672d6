"""Data capture: the invocations of an endpoint as files in S3, and who may read and write them."""

import base64
import datetime
import json
import pathlib
import re

import aws
import pytest
from botocore.exceptions import ClientError
from stored_bytes import holds

PROGRAMS = pathlib.Path(__file__).parent / "programs"
TEXT_TYPES = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}


@pytest.fixture(scope="module")
def model(clients, artifact):
    return aws.create_model(clients, artifact)


@pytest.fixture
def deployed(clients, model):
    """Makes endpoints that capture; they are taken away afterwards."""
    made = []

    def deploy(bucket, **more):
        config = capturing(clients, model, bucket, **more)
        clients.sagemaker.create_endpoint(EndpointName=config, EndpointConfigName=config)
        made.append(config)
        endpoint = aws.wait_endpoint(clients, config)
        assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")
        return config
    yield deploy
    for name in made:
        try:
            clients.sagemaker.delete_endpoint(EndpointName=name)
        except ClientError:
            pass
    for name in made:  # what it holds in memory is written before it is gone
        wait_gone(clients, name)


def capturing(clients, model, bucket, modes=("Input", "Output"), **more):
    capture = {"InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{bucket}/kept/",
               "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
               "CaptureContentTypeHeader": TEXT_TYPES} | more
    return aws.create_config(clients, aws.variant(model), DataCaptureConfig={
        name: value for name, value in capture.items() if value is not None})


def wait_gone(clients, name):
    def gone():
        try:
            clients.sagemaker.describe_endpoint(EndpointName=name)
        except ClientError:
            return True
    aws.wait_until(gone)


def files(clients, bucket):
    return [item["Key"] for page in
            clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for item in page.get("Contents", [])]


def records(clients, bucket):
    """What was captured so far, in the order of its files."""
    return [json.loads(line) for key in files(clients, bucket)
            for line in clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]


def wait_records(clients, bucket, count):
    return aws.wait_until(
        lambda: found if len(found := records(clients, bucket)) >= count else None, 40, 0.2)


def row(number=0):
    return aws.churn_features()[0][number]


def test_every_invocation_is_there(clients, bucket, deployed):
    """The documented form: bytes of both sides, metadata, one file for an hour's part."""
    began = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    name = deployed(bucket)
    answers = {}
    for number in range(6):
        more = {"InferenceId": f"mine-{number}", "CustomAttributes": f"number={number}"} \
            if number % 2 else {}
        answer = aws.invoke(clients, name, row(number), **more)
        answers[answer["ResponseMetadata"]["RequestId"]] = (
            row(number), answer["Body"].read(), answer["ContentType"], more)
    found = wait_records(clients, bucket, 6)
    assert sorted(r["eventMetadata"]["eventId"] for r in found) == sorted(answers)
    for record in found:
        assert set(record) == {"captureData", "eventMetadata", "eventVersion"}
        assert record["eventVersion"] == "0"
        metadata = record["eventMetadata"]
        sent, got, content_type, more = answers[metadata["eventId"]]
        assert record["captureData"] == {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT",
                              "data": sent.decode(), "encoding": "CSV"},
            "endpointOutput": {"observedContentType": content_type, "mode": "OUTPUT",
                               "data": got.decode(), "encoding": "CSV"}}
        assert metadata.get("inferenceId") == more.get("InferenceId")
        assert metadata.get("customAttributes", [None]) == [more.get("CustomAttributes")]
        at = datetime.datetime.strptime(metadata["inferenceTime"], "%Y-%m-%dT%H:%M:%S%z")
        assert began <= at <= datetime.datetime.now(datetime.timezone.utc)
    for key in files(clients, bucket):
        assert re.fullmatch(rf"kept/{name}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/"
                            r"\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl", key), key


def test_the_endpoint_tells_it(clients, bucket, model, deployed):
    """Describe of the configuration and the endpoint, as it is changed by updates."""
    name = deployed(bucket, EnableCapture=None)
    config = clients.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert config["DataCaptureConfig"]["EnableCapture"] is True
    assert config["DataCaptureConfig"]["CaptureContentTypeHeader"] == TEXT_TYPES
    summary = {"EnableCapture": True, "CaptureStatus": "Started", "CurrentSamplingPercentage": 100,
               "DestinationS3Uri": f"s3://{bucket}/kept/", "KmsKeyId": ""}

    def told():
        return clients.sagemaker.describe_endpoint(EndpointName=name).get("DataCaptureConfig")

    def update(config, **more):
        clients.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, **more)
        assert aws.wait_endpoint(clients, name)["EndpointStatus"] == "InService"
    assert told() == summary
    # Data capture is of the new configuration, retained properties of variants or not.
    update(capturing(clients, model, bucket, InitialSamplingPercentage=0),
           RetainAllVariantProperties=True,
           ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}])
    assert told() == summary | {"CurrentSamplingPercentage": 0}
    update(capturing(clients, model, bucket, EnableCapture=False))
    assert told() == summary | {"EnableCapture": False, "CaptureStatus": "Stopped"}
    update(aws.create_config(clients, aws.variant(model)))
    assert told() is None
    for _ in range(5):
        aws.invoke(clients, name, row())
    clients.sagemaker.delete_endpoint(EndpointName=name)
    wait_gone(clients, name)
    assert files(clients, bucket) == []


def test_nothing_at_zero_percent_and_all_at_the_end(clients, bucket, model, deployed):
    """0: nothing. What waits when the endpoint is deleted is written before it is gone."""
    name = deployed(bucket, InitialSamplingPercentage=0)
    for _ in range(5):
        aws.invoke(clients, name, row())
    clients.sagemaker.update_endpoint(EndpointName=name,
                                      EndpointConfigName=capturing(clients, model, bucket))
    assert aws.wait_endpoint(clients, name)["EndpointStatus"] == "InService"
    for number in range(3):
        aws.invoke(clients, name, row(number))
    clients.sagemaker.delete_endpoint(EndpointName=name)
    wait_gone(clients, name)
    assert sorted(r["captureData"]["endpointInput"]["data"] for r in records(clients, bucket)) == \
        sorted(row(number).decode() for number in range(3))


def test_only_the_input_in_base64(clients, bucket, deployed):
    """Without lists of content types all is base64; what the options leave out is not there."""
    name = deployed(bucket, modes=["Input"], CaptureContentTypeHeader=None)
    aws.invoke(clients, name, row())
    record, = wait_records(clients, bucket, 1)
    assert set(record["captureData"]) == {"endpointInput"}
    kept = record["captureData"]["endpointInput"]
    assert kept["encoding"] == "BASE64" and base64.b64decode(kept["data"]) == row()


def test_only_what_the_model_answered(clients, bucket, deployed):
    """A request that the model refuses is no inference; of a streamed one the whole answer."""
    name = deployed(bucket, modes=["Output"])
    with pytest.raises(ClientError, match="ModelError"):
        aws.invoke(clients, name, b"this,is,no,number")
    stream = clients.runtime.invoke_endpoint_with_response_stream(
        EndpointName=name, ContentType="text/csv", Body=row())["Body"]
    text = b"".join(event["PayloadPart"]["Bytes"] for event in stream)
    record, = wait_records(clients, bucket, 1)
    assert set(record["captureData"]) == {"endpointOutput"}
    assert record["captureData"]["endpointOutput"]["data"] == text.decode()


def let_role_use(clients, key):
    clients.iam.put_role_policy(
        RoleName=clients.role.rsplit("/", 1)[1], PolicyName=aws.unique("key"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
             "Resource": key}]}))


def test_a_key_encrypts_them(clients, server, bucket, deployed):
    """SSE-KMS by the named key: nothing of it in the clear on disk, nothing without the key."""
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    let_role_use(clients, key)
    name = deployed(bucket, KmsKeyId=key.rsplit("/", 1)[1])
    told = clients.sagemaker.describe_endpoint(EndpointName=name)["DataCaptureConfig"]
    assert told["KmsKeyId"] == key.rsplit("/", 1)[1]
    marker = b"0.8172635409182736"
    # Longer than what stands in the database, so that it is a file of its own too.
    body = b"\n".join([marker + b"," + row().split(b",", 1)[1]] * 600)
    aws.invoke(clients, name, body)
    aws.wait_until(lambda: files(clients, bucket), 40)
    object_key, = files(clients, bucket)
    head = clients.s3.head_object(Bucket=bucket, Key=object_key)
    assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"] == key
    assert records(clients, bucket)[0]["captureData"]["endpointInput"]["data"] == body.decode()
    if hasattr(server, "data_dir"):
        stored = [path for path in (server.data_dir / "objects").rglob("*") if path.is_file()]
        assert stored and not [path for path in stored if holds(path, marker)]
    clients.kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match="disabled"):
        clients.s3.get_object(Bucket=bucket, Key=object_key)["Body"].read()
    # The endpoint answers all the same, and its log says what became of the capture.
    aws.invoke(clients, name, row())
    assert "disabled" in wait_line(clients, name)


def wait_line(clients, endpoint):
    def lines():
        try:
            return clients.logs.get_log_events(
                logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}",
                logStreamName="AllTraffic/data-capture", startFromHead=True)["events"]
        except clients.logs.exceptions.ResourceNotFoundException:
            return None
    return aws.wait_until(lines, 40)[0]["message"]


def test_a_key_that_cannot_be_used_is_refused(clients, bucket, model):
    key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
    clients.kms.disable_key(KeyId=key)
    for name, why in ((key, "is disabled"), ("alias/none", "cannot be used")):
        with pytest.raises(ClientError, match=why):
            capturing(clients, model, bucket, KmsKeyId=name)


def test_a_bucket_that_refuses(clients, bucket, deployed, server):
    """The role's rights decide: the bucket's policy denies, invocations go on, the log says why."""
    clients.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::{bucket}/kept/*"}]}))
    name = deployed(bucket)
    assert aws.invoke(clients, name, row())["Body"].read()
    line = wait_line(clients, name)
    assert "AccessDenied" in line and f"s3://{bucket}/kept/{name}/AllTraffic/" in line, line
    assert clients.role.rsplit("/", 1)[1] in line and "1 captured invocation" in line
    assert files(clients, bucket) == []
    lost = re.search(r"^clary_captures_lost (\d+)", server.get("/metrics"), re.M)
    assert int(lost[1]) >= 1
    # Once it is let in, what comes then is written.
    clients.s3.delete_bucket_policy(Bucket=bucket)
    aws.invoke(clients, name, row(1))
    assert len(wait_records(clients, bucket, 1)) == 1


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_sdk(run_program, clients, bucket, artifact, version):
    """The SDKs' own classes switch it on and off, and read back what was written."""
    output = run_program(version, "python", str(PROGRAMS / f"{version}_data_capture.py"), artifact,
                         bucket, row().decode(), timeout=180, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
