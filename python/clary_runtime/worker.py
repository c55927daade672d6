"""A worker of the model server: loads script and model, then answers one request after another."""

from __future__ import annotations

import logging
import signal
import socket
import traceback

from clary_runtime import frames
from clary_runtime.errors import UserError
from clary_runtime.inference import Inference
from clary_runtime.training import start_log

log = logging.getLogger("clary")


def reason_of(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    last = traceback.format_exception(type(error), error, error.__traceback__)[-2:]
    return "ModelError: the model could not be loaded: " + "".join(last).strip()


def main(descriptor: int) -> int:
    start_log()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(fileno=descriptor)
    try:
        inference = Inference()
    except Exception as error:  # of the script, whatever it is
        traceback.print_exc()
        channel.sendall(frames.pack({"failed": reason_of(error)}))
        return 1
    channel.sendall(frames.pack({"ready": True}))
    incoming = frames.Frames()
    while True:
        request = frames.receive(channel, incoming)
        if request is None:
            return 0
        head, body = request
        answer = inference.invoke(body, head["headers"])
        channel.sendall(frames.pack({"status": answer.status, "type": answer.content_type},
                                    answer.body))
