"""S3: URLs that carry their signature."""

import http.client
import time
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module")
def signer(clients):
    """Signature version 4 has to be asked for: in us-east-1 boto3 still makes version 2 links."""
    return clients.client("s3", signature_version="s3v4")


def fetch(url, method="GET", body=None, headers=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    response = connection.getresponse()
    return response.status, response.read(), dict(response.headers)


@pytest.mark.parametrize("key", ["a", "with space+plus/ü.csv"])
def test_get(clients, signer, bucket, key):
    """A browser without keys downloads through such a link."""
    clients.s3.put_object(Bucket=bucket, Key=key, Body=b"body")
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    assert fetch(url)[:2] == (200, b"body")


def test_link_of_default_settings(clients, bucket):
    """What boto3 makes when nobody asked for a signature version."""
    clients.s3.put_object(Bucket=bucket, Key="a b", Body=b"body")
    url = clients.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"})
    assert fetch(url)[:2] == (200, b"body")
    assert fetch(url.replace("Expires=", "Expires=1"))[0] == 403


def test_default_put_with_metadata(clients, bucket):
    """Version 2 links carry x-amz-* in the query; they count as headers."""
    url = clients.s3.generate_presigned_url("put_object", {
        "Bucket": bucket, "Key": "meta", "Metadata": {"a": "one two"}, "ContentType": "text/x"})
    assert fetch(url, "PUT", b"sent")[0] == 403  # the type was signed and has to be sent
    assert fetch(url, "PUT", b"sent", {"Content-Type": "text/x"})[0] == 200
    stored = clients.s3.get_object(Bucket=bucket, Key="meta")
    assert stored["Body"].read() == b"sent" and stored["ContentType"] == "text/x"
    assert stored["Metadata"] == {"a": "one two"}


def test_default_multipart(clients, bucket):
    """Sub-resources are signed by version 2, with and without a value."""
    names = {"Bucket": bucket, "Key": "parts"}
    link = clients.s3.generate_presigned_url
    status, body, _ = fetch(link("create_multipart_upload", names), "POST")
    assert status == 200, body
    upload = body.split(b"<UploadId>")[1].split(b"<")[0].decode()
    part = {**names, "UploadId": upload, "PartNumber": 1}
    url = link("upload_part", part)
    assert fetch(url.replace("partNumber=1", "partNumber=2"), "PUT", b"x")[0] == 403
    assert fetch(url, "PUT", b"x")[0] == 200
    status, body, _ = fetch(link("list_parts", {**names, "UploadId": upload}))
    assert status == 200 and body.count(b"<Part>") == 1
    status, body, _ = fetch(link("list_objects_v2", {"Bucket": bucket, "Prefix": "p"}))
    assert status == 200 and b"ListBucketResult" in body


def test_default_link_errors(clients, bucket):
    """What version 2 does not sign cannot be added to a link; the time and the key neither."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    names = {"Bucket": bucket, "Key": "a", "ResponseContentType": "text/y"}
    url = clients.s3.generate_presigned_url("get_object", names)
    status, _, headers = fetch(url)
    assert status == 200
    assert {k.lower(): v for k, v in headers.items()}["content-type"] == "text/y"
    status, body, _ = fetch(url.replace("/a?", "/b?"))
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in body
    assert b"<StringToSign>GET" in body
    assert fetch(url + "&retention")[0] == 400
    assert fetch(url + "&tagging")[0] == 403
    assert fetch(url, "PUT", b"new")[0] == 403
    status, body, _ = fetch(clients.s3.generate_presigned_url("get_object", names, ExpiresIn=-5))
    assert status == 403 and b"<Message>Request has expired</Message>" in body


def test_put(clients, signer, bucket):
    """And uploads."""
    url = signer.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "up"})
    assert fetch(url, "PUT", b"sent")[0] == 200
    assert clients.s3.get_object(Bucket=bucket, Key="up")["Body"].read() == b"sent"


def test_response_overrides_are_signed(clients, signer, bucket):
    """The file name of a download is part of the link."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    url = signer.generate_presigned_url("get_object", {
        "Bucket": bucket, "Key": "a", "ResponseContentDisposition": 'attachment; filename="x"'})
    status, _, headers = fetch(url)
    assert status == 200
    assert {k.lower(): v for k, v in headers.items()}["content-disposition"] == (
        'attachment; filename="x"')


def test_expired(clients, signer, bucket):
    """After its time a link gives AccessDenied."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"},
                                            ExpiresIn=1)
    time.sleep(2.1)
    status, body, _ = fetch(url)
    assert status == 403 and b"<Code>AccessDenied</Code>" in body and b"expired" in body


@pytest.mark.parametrize("change", [("/a?", "/b?"), ("Expires=3600", "Expires=3601")])
def test_tampered(clients, signer, bucket, change):
    """Neither the key nor the time can be changed."""
    for key in ("a", "b"):
        clients.s3.put_object(Bucket=bucket, Key=key, Body=b"body")
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
    assert change[0] in url
    status, body, _ = fetch(url.replace(*change))
    assert status == 403 and b"SignatureDoesNotMatch" in body


def test_method_is_signed(clients, signer, bucket):
    """A link to read is none to write."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
    assert fetch(url, "PUT", b"new")[0] == 403


def test_head(clients, signer, bucket):
    """HEAD has its own links."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"body")
    url = signer.generate_presigned_url("head_object", {"Bucket": bucket, "Key": "a"})
    status, body, headers = fetch(url, "HEAD")
    assert status == 200 and body == b""
    assert {k.lower(): v for k, v in headers.items()}["content-length"] == "4"
