"""S3: listing, versions 1 and 2."""

import datetime

import pytest
from botocore.exceptions import ClientError

KEYS = ["a/1", "a/2", "a/b/3", "b", "c d/ä", "c d/+", "z"]


@pytest.fixture(scope="module")
def listed(clients):
    import aws
    name = aws.unique("listed")
    clients.s3.create_bucket(Bucket=name)
    for key in KEYS:
        clients.s3.put_object(Bucket=name, Key=key, Body=key.encode())
    yield name
    aws.empty_bucket(clients.s3, name)


def keys(answer):
    return [item["Key"] for item in answer.get("Contents", [])]


def prefixes(answer):
    return [item["Prefix"] for item in answer.get("CommonPrefixes", [])]


def test_order_is_by_bytes(clients, listed):
    """S3 lists in UTF-8 byte order; merges of listings rely on it."""
    answer = clients.s3.list_objects_v2(Bucket=listed)
    assert keys(answer) == sorted(KEYS, key=lambda k: k.encode())
    assert answer["KeyCount"] == len(KEYS) and answer["IsTruncated"] is False
    first = answer["Contents"][0]
    assert first["Size"] == 3 and first["StorageClass"] == "STANDARD"
    assert isinstance(first["LastModified"], datetime.datetime) and first["ETag"].startswith('"')


def test_prefix_and_delimiter(clients, listed):
    """Folders, as consoles and file systems over S3 see them."""
    answer = clients.s3.list_objects_v2(Bucket=listed, Delimiter="/")
    assert keys(answer) == ["b", "z"] and prefixes(answer) == ["a/", "c d/"]
    answer = clients.s3.list_objects_v2(Bucket=listed, Delimiter="/", Prefix="a/")
    assert keys(answer) == ["a/1", "a/2"] and prefixes(answer) == ["a/b/"]
    assert answer["KeyCount"] == 3
    assert keys(clients.s3.list_objects_v2(Bucket=listed, Prefix="nothing")) == []


def test_delimiter_of_several_characters(clients, listed):
    """A delimiter is any string."""
    answer = clients.s3.list_objects_v2(Bucket=listed, Delimiter="/b/")
    assert prefixes(answer) == ["a/b/"] and len(keys(answer)) == len(KEYS) - 1


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_v2(clients, listed, size):
    """Tokens lead through every key exactly once, at any page size."""
    pages = list(clients.s3.get_paginator("list_objects_v2").paginate(
        Bucket=listed, PaginationConfig={"PageSize": size}))
    assert [k for page in pages for k in keys(page)] == sorted(KEYS, key=lambda k: k.encode())
    assert all(page["KeyCount"] <= size for page in pages)
    assert [p["IsTruncated"] for p in pages] == [True] * (len(pages) - 1) + [False]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_with_delimiter(clients, listed, size):
    """A common prefix counts as one entry and appears on one page only."""
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(clients.s3.get_paginator(operation).paginate(
            Bucket=listed, Delimiter="/", PaginationConfig={"PageSize": size}))
        assert [k for page in pages for k in keys(page)] == ["b", "z"]
        assert [p for page in pages for p in prefixes(page)] == ["a/", "c d/"]


def test_pages_v1(clients, listed):
    """Version 1 goes on from a marker; SDK v2 lists multi-model prefixes with it."""
    pages = list(clients.s3.get_paginator("list_objects").paginate(
        Bucket=listed, PaginationConfig={"PageSize": 2}))
    assert [k for page in pages for k in keys(page)] == sorted(KEYS, key=lambda k: k.encode())


def test_start_after(clients, listed):
    """Readers that remember where they were."""
    assert keys(clients.s3.list_objects_v2(Bucket=listed, StartAfter="a/2")) == [
        "a/b/3", "b", "c d/+", "c d/ä", "z"]
    assert keys(clients.s3.list_objects(Bucket=listed, Marker="b")) == ["c d/+", "c d/ä", "z"]


def test_max_keys_zero(clients, listed):
    """Nothing asked, nothing answered, and not truncated."""
    answer = clients.s3.list_objects_v2(Bucket=listed, MaxKeys=0)
    assert keys(answer) == [] and answer["IsTruncated"] is False


def test_bad_token(clients, listed):
    """A made-up continuation token is an error, not an empty page."""
    with pytest.raises(ClientError) as error:
        clients.s3.list_objects_v2(Bucket=listed, ContinuationToken="%%%no token%%%")
    assert error.value.response["Error"]["Code"] == "InvalidArgument"


def test_fetch_owner(clients, listed):
    """The owner comes only when asked for."""
    assert "Owner" not in clients.s3.list_objects_v2(Bucket=listed)["Contents"][0]
    owner = clients.s3.list_objects_v2(Bucket=listed, FetchOwner=True)["Contents"][0]["Owner"]
    assert owner["ID"]


def test_more_than_a_thousand(clients, bucket):
    """A page holds at most 1,000 keys; a listing of 1,100 must go on."""
    for i in range(1100):
        clients.s3.put_object(Bucket=bucket, Key=f"k{i:05d}", Body=b"")
    first = clients.s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert first["KeyCount"] == 1000 and first["IsTruncated"]
    rest = clients.s3.list_objects_v2(
        Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert rest["KeyCount"] == 100 and not rest["IsTruncated"]


def test_listing_a_missing_bucket(clients):
    """NoSuchBucket, so that the SDK can make its default bucket."""
    with pytest.raises(clients.s3.exceptions.NoSuchBucket):
        clients.s3.list_objects_v2(Bucket="no-such-bucket-here")


def test_keys_that_are_no_xml(clients, bucket):
    """Control characters travel URL-encoded; botocore asks for that by default."""
    odd = ["a\x01b", "a&b<c>", "a%41", "line\nbreak", "trailing space "]
    for key in odd:
        clients.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert sorted(keys(clients.s3.list_objects_v2(Bucket=bucket))) == sorted(odd)
    assert sorted(keys(clients.s3.list_objects(Bucket=bucket))) == sorted(odd)
