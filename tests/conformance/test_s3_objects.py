"""S3: buckets and single objects, as boto3 sees them."""

import datetime
import hashlib

import pytest
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def status(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_put_and_get_give_the_same_bytes(clients, bucket):
    """The simplest promise of a store, with bytes that are no text."""
    body = bytes(range(256)) * 5
    etag = clients.s3.put_object(Bucket=bucket, Key="a", Body=body)["ETag"]
    answer = clients.s3.get_object(Bucket=bucket, Key="a")
    assert answer["Body"].read() == body
    assert answer["ETag"] == etag == f'"{hashlib.md5(body).hexdigest()}"'
    assert answer["ContentLength"] == len(body)


def test_empty_object(clients, bucket):
    """Zero bytes are an object too; folder markers of consoles are such."""
    clients.s3.put_object(Bucket=bucket, Key="folder/")
    answer = clients.s3.get_object(Bucket=bucket, Key="folder/")
    assert answer["ContentLength"] == 0 and answer["Body"].read() == b""


def test_headers_and_metadata_come_back(clients, bucket):
    """Programs keep types, encodings and their own words with objects."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x", ContentType="text/csv",
                          ContentEncoding="identity", CacheControl="max-age=5",
                          ContentDisposition='attachment; filename="a.csv"', ContentLanguage="de",
                          Metadata={"colour": "blue", "size": "3"})
    answer = clients.s3.head_object(Bucket=bucket, Key="a")
    assert answer["ContentType"] == "text/csv"
    assert answer["CacheControl"] == "max-age=5"
    assert answer["ContentDisposition"] == 'attachment; filename="a.csv"'
    assert answer["ContentLanguage"] == "de"
    assert answer["Metadata"] == {"colour": "blue", "size": "3"}


def test_default_content_type(clients, bucket):
    """S3 says binary/octet-stream where the client said nothing."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert clients.s3.head_object(Bucket=bucket, Key="a")["ContentType"] == "binary/octet-stream"


def test_overwrite_replaces_everything(clients, bucket):
    """Old metadata must not shine through."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"one", Metadata={"old": "1"})
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"twotwo")
    answer = clients.s3.get_object(Bucket=bucket, Key="a")
    assert answer["Body"].read() == b"twotwo" and answer["Metadata"] == {}


def test_response_header_overrides(clients, bucket):
    """Download links set the file name this way."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    answer = clients.s3.get_object(Bucket=bucket, Key="a", ResponseContentType="text/plain",
                                   ResponseContentDisposition="attachment")
    assert answer["ContentType"] == "text/plain"
    assert answer["ContentDisposition"] == "attachment"


@pytest.mark.parametrize("asked, wanted, content_range", [
    ("bytes=0-0", b"0", "bytes 0-0/10"),
    ("bytes=2-5", b"2345", "bytes 2-5/10"),
    ("bytes=7-", b"789", "bytes 7-9/10"),
    ("bytes=-3", b"789", "bytes 7-9/10"),
    ("bytes=5-100", b"56789", "bytes 5-9/10"),
    ("bytes=-100", b"0123456789", "bytes 0-9/10"),
])
def test_range(clients, bucket, asked, wanted, content_range):
    """Parallel downloads and Parquet readers live from ranges."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    answer = clients.s3.get_object(Bucket=bucket, Key="a", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["Body"].read() == wanted and answer["ContentRange"] == content_range


def test_range_past_the_end(clients, bucket):
    """A reader that went too far learns it as InvalidRange, 416."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    with pytest.raises(ClientError) as error:
        clients.s3.get_object(Bucket=bucket, Key="a", Range="bytes=10-12")
    assert (code(error), status(error)) == ("InvalidRange", 416)


def test_malformed_range_is_ignored(clients, bucket):
    """S3 answers the whole object when the range makes no sense."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    answer = clients.s3.get_object(Bucket=bucket, Key="a", Range="bytes=8-2")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["Body"].read() == b"0123456789"


def test_head_range(clients, bucket):
    """HeadObject answers the length of the range."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    answer = clients.s3.head_object(Bucket=bucket, Key="a", Range="bytes=2-4")
    assert answer["ContentLength"] == 3


def test_missing_key_and_bucket(clients, bucket):
    """Clients branch on these codes: NoSuchKey, NoSuchBucket, and the bare 404 of HEAD."""
    with pytest.raises(clients.s3.exceptions.NoSuchKey) as error:
        clients.s3.get_object(Bucket=bucket, Key="missing")
    assert error.value.response["Error"]["Key"] == "missing"
    with pytest.raises(clients.s3.exceptions.NoSuchBucket):
        clients.s3.get_object(Bucket="no-such-bucket-here", Key="a")
    for call in (lambda: clients.s3.head_object(Bucket=bucket, Key="missing"),
                 lambda: clients.s3.head_bucket(Bucket="no-such-bucket-here")):
        with pytest.raises(ClientError) as error:
            call()
        assert code(error) == "404" and error.value.response["Error"]["Message"] == "Not Found"


def test_errors_carry_request_ids(clients, bucket):
    """Support starts from a request id; S3 gives it as header and element."""
    with pytest.raises(ClientError) as error:
        clients.s3.get_object(Bucket=bucket, Key="missing")
    metadata = error.value.response["ResponseMetadata"]
    assert metadata.get("RequestId")
    assert metadata["HTTPHeaders"].get("x-amz-request-id")


def test_delete_is_idempotent(clients, bucket):
    """Deleting what is not there answers 204."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for _ in range(2):
        answer = clients.s3.delete_object(Bucket=bucket, Key="a")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="a")


def test_delete_objects(clients, bucket):
    """`aws s3 rm --recursive` deletes in batches and reads what was deleted."""
    for key in ("a", "b & <c>", "d"):
        clients.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = clients.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("a", "b & <c>", "missing")]})
    assert {d["Key"] for d in answer["Deleted"]} == {"a", "b & <c>", "missing"}
    quiet = clients.s3.delete_objects(Bucket=bucket,
                                      Delete={"Objects": [{"Key": "d"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    assert "Contents" not in clients.s3.list_objects_v2(Bucket=bucket)


def test_delete_objects_takes_a_thousand(clients, bucket):
    """1,000 keys is S3's limit for one request; 1,001 is refused."""
    keys = [{"Key": f"k{i}"} for i in range(1001)]
    assert len(clients.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": keys[:1000]})["Deleted"]) == 1000
    with pytest.raises(ClientError) as error:
        clients.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
    assert code(error) == "MalformedXML"


def test_copy_object(clients, bucket):
    """Copies keep metadata unless told to replace it."""
    clients.s3.put_object(Bucket=bucket, Key="from ä+b", Body=b"body", Metadata={"m": "1"},
                          ContentType="text/csv")
    source = {"Bucket": bucket, "Key": "from ä+b"}
    result = clients.s3.copy_object(Bucket=bucket, Key="to", CopySource=source)["CopyObjectResult"]
    answer = clients.s3.get_object(Bucket=bucket, Key="to")
    assert answer["Body"].read() == b"body" and answer["ETag"] == result["ETag"]
    assert answer["Metadata"] == {"m": "1"} and answer["ContentType"] == "text/csv"
    assert isinstance(result["LastModified"], datetime.datetime)
    clients.s3.copy_object(Bucket=bucket, Key="to", CopySource=source, Metadata={"n": "2"},
                           MetadataDirective="REPLACE", ContentType="text/plain")
    answer = clients.s3.head_object(Bucket=bucket, Key="to")
    assert answer["Metadata"] == {"n": "2"} and answer["ContentType"] == "text/plain"


def test_copy_onto_itself_needs_a_change(clients, bucket):
    """S3 refuses a copy that would change nothing."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    with pytest.raises(ClientError) as error:
        clients.s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a")
    assert code(error) == "InvalidRequest"
    clients.s3.copy_object(Bucket=bucket, Key="a", CopySource=f"{bucket}/a",
                           MetadataDirective="REPLACE", Metadata={"touched": "1"})
    answer = clients.s3.get_object(Bucket=bucket, Key="a")
    assert answer["Metadata"] == {"touched": "1"} and answer["Body"].read() == b"x"


def test_copy_of_what_is_missing(clients, bucket):
    """The error names the source's absence, not the target's."""
    with pytest.raises(ClientError) as error:
        clients.s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/missing")
    assert code(error) == "NoSuchKey"


def test_bucket_life(clients):
    """Create, find in the list, refuse to delete while not empty, delete."""
    import aws
    name = aws.unique("life")
    clients.s3.create_bucket(Bucket=name)
    listed = clients.s3.list_buckets()
    assert name in [b["Name"] for b in listed["Buckets"]]
    assert all(isinstance(b["CreationDate"], datetime.datetime) for b in listed["Buckets"])
    clients.s3.put_object(Bucket=name, Key="a", Body=b"x")
    with pytest.raises(ClientError) as error:
        clients.s3.delete_bucket(Bucket=name)
    assert (code(error), status(error)) == ("BucketNotEmpty", 409)
    clients.s3.delete_object(Bucket=name, Key="a")
    clients.s3.delete_bucket(Bucket=name)
    with pytest.raises(ClientError) as error:
        clients.s3.head_bucket(Bucket=name)
    assert code(error) == "404"


def test_bucket_in_another_region(clients):
    """A location constraint comes back from GetBucketLocation; us-east-1 is null there."""
    import aws
    name = aws.unique("west")
    west = clients.session.client("s3", endpoint_url=clients.server.url, region_name="us-west-2")
    west.create_bucket(Bucket=name,
                       CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert west.get_bucket_location(Bucket=name)["LocationConstraint"] == "us-west-2"
    west.delete_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["UPPER", "ab", "has_underscore", "-dash", "192.168.0.1"])
def test_bucket_names(clients, name):
    """Names that S3 refuses; botocore lets these pass to the server."""
    with pytest.raises(ClientError) as error:
        clients.s3.create_bucket(Bucket=name)
    assert code(error) == "InvalidBucketName"


def test_bucket_that_is_there(clients, bucket):
    """Its owner gets BucketAlreadyOwnedByYou (us-east-1 answers 200 for old times' sake)."""
    try:
        clients.s3.create_bucket(Bucket=bucket)
    except clients.s3.exceptions.BucketAlreadyOwnedByYou:
        pass


def test_expected_bucket_owner(clients, bucket):
    """The SageMaker SDK sends it with every request; a wrong one is refused."""
    account = clients.sts.get_caller_identity()["Account"]
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x", ExpectedBucketOwner=account)
    with pytest.raises(ClientError) as error:
        clients.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner="999999999999")
    assert code(error) == "403"


def test_server_side_encryption_header_is_taken(clients, bucket):
    """SDK v2 sends aws:kms on its own uploads; that must not fail."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x", ServerSideEncryption="aws:kms")
    assert clients.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"


@pytest.mark.parametrize("key", [
    "plain", "with space", "a+b", "ünïcödé/日本/🦆", "a//b", "/leading", "trailing/", "../up",
    "a/../b", "./dot", "a%2Fb", "a%", "a&b=c?d#e", "semi;colon:at@", "tab\there", "quote\"'`",
    "back\\slash", "a" * 1024, "~tilde*star(paren)!", "nul-free\x01control", ".", "..",
])
def test_odd_keys(clients, bucket, key):
    """A key is any UTF-8 of up to 1,024 bytes, never a path: nothing is normalised or escapes."""
    clients.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    clients.s3.put_object(Bucket=bucket, Key="other", Body=b"other")
    assert clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    listed = clients.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(item["Key"] for item in listed) == sorted([key, "other"])
    clients.s3.delete_object(Bucket=bucket, Key=key)
    assert clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_key_too_long(clients, bucket):
    """1,025 bytes are refused with S3's code."""
    with pytest.raises(ClientError) as error:
        clients.s3.put_object(Bucket=bucket, Key="ä" * 513, Body=b"x")
    assert code(error) == "KeyTooLongError"


def test_object_tagging(clients, bucket):
    """Lifecycle rules and programs label objects."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="k=v&l=w")
    tags = clients.s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"]
    assert {t["Key"]: t["Value"] for t in tags} == {"k": "v", "l": "w"}


def test_upload_and_download_file(clients, bucket, tmp_path):
    """boto3's managed transfer: one part below 8 MiB, many above."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"s" * 100_000)
    large.write_bytes(bytes(range(256)) * 80_000)
    for path in (small, large):
        clients.s3.upload_file(str(path), bucket, path.name)
        clients.s3.download_file(bucket, path.name, str(path) + ".back")
        assert (tmp_path / (path.name + ".back")).read_bytes() == path.read_bytes()
