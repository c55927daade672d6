#!/usr/bin/env python3
"""Loads one signed request again and again with wrk.

A SigV4 signature holds for 15 minutes and has no counter, so one signed request can be sent any
number of times: the load generator costs nothing, the server checks every one.

    signed_wrk.py [--connections N] [--threads N] [--seconds N] CLIENT_JSON SERVICE METHOD PATH
                  [--header 'Name: value']... [--body TEXT]

CLIENT_JSON is what `clary serve` writes to its data folder. SERVICE is the signing name
("sagemaker"). Prints one JSON object: requests per second and latencies in microseconds. Fails when
any answer is not 2xx.
"""
import argparse
import datetime
import hashlib
import hmac
import json
import re
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sign(client, service, method, path, headers, body):
    """The headers of the request with date, payload hash and signature added."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body.encode()).hexdigest()
    headers = {**headers, "Host": urlsplit(client["url"]).netloc, "X-Amz-Date": now,
               "X-Amz-Content-Sha256": payload}
    if client.get("session_token"):
        headers["X-Amz-Security-Token"] = client["session_token"]
    lower = sorted((name.lower(), value.strip()) for name, value in headers.items())
    names = ";".join(name for name, _ in lower)
    path_only, _, query = path.partition("?")
    query = "&".join(sorted(part if "=" in part else part + "=" for part in query.split("&") if part))
    canonical = "\n".join([method, path_only, query,
                           "".join(f"{name}:{value}\n" for name, value in lower), names, payload])
    scope = f"{now[:8]}/{client['region']}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + client["secret_access_key"]).encode()
    for part in (now[:8], client["region"], service, "aws4_request"):
        key = hmac_sha256(key, part)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={client['access_key_id']}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}")
    return headers


def lua(text):
    return "[==[" + text + "]==]"


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def run(url, method, path, headers, body, connections, threads, seconds):
    script = [f'wrk.method = "{method}"', f"wrk.path = {lua(path)}"]
    script += [f'wrk.headers["{name}"] = {lua(value)}' for name, value in headers.items()]
    if body:
        script.append(f"wrk.body = {lua(body)}")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(script))
        file.flush()
        text = subprocess.run(
            ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-s",
             file.name, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit("some requests failed:\n" + text)
    latency = dict(re.findall(r"^\s+(50|75|90|99)%\s+(\S+)$", text, re.M))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    return {"requests_per_second": rate,
            **{f"p{name}_us": microseconds(value) for name, value in latency.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("client_json")
    parser.add_argument("service")
    parser.add_argument("method")
    parser.add_argument("path")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--body", default="")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=5)
    given = parser.parse_args()
    with open(given.client_json) as file:
        client = json.load(file)
    headers = dict(re.split(r":\s*", line, maxsplit=1) for line in given.header)
    headers = sign(client, given.service, given.method, given.path, headers, given.body)
    print(json.dumps(run(client["url"], given.method, given.path, headers, given.body,
                         given.connections, min(given.threads, given.connections),
                         given.seconds)))


if __name__ == "__main__":
    main()
