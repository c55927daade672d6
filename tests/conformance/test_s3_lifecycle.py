"""S3: lifecycle rules; one server of its own, whose day is short."""

import datetime
import time

import aws
import pytest
from botocore.exceptions import ClientError
from clary_server import ClaryServer

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def hasty():
    """A server whose lifecycle day lasts one second."""
    server = ClaryServer(arguments=["--lifecycle-day-seconds", "1"])
    server.start()
    yield aws.Clients(server).s3
    server.remove()


def make(s3, versioned=False):
    name = aws.unique("lifecycle")
    s3.create_bucket(Bucket=name)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def put_rules(s3, bucket, *rules):
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [{"Status": "Enabled", **rule} for rule in rules]})


def until(holds):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "the sweep did not do it"
        time.sleep(0.2)


def keys(s3, bucket):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_rules_come_back(clients, bucket):
    """A configuration is stored whole; a rule without an id gets one."""
    s3 = clients.s3
    rules = [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
         "Expiration": {"Days": 3},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}},
        {"ID": "b", "Status": "Disabled", "Filter": {"And": {
            "Prefix": "x", "Tags": [{"Key": "n", "Value": "v"}], "ObjectSizeGreaterThan": 5}},
         "Expiration": {"Date": datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)},
         "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]},
        {"ID": "c", "Status": "Enabled", "Filter": {},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]
    put_rules(s3, bucket, *rules)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    del rules[0]["ID"]
    put_rules(s3, bucket, rules[0])
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["ID"]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


DAYS = {"Expiration": {"Days": 1}}


@pytest.mark.parametrize("code, rules", [
    ("InvalidArgument", [{"ID": "x" * 256, "Filter": {}, **DAYS}]),
    ("InvalidArgument", [{"ID": "x", "Filter": {}, **DAYS}] * 2),
    ("InvalidArgument", [{"Filter": {}, "Expiration": {"Days": 0}}]),
    ("InvalidArgument", [{"Filter": {}, "Expiration": {"Date": datetime.datetime(
        2030, 1, 1, 5, tzinfo=datetime.timezone.utc)}}]),
    ("InvalidArgument", [{"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 0}}]),
    ("InvalidRequest", [{"Filter": {}}]),
    ("InvalidRequest", [{"Filter": {"Tag": {"Key": "n", "Value": "v"}},
                         "Expiration": {"ExpiredObjectDeleteMarker": True}}]),
    ("InvalidRequest", [{"Filter": {"And": {"ObjectSizeGreaterThan": 5,
                                            "ObjectSizeLessThan": 5}}, **DAYS}]),
    ("MalformedXML", [DAYS]),
    ("MalformedXML", [{"Status": "enabled", "Filter": {}, **DAYS}]),
    ("MalformedXML", [{"Filter": {"Prefix": "a", "ObjectSizeLessThan": 5}, **DAYS}]),
    ("MalformedXML", [{"Filter": {}, "Expiration": {"Days": 1,
                                                    "ExpiredObjectDeleteMarker": True}}]),
    ("MalformedXML", [{"Filter": {}, "Transitions": [{"Days": 1, "StorageClass": "COLD"}]}])])
def test_bad_rules(clients, bucket, code, rules):
    """What S3 refuses is refused with its code, and nothing is stored."""
    with pytest.raises(ClientError) as caught:
        put_rules(clients.s3, bucket, *rules)
    assert caught.value.response["Error"]["Code"] == code


def test_expiration_is_announced(clients, bucket):
    """x-amz-expiration names the midnight and the rule, where one applies."""
    s3 = clients.s3
    put_rules(s3, bucket, {"ID": "rule 1", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 3}})
    answer = s3.put_object(Bucket=bucket, Key="a/1", Body=b"x")["Expiration"]
    assert answer.endswith('00:00:00 GMT", rule-id="rule%201"')
    assert s3.head_object(Bucket=bucket, Key="a/1")["Expiration"] == answer
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="b/1", Body=b"x")


def test_objects_and_uploads_expire(hasty):
    """By prefix, tag and size; what no rule names stays."""
    bucket = make(hasty)
    hasty.put_object(Bucket=bucket, Key="old/1", Body=b"x")
    hasty.put_object(Bucket=bucket, Key="keep", Body=b"x" * 10)
    hasty.put_object(Bucket=bucket, Key="tagged", Body=b"x" * 10, Tagging="n=v")
    hasty.create_multipart_upload(Bucket=bucket, Key="u/1")
    kept = hasty.create_multipart_upload(Bucket=bucket, Key="v/1")["UploadId"]
    put_rules(hasty, bucket, {"ID": "a", "Filter": {"Prefix": "old/"}, **DAYS},
              {"ID": "b", "Filter": {"And": {"Tags": [{"Key": "n", "Value": "v"}],
                                             "ObjectSizeGreaterThan": 5}}, **DAYS},
              {"ID": "c", "Filter": {"Prefix": "u/"},
               "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    until(lambda: keys(hasty, bucket) == ["keep"])
    until(lambda: [u["UploadId"] for u in hasty.list_multipart_uploads(Bucket=bucket)["Uploads"]]
          == [kept])


def test_versions_and_markers_expire(hasty):
    """A deleted key vanishes for good: its versions first, then the marker that is left."""
    bucket = make(hasty, versioned=True)
    for key in ("gone", "kept"):
        hasty.put_object(Bucket=bucket, Key=key, Body=b"1")
        hasty.put_object(Bucket=bucket, Key=key, Body=b"2")
    hasty.delete_object(Bucket=bucket, Key="gone")
    put_rules(hasty, bucket, {"ID": "a", "Filter": {},
                              "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                              "Expiration": {"ExpiredObjectDeleteMarker": True}})

    def left():
        answer = hasty.list_object_versions(Bucket=bucket)
        return [v["Key"] for v in answer.get("Versions", []) + answer.get("DeleteMarkers", [])]

    until(lambda: left() == ["kept"])
    assert hasty.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"2"


def test_locked_versions_stay(hasty):
    """A rule is no way round a lock."""
    bucket = aws.unique("lifecycle")
    hasty.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    locked = hasty.put_object(Bucket=bucket, Key="k", Body=b"1",
                              ObjectLockLegalHoldStatus="ON")["VersionId"]
    hasty.put_object(Bucket=bucket, Key="k", Body=b"2")
    hasty.put_object(Bucket=bucket, Key="k", Body=b"3")
    put_rules(hasty, bucket, {"ID": "a", "Filter": {},
                              "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    until(lambda: len(hasty.list_object_versions(Bucket=bucket)["Versions"]) == 2)
    versions = hasty.list_object_versions(Bucket=bucket)["Versions"]
    assert [v["VersionId"] for v in versions][1] == locked
