"""The port itself: TLS beside plain HTTP, the tunnel for hard-coded hosts, health and metrics."""

import http.client
import ssl
import time
import zlib

import aws
import pytest
import raw_http


@pytest.fixture(scope="module")
def trust(server):
    """Trusts what `clary env` tells clients to trust."""
    return ssl.create_default_context(cafile=server.exported["AWS_CA_BUNDLE"])


@pytest.fixture
def secure(server, clients):
    """boto3 over TLS to the same port."""
    from botocore.config import Config
    return lambda name: clients.session.client(
        name, endpoint_url=f"https://localhost:{server.port}",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
        verify=server.exported["AWS_CA_BUNDLE"])


def test_tls_and_plain_on_one_port(server, secure):
    """The first byte decides."""
    assert secure("sts").get_caller_identity()["Arn"]
    assert raw_http.json_call(server, "ListTrainingJobs", {}).status == 200


def test_s3_over_tls(clients, secure, bucket):
    """Over TLS botocore streams with an unsigned payload and a checksum in the trailer."""
    body = bytes(range(256)) * 10_000
    s3 = secure("s3")
    s3.put_object(Bucket=bucket, Key="tls", Body=body)
    head = clients.s3.head_object(Bucket=bucket, Key="tls", ChecksumMode="ENABLED")
    import base64
    assert head["ChecksumCRC32"] == base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    assert s3.get_object(Bucket=bucket, Key="tls")["Body"].read() == body


@pytest.mark.parametrize("host", ["sts.us-east-1.amazonaws.com", "sts.eu-west-1.amazonaws.com",
                                  "sts.amazonaws.com"])
def test_tunnel_to_sts(server, trust, host):
    """SDKs ask https://sts.<region>.amazonaws.com whatever one sets: the proxy brings it here."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trust, timeout=10)
    connection.set_tunnel(host, 443)
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    request = AWSRequest("POST", f"https://{host}/", data=body,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
    region = host.split(".")[1] if host.count(".") == 3 else "us-east-1"
    SigV4Auth(raw_http.credentials(server), "sts", region).add_auth(request)
    connection.request("POST", "/", body, dict(request.headers.items()))
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 200 and ":assumed-role/" in text
    connection.close()


def test_telemetry_is_answered_at_once(server, trust):
    """SDK v2 waits for it without a time-out: any answer will do, but soon."""
    host = "sm-pysdk-t-us-east-1.s3.us-east-1.amazonaws.com"
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trust, timeout=10)
    connection.set_tunnel(host, 443)
    began = time.monotonic()
    connection.request("GET", "/telemetry?x-accountId=1&x-status=1&x-feature=15")
    answer = connection.getresponse()
    answer.read()
    assert answer.status < 500 and time.monotonic() - began < 1
    connection.close()


def test_other_certificates_are_not_trusted(server):
    """Without the CA of `clary env` the certificate is refused: it is no public one."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10,
                                             context=ssl.create_default_context())
    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/")


def test_health(server):
    """What load balancers ask, unsigned."""
    assert raw_http.send(server, "GET", "/healthz").status == 200


def test_metrics(server, clients):
    """Prometheus text: at least requests by class, and each line well formed."""
    clients.sts.get_caller_identity()
    answer = raw_http.send(server, "GET", "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert any("request" in line for line in lines)
    for line in lines:
        float(line.rsplit(" ", 1)[1])


def test_hundred_connections(server, clients):
    """A hundred clients at once are all answered."""
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(
            lambda _: raw_http.json_call(server, "ListTrainingJobs", {}).status, range(300)))
    assert set(answers) == {200}


def test_expect_continue(server, bucket):
    """S3 clients send Expect: 100-continue and wait for it before the body."""
    body = b"x" * 1000
    signed = raw_http.sign(server, "PUT", f"/{bucket}/e", {}, body, "s3")
    signed |= {"Content-Length": str(len(body)), "Expect": "100-continue"}
    connection = raw_http.connect(server, 10)
    connection.sendall(raw_http.head("PUT", f"/{bucket}/e", signed, server))
    assert connection.recv(1024).startswith(b"HTTP/1.1 100")
    connection.sendall(body)
    assert b" 200 " in connection.recv(4096).split(b"\r\n")[0]
    connection.close()


def test_expect_continue_refused(server):
    """A wrong signature is told before a large body is sent for nothing."""
    signed = raw_http.sign(server, "PUT", "/some-bucket/e", {}, b"x", "s3")
    signed["Authorization"] = signed["Authorization"][:-4] + "0000"
    signed |= {"Content-Length": "1000000000", "Expect": "100-continue"}
    connection = raw_http.connect(server, 10)
    connection.sendall(raw_http.head("PUT", "/some-bucket/e", signed, server))
    received = connection.recv(4096)
    assert b" 403 " in received.split(b"\r\n")[0], received
    connection.close()


def test_region_comes_from_the_scope(server, clients):
    """A resource made in one region is not seen in another."""
    name = aws.unique("region")
    clients.sagemaker.create_experiment(ExperimentName=name)
    west = clients.session.client("sagemaker", region_name="us-west-2",
                                  endpoint_url=server.url)
    names = [e["ExperimentName"] for e in west.list_experiments()["ExperimentSummaries"]]
    assert name not in names
    made = west.create_experiment(ExperimentName=name)["ExperimentArn"]
    assert ":us-west-2:" in made
