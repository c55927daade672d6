"""Starting programs on the job's other hosts, where MPI would use ssh.

A host that waits (`Waiting`) listens under its own name. Who knows the job's secret may have it start a
program, in its own sandbox, as its own user. As a program, this is what mpirun takes for ssh: `python remote.py HOST COMMAND...`.
"""

import hmac
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import threading
import time

PORT = 7779
SECRET_VARIABLE = "CLARY_GANG_SECRET"
CONNECT_SECONDS = 120
HANDSHAKE_SECONDS = 20
LONGEST_LINE = 1 << 20


def secret() -> bytes:
    value = os.environ.get(SECRET_VARIABLE, "")
    if not value:
        raise RuntimeError(f"{SECRET_VARIABLE} is not set: this job has one instance")
    return value.encode()


def proof(nonce: str, words: str) -> str:
    return hmac.new(secret(), f"{nonce}\n{words}".encode(), "sha256").hexdigest()


def send_line(connection: socket.socket, **message: object) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def read_line(connection: socket.socket) -> dict:
    line = bytearray()
    while not line.endswith(b"\n"):
        part = connection.recv(65536)
        if not part or len(line) > LONGEST_LINE:
            raise ConnectionError("the other host closed the connection")
        line += part
    return json.loads(line)


class Waiting:
    """The hosts other than the first: they start what they are told to, until the end."""

    def __init__(self, host: str):
        self.listener = socket.create_server((host, PORT), backlog=16)
        self.ended = threading.Event()

    def serve(self) -> None:
        """Until the first host says that its program ended."""
        threading.Thread(target=self._accept, daemon=True).start()
        self.ended.wait()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept()
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(HANDSHAKE_SECONDS)
                nonce = secrets.token_hex(32)
                send_line(connection, nonce=nonce)
                request = read_line(connection)
                words = str(request.get("words", ""))
                if not hmac.compare_digest(str(request.get("proof", "")), proof(nonce, words)):
                    return
                connection.settimeout(None)
                self._do(json.loads(words), connection)
        except (OSError, ValueError) as error:
            print(f"remote: {error}", file=sys.stderr, flush=True)

    def _do(self, wanted: dict, connection: socket.socket) -> None:
        if "end" in wanted:
            send_line(connection, exit=0)
            self.ended.set()
            return
        child = subprocess.Popen(["/bin/sh", "-c", wanted["command"]], stdin=subprocess.DEVNULL)
        send_line(connection, exit=child.wait())


def ask(host: str, **wanted: object) -> int:
    """Connects until the host is there; the exit code of what it did."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            connection = socket.create_connection((host, PORT), timeout=HANDSHAKE_SECONDS)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    with connection:
        nonce = read_line(connection)["nonce"]
        words = json.dumps(wanted)
        send_line(connection, words=words, proof=proof(nonce, words))
        connection.settimeout(None)
        return int(read_line(connection)["exit"])


def end(hosts: list[str]) -> None:
    """Tells the waiting hosts that the first one's program ended."""
    for host in hosts:
        try:
            ask(host, end=True)
        except OSError as error:
            print(f"remote: {host}: {error}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print("usage: remote.py HOST COMMAND...", file=sys.stderr)
        return 2
    host, *command = arguments
    # As ssh does: the words become one line for the other side's shell.
    return ask(host, command=" ".join(command))


def agent_command() -> str:
    return shlex.join([sys.executable, __file__])  # by its path: it needs no package around it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
