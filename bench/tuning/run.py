"""The search against its peers: simple regret after 30, 60 and 100 evaluations of the functions of
functions.py, many jobs at a time against one after the other, the time of a suggestion, and Hyperband
against full random runs.

Peers are slow (minutes a run), so traces stay in build/bench/tuning/traces by optimiser, version,
function and seed, and are reused; Clary's version is the digest of the program. A peer that cannot be
imported is left out and said so. Of a noisy function the regret is that of the job with the best
observed value, measured without the noise.

    run.py [--seeds N] [--peers NAME,...] [--functions NAME,...] [--at-once N,...] [--no-peers]
"""

import argparse
import hashlib
import json
import math
import os
import random
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import ask_tell
import functions
import halving
from measure import RESULTS, ROOT, Report, median, python_of, quantile
from run_peers import kept_trace, store_trace, trace_path

PROGRAM = ROOT / "build/release/bin/clary_tuning_bench"
TRACES = RESULTS / "tuning" / "traces"
MARKS = (30, 60, 100)
EVALUATIONS = MARKS[-1]
MODULES = {"random": "optuna", "optuna_tpe": "optuna", "optuna_gp": "torch", "skopt_gp": "skopt",
           "hebo": "hebo"}


def regret(function, run, mark):
    """Of the best of the first evaluations, as whoever sees only the observed values picks it."""
    best = min(range(mark), key=run["values"].__getitem__)
    return max(run["truths"][best] - function.best, function.floor)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def interval(values):
    """The quartiles, as text."""
    return f"{quantile(values, 0.25):.2g}..{quantile(values, 0.75):.2g}"


def ours(function, seeds, at_once=1):
    version = hashlib.sha256(PROGRAM.read_bytes()).hexdigest()[:12]

    def one(seed):
        path = trace_path(TRACES, f"clary_{at_once}", version, function.name, seed, EVALUATIONS)
        trace = kept_trace(path, function)
        if trace is None:
            trace = ask_tell.run(PROGRAM, function, seed, EVALUATIONS, at_once)
            store_trace(path, trace | {"probe": function.probe()})
        return trace

    TRACES.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, range(seeds)))


def importable(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def newest_version(folder, peer):
    """Of which version of a peer the newest kept trace is."""
    paths = sorted(folder.glob(f"{peer}-*.json"), key=lambda path: path.stat().st_mtime)
    return paths[-1].name.split("-")[1] if paths else None


def peer_traces(python, folder, peers, made, seeds):
    """{peer with version: {function: {seed: trace}}}, run where they are not kept from before."""
    if python:
        subprocess.run([python, str(Path(__file__).parent / "run_peers.py"), str(folder), str(seeds),
                        str(EVALUATIONS), *[f"{peer}:{name}" for peer in peers for name in made]],
                       check=True)
    traces = {}
    for peer in peers:
        version = newest_version(folder, peer)
        for name, function in made.items():
            kept = {}
            for seed in range(seeds):
                path = trace_path(folder, peer, version, name, seed, EVALUATIONS)
                if (trace := kept_trace(path, function)) is not None:
                    kept[seed] = trace
            if kept:
                traces.setdefault(f"{peer} {version}", {})[name] = kept
    return traces


def compare(report, made, traces, results):
    """Rows of median regrets, and the geometric mean over the functions for each peer."""
    for peer, by_name in traces.items():
        for mark in MARKS:
            ratios, worse = [], []
            for name, kept in by_name.items():
                function = made[name]
                # Seed for seed: a peer with fewer runs is compared with as many of ours.
                own = [regret(function, results[name][seed], mark) for seed in kept]
                theirs = [regret(function, trace, mark) for trace in kept.values()]
                report.row(f"{name}, {mark} evaluations, {len(theirs)} seeds "
                           f"({interval(own)} / {interval(theirs)})", median(own), median(theirs),
                           peer, "median regret", "", better="lower")
                ratios.append(median(theirs) / median(own))
                if median(own) > median(theirs):
                    worse.append(name)
            goal = "not worse on any" if peer.startswith("random ") else "> 1"
            report.row(f"all {len(ratios)} functions, {mark} evaluations", geometric_mean(ratios), 1,
                       peer, "geometric mean of ratios", goal)
            if worse:
                report.note(f"behind {peer} after {mark} evaluations on: {', '.join(worse)}")


def parallel(report, made, results, seeds, at_onces):
    """The same number of evaluations, some running while the next is chosen."""
    for at_once in at_onces:
        for mark in MARKS:
            ratios = []
            for name, function in made.items():
                runs = results.setdefault((name, at_once), None) or ours(function, seeds, at_once)
                results[name, at_once] = runs
                together = [regret(function, run, mark) for run in runs]
                alone = [regret(function, run, mark) for run in results[name]]
                # On the scale from random search (0) to one after the other (1).
                start = statistics.fmean(
                    regret(function, ask_tell.run(PROGRAM, function, seed, mark, 1, "random"), mark)
                    for seed in range(seeds))
                gained = start - statistics.fmean(alone)
                if gained > 0:
                    ratios.append((start - statistics.fmean(together)) / gained)
            report.row(f"{at_once} at a time, {mark} evaluations", statistics.fmean(ratios), 1,
                       "one after the other", "share of the gain over random", ">= 0.85")


def suggestion_time(report):
    """Median time of a suggestion with that many observations in ten dimensions."""
    function = functions.function("ackley10")
    for count, goal in ((200, 50), (750, 500)):
        driver = ask_tell.Driver(PROGRAM, function.space, 1)
        draw = random.Random(3)
        driver.send({"load": [
            {"point": {p["name"]: draw.uniform(p["min"], p["max"]) for p in function.space},
             "value": draw.gauss(0, 1)} for _ in range(count)]})
        seconds = [driver.send({"ask": count + i, "forget": True})["seconds"] for i in range(7)]
        driver.close()
        report.row(f"a suggestion, {count} observations x 10", median(seconds) * 1e3, goal, "limit",
                   "ms", f"< {goal} ms", better="lower")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--peers", default="random,optuna_tpe,optuna_gp,skopt_gp")
    parser.add_argument("--functions", default="")
    parser.add_argument("--at-once", default="4,10", help="jobs that run at a time")
    parser.add_argument("--no-peers", action="store_true", help="only traces kept from before")
    return parser.parse_args()


def main():
    given = arguments()
    report = Report("tuning")
    load = report.load()
    made = {name: functions.function(name)
            for name in (given.functions.split(",") if given.functions else functions.names())}
    suggestion_time(report)
    results = {name: ours(function, given.seeds) for name, function in made.items()}
    peers = given.peers.split(",")
    python = None if given.no_peers else python_of("tuning_peers")
    if python:
        missing = [peer for peer in peers if not importable(python, MODULES[peer])]
        for peer in missing:
            report.note(f"{peer} left out: its package is not installed")
        peers = [peer for peer in peers if peer not in missing]
    compare(report, made, peer_traces(python, TRACES, peers, made, given.seeds), results)
    parallel(report, made, results, given.seeds,
             [int(count) for count in given.at_once.split(",") if count])
    halving.measure(report, PROGRAM, given.seeds)
    report.note(f"load before {load:.2f}; regrets below a function's floor count as the floor")
    report.finish()


if __name__ == "__main__":
    main()
