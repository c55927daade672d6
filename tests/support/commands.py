"""`clary` as a person runs it, beside a server."""

import json
import subprocess

from clary_server import binary


def clary(*arguments, check=True, timeout=60):
    """Runs it; gives the finished process. With `check`, a failure is an error here."""
    done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"clary {arguments} ended with {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
    return done


def audit_records(server):
    """Every record of the server's audit log, oldest first."""
    records = []
    for file in sorted((server.data_dir / "audit").glob("audit-*.jsonl")):
        for line in file.read_text().splitlines(keepends=True):
            if line.endswith("}\n"):
                records.append(json.loads(line))
    return records
