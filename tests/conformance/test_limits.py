"""What one client may take from the others, and what no request may do; no secret in the log."""

import json
import re
import socket

import aws
import pytest
import raw_http
from botocore.exceptions import ClientError
from clary_server import ClaryServer


def limited(*arguments):
    server = ClaryServer(arguments=list(arguments))
    server.start()
    return server


def codes_of(call, times):
    """Error codes of so many calls; "" for those that worked."""
    codes = []
    for _ in range(times):
        try:
            call()
            codes.append("")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return codes, locals().get("status")


def test_throttled_as_aws_does():
    """Each protocol has its own error, which SDKs retry by themselves; principals do not share."""
    server = limited("--requests-per-second", "1", "--request-burst", "5",
                     "--data-requests-per-second", "2")
    try:
        clients = aws.Clients(server)
        codes, status = codes_of(clients.sagemaker.list_models, 30)
        assert set(codes) == {"", "ThrottlingException"} and status == 400
        assert codes[:5] == [""] * 5
        codes, status = codes_of(clients.iam.list_roles, 30)
        assert set(codes) == {"", "Throttling"} and status == 400
        codes, status = codes_of(clients.s3.list_buckets, 40)
        assert set(codes) == {"", "SlowDown"} and status == 503
        # The SDK's own retries get through.
        patient = clients.client("sagemaker", retries={"total_max_attempts": 8, "mode": "standard"})
        assert "Models" in patient.list_models()
    finally:
        server.remove()


def test_connections_of_one_address():
    """An address that holds its share gets 503 at once, and room as soon as it lets go."""
    server = limited("--connections-per-address", "8")
    try:
        held = []
        for _ in range(8):
            held.append(raw_http.connect(server))
        aws.wait_until(lambda: turned_away(server))
        for connection in held:
            connection.close()
        aws.wait_until(lambda: not turned_away(server))
    finally:
        server.remove()


def turned_away(server):
    """Whether a new connection is refused."""
    with raw_http.connect(server) as connection:
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"503" in connection.recv(100)
        except (ConnectionError, socket.timeout):
            return True


def test_header_bombs(server):
    """Too many, or too long: 431 before any of it is looked at."""
    many = {f"x-amz-meta-{i}": "v" for i in range(20_000)}
    with raw_http.connect(server) as connection:
        connection.settimeout(20)
        try:
            connection.sendall(raw_http.head("GET", "/", many, server))
        except ConnectionError:
            pass  # it need not read on
        assert raw_http.read_answer(connection).status in (400, 431)
    with raw_http.connect(server) as connection:
        connection.settimeout(20)
        try:
            connection.sendall(raw_http.head("GET", "/", {"x-amz-meta-a": "v" * 1_000_000}, server))
        except ConnectionError:
            pass
        assert raw_http.read_answer(connection).status in (400, 431)


def test_json_depth(server):
    """A document of a million brackets is an error, not a stack that ends."""
    deep = b'{"Filters":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    assert raw_http.json_call(server, "Search", deep).status == 400
    assert server.get("/healthz") == "ok\n"


def test_billion_laughs(server, bucket):
    """Entities of a document type are not expanded."""
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    body = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>' \
           "<Tagging><TagSet><Tag><Key>&l9;</Key><Value>v</Value></Tag></TagSet></Tagging>"
    answer = raw_http.call(server, "PUT", f"/{bucket}?tagging", {}, body.encode(), service="s3")
    assert answer.status == 400
    assert server.get("/healthz") == "ok\n"


def test_too_many_parts(clients, bucket):
    """S3's 10,000: in their numbers and in the list."""
    upload = clients.s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    with pytest.raises(ClientError) as refused:
        clients.s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=10_001, Body=b"x")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    parts = [{"PartNumber": i, "ETag": '"' + "0" * 32 + '"'} for i in range(1, 10_002)]
    with pytest.raises(ClientError) as refused:
        clients.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload,
                                             MultipartUpload={"Parts": parts})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    clients.s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)


def test_body_beyond_its_limit(server):
    """A request that is held in memory may have 16 MiB."""
    answer = raw_http.json_call(server, "ListModels", b'{"NameContains":"' + b"a" * (17 << 20) + b'"}')
    assert answer.status == 413


def test_no_secret_in_the_log():
    """All that is said at level trace, beside traffic that carries every kind of secret."""
    server = limited("--log-level", "trace")
    try:
        clients = aws.Clients(server)
        secrets = [server.exported["AWS_SECRET_ACCESS_KEY"]]
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": clients.role}, "Action": "sts:AssumeRole"}]}
        role = clients.iam.create_role(RoleName="watched", AssumeRolePolicyDocument=json.dumps(trust))
        session = clients.sts.assume_role(RoleArn=role["Role"]["Arn"],
                                          RoleSessionName="session")["Credentials"]
        secrets += [session["SecretAccessKey"], session["SessionToken"]]
        clients.s3.create_bucket(Bucket="secrets")
        clients.s3.put_object(Bucket="secrets", Key="k", Body=b"the-body-of-an-object")
        secrets.append("the-body-of-an-object")
        url = clients.s3.generate_presigned_url("get_object", Params={"Bucket": "secrets", "Key": "k"})
        secrets.append(re.search(r"Signature=([^&]+)", url)[1])
        raw_http.send(server, "GET", url.split(str(server.port), 1)[1])
        raw_http.send(server, "GET", url.split(str(server.port), 1)[1].replace("k?", "other?"))
        headers = raw_http.sign(server, "POST", "/", raw_http.json_headers("ListModels"), b"{}")
        signature = re.search(r"Signature=([0-9a-f]+)", headers["Authorization"])[1]
        secrets.append(signature)
        assert raw_http.send(server, "POST", "/", headers, b"{}").status == 200
        headers["Authorization"] = headers["Authorization"].replace(signature, "0" * 64)
        raw_http.send(server, "POST", "/", headers, b"{}")
        clients.sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=clients.role,
            PrimaryContainer={"Image": aws.XGBOOST_IMAGE, "Environment": {"TOKEN": "env-secret-1"}})
        secrets.append("env-secret-1")
        server.stop()
        log = server.log_path.read_text()
        audit = "".join(f.read_text() for f in (server.data_dir / "audit").glob("*.jsonl"))
        assert json.loads(audit.splitlines()[0])
        for secret in secrets:
            assert secret not in log, secret
            assert secret not in audit, secret
    finally:
        server.remove()
