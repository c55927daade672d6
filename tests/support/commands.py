"""`clary` as a person runs it, beside a server."""

import json
import os
import pty
import select
import subprocess
import time

from clary_server import binary


def clary(*arguments, check=True, timeout=60):
    """Runs it; gives the finished process. With `check`, a failure is an error here."""
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"clary {arguments} ended with {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
    return done


class OnTerminal:
    """`clary` with a terminal of 80 columns to write on."""

    def __init__(self, *arguments, environment=None):
        self.main, other = pty.openpty()
        self.text = ""
        environment = (os.environ if environment is None else environment) | {"TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen([binary(), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=other, stderr=other, env=environment)
        os.close(other)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def more(self, timeout=30):
        """Reads what comes next; False at the end."""
        if not select.select([self.main], [], [], timeout)[0]:
            raise AssertionError(f"nothing more came after:\n{self.text}")
        try:
            piece = os.read(self.main, 65536)
        except OSError:  # Linux's word for the end of a terminal
            return False
        self.text += piece.decode(errors="replace")
        return bool(piece)

    def until(self, words, timeout=30):
        """Everything so far, once `words` are among it."""
        deadline = time.monotonic() + timeout
        while words not in self.text:
            if time.monotonic() > deadline or not self.more(timeout):
                raise AssertionError(f"{words!r} did not come:\n{self.text}")
        return self.text

    def rest(self):
        while self.more():
            pass
        return self.text

    def wait(self):
        return self.process.wait(30)


def audit_records(server):
    """Every record of the server's audit log, oldest first."""
    records = []
    for file in sorted((server.data_dir / "audit").glob("audit-*.jsonl")):
        for line in file.read_text().splitlines(keepends=True):
            if line.endswith("}\n"):
                records.append(json.loads(line))
    return records
