"""S3: uploads by HTML form, as browsers send them and boto3's generate_presigned_post signs them."""

import base64
import hashlib
import hmac
from xml.etree import ElementTree

import pytest
import urllib3

import raw_http

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def signer(clients):
    return clients.client("s3", signature_version="s3v4")


def post(url, fields, content=b"content", name="data.bin", headers=None):
    """Sends the form; its file is the last field."""
    parts = [*fields.items(), ("file", (name, content))]
    answer = HTTP.request("POST", url, fields=parts, redirect=False, headers=headers)
    return raw_http.Answer(answer.status, dict(answer.headers), answer.data)


def form(signer, bucket, key, fields=None, conditions=None, expires=600):
    made = signer.generate_presigned_post(bucket, key, fields, conditions, expires)
    return made["url"], made["fields"]


def test_upload(clients, signer, bucket):
    """The form that boto3 makes uploads the file, and nothing else is answered."""
    url, fields = form(signer, bucket, "in/ü x.csv")
    answer = post(url, fields)
    assert (answer.status, answer.body) == (204, b"")
    stored = clients.s3.get_object(Bucket=bucket, Key="in/ü x.csv")
    assert stored["Body"].read() == b"content"
    assert answer.headers["ETag"] == stored["ETag"]


def test_version_2_signature(clients, server, bucket):
    """Older signers make forms of signature version 2, as default boto3 clients do."""
    url, fields = form(clients.client("s3", signature_version="s3"), bucket, "old")
    assert "AWSAccessKeyId" in fields
    assert post(url, fields).status == 204
    assert post(url, fields | {"signature": "AAAA"}).code == "SignatureDoesNotMatch"
    assert post(url, fields | {"AWSAccessKeyId": "AKIANOBODY"}).code == "InvalidAccessKeyId"


def test_large_file(clients, signer, bucket):
    """A file beyond every buffer streams through, whatever looks like a boundary in it."""
    url, fields = form(signer, bucket, "large")
    content = b"\r\n--boundary\r\n--" * 400_000
    assert post(url, fields, content).status == 204
    assert clients.s3.get_object(Bucket=bucket, Key="large")["Body"].read() == content


def test_headers_metadata_and_tags(clients, signer, bucket):
    """What PutObject takes as headers a form says in fields."""
    tagging = ("<Tagging><TagSet><Tag><Key>kind</Key><Value>a &amp; b</Value></Tag></TagSet>"
               "</Tagging>")
    given = {"Content-Type": "text/csv", "Cache-Control": "max-age=5", "x-amz-meta-origin": "form",
             "tagging": tagging}
    url, fields = form(signer, bucket, "described", given, [{k: v} for k, v in given.items()])
    assert post(url, fields).status == 204
    head = clients.s3.head_object(Bucket=bucket, Key="described")
    assert (head["ContentType"], head["CacheControl"]) == ("text/csv", "max-age=5")
    assert head["Metadata"] == {"origin": "form"}
    tags = clients.s3.get_object_tagging(Bucket=bucket, Key="described")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "a & b"}]


def test_name_of_the_file(clients, signer, bucket):
    """${filename} is what the browser calls the file, without the folders it may send."""
    url, fields = form(signer, bucket, "in/${filename}")
    assert post(url, fields, name="C:\\data\\rows.csv").status == 204
    assert clients.s3.head_object(Bucket=bucket, Key="in/rows.csv")["ContentLength"] == 7


def test_answers(signer, bucket):
    """The form chooses what the browser gets: a status, a document, or another page."""
    for asked, status in (("200", 200), ("201", 201), ("204", 204), ("404", 204)):
        given = {"success_action_status": asked}
        url, fields = form(signer, bucket, f"a/{asked}", given, [given])
        answer = post(url, fields)
        assert answer.status == status
        if status == 201:
            document = ElementTree.fromstring(answer.body)
            assert document.findtext("Key") == f"a/{asked}"
            assert document.findtext("Bucket") == bucket
            assert document.findtext("ETag") == answer.headers["ETag"]
    given = {"success_action_redirect": "https://example.com/done?x=1"}
    url, fields = form(signer, bucket, "a b", given, [given])
    answer = post(url, fields)
    etag = answer.headers["ETag"].strip('"')
    assert answer.status == 303
    assert answer.headers["Location"] == (
        f"https://example.com/done?x=1&bucket={bucket}&key=a%20b&etag=%22{etag}%22")


def test_policy_is_kept(clients, signer, bucket):
    """What the policy does not allow is refused, with the condition that says so."""
    url, fields = form(signer, bucket, "mine")
    answer = post(url, fields | {"key": "theirs"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert 'Policy Condition failed: [&quot;eq&quot;' in answer.text or '["eq","$key"' in answer.text
    answer = post(url, fields | {"x-amz-meta-more": "1"})
    assert "Extra input fields: x-amz-meta-more" in answer.text
    assert post(url, fields | {"x-ignore-more": "1"}).status == 204
    assert clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_size_range(clients, signer, bucket):
    """content-length-range bounds the file on both sides, and nothing is stored beyond it."""
    url, fields = form(signer, bucket, "sized", None, [["content-length-range", 3, 1_500_000]])
    assert post(url, fields, b"ab").code == "EntityTooSmall"
    assert post(url, fields, b"a" * 1_500_001).code == "EntityTooLarge"
    assert clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert post(url, fields, b"a" * 1_500_000).status == 204


def test_signature_and_time(server, signer, bucket):
    """A changed policy, a foreign key and an expired policy are refused."""
    url, fields = form(signer, bucket, "signed")
    changed = base64.b64encode(base64.b64decode(fields["policy"]) + b" ").decode()
    assert post(url, fields | {"policy": changed}).code == "SignatureDoesNotMatch"
    credential = "AKIANOBODY/" + fields["x-amz-credential"].split("/", 1)[1]
    assert post(url, fields | {"x-amz-credential": credential}).code == "InvalidAccessKeyId"
    without = {name: value for name, value in fields.items() if name != "x-amz-signature"}
    assert post(url, without).code == "InvalidArgument"
    answer = post(*form(signer, bucket, "late", expires=-1))
    assert answer.status == 403 and "Policy expired" in answer.text


def signed_by_hand(server, document):
    """Fields of a form over any policy text, in signature version 2."""
    policy = base64.b64encode(document).decode()
    keys = raw_http.credentials(server)
    digest = hmac.new(keys.secret_key.encode(), policy.encode(), hashlib.sha1).digest()
    return {"AWSAccessKeyId": keys.access_key, "policy": policy,
            "signature": base64.b64encode(digest).decode()}


@pytest.mark.parametrize("document", [
    b"", b"[]", b"{", b'{"expiration": "tomorrow", "conditions": []}',
    b'{"expiration": "2999-01-01T00:00:00Z"}',
    b'{"expiration": "2999-01-01T00:00:00Z", "conditions": [{}]}',
    b'{"expiration": "2999-01-01T00:00:00Z", "conditions": [["content-length-range", 1]]}',
    b'{"expiration": "2999-01-01T00:00:00Z", "conditions": [["eq", "key", "a"]]}',
    b'{"expiration": "2999-01-01T00:00:00Z", "conditions": ' + b"[" * 500 + b"]" * 500 + b"}"])
def test_broken_policies(server, bucket, document):
    """A policy that cannot be read allows nothing."""
    fields = {"key": "a"} | signed_by_hand(server, document)
    answer = post(f"{server.url}/{bucket}", fields)
    assert (answer.status, answer.code) == (400, "InvalidPolicyDocument"), answer


def test_broken_forms(server, bucket):
    """What is no form, lacks its key or its file, or is too large before it."""
    url = f"{server.url}/{bucket}"
    head = {"Content-Type": "multipart/form-data; boundary=B"}

    def send(body):
        answer = HTTP.request("POST", url, body=body, headers=head)
        return raw_http.Answer(answer.status, dict(answer.headers), answer.data)

    assert send(b"hello").code == "MalformedPOSTRequest"
    assert send(b"").code == "MalformedPOSTRequest"
    key = b'--B\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n'
    assert send(key + b"--B--\r\n").code == "InvalidArgument"
    assert send(key + key + b"--B--\r\n").code == "InvalidArgument"
    file = b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nz'
    assert send(file + b"\r\n--B--\r\n").code == "InvalidArgument"
    assert send(key.replace(b"\r\na\r\n", b"\r\n" + b"a" * 30_000 + b"\r\n")).code == (
        "MaxPostPreDataLengthExceeded")
    assert send(key + file + b"\r\n--B--\r\n").code == "AccessDenied"  # nobody signed it


def test_file_that_breaks_off(server, clients, signer, bucket):
    """A file without its closing boundary is not stored."""
    _, fields = form(signer, bucket, "half")
    body = b"".join(b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' %
                    (name.encode(), value.encode()) for name, value in fields.items())
    body += b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"z" * 100_000
    answer = HTTP.request("POST", f"{server.url}/{bucket}", body=body,
                          headers={"Content-Type": "multipart/form-data; boundary=B"})
    assert raw_http.Answer(answer.status, {}, answer.data).code == "MalformedPOSTRequest"
    assert clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_no_headers_through_fields(server, signer, bucket):
    """A line end in a field would become a header of later answers."""
    given = {"x-amz-meta-a": "x\r\nSet-Cookie: stolen=1"}
    url, fields = form(signer, bucket, "split", given, [given])
    assert post(url, fields).code == "InvalidArgument"
    given = {"success_action_redirect": "https://example.com/\r\nSet-Cookie: stolen=1"}
    url, fields = form(signer, bucket, "split", given, [given])
    answer = post(url, fields)
    assert answer.status == 204 and "Set-Cookie" not in answer.headers
