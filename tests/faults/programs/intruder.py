#!/usr/bin/python3
"""Stands in for an algorithm and tries what a hostile one would; tells what it found as JSON.

The hyperparameters say where things are on the host: data_folder, port, marker.
"""

import json
import os
import resource
import socket
import sys
from pathlib import Path

CONFIG = Path("/opt/ml/input/config")


def reaches(port):
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True
    except OSError:
        return False


def can_write(path):
    try:
        Path(path).write_text("x")
        return True
    except OSError:
        return False


def readable(path):
    try:
        return bool(Path(path).read_bytes()) or True
    except OSError:
        return False


def commands():
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:
                pass
    return found


def files_with(marker):
    found = []
    for top in ("/opt", "/tmp", "/home", "/root", "/var", "/run", "/mnt", "/srv", "/dev/shm"):
        for folder, _, names in os.walk(top):
            found += [os.path.join(folder, name) for name in names if marker in name]
    return found


def main():
    told = json.loads((CONFIG / "hyperparameters.json").read_text())
    data = Path(told["data_folder"])
    own = Path("/opt/ml/model") / f"secret-of-{told['name']}"
    own.write_text("mine alone")
    Path("/opt/ml/model/link").symlink_to("/etc/passwd")
    Path("/opt/ml/model/up").symlink_to("../../../../../../../../" + str(data))
    report = {
        "data_folder": data.exists(),
        "database": readable(data / "metadata.db"),
        "shadow": readable("/etc/shadow"),
        "kernel_memory": readable("/proc/kcore") or readable("/dev/mem"),
        "server_reached": reaches(int(told["port"])),
        "other_commands": [c for c in commands() if "serve" in c or "--run" in c],
        "secrets": sorted(n for n in os.environ if "SECRET" in n or "TOKEN" in n),
        "others": [f for f in files_with("secret-of-") if told["name"] not in f],
        "written": [p for p in ("/usr/x", "/etc/x", "/x", "/proc/sys/kernel/hostname",
                                "/sys/x", "/lib/x") if can_write(p)],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "largest_file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
        "capabilities": [line.split()[1] for line in Path("/proc/self/status").read_text()
                         .splitlines() if line.startswith(("CapEff", "CapPrm", "CapBnd"))],
        "seccomp": [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines()
                    if line.startswith("Seccomp:")],
    }
    print("REPORT " + json.dumps(report), flush=True)


if __name__ == "__main__":
    sys.exit(main())
