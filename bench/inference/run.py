"""Signed InvokeEndpoint over kept-alive connections, one CSV row a request."""

import argparse
import os
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import (ClaryServer, Peer, Report, aws, free_port, lua_requests, median,
                     put_churn, python_of, raw_http, rounds, work_folder, wrk)


def signed_requests(server, endpoint):
    path = f"/endpoints/{endpoint}/invocations"
    rows = aws.churn_features()[0]
    return [("POST", path, raw_http.sign(server, "POST", path, {"Content-Type": "text/csv"}, row),
             row) for row in rows]


def one_by_one(connect, requests, count):
    """Median microseconds of one request at a time over one connection, by raw sockets."""
    connection, samples = connect(), []
    for number in range(count):
        packet = requests[number % len(requests)]
        began = time.perf_counter_ns()
        connection.sendall(packet)
        answer = b""
        while True:
            answer += connection.recv(65536)
            head, split, body = answer.partition(b"\r\n\r\n")
            if split:
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                              if line.lower().startswith(b"content-length"))
                if len(body) >= length:
                    break
        samples.append((time.perf_counter_ns() - began) / 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"answered {answer[:300]!r}")
    connection.close()
    return median(samples[count // 10:])


def packets(requests, host):
    made = []
    for method, path, headers, body in requests:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
        lines += [f"{k}: {v}" for k, v in headers.items()
                  if k.lower() not in ("host", "content-length")]
        made.append(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
    return made


def serving_sockets(server):
    """Unix sockets below the data folder: the model servers'."""
    return {str(path) for path in server.data_dir.rglob("*") if path.is_socket()}


def unix_connection(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def reachable(path, packet):
    try:
        connection = unix_connection(path)
        connection.settimeout(2)
        connection.sendall(packet)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def nginx(folder, port):
    (folder / "nginx.conf").write_text(f"""
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 "0.5"; }} }} }}
""")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def gunicorn(port, kind):
    command = [python_of("bench"), "-m", "gunicorn", "-w", str(os.cpu_count()), "-b",
               f"127.0.0.1:{port}", "--chdir", str(Path(__file__).parent), "--log-level", "error",
               "flask_app:app", "-k", kind]
    # The default worker closes each connection; threads keep them, which favours the peer.
    return command + (["--threads", "8", "--keep-alive", "60"] if kind == "gthread" else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    folder = work_folder("inference")
    server = ClaryServer(folder / "data")
    server.data_dir.mkdir()
    server.start()
    report = Report("inference")
    try:
        clients = aws.Clients(server)
        job = aws.train(clients, "bench", put_churn(clients), hyperparameters={"num_round": "100"})
        (folder / "model").write_bytes(aws.read_artifact(clients, job)["xgboost-model"])
        before = serving_sockets(server)
        endpoint = aws.deploy(clients, aws.variant(
            aws.create_model(clients, job["ModelArtifacts"]["S3ModelArtifacts"])))
        own_sockets = sorted(serving_sockets(server) - before)
        measure(report, options, folder, server, endpoint, own_sockets)
        captured(report, options, folder, server, endpoint)
    finally:
        server.remove()
    report.finish()


def measure(report, options, folder, server, endpoint, own_sockets):
    requests = signed_requests(server, endpoint)
    ours = lua_requests(folder / "ours.lua", requests)
    plain = lua_requests(folder / "plain.lua", [
        ("POST", "/invocations", {"Content-Type": "text/csv"}, body)
        for _, _, _, body in requests])
    environment = os.environ | {"MODEL_FILE": str(folder / "model"), "OMP_NUM_THREADS": "1"}
    ports = {"sync": free_port(), "gthread": free_port(), "nginx": free_port()}
    with Peer(gunicorn(ports["sync"], "sync"), ports["sync"], folder / "sync.log",
              env=environment), \
         Peer(gunicorn(ports["gthread"], "gthread"), ports["gthread"], folder / "gthread.log",
              env=environment), \
         Peer(nginx(folder, ports["nginx"]), ports["nginx"], folder / "nginx.log"):
        def load(url, script):
            return lambda: wrk(url, script, options.seconds, options.connections)
        results = rounds(options.rounds, load(server.url, ours),
                         load(f"http://127.0.0.1:{ports['sync']}", plain),
                         load(f"http://127.0.0.1:{ports['gthread']}", plain),
                         load(f"http://127.0.0.1:{ports['nginx']}", plain))
    rates = [median([r["rps"] for r in of_one]) for of_one in results]
    errors = sum(r["errors"] for r in results[0])
    if errors:
        report.note(f"{errors} of our answers were errors")
    better = max(rates[1], rates[2])
    report.row("requests per second", rates[0], better, "gunicorn + Flask + xgboost", "1/s",
               ">= 20x")
    report.row("  same, default (sync) workers", rates[0], rates[1], "gunicorn sync", "1/s")
    report.row("  limit: nginx, static 200", rates[0], rates[3], "nginx", "1/s")
    report.row("latency p50 under that load", median([r["p50"] for r in results[0]]), unit="us")
    report.row("latency p99 under that load", median([r["p99"] for r in results[0]]), unit="us")
    added(report, server, requests, own_sockets)


def captured(report, options, folder, server, endpoint):
    """The same model with every invocation written to S3, beside it without."""
    clients = aws.Clients(server)
    model = clients.sagemaker.describe_endpoint_config(EndpointConfigName=clients.sagemaker.
        describe_endpoint(EndpointName=endpoint)["EndpointConfigName"])["ProductionVariants"][0]
    clients.s3.create_bucket(Bucket="captured")
    config = aws.create_config(clients, aws.variant(model["ModelName"]), DataCaptureConfig={
        "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://captured/here",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]}})
    clients.sagemaker.create_endpoint(EndpointName=config, EndpointConfigName=config)
    assert aws.wait_endpoint(clients, config)["EndpointStatus"] == "InService"
    scripts = [lua_requests(folder / f"{name}.lua", signed_requests(server, of))
               for name, of in (("without", endpoint), ("with", config))]
    plain, kept = rounds(options.rounds, *(
        lambda script=script: wrk(server.url, script, options.seconds, options.connections)
        for script in scripts))
    report.row("with data capture of all", median([r["rps"] for r in kept]),
               median([r["rps"] for r in plain]), "without", "1/s")
    lost = next(float(line.split()[1]) for line in server.get("/metrics").splitlines()
                if line.startswith("clary_captures_lost "))
    if lost:
        report.note(f"{lost:.0f} captures were dropped")


def added(report, server, requests, own_sockets):
    """The gateway's share: one request at a time, through it and straight to the model server."""
    direct = packets([("POST", "/invocations", {"Content-Type": "text/csv"}, body)
                      for _, _, _, body in requests], "localhost")
    usable = [path for path in own_sockets if reachable(path, direct[0])]
    through = packets(requests, f"127.0.0.1:{server.port}")
    gateway = [one_by_one(lambda: socket.create_connection(("127.0.0.1", server.port)), through,
                          3000) for _ in range(3)]
    report.row("one at a time, through the gateway", median(gateway), unit="us")
    if not usable:
        report.note(f"no model server could be asked directly (sockets: {own_sockets})")
        return
    straight = [one_by_one(lambda: unix_connection(usable[0]), direct, 3000) for _ in range(3)]
    report.row("one at a time, model server itself", median(straight), unit="us")
    report.row("added by the gateway", median(gateway) - median(straight), unit="us",
               goal="< 100 us")


main()
