"""The way of a browser to a notebook instance, and who gets nowhere on it."""

import base64
import http.client
import json
import os
import subprocess
from urllib.parse import urlsplit

import pytest

import aws
import frameworks
from clary_server import ClaryServer, binary
from notebooks import Browser, created, needs_notebooks

pytestmark = needs_notebooks
WEB_SOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode()}


@pytest.fixture(scope="module")
def notebook(clients):
    with created(clients) as name:
        yield name


@pytest.fixture(scope="module")
def browser(clients, notebook):
    return Browser(clients, notebook)


def link_to(clients, notebook):
    return urlsplit(clients.sagemaker.create_presigned_notebook_instance_url(
        NotebookInstanceName=notebook)["AuthorizedUrl"])


def send(browser, path, method="GET", body=None, **fields):
    """As that browser's origin but without its session, unless `fields` say otherwise; status,
    header fields, body."""
    connection = http.client.HTTPConnection(browser.url.netloc, timeout=60)
    try:
        fields = {"Origin": f"http://{browser.url.netloc}"} | fields
        connection.request(method, path, body, fields)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_link_leads_to_jupyterlab(clients, notebook, browser):
    link = link_to(clients, notebook)
    status, fields, _ = send(browser, f"{link.path}?{link.query}")
    assert (status, fields["Location"]) == (302, browser.base + "/lab")
    assert f"Path={browser.base};" in fields["Set-Cookie"] and "HttpOnly" in fields["Set-Cookie"]
    status, fields, page = send(browser, browser.base + "/lab", Cookie=browser.cookie)
    assert status == 200 and b"jupyter-config-data" in page
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors" in fields["Content-Security-Policy"]


def test_large_files_pass_both_ways(browser):
    content = os.urandom(12 << 20)
    path = browser.base + "/api/contents/large.bin"
    status, _, answer = browser.ask("PUT", path, json.dumps({
        "type": "file", "format": "base64", "content": base64.b64encode(content).decode()}))
    assert status == 201, answer
    status, _, found = browser.ask("GET", browser.base + "/files/large.bin")
    assert status == 200 and found == content
    assert browser.ask("DELETE", path)[0] == 204


def test_who_has_no_session_gets_nowhere(clients, notebook, browser):
    lab = browser.base + "/lab"
    assert send(browser, lab)[0] == 403
    assert send(browser, browser.base + "/api/kernels", "POST", "{}")[0] == 403
    assert send(browser, lab, Authorization="token " + "0" * 64)[0] == 403
    assert send(browser, browser.base + "/api/kernels/1/channels", **WEB_SOCKET)[0] == 403
    name, value = browser.cookie.split("=", 1)
    for forged in (value[:-2] + ("00" if value[-2:] != "00" else "11"), value[2:], "x"):
        assert send(browser, lab, Cookie=f"{name}={forged}")[0] == 403
    link = link_to(clients, notebook)
    token = link.query.removeprefix("authToken=")
    assert send(browser, lab, Cookie=f"{name}={token}")[0] == 403
    assert send(browser, f"{link.path}?authToken={token[:-2]}")[0] == 403


def test_other_sites_get_nowhere_with_the_session(browser):
    evil = {"Origin": "http://evil.example", "Cookie": browser.cookie}
    assert send(browser, browser.base + "/api/kernels", "POST", "{}", **evil)[0] == 403
    assert send(browser, browser.base + "/terminals/websocket/1", **evil, **WEB_SOCKET)[0] == 403
    assert send(browser, browser.base + "/lab", Cookie=browser.cookie, Host="evil.example")[0] == 421
    for path in (browser.base + "/../other/lab", browser.base + "/%2e%2e/other/lab"):
        assert send(browser, path, Cookie=browser.cookie)[0] == 404


def test_sessions_are_in_the_audit_log(clients, notebook, browser):
    def opened():
        events = clients.cloudtrail.lookup_events(LookupAttributes=[{
            "AttributeKey": "EventName", "AttributeValue": "OpenNotebookInstanceSession"}])["Events"]
        return [json.loads(one["CloudTrailEvent"]) for one in events
                if notebook in one["CloudTrailEvent"]]
    found = aws.wait_until(opened)
    assert found[0]["eventSource"] == "sagemaker.amazonaws.com"
    assert found[0]["userIdentity"]["arn"] == clients.sts.get_caller_identity()["Arn"]
    assert "authToken" not in json.dumps(found)


def test_over_tls(tmp_path):
    """A server with a certificate has https links; kernels answer through it, cookies are secure."""
    table = frameworks.environments_file(tmp_path)
    data = tmp_path / "data"
    subprocess.run([binary(), "tls", "init", "--data-dir", data, "--host", "localhost"], check=True,
                   capture_output=True)
    server = ClaryServer(data_dir=data, variables={"CLARY_ENVIRONMENTS_FILE": str(table)})
    try:
        server.start()
        clients = aws.Clients(server)
        with created(clients) as name:
            browser = Browser(clients, name)
            assert browser.url.scheme == "https"
            assert browser.run("print('x' * 300_000)") == "x" * 300_000 + "\n"
            content = os.urandom(3 << 20)
            browser.api("PUT", "/contents/file.bin", {
                "type": "file", "format": "base64", "content": base64.b64encode(content).decode()})
            assert browser.ask("GET", browser.base + "/files/file.bin")[2] == content
    finally:
        server.remove()
