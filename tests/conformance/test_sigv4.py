"""Signature version 4, by requests that a client would not make.

Services that speak JSON answer 400 to a bad signature, as DynamoDB's and SSM's real ones do; Query
and S3 answer 403.
"""

import datetime
import hashlib
import hmac

import pytest
import raw_http
from botocore.credentials import Credentials

BODY = b"{}"


def list_jobs(server, change=lambda headers: None, keys=None, body=BODY):
    headers = raw_http.sign(server, "POST", "/", raw_http.json_headers("ListTrainingJobs"), BODY,
                            keys=keys)
    change(headers)
    return raw_http.send(server, "POST", "/", headers, body)


def signed_at(server, when, monkeypatch):
    """The same request, signed by a clock that is wrong."""
    import botocore.auth

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return when

        @classmethod
        def now(cls, tz=None):
            return when.replace(tzinfo=tz)

    for name in ("get_current_datetime",):
        if hasattr(botocore.auth, name):
            monkeypatch.setattr(botocore.auth, name, lambda *a, **k: when)
    monkeypatch.setattr(botocore.auth.datetime, "datetime", Clock, raising=False)
    return raw_http.sign(server, "POST", "/", raw_http.json_headers("ListTrainingJobs"), BODY)


def test_good_signature(server):
    """The other tests mean something only if this one passes."""
    assert list_jobs(server).status == 200


def test_wrong_secret(server):
    """AWS: InvalidSignatureException, with advice."""
    keys = Credentials(server.exported["AWS_ACCESS_KEY_ID"], "wrong")
    answer = list_jobs(server, keys=keys)
    assert answer.status == 400 and answer.code == "InvalidSignatureException"


def test_unknown_key(server):
    """AWS: UnrecognizedClientException for JSON services."""
    answer = list_jobs(server, keys=Credentials("AKIAUNKNOWNUNKNOWN00", "x" * 40))
    assert answer.status == 400 and answer.code == "UnrecognizedClientException"


def test_unsigned(server):
    """AWS: MissingAuthenticationTokenException where nothing is signed."""
    answer = list_jobs(server, lambda headers: headers.pop("Authorization"))
    assert answer.status == 400 and answer.code == "MissingAuthenticationTokenException"


def test_garbage_in_authorization(server):
    """AWS: IncompleteSignatureException for a header that lacks its parts."""
    def change(headers):
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=x"
    answer = list_jobs(server, change)
    assert answer.status == 400 and answer.code == "IncompleteSignatureException"


@pytest.mark.parametrize("minutes", [-20, 20])
def test_clock_skew(server, monkeypatch, minutes):
    """More than five minutes off is refused, and the message says which time counts."""
    when = (datetime.datetime.now(datetime.timezone.utc)
            + datetime.timedelta(minutes=minutes)).replace(tzinfo=None)
    headers = signed_at(server, when, monkeypatch)
    assert headers["X-Amz-Date"].startswith(when.strftime("%Y%m%dT%H%M"))
    answer = raw_http.send(server, "POST", "/", headers, BODY)
    assert answer.status == 400 and answer.code == "InvalidSignatureException"
    assert "Signature" in answer.text


def test_tampered_body(server):
    """Another body than the signed one."""
    answer = list_jobs(server, body=b'{"MaxResults": 1}')
    assert answer.status == 400 and answer.code == "InvalidSignatureException"


def test_tampered_header(server):
    """A signed header that was changed on the way."""
    def change(headers):
        headers["X-Amz-Target"] = "SageMaker.ListModels"
    answer = list_jobs(server, change)
    assert answer.status == 400 and answer.code == "InvalidSignatureException"


def test_wrong_session_token(server):
    """A temporary key is nothing without its token."""
    def change(headers):
        headers["X-Amz-Security-Token"] = "bm90IGEgdG9rZW4="
    answer = list_jobs(server, change)
    assert answer.status == 400


def s3_put(server, bucket, headers, sent, key="k"):
    signed = raw_http.sign(server, "PUT", f"/{bucket}/{key}", headers, b"", "s3")
    signed["Content-Length"] = str(len(sent))
    return raw_http.send(server, "PUT", f"/{bucket}/{key}", signed, sent)


def test_s3_words(server, bucket):
    """S3 has its own codes for the same faults: SDKs print them."""
    good = raw_http.call(server, "GET", f"/{bucket}?list-type=2", {}, b"", "s3")
    assert good.status == 200
    wrong = raw_http.call(server, "GET", f"/{bucket}?list-type=2", {}, b"", "s3",
                          keys=Credentials(server.exported["AWS_ACCESS_KEY_ID"], "wrong"))
    assert (wrong.status, wrong.code) == (403, "SignatureDoesNotMatch")
    unknown = raw_http.call(server, "GET", f"/{bucket}?list-type=2", {}, b"", "s3",
                            keys=Credentials("AKIAUNKNOWNUNKNOWN00", "x" * 40))
    assert (unknown.status, unknown.code) == (403, "InvalidAccessKeyId")


def test_s3_body_that_is_not_the_signed_one(server, clients, bucket):
    """The SHA-256 in the header is checked against what arrives."""
    wrong = hashlib.sha256(b"other").hexdigest()
    answer = s3_put(server, bucket, {"x-amz-content-sha256": wrong}, b"body")
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="k")


def test_s3_unsigned_payload(server, clients, bucket):
    """Allowed: the header says so and is itself signed."""
    answer = s3_put(server, bucket, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"body")
    assert answer.status == 200
    assert clients.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"


def signed_chunks(server, signed, chunks, tamper=False):
    """Frames chunks with their chain of signatures (AWS4-HMAC-SHA256-PAYLOAD)."""
    secret = server.exported["AWS_SECRET_ACCESS_KEY"]
    authorization = signed["Authorization"]
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/", 1)[1]
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    previous, framed = authorization.partition("Signature=")[2], b""
    for chunk in [*chunks, b""]:
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", signed["X-Amz-Date"], scope, previous,
                          hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        sent = chunk.replace(b"a", b"b") if tamper else chunk
        framed += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(chunk), previous.encode(), sent)
    return framed


@pytest.mark.parametrize("tamper", [False, True])
def test_s3_signed_chunks(server, clients, bucket, tamper):
    """Each chunk carries a signature over the one before; Java and Go clients stream so."""
    chunks = [b"a" * 65536, b"a" * 65536, b"tail"]
    headers = {"Content-Encoding": "aws-chunked",
               "x-amz-decoded-content-length": str(sum(map(len, chunks))),
               "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    signed = raw_http.sign(server, "PUT", f"/{bucket}/chunked", headers, b"", "s3")
    framed = signed_chunks(server, signed, chunks, tamper)
    signed["Content-Length"] = str(len(framed))
    answer = raw_http.send(server, "PUT", f"/{bucket}/chunked", signed, framed)
    if tamper:
        assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
        with pytest.raises(clients.s3.exceptions.NoSuchKey):
            clients.s3.get_object(Bucket=bucket, Key="chunked")
    else:
        assert answer.status == 200, answer
        body = clients.s3.get_object(Bucket=bucket, Key="chunked")["Body"].read()
        assert body == b"".join(chunks)


def test_query_protocol_error(server):
    """Query services answer XML with Error/Code, as old SDKs parse it."""
    keys = Credentials(server.exported["AWS_ACCESS_KEY_ID"], "wrong")
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    answer = raw_http.call(server, "POST", "/",
                           {"Content-Type": "application/x-www-form-urlencoded"}, body, "sts",
                           keys=keys)
    assert answer.status == 403 and answer.code == "SignatureDoesNotMatch"
    assert "<ErrorResponse" in answer.text
