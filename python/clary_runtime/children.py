"""Running the user's program: its errors are kept for the reason, a SIGTERM is passed on."""

import collections
import re
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


def run(command: list[str], environment: dict[str, str], folder: Path,
        noise: re.Pattern[str] | None = None) -> tuple[int, str]:
    """The exit code, negative for a signal, and what its standard error ended with. With `noise`
    what all of its output ended with, without lines that match."""
    if noise is None:
        child = subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE)
        source, target = child.stderr, sys.stderr.buffer
    else:
        child = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        source, target = child.stdout, sys.stdout.buffer
    previous = signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    kept: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)

    def copy() -> None:
        for line in source:
            target.write(line)
            target.flush()
            text = line.decode(errors="replace").rstrip()
            if noise is None or not noise.match(text):
                kept.append(text)

    copier = threading.Thread(target=copy, daemon=True)
    copier.start()
    try:
        code = child.wait()
        # What the program left running may hold the pipe open for ever.
        copier.join(LAST_WORDS_SECONDS)
        return code, error_message(list(kept))
    finally:
        signal.signal(signal.SIGTERM, previous)
