"""S3: multipart uploads."""

import hashlib

import pytest
from botocore.exceptions import ClientError

MIB = 1024 * 1024
PARTS = [b"a" * (5 * MIB), b"b" * (5 * MIB), b"c" * 1000]


def begin(clients, bucket, key="m", **more):
    return clients.s3.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]


def put_part(clients, bucket, upload, number, body, key="m", **more):
    answer = clients.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number,
                                    Body=body, **more)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def complete(clients, bucket, upload, parts, key="m", **more):
    return clients.s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **more)


def code(error):
    return error.value.response["Error"]["Code"]


def test_whole_life(clients, bucket):
    """Parts in any order make one object with S3's composite ETag and the metadata of the start."""
    upload = begin(clients, bucket, ContentType="text/csv", Metadata={"m": "1"})
    parts = [put_part(clients, bucket, upload, n, PARTS[n - 1]) for n in (3, 1, 2)]
    parts.sort(key=lambda part: part["PartNumber"])
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="m")
    answer = complete(clients, bucket, upload, parts)
    digest = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in PARTS)).hexdigest()
    assert answer["ETag"] == f'"{digest}-3"'
    got = clients.s3.get_object(Bucket=bucket, Key="m")
    assert got["Body"].read() == b"".join(PARTS)
    assert got["ContentType"] == "text/csv" and got["Metadata"] == {"m": "1"}
    assert clients.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_gaps_in_part_numbers(clients, bucket):
    """Numbers need not be consecutive, and parts not named are left out."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, n, body)
             for n, body in ((2, PARTS[0]), (7, PARTS[1]), (10000, b"end"))]
    complete(clients, bucket, upload, [parts[0], parts[2]])
    assert clients.s3.get_object(Bucket=bucket, Key="m")["Body"].read() == PARTS[0] + b"end"


def test_part_sent_again_replaces(clients, bucket):
    """A retried part counts once, with its last content."""
    upload = begin(clients, bucket)
    put_part(clients, bucket, upload, 1, b"first")
    part = put_part(clients, bucket, upload, 1, b"second")
    complete(clients, bucket, upload, [part])
    assert clients.s3.get_object(Bucket=bucket, Key="m")["Body"].read() == b"second"


def test_list_parts_and_uploads(clients, bucket):
    """How clients resume and how people clean up."""
    first, second = begin(clients, bucket, "p/1"), begin(clients, bucket, "q/2")
    for n in (1, 2, 3):
        put_part(clients, bucket, first, n, b"x" * n, key="p/1")
    pages = list(clients.s3.get_paginator("list_parts").paginate(
        Bucket=bucket, Key="p/1", UploadId=first, PaginationConfig={"PageSize": 2}))
    found = [part for page in pages for part in page["Parts"]]
    assert [(p["PartNumber"], p["Size"]) for p in found] == [(1, 1), (2, 2), (3, 3)]
    uploads = clients.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(u["Key"], u["UploadId"]) for u in uploads] == [("p/1", first), ("q/2", second)]
    uploads = clients.s3.list_multipart_uploads(Bucket=bucket, Prefix="q/")["Uploads"]
    assert [u["Key"] for u in uploads] == ["q/2"]


def test_abort(clients, bucket):
    """After an abort there is neither upload nor object."""
    upload = begin(clients, bucket)
    put_part(clients, bucket, upload, 1, b"x")
    clients.s3.abort_multipart_upload(Bucket=bucket, Key="m", UploadId=upload)
    with pytest.raises(ClientError) as error:
        put_part(clients, bucket, upload, 2, b"x")
    assert code(error) == "NoSuchUpload"
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="m")


def test_too_small_part(clients, bucket):
    """Only the last part may be below 5 MiB."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, n, b"x") for n in (1, 2)]
    with pytest.raises(ClientError) as error:
        complete(clients, bucket, upload, parts)
    assert code(error) == "EntityTooSmall"


def test_wrong_lists_of_parts(clients, bucket):
    """Unknown parts, wrong ETags and wrong order have S3's codes each."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, n, PARTS[0]) for n in (1, 2)]
    with pytest.raises(ClientError) as error:
        complete(clients, bucket, upload, [parts[0], {"PartNumber": 9, "ETag": parts[1]["ETag"]}])
    assert code(error) == "InvalidPart"
    with pytest.raises(ClientError) as error:
        complete(clients, bucket, upload, [{"PartNumber": 1, "ETag": '"0"'}])
    assert code(error) == "InvalidPart"
    with pytest.raises(ClientError) as error:
        complete(clients, bucket, upload, parts[::-1])
    assert code(error) == "InvalidPartOrder"


@pytest.mark.parametrize("number", [0, 10001, -1])
def test_part_number_out_of_range(clients, bucket, number):
    """Part numbers go from 1 to 10,000."""
    upload = begin(clients, bucket)
    with pytest.raises(ClientError) as error:
        put_part(clients, bucket, upload, number, b"x")
    assert code(error) == "InvalidArgument"


def test_completed_twice(clients, bucket):
    """A client that lost the answer asks again; S3 answers the same object."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, 1, b"x")]
    first = complete(clients, bucket, upload, parts)
    try:
        assert complete(clients, bucket, upload, parts)["ETag"] == first["ETag"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchUpload"


def test_upload_part_copy(clients, bucket):
    """Large copies go part by part, with ranges."""
    clients.s3.put_object(Bucket=bucket, Key="source", Body=PARTS[0] + PARTS[1])
    upload = begin(clients, bucket)
    parts = []
    for number, span in ((1, f"bytes=0-{5 * MIB - 1}"), (2, f"bytes={5 * MIB}-{10 * MIB - 1}")):
        answer = clients.s3.upload_part_copy(
            Bucket=bucket, Key="m", UploadId=upload, PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange=span)
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    complete(clients, bucket, upload, parts)
    assert clients.s3.get_object(Bucket=bucket, Key="m")["Body"].read() == PARTS[0] + PARTS[1]


def test_get_one_part(clients, bucket):
    """PartNumber reads a part of the finished object; downloads in parallel use it."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, n + 1, body) for n, body in enumerate(PARTS)]
    complete(clients, bucket, upload, parts)
    answer = clients.s3.get_object(Bucket=bucket, Key="m", PartNumber=3)
    assert answer["Body"].read() == PARTS[2] and answer["PartsCount"] == 3
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_range_across_parts(clients, bucket):
    """A range knows nothing of part borders."""
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, n + 1, body) for n, body in enumerate(PARTS)]
    complete(clients, bucket, upload, parts)
    answer = clients.s3.get_object(Bucket=bucket, Key="m",
                                   Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert answer["Body"].read() == b"aabb"


def test_complete_if_absent(clients, bucket):
    """Conditional writes hold for multipart uploads too."""
    clients.s3.put_object(Bucket=bucket, Key="m", Body=b"there")
    upload = begin(clients, bucket)
    parts = [put_part(clients, bucket, upload, 1, b"x")]
    with pytest.raises(ClientError) as error:
        complete(clients, bucket, upload, parts, IfNoneMatch="*")
    assert code(error) == "PreconditionFailed"
    assert clients.s3.get_object(Bucket=bucket, Key="m")["Body"].read() == b"there"


def test_bucket_with_an_open_upload(clients):
    """Uploads under way do not keep a bucket from being deleted."""
    import aws
    name = aws.unique("open")
    clients.s3.create_bucket(Bucket=name)
    begin(clients, name)
    clients.s3.delete_bucket(Bucket=name)
