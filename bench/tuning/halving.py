"""Hyperband on tabulated learning curves: how many epochs it takes to reach the best that 64 full runs
of random configurations reach, as a share of their epochs. It meets the configurations in an order of
its own, so the best of the 64 may come late or be the only one as good: how often full runs in that
order do not reach it with the same epochs is told beside."""

import json
import random

import ask_tell
import functions
from measure import median, quantile

RUNS = 64
AT_ONCE = 4


def epochs_to_reach(driver, curves, order, target, most):
    """Epochs until some job has emitted `target` or less; jobs run an epoch each in turn."""
    epochs = len(curves[0])
    jobs, spent, waiting = [], 0, list(order)
    while spent < most:
        while sum(job["running"] for job in jobs) < AT_ONCE and waiting:
            jobs.append({"curve": waiting.pop(0), "values": [], "running": True})
        for job in [job for job in jobs if job["running"]]:
            job["values"].append(curves[job["curve"]][len(job["values"])])
            spent += 1
            if job["values"][-1] <= target:
                return spent
            answer = driver.send({"min_resource": 1, "max_resource": epochs, "jobs": [
                {"values": one["values"], "running": one["running"]} for one in jobs]})
            for one, stop in zip(jobs, answer["stop"]):
                one["running"] = one["running"] and not stop
        if not waiting and not any(job["running"] for job in jobs):
            break
    return None


def measure(report, program, seeds):
    for path in sorted(functions.TABLES.glob("curves_*.json")):
        curves = json.loads(path.read_text())["curves"]
        full = RUNS * len(curves[0])
        driver = ask_tell.Driver(program, [functions.continuous("unused", 0, 1)], 0)
        shares, missed_by_full = [], 0
        for seed in range(seeds):
            draw = random.Random(seed)
            # The best value of each full run, as its tuning job would see it at its end.
            target = min(curves[i][-1] for i in draw.sample(range(len(curves)), RUNS))
            order = draw.sample(range(len(curves)), len(curves))
            missed_by_full += min(curves[i][-1] for i in order[:RUNS]) > target
            spent = epochs_to_reach(driver, curves, order, target, full)
            # Not reached at all counts as the full cost, which is what it costs at least.
            shares.append((spent or full) / full)
        driver.close()
        missed = sum(share >= 1 for share in shares)
        report.row(f"Hyperband on {path.stem} ({quantile(shares, 0.25):.2f}..."
                   f"{quantile(shares, 0.75):.2f}, {missed} of {seeds} missed; full runs "
                   f"{missed_by_full})", median(shares), 1,
                   f"{RUNS} full runs", "share of epochs", "<= 0.25", better="lower")
