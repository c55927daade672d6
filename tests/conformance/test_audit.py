"""One record for each request: who, what, on what, from where, how it ended; chained, without secrets,
and found by CloudTrail's LookupEvents."""

import json
import re
import signal
import time
from datetime import datetime, timedelta, timezone

import aws
import pytest
import raw_http
from botocore.exceptions import ClientError
from clary_server import ClaryServer
from commands import audit_records, clary


def record_of(server, request_id, timeout=10):
    """The record of a request, which is written within moments."""
    def look():
        return next((r for r in audit_records(server) if r.get("requestID") == request_id), None)
    return aws.wait_until(look, timeout)


def id_of(answer):
    return answer["ResponseMetadata"]["RequestId"]


def test_who_what_where_and_how(server, clients):
    """The members an auditor asks for, in CloudTrail's names."""
    with pytest.raises(ClientError) as refused:
        clients.sagemaker.describe_training_job(TrainingJobName="not-there")
    record = record_of(server, id_of(refused.value.response))
    assert record["eventSource"] == "sagemaker.amazonaws.com"
    assert record["eventName"] == "DescribeTrainingJob" and record["readOnly"] is True
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["userIdentity"]["arn"].endswith("/local")
    assert record["userIdentity"]["accessKeyId"] == server.exported["AWS_ACCESS_KEY_ID"]
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["type"] == "Role"
    assert record["sourceIPAddress"] == "127.0.0.1" and "Boto3" in record["userAgent"]
    assert record["errorCode"] == "ValidationException" and record["errorMessage"]
    assert record["additionalEventData"] == {"httpStatus": 400, "transport": "plain"}
    assert record["requestParameters"] == {"TrainingJobName": "not-there"}
    assert record["resources"][0]["ARN"].endswith(":training-job/not-there")
    assert record["eventCategory"] == "Management" and record["managementEvent"] is True
    assert record["awsRegion"] == "us-east-1" and record["eventVersion"].startswith("1.")


def test_data_events(server, clients, bucket):
    """Requests for objects are in the log too, as data events, without what they carried."""
    body = b"contents that no log may hold"
    put = clients.s3.put_object(Bucket=bucket, Key="a/b", Body=body)
    record = record_of(server, id_of(put))
    assert record["eventCategory"] == "Data" and record["readOnly"] is False
    assert record["resources"][0] == {"ARN": f"arn:aws:s3:::{bucket}/a/b",
                                      "accountId": "000000000000", "type": "AWS::S3::Object"}
    assert "contents that no log may hold" not in json.dumps(record)
    got = clients.s3.get_object(Bucket=bucket, Key="a/b")
    assert record_of(server, id_of(got))["eventName"] == "GetObject"


def test_refused_signature(server):
    """A wrong secret: nobody is named, the key that was claimed is."""
    keys = raw_http.credentials(server)
    keys.secret_key = "w" * 40
    answer = raw_http.call(server, "POST", "/", raw_http.json_headers("ListModels"), b"{}",
                           keys=keys)
    assert answer.status == 400 or answer.status == 403
    record = record_of(server, answer.headers["x-amzn-RequestId"])
    assert record["userIdentity"]["type"] == "Unknown"
    assert record["userIdentity"]["accessKeyId"] == keys.access_key
    assert record["errorCode"] and "recipientAccountId" in record


def test_secrets_are_left_out(server, clients, bucket):
    """By the model's word, by their names, and those in environment variables."""
    name = aws.unique("notebook")
    clients.s3.put_object(Bucket=bucket, Key="plain", Body=b"x")
    made = clients.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=clients.role,
        PrimaryContainer={"Image": aws.XGBOOST_IMAGE, "Environment": {"DB_PASSWORD": "hunter2-env"}})
    record = record_of(server, id_of(made))
    assert record["requestParameters"]["PrimaryContainer"]["Environment"] == {
        "DB_PASSWORD": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    answer = raw_http.call(server, "GET", f"/{bucket}/plain", {
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "x-amz-server-side-encryption-customer-key": "c2VjcmV0LXNzZS1jLWtleS1vZi0zMi1ieXRlcy1sb25nISE="},
        service="s3")
    record = record_of(server, answer.headers["x-amz-request-id"])
    text = json.dumps(record)
    assert "c2VjcmV0" not in text and "hunter2-env" not in json.dumps(audit_records(server))


def test_lookup_events(clients):
    """By each attribute CloudTrail knows, newest first, in pages, with the whole record."""
    name = aws.unique("looked-up")
    began = datetime.now(timezone.utc)
    made = clients.sagemaker.create_model(ModelName=name, ExecutionRoleArn=clients.role,
                                          PrimaryContainer={"Image": aws.XGBOOST_IMAGE})
    clients.sagemaker.describe_model(ModelName=name)
    clients.sagemaker.delete_model(ModelName=name)

    def lookup(key=None, value=None, **more):
        attributes = [{"AttributeKey": key, "AttributeValue": value}] if key else []
        return clients.cloudtrail.lookup_events(LookupAttributes=attributes, **more)["Events"]

    events = aws.wait_until(lambda: (found := lookup("ResourceName", name)) and len(found) == 3
                            and found)
    assert [e["EventName"] for e in events] == ["DeleteModel", "DescribeModel", "CreateModel"]
    created = events[2]
    assert created["Resources"][0]["ResourceName"] == name
    assert created["Resources"][0]["ResourceType"] == "AWS::SageMaker::Model"
    assert created["Username"] == "local" and created["ReadOnly"] == "false"
    whole = json.loads(created["CloudTrailEvent"])
    assert whole["requestID"] == id_of(made) and whole["eventID"] == created["EventId"]
    assert "prev" not in whole and "hash" not in whole

    assert [e["EventName"] for e in lookup("EventId", created["EventId"])] == ["CreateModel"]
    assert lookup("EventName", "CreateModel")[0]["EventId"] == created["EventId"]
    assert lookup("EventSource", "sagemaker.amazonaws.com", MaxResults=1)
    assert lookup("Username", "local", MaxResults=1) and not lookup("Username", "nobody")
    assert lookup("AccessKeyId", created["AccessKeyId"], MaxResults=1)
    assert all(e["ReadOnly"] == "true" for e in lookup("ReadOnly", "true"))
    assert all(e["EventName"] != "PutObject" for e in lookup())  # data events are not managed ones

    pages = clients.cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}],
        PaginationConfig={"PageSize": 1})
    assert [e["EventName"] for page in pages for e in page["Events"]] == [
        "DeleteModel", "DescribeModel", "CreateModel"]
    assert not lookup("ResourceName", name, EndTime=began - timedelta(minutes=1))
    assert len(lookup("ResourceName", name, StartTime=began - timedelta(minutes=1))) == 3


def test_lookup_events_refuses(clients):
    """CloudTrail's own error codes."""
    def code(**request):
        with pytest.raises(ClientError) as refused:
            clients.cloudtrail.lookup_events(**request)
        return refused.value.response["Error"]["Code"]
    attribute = {"AttributeKey": "EventName", "AttributeValue": "x"}
    assert code(LookupAttributes=[attribute, attribute]) == "InvalidLookupAttributesException"
    assert code(NextToken="not-ours") == "InvalidNextTokenException"
    now = datetime.now(timezone.utc)
    assert code(StartTime=now, EndTime=now - timedelta(days=1)) == "InvalidTimeRangeException"
    assert code(EventCategory="insight") == "InvalidEventCategoryException"


def test_verify_beside_the_server(server):
    """The chain of a server that works is whole, and the command says so."""
    assert "whole:" in clary("audit", "verify", "--data-dir", server.data_dir).stdout


@pytest.fixture
def own():
    """A server whose folder may be damaged."""
    server = ClaryServer()
    server.start()
    yield server
    server.remove()


def test_tampering_is_found(own):
    """Changed, removed, cut off: exit code 1 and the line; what people see of it."""
    clients = aws.Clients(own)
    for _ in range(5):
        clients.sagemaker.list_models()
    tail = aws.wait_until(lambda: (text := clary("audit", "tail", "--data-dir",
                                                 own.data_dir).stdout).count("ListModels") == 5
                          and text)
    assert "assumed-role/ClaryExecutionRole/local" in tail
    own.stop()
    folder = own.data_dir
    point = clary("audit", "head", "--data-dir", folder).stdout.strip()
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", point)
    clary("audit", "verify", "--data-dir", folder, "--expect", point)
    file = folder / "audit" / "audit-000001.jsonl"
    good = file.read_text()
    lines = good.splitlines(keepends=True)
    for bad, where in ((good.replace("ListModels", "ListActors", 1), "line 1"),
                       ("".join(lines[:2] + lines[3:]), "line 3"),
                       ("".join(lines[:-2]), "was written")):
        file.write_text(bad)
        done = clary("audit", "verify", "--data-dir", folder, check=False)
        assert done.returncode == 1 and where in done.stdout, done.stdout
    file.write_text(good)
    clary("audit", "verify", "--data-dir", folder)


def test_kill_and_go_on(own):
    """kill -9 in the middle of traffic: the next server continues the same chain."""
    clients = aws.Clients(own)
    for round_ in range(3):
        for _ in range(20):
            last = clients.sagemaker.list_models()
        record_of(own, id_of(last))  # written within milliseconds, which a kill could take
        own.process.send_signal(signal.SIGKILL)
        own.process.wait()
        # What a kill in the middle of a write leaves.
        if round_ == 1:
            with open(own.data_dir / "audit" / "audit-000001.jsonl", "a") as log:
                log.write('{"seq":99,"prev":"cut of')
        own.start()
    aws.Clients(own).sagemaker.list_models()
    done = clary("audit", "verify", "--data-dir", own.data_dir)
    assert "whole:" in done.stdout and "torn" in done.stdout
    listed = clary("audit", "list", "--event", "ListModels", "--data-dir", own.data_dir).stdout
    assert listed.count("ListModels") >= 60


def test_retention_and_no_data_events():
    """Settings: only management events where that is asked for."""
    server = ClaryServer(arguments=["--audit-data-events", "off"])
    server.start()
    try:
        clients = aws.Clients(server)
        clients.s3.create_bucket(Bucket="quiet")
        clients.s3.put_object(Bucket="quiet", Key="k", Body=b"x")
        last = clients.s3.list_buckets()
        record_of(server, id_of(last))
        names = [r["eventName"] for r in audit_records(server) if "eventName" in r]
        assert "CreateBucket" in names and "PutObject" not in names
    finally:
        server.remove()


def test_cost_is_bounded(server, clients, bucket):
    """Ten thousand data events are all there, in order, and none was dropped."""
    clients.s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 1024)
    url = clients.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    path = url.split(str(server.port), 1)[1]
    began = time.monotonic()
    for _ in range(2000):
        connection.request("GET", path)
        assert connection.getresponse().read()
    assert time.monotonic() - began < 60
    last = clients.sagemaker.list_models()
    record_of(server, id_of(last))
    got = [r for r in audit_records(server) if r.get("eventName") == "GetObject"
           and r["requestParameters"].get("Bucket") == bucket]
    assert len(got) == 2000
    assert "clary_audit_records_lost 0" in server.get("/metrics")
