"""Requests that no client makes: the server answers each with an error and goes on."""

import json
import socket
import time

import pytest
import raw_http


@pytest.fixture(autouse=True)
def alive(server):
    """After every one of these the server still answers, and is the same process."""
    pid = getattr(server, "pid", None)
    yield
    answer = raw_http.json_call(server, "ListTrainingJobs", {})
    assert answer.status == 200
    assert getattr(server, "pid", None) == pid


@pytest.mark.parametrize("document", [
    b"{", b"", b"nonsense", b"[1,2", b'{"a":}', b'{"MaxResults": 1e999}', b"\xff\xfe{}", b"null",
    b"[]", b'"text"', b'{"NameContains": "\\ud800"}', b'{"a":1}{"b":2}', b"{\x00}"])
def test_malformed_json(server, document):
    """SerializationException, 400, for whatever is no JSON object."""
    answer = raw_http.json_call(server, "ListTrainingJobs", document)
    if document == b"":
        assert answer.status in (200, 400)
        return
    assert answer.status == 400
    assert answer.code in ("SerializationException", "ValidationException")


@pytest.mark.parametrize("document", [
    {"MaxResults": "ten"}, {"MaxResults": [1]}, {"NameContains": 5}, {"CreationTimeAfter": "soon"},
    {"SortBy": {"a": 1}}, {"MaxResults": 1.5}, {"MaxResults": 2**63}, {"MaxResults": True}])
def test_wrong_types(server, document):
    """A member of another type than the model's."""
    answer = raw_http.json_call(server, "ListTrainingJobs", document)
    assert answer.status == 400
    assert answer.code in ("SerializationException", "ValidationException")


def test_unknown_members_are_ignored(server):
    """Newer clients send members that we do not know yet."""
    assert raw_http.json_call(server, "ListTrainingJobs", {"Newer": {"a": [1]}}).status == 200


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_hundred_megabytes_of_brackets(server, opening):
    """Nesting must cost neither stack nor memory: refused early."""
    body = opening * (100 * 1024 * 1024 // len(opening))
    before = server.rss_bytes() if hasattr(server, "rss_bytes") else 0
    try:
        answer = raw_http.json_call(server, "ListTrainingJobs", body)
        assert answer.status in (400, 413)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused while we still sent
    if before:
        assert server.rss_bytes() - before < 256 * 1024 * 1024


def test_moderate_nesting_is_refused_too(server):
    """One megabyte fits any limit of size; depth is a limit of its own."""
    answer = raw_http.json_call(server, "ListTrainingJobs", b"[" * 500_000 + b"]" * 500_000)
    assert answer.status == 400


def test_unknown_operation(server):
    """AWS: UnknownOperationException, naming nothing that could mislead."""
    answer = raw_http.json_call(server, "MakeCoffee", {})
    assert answer.status in (400, 404) and answer.code == "UnknownOperationException"


def test_operation_that_is_not_built(server):
    """In the model and not in our table: an error that names the operation."""
    answer = raw_http.json_call(server, "DescribeReservedCapacity", {
        "ReservedCapacityArn": "arn:aws:sagemaker:us-east-1:000000000000:reserved-capacity/abcde"})
    if answer.code != "UnsupportedOperationException":
        pytest.skip("DescribeReservedCapacity is built: name another one here")
    assert answer.status in (400, 501) and "DescribeReservedCapacity" in answer.text


def test_unknown_service(server):
    """A credential scope that is no service of ours."""
    answer = raw_http.call(server, "POST", "/", {}, b"{}", service="nonsense")
    assert 400 <= answer.status < 500


def test_wrong_content_type(server):
    """A JSON operation sent as something else: as with AWS it is the target that decides."""
    headers = {"Content-Type": "text/html", "X-Amz-Target": "SageMaker.ListTrainingJobs"}
    answer = raw_http.call(server, "POST", "/", headers, b"<html>")
    assert 400 <= answer.status < 500


def test_body_cut_short(server):
    """Content-Length promises more than comes: no request, and no hanging connection."""
    signed = raw_http.sign(server, "POST", "/", raw_http.json_headers("ListTrainingJobs"), b"{}")
    signed["Content-Length"] = "1000"
    connection = raw_http.connect(server)
    connection.sendall(raw_http.head("POST", "/", signed, server) + b"{}")
    connection.shutdown(socket.SHUT_WR)
    received = connection.recv(65536)
    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    connection.close()


def test_upload_cut_short(server, clients, bucket):
    """An object whose body broke off does not exist."""
    body = b"x" * 100_000
    signed = raw_http.sign(server, "PUT", f"/{bucket}/cut", {}, body, "s3")
    signed["Content-Length"] = str(len(body))
    connection = raw_http.connect(server)
    connection.sendall(raw_http.head("PUT", f"/{bucket}/cut", signed, server) + body[:50_000])
    connection.close()
    time.sleep(0.3)
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="cut")


def test_slow_loris(server):
    """Fifty connections that send a header byte by byte take nothing from the others."""
    slow = [raw_http.connect(server) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    for _ in range(5):
        for connection in slow:
            connection.sendall(b"a")
        began = time.monotonic()
        assert raw_http.json_call(server, "ListTrainingJobs", {}).status == 200
        assert time.monotonic() - began < 2
    for connection in slow:
        connection.close()


@pytest.mark.skipif("not config.getoption('--slow')")
def test_slow_loris_is_closed(server):
    """And within the header time-out they are closed by the server."""
    connection = raw_http.connect(server, 40)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
    received = connection.recv(65536)
    assert received == b"" or b" 408 " in received.split(b"\r\n")[0]


@pytest.mark.parametrize("request_", [
    b"\r\n\r\n", b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000,
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(20000)) + b"\r\n",
    b"GET / HTTP/1.1\r\nBad Header\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" + b"\xff" * 100,
    b"CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
])
def test_bytes_that_are_no_request(server, request_):
    """An HTTP error or a closed connection; never a hang, never a crash."""
    connection = raw_http.connect(server, 10)
    try:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        received = connection.recv(65536)
    except (BrokenPipeError, ConnectionResetError):
        received = b""
    finally:
        connection.close()
    assert received == b"" or received.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"\x15\x03",
                                                   b"HTTP/1.0 4"))


def test_connect_goes_to_aws_names_only(server):
    """The tunnel is for the SDKs' hard-coded hosts; it must not be an open proxy."""
    for target in ("example.com:443", "127.0.0.1:22", "sts.us-east-1.amazonaws.com.evil.com:443"):
        connection = raw_http.connect(server, 10)
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        received = connection.recv(65536)
        assert received == b"" or received.startswith(b"HTTP/1.1 4"), (target, received)
        connection.close()


@pytest.mark.parametrize("body", [b"", b"<", b"<Delete>", b"<Delete><Object/></Delete>",
                                  b'<!DOCTYPE a [<!ENTITY b "c">]><Delete>&b;</Delete>',
                                  b"<a>" * 100_000])
def test_malformed_xml(server, bucket, body):
    """S3 requests with a body that is no XML of theirs: MalformedXML."""
    import base64
    import hashlib
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = raw_http.call(server, "POST", f"/{bucket}?delete=", {"Content-MD5": digest}, body,
                           "s3")
    assert answer.status == 400, answer
    assert answer.code in ("MalformedXML", "MissingRequestBodyError", "InvalidRequest")


def test_entities_are_not_expanded(server, bucket):
    """A billion laughs cost nothing."""
    laughs = b'<!DOCTYPE a [<!ENTITY a "' + b"a" * 1000 + b'">' + b"".join(
        b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10 if i else b"&a;" * 10)
        for i in range(9)) + b"]><Delete><Object><Key>&a8;</Key></Object></Delete>"
    answer = raw_http.call(server, "POST", f"/{bucket}?delete=", {}, laughs, "s3")
    assert answer.status == 400


def test_header_smuggling_in_keys(server, clients, bucket):
    """Line breaks in metadata or keys must not become headers of the answer."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    path = f"/{bucket}/a?response-content-type=text%2Fplain%0D%0AX-Evil%3A%201"
    answer = raw_http.call(server, "GET", path, {}, b"", "s3")
    assert "x-evil" not in {k.lower() for k in answer.headers}


def test_percent_encoding_of_nothing(server, bucket):
    """%00, %zz and overlong UTF-8 in a path."""
    for path in (f"/{bucket}/%00", f"/{bucket}/%zz", f"/{bucket}/%c0%af", f"/{bucket}/%ff"):
        answer = raw_http.call(server, "GET", path, {}, b"", "s3")
        assert 400 <= answer.status < 500, (path, answer)


def test_large_query_body(server):
    """Query services take forms: a large one is no reason to fall."""
    body = b"Action=GetCallerIdentity&Version=2011-06-15&" + b"&".join(
        b"a.member.%d=x" % i for i in range(100_000))
    answer = raw_http.call(server, "POST", "/",
                           {"Content-Type": "application/x-www-form-urlencoded"}, body, "sts")
    assert answer.status in (200, 400, 413)


def test_errors_tell_nothing_inside(server):
    """No paths, stacks or SQL in what an error answers."""
    answer = raw_http.json_call(server, "DescribeTrainingJob", {"TrainingJobName": "x' OR 1=1 --"})
    text = json.dumps(answer.text).lower()
    assert answer.status == 400
    for word in ("sqlite", "/tmp/", "exception:", ".cc:", "std::"):
        assert word not in text
