"""S3: versions, delete markers, and what deletes ask for."""

import threading

import aws
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def versioned(clients):
    """A bucket that keeps versions."""
    name = aws.unique("versioned")
    clients.s3.create_bucket(Bucket=name)
    clients.s3.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name
    aws.empty_versions(clients.s3, name)


def error_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], \
        response["ResponseMetadata"]["HTTPHeaders"]


def put(s3, bucket, key, body):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def read(s3, bucket, key, **version):
    return s3.get_object(Bucket=bucket, Key=key, **version)["Body"].read()


def test_states_of_a_bucket(clients, bucket):
    """Never, enabled, suspended; nothing goes back to never, and there is no MFA."""
    s3 = clients.s3
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status
    assert error_of(s3.put_bucket_versioning, Bucket=bucket,
                    VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})[1] \
        == "NotImplemented"


@pytest.mark.parametrize("size", [10, 100_000])
def test_older_versions_are_read(clients, versioned, size):
    """What was overwritten or deleted by mistake comes back by its version id."""
    s3 = clients.s3
    bodies = [bytes([65 + i]) * size for i in range(3)]
    ids = [put(s3, versioned, "k", body) for body in bodies]
    assert len(set(ids)) == 3
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"]
    assert [read(s3, versioned, "k", VersionId=id) for id in ids] == bodies
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=ids[0])["VersionId"] == ids[0]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert read(s3, versioned, "k") == bodies[2]


def test_delete_markers_answer(clients, versioned):
    """404 for the key, 405 for the marker itself, with the headers that tell why."""
    s3 = clients.s3
    put(s3, versioned, "k", b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    status, code, headers = error_of(s3.get_object, Bucket=versioned, Key="k")
    assert (status, code) == (404, "NoSuchKey")
    assert headers["x-amz-delete-marker"] == "true"
    assert headers["x-amz-version-id"] == marker
    for call in (s3.get_object, s3.head_object):
        status, _, headers = error_of(call, Bucket=versioned, Key="k", VersionId=marker)
        assert status == 405
        assert headers["x-amz-delete-marker"] == "true" and "last-modified" in headers
    assert error_of(s3.get_object, Bucket=versioned, Key="k",
                    VersionId="0" * 32)[:2] == (404, "NoSuchVersion")


def test_null_versions(clients, bucket):
    """What was there before versions were enabled is the null version, and suspension writes it."""
    s3 = clients.s3
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, "k", b"second")
    assert read(s3, bucket, "k", VersionId="null") == b"first"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"third")
    assert read(s3, bucket, "k", VersionId="null") == b"third"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2
    assert s3.delete_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    aws.empty_versions(s3, bucket, delete_bucket=False)


@pytest.mark.parametrize("page", [1, 2, 3, 5, 1000])
def test_listing_in_pages(clients, versioned, page):
    """Pages of any size show every version and marker once, newest first within a key."""
    s3 = clients.s3
    expected = []
    for key in ("a", "dir/x", "dir/y", "z é+"):
        ids = [put(s3, versioned, key, b"x" * n) for n in range(3)]
        if key != "dir/y":
            ids.append(s3.delete_object(Bucket=versioned, Key=key)["VersionId"])
        expected += [(key, id) for id in reversed(ids)]
    seen, latest = {}, []
    for answer in s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, PaginationConfig={"PageSize": page}):
        for item in answer.get("Versions", []) + answer.get("DeleteMarkers", []):
            assert (item["Key"], item["VersionId"]) not in seen
            seen[item["Key"], item["VersionId"]] = item
            if item["IsLatest"]:
                latest.append(item["Key"])
    assert set(seen) == set(expected)
    assert sorted(latest) == ["a", "dir/x", "dir/y", "z é+"]
    answer = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [p["Prefix"] for p in answer["CommonPrefixes"]] == ["dir/"]
    assert {item["Key"] for item in answer["Versions"]} == {"a", "z é+"}
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=versioned)["Contents"]] == ["dir/y"]


def test_delete_objects_answers_by_key(clients, versioned):
    """One request deletes versions and hides keys; the answer says which was which."""
    s3 = clients.s3
    version = put(s3, versioned, "a", b"1")
    put(s3, versioned, "b", b"1")
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [
        {"Key": "a", "VersionId": version}, {"Key": "b"},
        {"Key": "c", "ETag": "other"}]})
    by_key = {item["Key"]: item for item in answer["Deleted"]}
    assert by_key["a"] == {"Key": "a", "VersionId": version}
    assert by_key["b"]["DeleteMarker"]
    marker = by_key["b"]["DeleteMarkerVersionId"]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [
        {"Key": "b", "VersionId": marker}]})["Deleted"][0]
    assert answer == {"Key": "b", "VersionId": marker, "DeleteMarker": True,
                      "DeleteMarkerVersionId": marker}
    put(s3, versioned, "c", b"1")
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [
        {"Key": "c", "ETag": "other"}, {"Key": "c", "Size": 9}]})
    assert [e["Code"] for e in answer["Errors"]] == ["PreconditionFailed"] * 2


def test_versions_elsewhere(clients, versioned):
    """Tags, copies, parts and attributes work on the version they name."""
    s3 = clients.s3
    old, new = put(s3, versioned, "k", b"old"), put(s3, versioned, "k", b"newer")
    tags = {"TagSet": [{"Key": "n", "Value": "v"}]}
    answer = s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=old, Tagging=tags)
    assert answer["VersionId"] == old
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=old)["TagSet"] \
        == tags["TagSet"]
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == []
    attributes = s3.get_object_attributes(Bucket=versioned, Key="k", VersionId=old,
                                          ObjectAttributes=["ObjectSize"])
    assert attributes["ObjectSize"] == 3 and attributes["VersionId"] == old
    source = {"Bucket": versioned, "Key": "k", "VersionId": old}
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert copied["CopySourceVersionId"] == old and copied["VersionId"] not in (old, new)
    assert read(s3, versioned, "k") == b"old"
    upload = s3.create_multipart_upload(Bucket=versioned, Key="m")["UploadId"]
    part = s3.upload_part_copy(Bucket=versioned, Key="m", UploadId=upload, PartNumber=1,
                               CopySource={**source, "VersionId": new})
    assert part["CopySourceVersionId"] == new
    done = s3.complete_multipart_upload(
        Bucket=versioned, Key="m", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
    assert read(s3, versioned, "m", VersionId=done["VersionId"]) == b"newer"


def test_concurrent_writers(clients, versioned):
    """Every put that was acknowledged is a version, and exactly one of them is the latest."""
    made, lock = [], threading.Lock()

    def write(writer):
        s3 = clients.client("s3")
        for number in range(20):
            version = put(s3, versioned, "k", f"{writer}/{number}".encode())
            with lock:
                made.append(version)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = clients.s3.list_object_versions(Bucket=versioned)["Versions"]
    assert sorted(made) == sorted(v["VersionId"] for v in versions)
    assert [v["IsLatest"] for v in versions] == [True] + [False] * (len(made) - 1)
    head = clients.s3.head_object(Bucket=versioned, Key="k")
    assert head["VersionId"] == versions[0]["VersionId"]


def test_only_one_creates(clients, versioned):
    """If-None-Match: * lets one of many writers win, also over a delete marker."""
    s3 = clients.s3
    put(s3, versioned, "k", b"x")
    s3.delete_object(Bucket=versioned, Key="k")
    outcomes, lock = [], threading.Lock()

    def write():
        try:
            clients.client("s3").put_object(Bucket=versioned, Key="k", IfNoneMatch="*")
            outcome = 200
        except ClientError as error:
            outcome = error.response["ResponseMetadata"]["HTTPStatusCode"]
        with lock:
            outcomes.append(outcome)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200] + [412] * 5


def test_storage_class(clients, bucket):
    """A class is told as it was asked for; what would have to be restored first is refused."""
    s3 = clients.s3
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"
    assert error_of(s3.put_object, Bucket=bucket, Key="g", Body=b"x",
                    StorageClass="GLACIER")[1] == "InvalidStorageClass"
