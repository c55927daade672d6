"""What all benchmarks share: servers to measure, wrk, medians, and the report."""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import aws  # noqa: E402
import raw_http  # noqa: E402
from clary_server import VENVS, ClaryServer, free_port  # noqa: E402, F401

PEERS = ROOT / "build" / "peers" / "bin"
RESULTS = ROOT / "build" / "bench"


class Report:
    """Rows of `what, ours, the peer's, ratio`, printed and written to build/bench/NAME.json."""

    def __init__(self, name):
        self.name, self.rows, self.notes = name, [], []

    def row(self, what, ours, peer=None, peer_name="", unit="", goal="", better="higher"):
        ratio = None
        if ours and peer:
            ratio = ours / peer if better == "higher" else peer / ours
        self.rows.append({"what": what, "ours": ours, "peer": peer, "peer_name": peer_name,
                          "unit": unit, "times_better": ratio, "goal": goal})

    def note(self, text):
        self.notes.append(text)

    def finish(self):
        print(f"\n{self.name} ({os.cpu_count()} cores, load before {self.load():.2f})")
        print(f"  {'':44}{'Clary':>12}{'peer':>12}  {'better':>8}  goal")
        for row in self.rows:
            peer = "" if row["peer"] is None else f"{row['peer']:.4g}"
            ratio = "" if row["times_better"] is None else f"{row['times_better']:.2f}x"
            what = row["what"] + (f" [{row['unit']}]" if row["unit"] else "")
            print(f"  {what:44}{row['ours']:>12.4g}{peer:>12}  {ratio:>8}  {row['goal']}"
                  + (f"  ({row['peer_name']})" if row["peer_name"] else ""))
        for text in self.notes:
            print("  " + text)
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps({"name": self.name, "time": time.time(), "rows": self.rows,
                                    "notes": self.notes, "cores": os.cpu_count()}, indent=1))
        print(f"  written to {path.relative_to(ROOT)}")

    @staticmethod
    def load():
        return os.getloadavg()[0]


def median(values):
    return statistics.median(values)


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def python_of(venv):
    """The interpreter of an environment, made when it is missing."""
    subprocess.run([str(ROOT / "tools" / "make_venvs.sh"), venv], check=True)
    return str(VENVS / venv / "bin" / "python")


def wait_port(port, timeout=60):
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Peer:
    """A peer's process; ended on leaving the block."""

    def __init__(self, command, port, log, **more):
        self.port = port
        self.file = open(log, "wb")
        self.process = subprocess.Popen(command, stdout=self.file, stderr=subprocess.STDOUT,
                                        start_new_session=True, **more)

    def __enter__(self):
        wait_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.file.close()


def lua_requests(path, requests):
    """A wrk script that replays `requests` (method, path, headers, body), each thread from its own
    place. Signatures are made beforehand: they hold for minutes, a run lasts seconds."""
    def quoted(text):
        raw = text if isinstance(text, bytes) else text.encode()
        return '"' + "".join(f"\\{b:03d}" for b in raw) + '"'
    lines = ["local all = {}"]
    for method, url, headers, body in requests:
        fields = ",".join(f"[{quoted(k)}]={quoted(v)}" for k, v in headers.items()
                          if k.lower() not in ("host", "content-length"))
        lines.append(f"all[#all+1] = {{{quoted(method)},{quoted(url)},{{{fields}}},"
                     f"{quoted(body)}}}")
    lines.append("""
local texts, at = {}, 0
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args)
  for i, r in ipairs(all) do texts[i] = wrk.format(r[1], r[2], r[3], r[4]) end
  at = number * math.floor(#texts / 2)
end
function request() at = at % #texts + 1; return texts[at] end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %f %f %f %f\\n", summary.requests, summary.duration,
    summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
""")
    Path(path).write_text("\n".join(lines))
    return path


def wrk(url, script=None, seconds=5, connections=16, threads=2):
    """Requests per second and latency quantiles in microseconds."""
    tool = shutil.which("wrk")
    if not tool:
        sys.exit("wrk is not installed: apt-get install wrk")
    command = [tool, f"-t{min(threads, connections)}", f"-c{connections}", f"-d{seconds}s",
               "--latency", "--timeout", "30s"]
    if script:
        command += ["-s", str(script)]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    match = re.search(r"RESULT (\d+) (\d+) (\d+) (\S+) (\S+) (\S+) (\S+)", text)
    if match:
        count, duration, errors, p50, p90, p99, top = map(float, match.groups())
        return {"rps": count / (duration / 1e6), "errors": int(errors), "p50": p50, "p90": p90,
                "p99": p99, "max": top}
    return {"rps": float(re.search(r"Requests/sec:\s+(\S+)", text)[1]), "errors": 0}


def rounds(count, *runs):
    """Runs each of `runs` `count` times, in turn, so that noise meets all alike."""
    results = [[] for _ in runs]
    for _ in range(count):
        for results_of_one, run in zip(results, runs):
            results_of_one.append(run())
    return results


def work_folder(name):
    folder = ROOT / "build" / "bench" / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def put_churn(clients, bucket="bench"):
    clients.s3.create_bucket(Bucket=bucket)
    for part in ("train", "validation"):
        clients.s3.put_object(Bucket=bucket, Key=f"{part}/{part}.csv", Body=aws.churn_rows(part))
    return [aws.channel(part, f"s3://{bucket}/{part}/") for part in ("train", "validation")]
