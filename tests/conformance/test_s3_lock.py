"""S3: object lock. What is locked cannot be deleted by anybody who may not."""

import datetime

import aws
import pytest
from botocore.exceptions import ClientError

DAY = datetime.timedelta(days=1)


def later(days=1):
    return (datetime.datetime.now(datetime.timezone.utc) + days * DAY).replace(microsecond=0)


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def locked(clients):
    """A bucket with object lock and no default retention."""
    name = aws.unique("locked")
    clients.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    aws.empty_versions(clients.s3, name)


def put(s3, bucket, **lock):
    return s3.put_object(Bucket=bucket, Key="k", Body=b"x", **lock)["VersionId"]


def test_configuration(clients, locked, bucket):
    """A bucket with lock keeps versions for good; another one gets it once it keeps versions."""
    s3 = clients.s3
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    assert code_of(s3.put_bucket_versioning, Bucket=locked,
                   VersioningConfiguration={"Status": "Suspended"}) == "InvalidBucketState"
    rule = {"ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}}}
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=rule)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == rule
    version = put(s3, locked)
    head = s3.head_object(Bucket=locked, Key="k", VersionId=version)
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - later(2)) < DAY / 24
    assert code_of(s3.put_object_lock_configuration, Bucket=bucket,
                   ObjectLockConfiguration=rule) == "InvalidBucketState"
    assert code_of(s3.put_object, Bucket=bucket, Key="k", ObjectLockLegalHoldStatus="ON") \
        == "InvalidRequest"


def test_governance(clients, locked):
    """The mode that somebody with the right to may bypass."""
    s3 = clients.s3
    version = put(s3, locked, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    where = {"Bucket": locked, "Key": "k", "VersionId": version}
    assert code_of(s3.delete_object, **where) == "AccessDenied"
    answer = s3.delete_objects(Bucket=locked, Delete={"Objects": [
        {"Key": "k", "VersionId": version}]})
    assert [e["Code"] for e in answer["Errors"]] == ["AccessDenied"]
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": later() - DAY / 2}
    assert code_of(s3.put_object_retention, **where, Retention=shorter) == "AccessDenied"
    s3.put_object_retention(**where, Retention={**shorter, "RetainUntilDate": later(3)})
    s3.put_object_retention(**where, Retention=shorter, BypassGovernanceRetention=True)
    assert s3.get_object_retention(**where)["Retention"]["RetainUntilDate"] < later()
    # Without a version the key is hidden, which no lock forbids.
    assert s3.delete_object(Bucket=locked, Key="k")["DeleteMarker"]
    s3.delete_object(**where, BypassGovernanceRetention=True)
    assert code_of(s3.get_object, **where) == "NoSuchVersion"


def test_legal_hold(clients, locked):
    """No time and no bypass: it stays until somebody takes it off."""
    s3 = clients.s3
    version = put(s3, locked, ObjectLockLegalHoldStatus="ON")
    where = {"Bucket": locked, "Key": "k", "VersionId": version}
    assert s3.get_object_legal_hold(**where)["LegalHold"] == {"Status": "ON"}
    assert code_of(s3.delete_object, **where, BypassGovernanceRetention=True) == "AccessDenied"
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    s3.delete_object(**where)


def test_uploads_and_copies(clients, locked):
    """An upload's lock is given at its start; a copy has its own."""
    s3 = clients.s3
    upload = s3.create_multipart_upload(Bucket=locked, Key="k",
                                        ObjectLockLegalHoldStatus="ON")["UploadId"]
    part = s3.upload_part(Bucket=locked, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    done = s3.complete_multipart_upload(
        Bucket=locked, Key="k", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    where = {"Bucket": locked, "Key": "k", "VersionId": done["VersionId"]}
    assert code_of(s3.delete_object, **where) == "AccessDenied"
    copied = s3.copy_object(Bucket=locked, Key="c", CopySource={"Bucket": locked, "Key": "k"},
                            ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    head = s3.head_object(Bucket=locked, Key="c", VersionId=copied["VersionId"])
    assert head["ObjectLockMode"] == "GOVERNANCE" and "ObjectLockLegalHoldStatus" not in head
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})


@pytest.mark.parametrize("lock", [
    {"ObjectLockMode": "GOVERNANCE"},
    {"ObjectLockMode": "none", "ObjectLockRetainUntilDate": later()},
    {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": later(-1)},
    {"ObjectLockLegalHoldStatus": "maybe"}])
def test_nonsense(clients, locked, lock):
    """Half a lock, or one that is over, is a mistake of the caller."""
    assert code_of(clients.s3.put_object, Bucket=locked, Key="k", **lock) == "InvalidArgument"
