"""S3: conditional reads and writes."""

import datetime

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def object_(clients, bucket):
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    return clients.s3.head_object(Bucket=bucket, Key="a")


HOUR = datetime.timedelta(hours=1)


def status(call):
    try:
        return call()["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_read_conditions(clients, bucket, object_, operation):
    """Caches revalidate with these: 304 when nothing changed, 412 when the wanted is gone."""
    etag, modified = object_["ETag"], object_["LastModified"]

    def read(**condition):
        return status(lambda: getattr(clients.s3, operation)(Bucket=bucket, Key="a", **condition))

    assert read(IfMatch=etag) == 200
    assert read(IfMatch='"other"') == 412
    assert read(IfNoneMatch=etag) == 304
    assert read(IfNoneMatch='"other"') == 200
    assert read(IfModifiedSince=modified - HOUR) == 200
    assert read(IfModifiedSince=modified) == 304
    assert read(IfUnmodifiedSince=modified) == 200
    assert read(IfUnmodifiedSince=modified - HOUR) == 412


def test_condition_precedence(clients, bucket, object_):
    """RFC 9110 and S3: a true If-Match beats a false If-Unmodified-Since, and so for None-Match."""
    etag, modified = object_["ETag"], object_["LastModified"]

    def read(**condition):
        return status(lambda: clients.s3.get_object(Bucket=bucket, Key="a", **condition))

    assert read(IfMatch=etag, IfUnmodifiedSince=modified - HOUR) == 200
    assert read(IfNoneMatch=etag, IfModifiedSince=modified - HOUR) == 304


def test_put_if_absent(clients, bucket, object_):
    """`If-None-Match: *` is how programs take locks on S3."""
    with pytest.raises(ClientError) as error:
        clients.s3.put_object(Bucket=bucket, Key="a", Body=b"new", IfNoneMatch="*")
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    assert clients.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"body"
    clients.s3.put_object(Bucket=bucket, Key="b", Body=b"new", IfNoneMatch="*")
    assert clients.s3.get_object(Bucket=bucket, Key="b")["Body"].read() == b"new"


def test_put_if_match(clients, bucket, object_):
    """Compare-and-swap on the ETag."""
    with pytest.raises(ClientError) as error:
        clients.s3.put_object(Bucket=bucket, Key="a", Body=b"new", IfMatch='"other"')
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"new", IfMatch=object_["ETag"])
    assert clients.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"new"


def test_put_if_match_of_nothing(clients, bucket):
    """There is nothing to match: NoSuchKey."""
    with pytest.raises(ClientError) as error:
        clients.s3.put_object(Bucket=bucket, Key="gone", Body=b"new", IfMatch='"x"')
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_copy_conditions(clients, bucket, object_):
    """A copy only of the version that was looked at."""
    arguments = {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/a"}
    assert status(lambda: clients.s3.copy_object(
        **arguments, CopySourceIfMatch='"other"')) == 412
    assert status(lambda: clients.s3.copy_object(
        **arguments, CopySourceIfNoneMatch=object_["ETag"])) == 412
    assert status(lambda: clients.s3.copy_object(
        **arguments, CopySourceIfMatch=object_["ETag"])) == 200
