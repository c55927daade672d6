"""What the console costs the person in front of it. No peer: AWS's own needs AWS."""

import argparse
import contextlib
import json
import os
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import aws  # noqa: E402
from clary_server import ClaryServer  # noqa: E402
from console import Console  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

COLUMNS = ("kind", "account", "region", "name", "arn", "status", "parent", "created", "modified",
           "version", "body", "internal")


def seed_jobs(database, count):
    """Copies the one stored job, a second apart; the server is not running."""
    row = dict(zip(COLUMNS, database.execute(
        f"SELECT {','.join(COLUMNS)} FROM documents WHERE kind='training-job'").fetchone()))
    statement = f"INSERT INTO documents({','.join(COLUMNS)}) VALUES({','.join('?' * len(COLUMNS))})"

    def copies():
        for number in range(count):
            name = f"copy-{number:06d}"
            made = {key: value.replace(row["name"], name) if isinstance(value, str) else value
                    for key, value in row.items()}
            made["created"] = made["modified"] = row["created"] - 1000 * (number + 1)
            yield [made[column] for column in COLUMNS]
    database.executemany(statement, copies())


def seed_objects(database, count):
    """Copies of a stored object: folders at the top of the bucket `many`, most keys in one of them."""
    cursor = database.execute("SELECT objects.* FROM objects JOIN buckets ON bucket=buckets.id "
                              "WHERE buckets.name='many'")
    names = [column[0] for column in cursor.description]
    row = dict(zip(names, cursor.fetchone()))
    statement = f"INSERT INTO objects({','.join(names)}) VALUES({','.join('?' * len(names))})"
    keys = (f"day-{n:04d}/rows.csv" if n < 1000 else f"train/{n:06d}.csv" for n in range(count))
    database.executemany(statement, ([{**row, "key": key}[name] for name in names] for key in keys))


def seed_points(database, job, count):
    """One metric of the job gets that many values: a noisy descent."""
    metric, time_ms = database.execute(
        "SELECT id,last_seen FROM metrics WHERE name='train:auc' AND dimensions LIKE ?",
        (f"%{job}%",)).fetchone()
    database.execute("DELETE FROM metric_points WHERE metric_id=?", (metric,))
    database.executemany(
        "INSERT INTO metric_points VALUES(?,?,?,0,?,?,?,1,'None')",
        ((metric, time_ms + at // 1000, 10_000_000 + at, *([1 / (1 + at / 1e5) + (at * 7919 % 1000) / 1e4] * 3))
         for at in range(count)))


@contextlib.contextmanager
def changed(file):
    database = sqlite3.connect(file)
    yield database
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def prepare(server, jobs, points, objects):
    """A completed job and an object, both copied; returns the job's name."""
    server.start()
    clients = aws.Clients(server)
    clients.s3.create_bucket(Bucket="bench")
    clients.s3.put_object(Bucket="bench", Key="train/train.csv", Body=aws.churn_rows("train"))
    job = aws.train(clients, "bench", [aws.channel("train", "s3://bench/train/")])
    clients.s3.create_bucket(Bucket="many")
    clients.s3.put_object(Bucket="many", Key="readme.txt", Body=b"Copies of one object.\n")
    server.stop()
    with changed(server.data_dir / "metadata.db") as database:
        seed_jobs(database, jobs)
        seed_points(database, job["TrainingJobName"], points)
    with changed(server.data_dir / "objects" / "objects.db") as database:
        seed_objects(database, objects)
    server.start()
    return job["TrainingJobName"]


def first_load(console, address):
    """With an empty cache: bytes of what is asked for until the page can be used, the milliseconds
    that this takes, and bytes of what comes ahead of need afterwards."""
    session = console.context.new_cdp_session(console.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked, received = [], {}
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["requestId"]))
    session.on("Network.loadingFinished", lambda event: received.update(
        {event["requestId"]: event["encodedDataLength"]}))
    page = console.open(address)
    expect(page.get_by_role("navigation", name="Areas")).to_be_visible()
    page.wait_for_selector("h1")
    usable = page.evaluate("performance.now()")
    first = set(asked)
    page.wait_for_timeout(1000)
    page.wait_for_load_state("networkidle")
    session.detach()
    size = sum(size for request, size in received.items() if request in first)
    return size, usable, sum(received.values()) - size


class Processor:
    """Milliseconds of processor time that the page's main thread takes: what other programs do to
    the machine meanwhile is not in it."""

    def __init__(self, console):
        self.session = console.context.new_cdp_session(console.page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def now(self):
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def shown(page, link, row):
    """Milliseconds from the click on the link with this text to the first row with such a link."""
    return page.evaluate("""async ([text, row]) => {
        const link = [...document.querySelectorAll('a')].find(a => a.textContent === text);
        const began = performance.now();
        link.click();
        while (!document.querySelector(`table tbody a[href*="${row}"]`)) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        return performance.now() - began;
    }""", [link, row])


def list_shown(page):
    return shown(page, "Training jobs", "/training/copy")


def settled(console, path):
    """A page that has loaded what it shows, and ahead what it may need next."""
    page = console.open(path)
    page.wait_for_selector("h1")
    page.wait_for_timeout(1000)
    page.wait_for_load_state("networkidle")


def objects_shown(console, rounds):
    """A bucket of many keys: opened, then its largest folder."""
    bucket, folder = [], []
    for _ in range(rounds):
        settled(console, "/data")
        expect(console.page.get_by_role("link", name="many")).to_be_visible()
        bucket.append(round(shown(console.page, "many", "prefix=day-0000")))
        # The folder stands behind a thousand others.
        settled(console, "/data/many?find=t")
        expect(console.page.get_by_role("link", name="train/")).to_be_visible()
        folder.append(round(shown(console.page, "train/", "001000.csv")))
    return bucket, folder


def pan(page, steps):
    """Milliseconds of each frame while the chart is moved, as the browser counts them."""
    return page.evaluate("""async steps => {
        const chart = document.querySelector('[role=application]');
        chart.focus();
        const key = name => chart.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
        const frame = () => new Promise(requestAnimationFrame);
        for (let i = 0; i < 6; ++i) { key('+'); await frame(); await frame(); }
        const took = [];
        for (let i = 0; i < steps; ++i) {
            const began = performance.now();
            key(i % 8 < 4 ? 'ArrowRight' : 'ArrowLeft');
            await frame();      // drawn in this one
            await new Promise(done => setTimeout(done));
            took.push(performance.now() - began);
        }
        return took;
    }""", steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="clary-bench-console-", dir=ROOT / "build"))
    server = ClaryServer(data_dir=folder)
    figures = {"load_before": os.getloadavg()[0]}
    try:
        job = prepare(server, options.jobs, options.points, options.objects)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                                 args=["--no-sandbox", "--disable-dev-shm-usage",
                                                       "--disable-gpu"])
            console = Console(server, browser)
            page = console.sign_in_with_key()
            loads = [first_load(console, "/") for _ in range(options.rounds)]
            figures["first_load_bytes"] = loads[0][0]
            figures["usable_ms"] = [round(one[1]) for one in loads]
            figures["ahead_bytes"] = loads[0][2]
            lists, lists_cpu = [], []
            for _ in range(options.rounds):
                settled(console, "/metrics")
                processor = Processor(console)
                before = processor.now()
                lists.append(round(list_shown(page)))
                lists_cpu.append(round(processor.now() - before))
            figures["list_ms"], figures["list_processor_ms"] = lists, lists_cpu
            figures["bucket_ms"], figures["folder_ms"] = objects_shown(console, options.rounds)
            began = time.monotonic()
            console.open(f"/training/{job}?tab=metrics")
            expect(page.get_by_role("application", name="auc by iteration")).to_have_attribute(
                "aria-label", re.compile(f"{options.points} points"), timeout=60_000)
            figures["chart_loaded_ms"] = round(1000 * (time.monotonic() - began))
            processor = Processor(console)
            before = processor.now()
            frames = sorted(pan(page, 80))
            figures["pan_processor_ms"] = round((processor.now() - before) / 92, 1)
            figures["pan_frame_ms"] = {"median": round(statistics.median(frames), 1),
                                       "p95": round(frames[int(len(frames) * 0.95)], 1),
                                       "longest": round(frames[-1], 1)}
            browser.close()
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    figures["load_after"] = os.getloadavg()[0]
    report = ROOT / "build" / "bench" / "console.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"first load: {figures['first_load_bytes']:,} bytes (goal 400,000), usable after "
          f"{statistics.median(figures['usable_ms'])} ms (goal 1,500); "
          f"{figures['ahead_bytes']:,} bytes ahead of need afterwards")
    print(f"list of {options.jobs:,} jobs: {statistics.median(figures['list_ms'])} ms from the click to "
          f"the rows (goal 300), of them {statistics.median(figures['list_processor_ms'])} ms of "
          "processor time")
    print(f"bucket of {options.objects:,} keys: {statistics.median(figures['bucket_ms'])} ms from the "
          f"click to the rows, its largest folder {statistics.median(figures['folder_ms'])} ms")
    print(f"chart of {options.points:,} points: there after {figures['chart_loaded_ms']} ms, moved at "
          f"{figures['pan_frame_ms']} ms a frame, {figures['pan_processor_ms']} of them of processor time")
    print(f"load of the machine: {figures['load_before']:.1f} before, {figures['load_after']:.1f} after")


if __name__ == "__main__":
    main()
