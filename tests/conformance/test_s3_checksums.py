"""S3: the checksums that current SDKs send by default, and those one can ask for."""

import base64
import hashlib
import zlib

import pytest
import raw_http
from botocore.exceptions import ClientError

BODY = b"123456789"
# Check values of "123456789": CRC-32 (RFC 3309's table), CRC-32C and CRC-64/NVME as catalogued.
KNOWN = {
    "CRC32": base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode(),
    "CRC32C": base64.b64encode(bytes.fromhex("e3069283")).decode(),
    "CRC64NVME": base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode(),
    "SHA1": base64.b64encode(hashlib.sha1(BODY).digest()).decode(),
    "SHA256": base64.b64encode(hashlib.sha256(BODY).digest()).decode(),
}
MIB = 1024 * 1024


def header(algorithm):
    return f"x-amz-checksum-{algorithm.lower()}"


@pytest.mark.parametrize("algorithm", KNOWN)
def test_checksum_given_by_the_client(clients, bucket, algorithm):
    """The right value is stored and comes back when the reader asks for it."""
    member = f"Checksum{algorithm}"
    answer = clients.s3.put_object(Bucket=bucket, Key="a", Body=BODY, **{member: KNOWN[algorithm]})
    assert answer[member] == KNOWN[algorithm]
    head = clients.s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert head[member] == KNOWN[algorithm]
    assert member not in clients.s3.head_object(Bucket=bucket, Key="a")


@pytest.mark.parametrize("algorithm", KNOWN)
def test_wrong_checksum_is_refused(clients, bucket, algorithm):
    """Damage on the way must not become an object."""
    wrong = base64.b64encode(b"\0" * len(base64.b64decode(KNOWN[algorithm]))).decode()
    with pytest.raises(ClientError) as error:
        clients.s3.put_object(Bucket=bucket, Key="a", Body=BODY, **{f"Checksum{algorithm}": wrong})
    assert error.value.response["Error"]["Code"] == "BadDigest"
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="a")


def test_checksum_that_is_no_base64(server, bucket):
    """A malformed value is InvalidRequest, before the body is looked at."""
    answer = raw_http.call(server, "PUT", f"/{bucket}/a", {"x-amz-checksum-crc32": "nonsense"},
                           BODY, "s3")
    assert answer.status == 400 and answer.code == "InvalidRequest"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksum_that_the_client_computes(clients, bucket, algorithm):
    """ChecksumAlgorithm makes botocore compute and send one."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=BODY, ChecksumAlgorithm=algorithm)
    attributes = clients.s3.get_object_attributes(
        Bucket=bucket, Key="a", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert attributes["Checksum"][f"Checksum{algorithm}"] == KNOWN[algorithm]
    assert attributes["ObjectSize"] == len(BODY)


def trailer_request(server, bucket, algorithm, value, body=BODY, key="t"):
    """A PUT with the checksum behind the body, as SDKs send streams over TLS."""
    framed = b"%x\r\n%s\r\n0\r\n%s:%s\r\n\r\n" % (
        len(body), body, header(algorithm).encode(), value.encode())
    headers = {"Content-Encoding": "aws-chunked", "x-amz-trailer": header(algorithm),
               "x-amz-decoded-content-length": str(len(body)),
               "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    signed = raw_http.sign(server, "PUT", f"/{bucket}/{key}", headers, b"", "s3")
    signed["Content-Length"] = str(len(framed))
    return raw_http.send(server, "PUT", f"/{bucket}/{key}", signed, framed)


@pytest.mark.parametrize("algorithm", KNOWN)
def test_checksum_in_the_trailer(server, clients, bucket, algorithm):
    """The trailer is checked, and aws-chunked is no part of the object's encoding."""
    answer = trailer_request(server, bucket, algorithm, KNOWN[algorithm])
    assert answer.status == 200, answer
    got = clients.s3.get_object(Bucket=bucket, Key="t", ChecksumMode="ENABLED")
    assert got["Body"].read() == BODY and got[f"Checksum{algorithm}"] == KNOWN[algorithm]
    assert "aws-chunked" not in got.get("ContentEncoding", "")


@pytest.mark.parametrize("algorithm", KNOWN)
def test_wrong_checksum_in_the_trailer(server, clients, bucket, algorithm):
    """A wrong trailer undoes the upload."""
    wrong = base64.b64encode(b"\1" * len(base64.b64decode(KNOWN[algorithm]))).decode()
    answer = trailer_request(server, bucket, algorithm, wrong)
    assert answer.status == 400 and answer.code == "BadDigest"
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="t")


def test_decoded_length_is_checked(server, bucket):
    """A body shorter than announced is IncompleteBody, not a short object."""
    framed = b"5\r\nhello\r\n0\r\n\r\n"
    headers = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": "6",
               "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    signed = raw_http.sign(server, "PUT", f"/{bucket}/x", headers, b"", "s3")
    signed["Content-Length"] = str(len(framed))
    answer = raw_http.send(server, "PUT", f"/{bucket}/x", signed, framed)
    assert answer.status == 400 and answer.code == "IncompleteBody"


def test_content_md5(server, bucket):
    """The oldest of the checksums."""
    good = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    bad = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    for value, status, code in ((good, 200, ""), (bad, 400, "BadDigest"),
                                ("short", 400, "InvalidDigest")):
        answer = raw_http.call(server, "PUT", f"/{bucket}/a", {"Content-MD5": value}, BODY, "s3")
        assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("algorithm, kind", [
    ("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("CRC64NVME", "FULL_OBJECT"),
    ("CRC32C", "FULL_OBJECT"), ("SHA256", "COMPOSITE"), ("SHA1", "COMPOSITE")])
def test_multipart_checksums(clients, bucket, algorithm, kind):
    """Composite: a checksum of checksums with the count; full: as if it were sent in one piece."""
    from botocore.exceptions import MissingDependencyException
    try:
        upload = clients.s3.create_multipart_upload(
            Bucket=bucket, Key="m", ChecksumAlgorithm=algorithm, ChecksumType=kind)["UploadId"]
        bodies, parts, member = [b"a" * (5 * MIB), b"tail"], [], f"Checksum{algorithm}"
        for number, body in enumerate(bodies, 1):
            answer = clients.s3.upload_part(
                Bucket=bucket, Key="m", UploadId=upload, PartNumber=number, Body=body,
                ChecksumAlgorithm=algorithm)
            parts.append({"PartNumber": number, "ETag": answer["ETag"], member: answer[member]})
    except MissingDependencyException:
        pytest.skip("botocore computes this one only with the CRT library")
    done = clients.s3.complete_multipart_upload(
        Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": parts},
        ChecksumType=kind)
    if kind == "COMPOSITE":
        assert done[member].endswith("-2")
    if (algorithm, kind) == ("CRC32", "FULL_OBJECT"):
        assert done[member] == base64.b64encode(
            zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
    assert done["ChecksumType"] == kind
    head = clients.s3.head_object(Bucket=bucket, Key="m", ChecksumMode="ENABLED")
    assert head[member] == done[member]


def test_copy_keeps_the_checksum(clients, bucket):
    """A copy is the same bytes."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=BODY, ChecksumCRC32C=KNOWN["CRC32C"])
    clients.s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    head = clients.s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32C"] == KNOWN["CRC32C"]
