"""Notebook instances as their users have them: created and waited for with boto3, opened as a
browser does, with kernels that run code."""

import base64
import contextlib
import http.client
import json
import os
import socket
import ssl
import struct
import uuid
from urllib.parse import urlsplit

import aws
import pytest
from clary_server import VENVS

HAS_VOLUMES = os.geteuid() == 0 and os.path.exists("/dev/loop-control")
HAS_JUPYTER = (VENVS / "notebook" / "bin" / "python3").exists()
needs_notebooks = pytest.mark.skipif(
    not (HAS_VOLUMES and HAS_JUPYTER),
    reason="takes root, loop devices and tools/make_venvs.sh notebook")


def request(clients, name, **more):
    return {"NotebookInstanceName": name, "InstanceType": "ml.t3.medium",
            "RoleArn": clients.role} | more


def describe(clients, name):
    return clients.sagemaker.describe_notebook_instance(NotebookInstanceName=name)


def wait(clients, name, *statuses, timeout=240):
    """Until it has one of these statuses, or Failed; what Describe answers then."""
    def look():
        found = describe(clients, name)
        return found if found["NotebookInstanceStatus"] in (*statuses, "Failed") else None
    return aws.wait_until(look, timeout)


def in_service(clients, name):
    found = wait(clients, name, "InService")
    assert found["NotebookInstanceStatus"] == "InService", found.get("FailureReason")
    return found


def start(clients, name):
    clients.sagemaker.start_notebook_instance(NotebookInstanceName=name)
    return in_service(clients, name)


def stop(clients, name):
    clients.sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    found = wait(clients, name, "Stopped")
    assert found["NotebookInstanceStatus"] == "Stopped", found.get("FailureReason")


def is_gone(clients, name):
    try:
        describe(clients, name)
    except clients.sagemaker.exceptions.ClientError as error:
        return error.response["Error"]["Message"] == "RecordNotFound"
    return False


def delete(clients, name):
    """Whatever status it has."""
    if is_gone(clients, name):
        return
    if wait(clients, name, "InService", "Stopped")["NotebookInstanceStatus"] == "InService":
        stop(clients, name)
    clients.sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    aws.wait_until(lambda: is_gone(clients, name), 60)


@contextlib.contextmanager
def created(clients, **more):
    """A notebook instance in service, which is deleted afterwards; its name."""
    name = aws.unique("lab")
    clients.sagemaker.create_notebook_instance(**request(clients, name, **more))
    try:
        in_service(clients, name)
        yield name
    finally:
        delete(clients, name)


class Browser:
    """One session with a notebook: opened by a presigned URL, then by the cookie it gave."""

    def __init__(self, clients, name, **more):
        made = clients.sagemaker.create_presigned_notebook_instance_url(
            NotebookInstanceName=name, **more)
        self.url = urlsplit(made["AuthorizedUrl"])
        self.base = "/" + "/".join(self.url.path.split("/")[1:4])
        status, headers, _ = self.ask("GET", f"{self.url.path}?{self.url.query}")
        cookies = [value.split(";")[0] for key, value in headers if key.lower() == "set-cookie"]
        assert status in (302, 303) and cookies, (status, headers)
        self.cookie = "; ".join(cookies)

    def _connection(self):
        if self.url.scheme == "https":
            return http.client.HTTPSConnection(self.url.netloc, timeout=60,
                                               context=ssl._create_unverified_context())
        return http.client.HTTPConnection(self.url.netloc, timeout=60)

    def _fields(self):
        fields = {"Origin": f"{self.url.scheme}://{self.url.netloc}"}
        return fields | ({"Cookie": self.cookie} if hasattr(self, "cookie") else {})

    def ask(self, method, path, body=None):
        """Status, header fields and body of one request."""
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=self._fields())
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def api(self, method, path, content=None):
        """Jupyter's REST API, below /api."""
        body = None if content is None else json.dumps(content)
        status, _, answer = self.ask(method, f"{self.base}/api{path}", body)
        assert status < 300, (method, path, status, answer[:500])
        return json.loads(answer) if answer else None

    def run(self, code, timeout=60):
        """What the code prints, in a kernel of its own. An exception there is one here."""
        kernel = self.api("POST", "/kernels", {"name": "python3"})["id"]
        try:
            with WebSocket(self, f"{self.base}/api/kernels/{kernel}/channels", timeout) as channel:
                return execute(channel, code)
        finally:
            self.api("DELETE", f"/kernels/{kernel}")


def execute(channel, code):
    message = uuid.uuid4().hex
    channel.send(json.dumps({
        "header": {"msg_id": message, "msg_type": "execute_request", "session": uuid.uuid4().hex,
                   "username": "", "version": "5.3", "date": ""},
        "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
        "content": {"code": code, "silent": False, "store_history": False,
                    "user_expressions": {}, "allow_stdin": False}}))
    printed = ""
    while True:
        answer = json.loads(channel.receive())
        if answer["parent_header"].get("msg_id") != message:
            continue
        content = answer["content"]
        if answer["msg_type"] == "stream":
            printed += content["text"]
        if answer["msg_type"] == "error":
            raise AssertionError("\n".join(content["traceback"]))
        if answer["msg_type"] == "status" and content["execution_state"] == "idle":
            return printed


class WebSocket:
    """The client's side of RFC 6455, as far as a test needs it: whole messages of text."""

    def __init__(self, browser, path, timeout):
        host = browser.url.hostname
        self.socket = socket.create_connection((host, browser.url.port), timeout)
        if browser.url.scheme == "https":
            self.socket = ssl._create_unverified_context().wrap_socket(self.socket)
        fields = browser._fields() | {
            "Host": browser.url.netloc, "Connection": "Upgrade", "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        self.socket.sendall((f"GET {path} HTTP/1.1\r\n" + "".join(
            f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n").encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        assert b" 101 " in status, (status, self.file.read(500))
        while self.file.readline().strip():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, text, opcode=1):
        data, mask = text.encode() if isinstance(text, str) else text, os.urandom(4)
        length = (struct.pack("!B", 0x80 | len(data)) if len(data) < 126
                  else struct.pack("!BH", 0x80 | 126, len(data)) if len(data) < 65536
                  else struct.pack("!BQ", 0x80 | 127, len(data)))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.socket.sendall(bytes([0x80 | opcode]) + length + mask + masked)

    def receive(self):
        whole = b""
        while True:
            first, second = self._exactly(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack("!H", self._exactly(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self._exactly(8))[0]
            data, opcode = self._exactly(length), first & 0x0F
            if opcode == 8:
                raise AssertionError(f"the kernel's channel was closed: {data[2:]!r}")
            if opcode == 9:
                self.send(data, opcode=10)
            if opcode in (0, 1, 2):
                whole += data
                if first & 0x80:
                    return whole.decode()

    def _exactly(self, count):
        data = self.file.read(count)
        if len(data) < count:
            raise AssertionError("the kernel's channel ended")
        return data
