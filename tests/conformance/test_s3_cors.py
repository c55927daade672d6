"""S3: what pages of other sites may read, as browsers ask for it."""

import http.client

import pytest
from botocore.exceptions import ClientError

import raw_http

RULES = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.example.com"],
          "AllowedHeaders": ["content-type", "x-amz-*"], "ExposeHeaders": ["ETag"],
          "MaxAgeSeconds": 300, "ID": "app"},
         {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["*"]}]
PAGE = "https://app.example.com"


@pytest.fixture
def shared(clients, bucket):
    """A bucket with rules and one object."""
    clients.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    clients.s3.put_object(Bucket=bucket, Key="a b", Body=b"body")
    return bucket


def send(server, method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    answer = raw_http.Answer(response.status, {k.lower(): v for k, v in response.getheaders()},
                             response.read())
    connection.close()
    return answer


def preflight(server, path, origin=PAGE, method="GET", headers=None):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return send(server, "OPTIONS", path, asked)


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_configuration(clients, bucket):
    """Rules come back as they were given, until they are deleted."""
    assert code_of(clients.s3.get_bucket_cors, Bucket=bucket) == "NoSuchCORSConfiguration"
    clients.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    assert clients.s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == RULES
    clients.s3.delete_bucket_cors(Bucket=bucket)
    assert code_of(clients.s3.get_bucket_cors, Bucket=bucket) == "NoSuchCORSConfiguration"


@pytest.mark.parametrize("rule", [
    {"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]},
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*.a.*"]},
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["*"]}])
def test_refused_rules(clients, bucket, rule):
    """S3 says what is wrong with a rule instead of keeping it."""
    assert code_of(clients.s3.put_bucket_cors, Bucket=bucket,
                   CORSConfiguration={"CORSRules": [rule]}) == "InvalidRequest"


def test_preflight(server, shared):
    """A browser asks before it sends: without a signature, for the object that it wants."""
    answer = preflight(server, f"/{shared}/a%20b", method="PUT", headers="Content-Type, x-amz-date")
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["access-control-allow-headers"] == "content-type, x-amz-date"
    assert answer.headers["access-control-max-age"] == "300"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]
    assert preflight(server, f"/{shared}", "https://x", "HEAD").headers[
        "access-control-allow-origin"] == "*"


def test_refused_preflights(server, shared, clients):
    """Other origins, methods, headers, buckets and services are not allowed."""
    for answer in (preflight(server, f"/{shared}/a", "https://example.org"),
                   preflight(server, f"/{shared}/a", method="DELETE"),
                   preflight(server, f"/{shared}/a", headers="authorization"),
                   preflight(server, "/no-such-bucket-here/a"), preflight(server, "/")):
        assert (answer.status, answer.code) == (403, "AccessForbidden")
        assert "access-control-allow-origin" not in answer.headers
    assert send(server, "OPTIONS", f"/{shared}", {}).status == 400
    assert send(server, "OPTIONS", f"/{shared}", {"Origin": PAGE}).status == 400
    clients.s3.delete_bucket_cors(Bucket=shared)
    assert "not enabled" in preflight(server, f"/{shared}/a").text


def test_answers_to_pages(server, shared):
    """The page may read the answer, errors too; other pages may not."""
    path = f"/{shared}/a%20b"
    signed = raw_http.sign(server, "GET", path, service="s3")
    answer = send(server, "GET", path, signed | {"Origin": PAGE})
    assert (answer.status, answer.body) == (200, b"body")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-expose-headers"] == "ETag"
    refused = send(server, "GET", path, {"Origin": PAGE})
    assert refused.status == 403
    assert refused.headers["access-control-allow-origin"] == PAGE
    for headers in (signed, signed | {"Origin": "https://example.org"}):
        assert "access-control-allow-origin" not in send(server, "GET", path, headers).headers


def test_rules_end_with_their_bucket(server, clients, shared):
    """A new bucket of the same name has none of the old one's rules."""
    clients.s3.delete_object(Bucket=shared, Key="a b")
    clients.s3.delete_bucket(Bucket=shared)
    clients.s3.create_bucket(Bucket=shared)
    assert preflight(server, f"/{shared}/a").status == 403
