"""S3 event notifications: what a webhook is told, once or more often, whatever dies in between."""

import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError

import aws
from clary_server import ClaryServer

TOPIC = "arn:aws:sns:us-east-1:000000000000:changes"


class Webhook:
    """Keeps what it is sent; answers 503 while `refuses`."""

    def __init__(self, context=None):
        self.messages, self.refused, self.refuses = [], 0, False
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.refuses:
                    hook.refused += 1
                else:
                    hook.messages.append((self.path, self.headers, json.loads(body)))
                self.send_response(503 if hook.refuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def records(self):
        return [record for _, _, message in list(self.messages)
                for record in message.get("Records", [])]

    def wait_for(self, count):
        return aws.wait_until(lambda: len(self.records()) >= count and self.records(), timeout=30)


@pytest.fixture(scope="module")
def hook():
    made = Webhook()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def own(hook):
    """A server that knows the webhook, and clients of it."""
    url = f"http://127.0.0.1:{hook.server.server_port}/hook?x=1"
    server = ClaryServer(arguments=["--event-targets", f"{TOPIC}={url}"])
    server.start()
    yield server
    server.remove()


@pytest.fixture
def watched(own, hook):
    """A bucket that tells of everything below in/."""
    s3 = aws.Clients(own).s3
    name = aws.unique("watched")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={
        "TopicConfigurations": [{
            "Id": "all", "TopicArn": TOPIC,
            "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}}}]})
    aws.wait_until(lambda: any(message.get("Bucket") == name for _, _, message in hook.messages))
    hook.messages.clear()
    return s3, name


def test_configuration(own, hook, watched):
    """What was put comes back, and a topic that is no target of the server is refused."""
    s3, name = watched
    kept = s3.get_bucket_notification_configuration(Bucket=name)["TopicConfigurations"]
    assert [(rule["Id"], rule["TopicArn"]) for rule in kept] == [("all", TOPIC)]
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:1:http://10.0.0.1/",
                                     "Events": ["s3:ObjectCreated:*"]}]})
    assert caught.value.response["Error"]["Code"] == "InvalidArgument"
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    kept = s3.get_bucket_notification_configuration(Bucket=name)
    assert "EventBridgeConfiguration" in kept and "TopicConfigurations" not in kept


def test_events(hook, watched):
    """Creation by every way, tags and removal, in S3's own shape; nothing outside the filter."""
    s3, name = watched
    s3.put_object(Bucket=name, Key="out/a", Body=b"-")
    put = s3.put_object(Bucket=name, Key="in/a b", Body=b"abc")
    s3.copy_object(Bucket=name, Key="in/c", CopySource={"Bucket": name, "Key": "in/a b"})
    upload = s3.create_multipart_upload(Bucket=name, Key="in/m")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="in/m", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(Bucket=name, Key="in/m", UploadId=upload, MultipartUpload={
        "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.put_object_tagging(Bucket=name, Key="in/c", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object(Bucket=name, Key="in/c")
    records = hook.wait_for(5)
    assert [record["eventName"] for record in records] == [
        "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put", "ObjectRemoved:Delete"]
    first = records[0]
    assert first["s3"]["bucket"]["name"] == name and first["s3"]["configurationId"] == "all"
    entry = first["s3"]["object"]
    assert unquote_plus(entry["key"]) == "in/a b" and entry["size"] == 3
    assert entry["eTag"] == put["ETag"].strip('"')
    assert records[1]["s3"]["object"]["sequencer"] < records[4]["s3"]["object"]["sequencer"]
    path, headers, _ = hook.messages[0]
    assert path == "/hook?x=1" and headers["x-amz-sns-topic-arn"] == TOPIC


def test_messages_survive_a_crash(own, hook, watched):
    """While the target refuses, messages wait on disk; kill -9 of the server loses none."""
    s3, name = watched
    hook.refuses = True
    for number in range(20):
        s3.put_object(Bucket=name, Key=f"in/{number}", Body=b"x")
    aws.wait_until(lambda: hook.refused > 0)
    own.kill()
    hook.refuses = False
    own.start()
    aws.wait_until(lambda: len({record["s3"]["object"]["key"] for record in hook.records()}) == 20,
                   timeout=30)


def certificate_for(folder, name, host):
    """A self-signed one and its key; such a one is its own authority."""
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={host}", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


@pytest.mark.parametrize("host, name, trusted, arrives", [
    ("IP:127.0.0.1", "127.0.0.1", True, True),
    ("DNS:localhost", "localhost", True, True),
    ("IP:127.0.0.1", "127.0.0.1", False, False),  # the system knows no such authority
    ("DNS:else.example", "127.0.0.1", True, False),  # a certificate of somebody else
])
def test_messages_over_tls_go_only_to_who_proves_its_name(tmp_path, host, name, trusted, arrives):
    files = certificate_for(tmp_path, "hook", host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    hook = Webhook(context)
    arguments = ["--event-targets", f"{TOPIC}=https://{name}:{hook.server.server_port}/hook"]
    own = ClaryServer(arguments=arguments + (["--event-ca-file", str(files[0])] if trusted else []))
    own.start()
    try:
        s3 = aws.Clients(own).s3
        s3.create_bucket(Bucket="told")
        s3.put_bucket_notification_configuration(Bucket="told", NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]})
        s3.put_object(Bucket="told", Key="k", Body=b"x")
        if arrives:
            assert hook.wait_for(1)[0]["s3"]["object"]["key"] == "k"
        else:
            aws.wait_until(lambda: "TLS with 127.0.0.1" in own.log_tail(), 20)
            assert hook.messages == []
    finally:
        own.remove()
        hook.server.shutdown()


def test_a_server_does_not_start_with_authorities_that_cannot_be_read(tmp_path):
    own = ClaryServer(arguments=["--event-targets", f"{TOPIC}=https://127.0.0.1:1/",
                                 "--event-ca-file", str(tmp_path / "none.pem")])
    with pytest.raises(RuntimeError, match="none.pem"):
        own.start()
    own.remove()
