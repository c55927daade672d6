"""Running the user's program: its errors are kept for the reason, a SIGTERM is passed on."""

import collections
import signal
import subprocess
import sys
import threading
from pathlib import Path

KEPT_LINES = 400
SHOWN_LINES = 8
SHOWN_BYTES = 700
LAST_WORDS_SECONDS = 5
TRACEBACK = "Traceback (most recent call last)"


def error_message(lines: list[str]) -> str:
    """The end of the last traceback, else of whatever was written last."""
    start = next((number for number in range(len(lines) - 1, -1, -1) if TRACEBACK in lines[number]),
                 None)
    wanted = [line for line in (lines if start is None else lines[start + 1:]) if line.strip()]
    return "\n".join(wanted[-SHOWN_LINES:])[-SHOWN_BYTES:]


def run(command: list[str], environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """The exit code, negative for a signal, and what its standard error ended with."""
    child = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE)
    previous = signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    kept: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)

    def copy() -> None:
        for line in child.stderr:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            kept.append(line.decode(errors="replace").rstrip())

    copier = threading.Thread(target=copy, daemon=True)
    copier.start()
    try:
        code = child.wait()
        # What the program left running may hold the pipe open for ever.
        copier.join(LAST_WORDS_SECONDS)
        return code, error_message(list(kept))
    finally:
        signal.signal(signal.SIGTERM, previous)
