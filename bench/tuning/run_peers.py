"""Runs the peers over functions and seeds, one process a run, and keeps each trace in a folder, by the
peer's version; runs that are there are not repeated, unless the function has changed since.

    run_peers.py FOLDER SEEDS EVALUATIONS PEER[:FUNCTION]...

A peer without a function runs on all of them. Some can run beside one another on one folder.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import functions

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


PACKAGES = {"random": "optuna", "optuna_tpe": "optuna", "optuna_gp": "optuna",
            "skopt_gp": "scikit-optimize", "hebo": "HEBO"}


def trace_path(folder, peer, version, name, seed, evaluations):
    return Path(folder) / f"{peer}-{version}-{name}-{seed}-{evaluations}.json"


def kept_trace(path, function):
    """The trace of a run of this very function, or None."""
    trace = json.loads(path.read_text()) if path.exists() else {}
    return trace if trace.get("probe") == function.probe() else None


def store_trace(path, trace):
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(trace))
    part.rename(path)


def run(path, peer, function, seed, evaluations):
    if kept_trace(path, function):
        return
    done = subprocess.run([sys.executable, str(HERE / "peers.py"), peer, function.name, str(seed),
                           str(evaluations)], capture_output=True, text=True,
                          env={**os.environ, **ONE_THREAD})
    if done.returncode != 0:
        raise SystemExit(f"{peer} on {function.name} failed:\n{done.stderr[-2000:]}")
    store_trace(path, json.loads(done.stdout.splitlines()[-1]))


def main():
    folder, seeds, evaluations, *peers = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for seed in range(int(seeds)):
        for wanted in peers:
            peer, _, only = wanted.partition(":")
            version = importlib.metadata.version(PACKAGES[peer])
            for name in [only] if only else functions.names():
                path = trace_path(folder, peer, version, name, seed, evaluations)
                run(path, peer, functions.function(name), int(seed), int(evaluations))


if __name__ == "__main__":
    main()
