"""What the front and its workers send each other: a JSON head and a body, each after its length."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTHS = struct.Struct("!IQ")


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


class Frames:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        self.buffer += data
        found = []
        while len(self.buffer) >= LENGTHS.size:
            head_size, body_size = LENGTHS.unpack_from(self.buffer)
            end = LENGTHS.size + head_size + body_size
            if len(self.buffer) < end:
                break
            head = json.loads(self.buffer[LENGTHS.size:LENGTHS.size + head_size])
            found.append((head, bytes(self.buffer[LENGTHS.size + head_size:end])))
            del self.buffer[:end]
        return found


def receive(channel: socket.socket, frames: Frames) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, None at the end. blocks."""
    while True:
        data = channel.recv(1 << 18)
        if not data:
            return None
        found = frames.feed(data)
        if found:
            return found[0]  # the other side waits for an answer before it sends the next
