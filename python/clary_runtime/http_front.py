"""The HTTP side of the model server: /ping, /invocations and /execution-parameters on one socket,
requests handed to whichever worker is free, in the order they came.

A worker takes one request at a time, so that scripts need not be thread-safe, and the front answers
/ping itself, so that a server whose workers are all busy is not taken for dead."""

from __future__ import annotations

import asyncio
import collections
import json
import logging
from typing import Any, Callable

from clary_runtime import frames

log = logging.getLogger("clary")

MOST_HEADER_BYTES = 64 << 10
MOST_BODY_BYTES = 1 << 30
PHRASES = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           406: "Not Acceptable", 411: "Length Required", 413: "Content Too Large",
           415: "Unsupported Media Type", 500: "Internal Server Error",
           503: "Service Unavailable"}


def response(status: int, content_type: str, body: bytes, close: bool = False) -> bytes:
    # From a script: a line break in it would be a header of its own.
    kind = content_type.replace("\r", " ").replace("\n", " ")
    return (f"HTTP/1.1 {status} {PHRASES.get(status, 'Error')}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n{'Connection: close' + chr(13) + chr(10) if close else ''}"
            "\r\n").encode("latin-1", "replace") + body


class BadRequest(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class RequestParser:
    """HTTP/1.1 requests out of the bytes of a connection."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.head: tuple[str, str, dict[str, str]] | None = None
        self.body = bytearray()

    def feed(self, data: bytes) -> None:
        self.buffer += data

    def next(self) -> tuple[str, str, dict[str, str], bytes] | None:
        if self.head is None and not self._read_head():
            return None
        method, target, headers = self.head
        if headers.get("transfer-encoding", "").lower() == "chunked":
            if not self._read_chunks():
                return None
        else:
            size = self._length(headers)
            if len(self.buffer) < size:
                return None
            self.body += self.buffer[:size]
            del self.buffer[:size]
        body, self.body, self.head = bytes(self.body), bytearray(), None
        return method, target, headers, body

    @staticmethod
    def _length(headers: dict[str, str]) -> int:
        text = headers.get("content-length", "0")
        if not text.isdigit():
            raise BadRequest(400, "Content-Length is no number")
        if int(text) > MOST_BODY_BYTES:
            raise BadRequest(413, "the body is too large")
        return int(text)

    def _read_head(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MOST_HEADER_BYTES:
                raise BadRequest(400, "the headers are too long")
            return False
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        del self.buffer[:end + 4]
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest(400, "this is no HTTP request")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest(400, "a header has no colon")
            headers[name.strip().lower()] = value.strip()
        self.head = words[0], words[1].split("?", 1)[0], headers
        return True

    def _read_chunks(self) -> bool:
        while True:
            line_end = self.buffer.find(b"\r\n")
            if line_end < 0:
                return False
            try:
                size = int(bytes(self.buffer[:line_end]).split(b";")[0], 16)
            except ValueError:
                raise BadRequest(400, "a chunk has no size") from None
            if size < 0:
                raise BadRequest(400, "a chunk has no size")
            if len(self.body) + size > MOST_BODY_BYTES:
                raise BadRequest(413, "the body is too large")
            end = line_end + 2 + size + 2
            if len(self.buffer) < end:
                return False
            self.body += self.buffer[line_end + 2:end - 2]
            del self.buffer[:end]
            if size == 0:
                return True


class Worker(asyncio.Protocol):
    """The front's end of the channel to one worker process."""

    def __init__(self, pool: "Pool"):
        self.pool = pool
        self.frames = frames.Frames()
        self.transport: asyncio.Transport | None = None
        self.connection: Connection | None = None  # whose request it works on
        self.ready = False
        self.kill: Callable[[], None] = lambda: None
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def start(self, connection: "Connection", request: bytes) -> None:
        self.connection = connection
        self.timer = asyncio.get_running_loop().call_later(self.pool.timeout, self._too_late)
        self.transport.write(request)

    def _too_late(self) -> None:
        log.error("A worker did not answer within %s seconds and is replaced", self.pool.timeout)
        self.kill()

    def data_received(self, data: bytes) -> None:
        for head, body in self.frames.feed(data):
            if "failed" in head:
                self.pool.failed = head["failed"]
            elif head.get("ready"):
                self.ready = True
                self.pool.free(self)
            else:
                self._answer(response(head["status"], head["type"], body))
                self.pool.free(self)

    def _answer(self, answer: bytes) -> None:
        connection, self.connection = self.connection, None
        if self.timer is not None:
            self.timer.cancel()
        if connection is not None:
            connection.answer(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        self._answer(response(500, "text/plain", b"The worker ended before it answered"))
        self.pool.lost(self)


class Pool:
    """The workers and what waits for them."""

    def __init__(self, timeout: float, start: Callable[["Pool"], None], give_up: Callable[[], None]):
        self.timeout = timeout
        self.workers: set[Worker] = set()
        self.idle: collections.deque[Worker] = collections.deque()
        self.waiting: collections.deque[tuple[Connection, bytes]] = collections.deque()
        self.failed = ""  # why a model could not be loaded
        self.ever_ready = False
        self._start, self._give_up = start, give_up
        self._pause = 0.1

    def healthy(self) -> bool:
        return any(worker.ready for worker in self.workers)

    def submit(self, connection: "Connection", request: bytes) -> None:
        if self.idle:
            self.idle.popleft().start(connection, request)
        else:
            self.waiting.append((connection, request))

    def free(self, worker: Worker) -> None:
        self.ever_ready, self._pause = True, 0.1
        while self.waiting:
            connection, request = self.waiting.popleft()
            if not connection.gone:
                worker.start(connection, request)
                return
        self.idle.append(worker)

    def lost(self, worker: Worker) -> None:
        self.workers.discard(worker)
        if worker in self.idle:
            self.idle.remove(worker)
        # What the first worker cannot load, the next cannot either: the server ends with the reason.
        if not self.ever_ready:
            self._give_up()
            return
        asyncio.get_running_loop().call_later(self._pause, self._start, self)
        self._pause = min(self._pause * 2, 10.0)


class Connection(asyncio.Protocol):
    """One client, which sends one request after another."""

    def __init__(self, pool: Pool, parameters: dict[str, Any]):
        self.pool = pool
        self.parameters = parameters
        self.parser = RequestParser()
        self.transport: asyncio.Transport | None = None
        self.busy = self.gone = self.closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.gone = True

    def data_received(self, data: bytes) -> None:
        self.parser.feed(data)
        self._proceed()

    def answer(self, answer: bytes) -> None:
        self.busy = False
        if self.gone:
            return
        self.transport.write(answer)
        if self.closing:
            self.transport.close()
        else:
            self._proceed()

    def _proceed(self) -> None:
        while not self.busy and not self.gone:
            try:
                request = self.parser.next()
            except BadRequest as bad:
                self.transport.write(response(bad.status, "text/plain", str(bad).encode(), True))
                self.transport.close()
                return
            if request is None:
                return
            self._route(*request)

    def _route(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.busy = True
        self.closing = headers.get("connection", "").lower() == "close"
        if path == "/ping":
            well = self.pool.healthy()
            self.answer(response(200 if well else 503, "application/json", b"{}"))
        elif path == "/execution-parameters" and method == "GET":
            self.answer(response(200, "application/json", json.dumps(self.parameters).encode()))
        elif path != "/invocations":
            self.answer(response(404, "text/plain", b"There is /ping and /invocations"))
        elif method != "POST":
            self.answer(response(405, "text/plain", b"/invocations takes POST"))
        else:
            self.pool.submit(self, frames.pack({"headers": headers}, body))
