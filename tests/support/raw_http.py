"""HTTP by hand, for what a client refuses to send: signed by botocore, sent over a plain socket."""

import hashlib
import http.client
import json
import socket

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error code, however the protocol spells it."""
        header = self.headers.get("x-amzn-errortype", "").split(":")[0]
        if header:
            return header
        if self.text.lstrip().startswith("<"):
            return self.text.partition("<Code>")[2].partition("</Code>")[0]
        try:
            return json.loads(self.body).get("__type", "").split("#")[-1]
        except ValueError:
            return ""

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:400]!r}>"


def credentials(server):
    exported = server.exported
    return Credentials(exported["AWS_ACCESS_KEY_ID"], exported["AWS_SECRET_ACCESS_KEY"],
                       exported.get("AWS_SESSION_TOKEN"))


def sign(server, method, path, headers=None, body=b"", service="sagemaker", keys=None):
    """Headers of a signed request. `path` is taken as sent on the wire."""
    request = AWSRequest(method, server.url + path, data=body, headers=dict(headers or {}))
    keys = keys or credentials(server)
    region = server.exported["AWS_DEFAULT_REGION"]
    if service == "s3":
        signer = S3SigV4Auth(keys, "s3", region)
        said = request.headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
        signer.payload = lambda _: said
        signer.add_auth(request)
    else:
        SigV4Auth(keys, service, region).add_auth(request)
    return dict(request.headers.items())


def send(server, method, path, headers=None, body=b"", timeout=30):
    """Sends just that, without signing, and reads the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def call(server, method, path, headers=None, body=b"", service="sagemaker", timeout=30, keys=None):
    """Signs and sends."""
    signed = sign(server, method, path, headers, body, service, keys)
    return send(server, method, path, signed, body, timeout)


def json_headers(operation, prefix="SageMaker", version="1.1"):
    return {"Content-Type": f"application/x-amz-json-{version}",
            "X-Amz-Target": f"{prefix}.{operation}"}


def json_call(server, operation, document, prefix="SageMaker", version="1.1", service="sagemaker"):
    """One AWS JSON call; `document` may be text that is no JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return call(server, "POST", "/", json_headers(operation, prefix, version), body, service)


def connect(server, timeout=30):
    return socket.create_connection(("127.0.0.1", server.port), timeout)


def head(method, path, headers, server):
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"]
    lines += [f"{k}: {v}" for k, v in headers.items() if k.lower() != "host"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_answer(connection):
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response.status, response.headers, response.read())
