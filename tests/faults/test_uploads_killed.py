"""kill -9 in the middle of uploads: an acknowledged object is whole, any other absent or whole."""

import hashlib
import threading
import time

import aws
import pytest
import raw_http
from botocore.exceptions import BotoCoreError, ClientError

MIB = 1024 * 1024


def content(key, size):
    seed = hashlib.sha256(key.encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


def size_of(number):
    """Small ones that are kept inline, and ones that become files."""
    return [100, 4000, 70_000, 3 * MIB][number % 4]


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_put_object(server, clients, bucket, seconds):
    """Eight writers, one crash."""
    acknowledged, begun, lock = set(), set(), threading.Lock()

    def write(writer):
        s3 = clients.client("s3")
        for number in range(100_000):
            key = f"w{writer}/{number}"
            with lock:
                begun.add((key, number))
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=content(key, size_of(number)))
            except (BotoCoreError, ClientError):
                return
            with lock:
                acknowledged.add(key)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join()
    server.start()
    assert len(acknowledged) > 8
    for key, number in begun:
        try:
            body = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except clients.s3.exceptions.NoSuchKey:
            assert key not in acknowledged, f"{key} was acknowledged and is lost"
        else:
            assert body == content(key, size_of(number)), f"{key} is damaged"
    listed = {item["Key"] for page in clients.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket) for item in page.get("Contents", [])}
    assert acknowledged <= listed <= {key for key, _ in begun}


def test_half_a_body(server, clients, bucket):
    """The server died with half of the body: no object, and no rubbish left on disk."""
    def used():
        return sum(p.stat().st_size for p in server.data_dir.rglob("*")
                   if p.is_file() and "wal" not in p.name and "shm" not in p.name)
    before = used()
    body = b"x" * (64 * MIB)
    signed = raw_http.sign(server, "PUT", f"/{bucket}/half", {}, body, "s3")
    signed["Content-Length"] = str(len(body))
    connection = raw_http.connect(server)
    connection.sendall(raw_http.head("PUT", f"/{bucket}/half", signed, server) + body[:32 * MIB])
    time.sleep(0.3)
    server.kill()
    connection.close()
    server.start()
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="half")
    aws.wait_until(lambda: used() - before < 8 * MIB, 10)


def test_overwrite(server, clients, bucket):
    """A crash while an object is replaced leaves the old or the new one."""
    old, new = b"o" * (2 * MIB), b"n" * (3 * MIB)
    clients.s3.put_object(Bucket=bucket, Key="a", Body=old)

    def replace():
        try:
            clients.client("s3").put_object(Bucket=bucket, Key="a", Body=new)
        except (BotoCoreError, ClientError):
            pass

    thread = threading.Thread(target=replace)
    thread.start()
    time.sleep(0.01)
    server.kill()
    thread.join()
    server.start()
    assert clients.s3.get_object(Bucket=bucket, Key="a")["Body"].read() in (old, new)


def test_multipart(server, clients, bucket):
    """Acknowledged parts are kept, the part under way is not, and the upload can go on."""
    upload = clients.s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    bodies = [content(f"part{i}", 5 * MIB) for i in range(4)]
    parts = []

    def put(number):
        answer = clients.s3.upload_part(Bucket=bucket, Key="m", UploadId=upload,
                                        PartNumber=number, Body=bodies[number - 1])
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    put(1)
    put(2)
    path = f"/{bucket}/m?partNumber=3&uploadId={upload}"
    signed = raw_http.sign(server, "PUT", path, {}, bodies[2], "s3")
    signed["Content-Length"] = str(len(bodies[2]))
    connection = raw_http.connect(server)
    connection.sendall(raw_http.head("PUT", path, signed, server) + bodies[2][:2 * MIB])
    time.sleep(0.2)
    server.kill()
    connection.close()
    server.start()
    listed = clients.s3.list_parts(Bucket=bucket, Key="m", UploadId=upload)["Parts"]
    assert [p["PartNumber"] for p in listed] == [1, 2]
    with pytest.raises(clients.s3.exceptions.NoSuchKey):
        clients.s3.get_object(Bucket=bucket, Key="m")
    put(3)
    put(4)
    clients.s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload,
                                         MultipartUpload={"Parts": parts})
    assert clients.s3.get_object(Bucket=bucket, Key="m")["Body"].read() == b"".join(bodies)


def test_documents(server, clients):
    """Acknowledged resources are there after the crash; no half ones appear."""
    acknowledged, lock = set(), threading.Lock()

    def write(writer):
        sagemaker = clients.client("sagemaker")
        for number in range(100_000):
            name = f"w{writer}-{number}"
            try:
                sagemaker.create_experiment(ExperimentName=name)
            except (BotoCoreError, ClientError):
                return
            with lock:
                acknowledged.add(name)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    aws.wait_until(lambda: len(acknowledged) > 20)
    server.kill()
    for thread in threads:
        thread.join()
    server.start()
    listed = set()
    for page in clients.sagemaker.get_paginator("list_experiments").paginate():
        listed |= {e["ExperimentName"] for e in page["ExperimentSummaries"]}
    assert acknowledged and acknowledged <= listed
    assert len(listed - acknowledged) <= 4
