"""Runs ceph/s3-tests against servers of this tree; see run.sh."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import accounts  # noqa: E402
import report  # noqa: E402
from support.clary_server import ClaryServer  # noqa: E402

LIFECYCLE_DAY_SECONDS = 10


def arguments():
    parser = argparse.ArgumentParser(description="Runs ceph/s3-tests against this tree's server.")
    parser.add_argument("--checkout", default=os.environ.get("S3_TESTS_CHECKOUT", ""))
    parser.add_argument("--processes", type=int, default=2, help="pytest processes, a server each")
    parser.add_argument("--time-limit", type=int, default=120, help="seconds a test may take")
    parser.add_argument("--out", default=str(ROOT / "build" / "s3_tests"))
    parser.add_argument("--document", help="write the published table there")
    parser.add_argument("--uncounted", action="store_true", help="run the excluded tests as well")
    return parser.parse_known_args()


def start_server():
    """A server with the suite's accounts, and their root keys."""
    data_dir = Path(tempfile.mkdtemp(prefix="clary-s3-tests-")) / "data"
    server = ClaryServer(data_dir=data_dir,
                         # The suite sends its keys (SSE-C) without TLS.
                         arguments=["--account-id", accounts.ACCOUNTS["s3 main"],
                                    "--lifecycle-day-seconds", str(LIFECYCLE_DAY_SECONDS),
                                    "--customer-keys-need-tls", "off",
                                    # It takes buckets to have ACLs, and to be opened at will.
                                    "--s3-default-object-ownership", "ObjectWriter",
                                    "--s3-default-block-public-access", "off"])
    server.own_folder = True
    server.start()
    return server, accounts.root_keys(server)


def run_suite(options, rest, checkout, out):
    command = [sys.executable, "-m", "pytest", "-p", "suite_plugin", "-q", "--tb=short",
               "-n", str(options.processes), f"--timeout={options.time_limit}",
               "-o", f"cache_dir={out / 'pytest_cache'}", "-W", "ignore"]
    if not any((checkout / word.split("::")[0]).exists() for word in rest if not word.startswith("-")):
        command.append("s3tests/functional")
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("AWS_") and k.lower() not in
                   ("http_proxy", "https_proxy", "no_proxy", "all_proxy")}
    environment.update(PYTHONPATH=str(HERE), CLARY_S3_TESTS_RUN=str(out), HOME=str(out),
                       AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
    if options.uncounted:
        environment["CLARY_S3_TESTS_UNCOUNTED"] = "1"
    with open(out / "pytest.log", "wb") as log:
        subprocess.run([*command, *rest], cwd=checkout, env=environment, stdout=log,
                       stderr=subprocess.STDOUT, check=False)


def main():
    options, rest = arguments()
    checkout = Path(options.checkout or "s3-tests").resolve()
    if not (checkout / "s3tests" / "functional").is_dir():
        sys.exit("no checkout of ceph/s3-tests: give --checkout DIR or S3_TESTS_CHECKOUT\n"
                 "  git clone https://github.com/ceph/s3-tests")
    out = Path(options.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    for name in ("ended.json", "left_out.json"):
        (out / name).unlink(missing_ok=True)
    servers = []
    try:
        for number in range(options.processes):
            server, keys = start_server()
            servers.append(server)
            accounts.write_configuration(out / f"gw{number}.conf", server, keys,
                                         LIFECYCLE_DAY_SECONDS)
        run_suite(options, rest, checkout, out)
        dead = [server for server in servers if server.process.poll() is not None]
    finally:
        for number, server in enumerate(servers):
            (out / f"server{number}.log").write_text(server.log_tail(100000))
            server.remove()
    if not (out / "ended.json").exists():
        sys.exit(f"pytest did not finish; {out / 'pytest.log'} ends:\n" +
                 "\n".join((out / "pytest.log").read_text().splitlines()[-20:]))
    ended = json.loads((out / "ended.json").read_text())
    left_out = json.loads((out / "left_out.json").read_text())
    revision = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], check=True,
                              capture_output=True, text=True).stdout.strip()
    text = report.markdown(ended, left_out, revision)
    (out / "report.md").write_text(text)
    if options.document:
        Path(options.document).write_text(text)
    print(report.summary(ended))
    print(f"all of it: {out}/report.md, ended.json, pytest.log")
    if dead:
        sys.exit(f"{len(dead)} server(s) died under the suite: see {out}/server*.log")


if __name__ == "__main__":
    main()
