"""Runs the peers over functions and seeds, one process a run, and keeps each trace in a folder; runs
that are there are not repeated.

    run_peers.py FOLDER SEEDS EVALUATIONS PEER[:FUNCTION]...

A peer without a function runs on all of them. Some can run beside one another on one folder.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import functions

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def trace_path(folder, peer, name, seed, evaluations):
    return Path(folder) / f"{peer}-{name}-{seed}-{evaluations}.json"


def run(folder, peer, name, seed, evaluations):
    path = trace_path(folder, peer, name, seed, evaluations)
    if path.exists():
        return
    done = subprocess.run([sys.executable, str(HERE / "peers.py"), peer, name, str(seed),
                           str(evaluations)], capture_output=True, text=True,
                          env={**os.environ, **ONE_THREAD})
    if done.returncode != 0:
        raise SystemExit(f"{peer} on {name} failed:\n{done.stderr[-2000:]}")
    trace = json.loads(done.stdout.splitlines()[-1])
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(trace))
    part.rename(path)


def main():
    folder, seeds, evaluations, *peers = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for seed in range(int(seeds)):
        for wanted in peers:
            peer, _, only = wanted.partition(":")
            for name in [only] if only else functions.names():
                run(folder, peer, name, seed, int(evaluations))


if __name__ == "__main__":
    main()
