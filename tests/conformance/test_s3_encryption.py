"""S3: encryption at rest as boto3 asks for it: SSE-S3, SSE-KMS, SSE-C, the bucket's default."""

import base64
import hashlib
import json
import os

import pytest
from botocore.exceptions import ClientError

BODIES = {"small": b"some bytes", "large": os.urandom(3 << 20)}
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.fixture(scope="module")
def s3(clients):
    """By TLS: SSE-C asks for it."""
    return clients.session.client("s3", endpoint_url=clients.server.url.replace("http:", "https:"),
                                  verify=False)


@pytest.fixture(scope="module")
def kms_key(clients):
    return clients.kms.create_key(Description="objects")["KeyMetadata"]["Arn"]


def failure(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def customer(key=KEY, source=False):
    prefix = "CopySource" if source else ""
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": key}


@pytest.mark.parametrize("size", BODIES)
def test_everything_is_encrypted_by_default(s3, bucket, size):
    """As on AWS since 2023; nobody has to ask."""
    body = BODIES[size]
    made = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert made["ServerSideEncryption"] == "AES256"
    assert made["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body and got["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=3-8")
    assert part["Body"].read() == body[3:9]


@pytest.mark.parametrize("size", BODIES)
def test_sse_kms(s3, bucket, kms_key, size):
    """The key's ARN is told everywhere, also when an id named it; the context only to its sender."""
    context = base64.b64encode(json.dumps({"team": "red"}).encode()).decode()
    made = s3.put_object(Bucket=bucket, Key="k", Body=BODIES[size], ServerSideEncryption="aws:kms",
                         SSEKMSKeyId=kms_key.rsplit("/", 1)[1], SSEKMSEncryptionContext=context,
                         BucketKeyEnabled=True)
    assert made["ServerSideEncryption"] == "aws:kms" and made["SSEKMSKeyId"] == kms_key
    assert made["BucketKeyEnabled"] is True
    assert json.loads(base64.b64decode(made["SSEKMSEncryptionContext"])) == {"team": "red"}
    assert made["ETag"].strip('"') != hashlib.md5(BODIES[size]).hexdigest()
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == BODIES[size] and got["SSEKMSKeyId"] == kms_key


def test_sse_kms_without_a_key_takes_the_managed_one(s3, clients, bucket):
    """alias/aws/s3 is made when it is first needed."""
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    managed = clients.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert made["SSEKMSKeyId"] == managed["Arn"] and managed["KeyManager"] == "AWS"


def test_a_kms_key_that_goes_takes_its_objects_with_it(s3, clients, bucket):
    """Disabling is reversible; a key about to be deleted opens nothing."""
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms",
                  SSEKMSKeyId=key)
    get = {"Bucket": bucket, "Key": "k"}
    assert s3.get_object(**get)["Body"].read() == b"x"
    clients.kms.disable_key(KeyId=key)
    assert failure(s3.get_object, **get) == (400, "KMS.DisabledException")
    clients.kms.enable_key(KeyId=key)
    assert s3.get_object(**get)["Body"].read() == b"x"
    clients.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert failure(s3.get_object, **get) == (400, "KMS.KMSInvalidStateException")
    assert s3.head_object(**get)["SSEKMSKeyId"] == key
    assert failure(s3.put_object, Bucket=bucket, Key="n", Body=b"x", ServerSideEncryption="aws:kms",
                   SSEKMSKeyId=key) == (400, "KMS.KMSInvalidStateException")
    absent = key[:-12] + "000000000000"
    assert failure(s3.put_object, Bucket=bucket, Key="n", Body=b"x", ServerSideEncryption="aws:kms",
                   SSEKMSKeyId=absent) == (400, "KMS.NotFoundException")


@pytest.mark.parametrize("size", BODIES)
def test_sse_c(s3, bucket, size):
    """Who does not send the key gets nothing, not even the metadata."""
    made = s3.put_object(Bucket=bucket, Key="k", Body=BODIES[size], **customer())
    assert made["SSECustomerAlgorithm"] == "AES256"
    assert made["SSECustomerKeyMD5"] == base64.b64encode(hashlib.md5(KEY).digest()).decode()
    got = s3.get_object(Bucket=bucket, Key="k", **customer())
    assert got["Body"].read() == BODIES[size]
    assert got["SSECustomerKeyMD5"] == made["SSECustomerKeyMD5"]
    assert failure(s3.get_object, Bucket=bucket, Key="k") == (400, "InvalidRequest")
    assert failure(s3.get_object, Bucket=bucket, Key="k", **customer(OTHER_KEY)) == \
        (403, "AccessDenied")
    assert failure(s3.head_object, Bucket=bucket, Key="k")[0] == 400
    assert s3.head_object(Bucket=bucket, Key="k", **customer())["ContentLength"] == \
        len(BODIES[size])
    attributes = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectSize"]}
    assert failure(s3.get_object_attributes, **attributes) == (400, "InvalidRequest")
    # botocore encodes the key in every operation but this one.
    spelt = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(KEY).decode(),
             "SSECustomerKeyMD5": made["SSECustomerKeyMD5"]}
    assert s3.get_object_attributes(**attributes, **spelt)["ObjectSize"] == len(BODIES[size])


def test_sse_c_needs_tls(clients, bucket):
    """A key must not travel in the clear."""
    if not clients.server.url.startswith("http:"):
        pytest.skip("the server has no plain port")
    assert failure(clients.s3.put_object, Bucket=bucket, Key="k", Body=b"x", **customer()) == \
        (400, "InvalidRequest")


def test_multipart_uploads(s3, bucket, kms_key):
    """Every part is encrypted as the upload was begun; completing rewrites nothing."""
    parts = [os.urandom(5 << 20), b"the end"]
    for options in ({}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}, customer()):
        of_part = options if "SSECustomerKey" in options else {}
        named = {"Bucket": bucket, "Key": "m"}
        upload = s3.create_multipart_upload(**named, **options)
        named["UploadId"] = upload["UploadId"]
        done = []
        for number, body in enumerate(parts, 1):
            made = s3.upload_part(**named, PartNumber=number, Body=body, **of_part)
            done.append({"PartNumber": number, "ETag": made["ETag"]})
            if options and not of_part:
                assert made["SSEKMSKeyId"] == kms_key
        if of_part:
            assert failure(s3.upload_part, **named, PartNumber=3, Body=b"x")[0] == 400
            assert failure(s3.complete_multipart_upload, **named, **customer(OTHER_KEY),
                           MultipartUpload={"Parts": done})[0] == 400
        made = s3.complete_multipart_upload(**named, MultipartUpload={"Parts": done}, **of_part)
        assert made["ETag"].strip('"').endswith("-2")
        got = s3.get_object(Bucket=bucket, Key="m", **of_part)["Body"].read()
        assert got == b"".join(parts)
        tail = s3.get_object(Bucket=bucket, Key="m", Range="bytes=-9", **of_part)["Body"].read()
        assert tail == b"".join(parts)[-9:]


def test_copies_between_all_schemes(s3, bucket, kms_key):
    """A copy has the encryption it asks for, whatever its source has."""
    schemes = {"s3": ({}, {}), "kms": ({"ServerSideEncryption": "aws:kms",
                                        "SSEKMSKeyId": kms_key}, {}),
               "c": (customer(), customer(source=True))}
    for size, body in BODIES.items():
        for name, (write, _) in schemes.items():
            s3.put_object(Bucket=bucket, Key=f"{size}-{name}", Body=body, **write)
        for name, (_, read) in schemes.items():
            for target, (write, _) in schemes.items():
                made = s3.copy_object(Bucket=bucket, Key="copy", **write, **read,
                                      CopySource={"Bucket": bucket, "Key": f"{size}-{name}"})
                assert made.get("SSEKMSKeyId") == (kms_key if target == "kms" else None)
                got = s3.get_object(Bucket=bucket, Key="copy",
                                    **(write if target == "c" else {}))
                assert got["Body"].read() == body
                if target == "s3":
                    assert got["ETag"].strip('"') == hashlib.md5(body).hexdigest()
        assert failure(s3.copy_object, Bucket=bucket, Key="copy",
                       CopySource={"Bucket": bucket, "Key": f"{size}-c"})[0] == 400


def test_upload_part_copy_of_an_encrypted_source(s3, bucket):
    """The source's key and the upload's key are two."""
    body = BODIES["large"]
    s3.put_object(Bucket=bucket, Key="source", Body=body, **customer())
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", **customer(OTHER_KEY))["UploadId"]
    made = s3.upload_part_copy(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1,
                               CopySource={"Bucket": bucket, "Key": "source"},
                               CopySourceRange="bytes=100-200000", **customer(source=True),
                               **customer(OTHER_KEY))
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}]},
        **customer(OTHER_KEY))
    got = s3.get_object(Bucket=bucket, Key="m", **customer(OTHER_KEY))["Body"].read()
    assert got == body[100:200001]


def test_the_bucket_default(s3, bucket, kms_key):
    """Put, got, deleted; objects follow it from then on."""
    def algorithm():
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        return rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    assert algorithm() == "AES256"
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms",
                                               "KMSMasterKeyID": kms_key},
        "BucketKeyEnabled": True}]})
    assert algorithm() == "aws:kms"
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert made["SSEKMSKeyId"] == kms_key and made["BucketKeyEnabled"]
    s3.delete_bucket_encryption(Bucket=bucket)
    assert algorithm() == "AES256"
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ServerSideEncryption"] == "AES256"


def test_what_cannot_be_is_said(s3, bucket):
    """Contradictions, and the two layers that are not built."""
    put = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    assert failure(s3.put_object, **put, ServerSideEncryption="AES128") == (400, "InvalidArgument")
    assert failure(s3.put_object, **put, SSEKMSKeyId="k") == (400, "InvalidArgument")
    assert failure(s3.put_object, **put, ServerSideEncryption="AES256", **customer()) == \
        (400, "InvalidArgument")
    assert failure(s3.put_object, **put, ServerSideEncryption="aws:kms:dsse") == \
        (501, "NotImplemented")
