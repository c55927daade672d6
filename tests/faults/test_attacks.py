"""What an attacker would try: from inside a job, with a hostile archive, with bytes on the wire."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import aws
import pytest
import raw_http
from clary_server import ClaryServer

INTRUDER = Path(__file__).parent / "programs" / "intruder.py"


@pytest.fixture
def hostile():
    """A server whose built-in algorithm is the intruder."""
    own = ClaryServer(variables={"CLARY_ALGO": str(INTRUDER)})
    own.start()
    yield own
    own.remove()


def report_of(clients, job):
    lines = aws.job_messages(clients, job["TrainingJobName"])
    said = [line for line in lines if line.startswith("REPORT ")]
    assert said, (job.get("FailureReason"), lines)
    return json.loads(said[0].removeprefix("REPORT "))


def test_job_sees_only_itself(hostile):
    """Two jobs side by side, without network: no data folder, no server, no other job."""
    clients = aws.Clients(hostile)
    clients.s3.create_bucket(Bucket="faults")
    clients.s3.put_object(Bucket="faults", Key="train/a.csv", Body=b"1,2\n")
    channels = [aws.channel("train", "s3://faults/train/")]
    names = []
    for number in (1, 2):
        request = aws.job_request(
            clients, "faults", channels, EnableNetworkIsolation=True,
            hyperparameters={"data_folder": str(hostile.data_dir), "port": str(hostile.port),
                             "name": f"job{number}"})
        clients.sagemaker.create_training_job(**request)
        names.append(request["TrainingJobName"])
    for name in names:
        job = aws.wait_job(clients, name)
        assert job["TrainingJobStatus"] in ("Completed", "Failed")
        report = report_of(clients, job)
        assert report == {
            "data_folder": False, "database": False, "shadow": False, "kernel_memory": False,
            "server_reached": False, "other_commands": [], "secrets": [], "others": [],
            "written": [], "core": 0, "largest_file": 10 << 30,
            "capabilities": ["0" * 16] * 3, "seccomp": ["2"]}
        artifact = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
        if artifact:  # links in it stay links: nothing of the host was packed
            bucket, key = artifact.removeprefix("s3://").split("/", 1)
            body = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            assert b"root:" not in gzip.decompress(body)
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                for member in tar.getmembers():
                    assert not member.name.startswith(("/", "..")) and "metadata.db" not in member.name


class Zeros:
    """A file of zeros that takes no memory."""

    def __init__(self, size):
        self.left = size

    def read(self, size=-1):
        count = min(self.left, size if size >= 0 else self.left)
        self.left -= count
        return b"\0" * count


def test_bombs(server, clients, bucket):
    """A gzip channel and a model archive that unpack to more than the volume: refused by name."""
    member = gzip.compress(b"\0" * (64 << 20))
    clients.s3.put_object(Bucket=bucket, Key="bomb/a.csv.gz", Body=member * 24)  # 1.5 GiB
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/bomb/",
                                                  CompressionType="Gzip")],
                    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1,
                                    "VolumeSizeInGB": 1})
    assert job["TrainingJobStatus"] == "Failed"
    assert "VolumeSizeInGB" in job["FailureReason"], job["FailureReason"]

    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as out, \
            tarfile.open(fileobj=out, mode="w|") as tar:
        entry = tarfile.TarInfo("xgboost-model")
        entry.size = 2 << 30
        tar.addfile(entry, Zeros(entry.size))
    clients.s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=packed.getvalue())
    model = aws.create_model(clients, f"s3://{bucket}/model.tar.gz")
    config = aws.create_config(clients, aws.variant(model) | {"VolumeSizeInGB": 1})
    clients.sagemaker.create_endpoint(EndpointName="bomb", EndpointConfigName=config)
    found = aws.wait_endpoint(clients, "bomb", 120)
    assert found["EndpointStatus"] == "Failed"
    used = sum(f.stat().st_size for f in (server.data_dir / "runs").rglob("*") if f.is_file())
    assert used < 1 << 30


SMUGGLED = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"X: a\r\n Content-Length: 5\r\n",
    b"X: a\nContent-Length: 5\r\n",
    b"X: a\rContent-Length: 5\r\n",
    b"X\0: a\r\n",
]


@pytest.mark.parametrize("lines", SMUGGLED)
def test_smuggling(server, lines):
    """Whatever could be framed in two ways is refused, and what follows it is never a request."""
    with raw_http.connect(server, 20) as connection:
        connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n" +
                           b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.settimeout(20)
        said = b""
        while piece := connection.recv(65536):
            said += piece
            if said.count(b"HTTP/1.1 ") > 1 or (b"ok\n" in said):
                break
            if said.startswith(b"HTTP/1.1 4") and b"connection: close" in said.lower():
                break
        assert b"ok\n" not in said, said
        assert said == b"" or said.startswith(b"HTTP/1.1 4"), said


def test_expired_link_cannot_be_replayed(server, clients, bucket):
    """A link works until its time; then neither it nor one with a later time in it does."""
    clients.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    signer = clients.client("s3", signature_version="s3v4")
    link = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"},
                                         ExpiresIn=1).removeprefix(server.url)
    assert raw_http.send(server, "GET", link).status == 200
    refused = aws.wait_until(
        lambda: (a := raw_http.send(server, "GET", link)).status == 403 and a, 10)
    assert refused.code == "AccessDenied" and "expired" in refused.text
    longer = raw_http.send(server, "GET", link.replace("X-Amz-Expires=1", "X-Amz-Expires=900"))
    assert longer.status == 403 and longer.code == "SignatureDoesNotMatch"


KEYS = ["../../etc/passwd", "a/../../../b", "..", ".", "/etc/passwd", "//x", "a/./b", "..%2f..",
        "c:\\x", "\\..\\..\\x", "metadata.db", "\u202e/x", "a" * 1024]


def test_keys_are_names_and_no_paths(server, clients, bucket):
    """Any key stands for itself: written and read back, listed, and no file of that name appears."""
    parts = {part for key in KEYS for part in key.split("/")}
    before = {p.name for p in server.data_dir.parent.glob("*")}
    for number, key in enumerate(KEYS):
        body = str(number).encode()
        clients.s3.put_object(Bucket=bucket, Key=key, Body=body)
        assert clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
    listed = {o["Key"] for o in clients.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert listed == set(KEYS)
    # Other tests have folders there, too.
    assert parts.isdisjoint({p.name for p in server.data_dir.parent.glob("*")} - before)
    for path in ("/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd",
                 "/_clary/../healthz/../../etc/passwd", "/console/../../metadata.db"):
        answer = raw_http.send(server, "GET", path)
        assert answer.status >= 400 and b"root:" not in answer.body, path


def test_time_of_a_refusal_tells_nothing_about_the_key(server):
    """Unknown key and wrong secret differ in code, as on AWS; the words hold no secret."""
    exported = server.exported
    for keys in (("AKIAUNKNOWNUNKNOWN00", "x"), (exported["AWS_ACCESS_KEY_ID"], "wrong")):
        credentials = raw_http.Credentials(keys[0], keys[1], exported.get("AWS_SESSION_TOKEN"))
        answer = raw_http.call(server, "GET", "/", {}, b"", "s3", keys=credentials)
        assert answer.status == 403
        assert exported["AWS_SECRET_ACCESS_KEY"] not in answer.text


def test_log_holds_no_secrets():
    """A run at the most talkative level, with a job: no secret, token or signature in its log."""
    own = ClaryServer(arguments=["--log-level", "debug"])
    own.start()
    try:
        mine = aws.Clients(own)
        mine.s3.create_bucket(Bucket="faults")
        for part in ("train", "validation"):
            mine.s3.put_object(Bucket="faults", Key=f"{part}/a.csv", Body=aws.churn_rows(part))
        channels = [aws.channel(p, f"s3://faults/{p}/") for p in ("train", "validation")]
        assert aws.train(mine, "faults", channels)["TrainingJobStatus"] == "Completed"
        link = mine.client("s3", signature_version="s3v4").generate_presigned_url(
            "get_object", {"Bucket": "faults", "Key": "gone"}).removeprefix(own.url)
        raw_http.send(own, "GET", link)
        text = own.log_path.read_text(errors="replace")
        secrets = [own.exported["AWS_SECRET_ACCESS_KEY"], own.exported.get("AWS_SESSION_TOKEN"),
                   link.split("X-Amz-Signature=")[1][:64]]
        for secret in filter(None, secrets):
            assert secret not in text
    finally:
        own.remove()
