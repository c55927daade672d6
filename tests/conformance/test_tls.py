"""TLS: versions, given certificates, exchange without dropping anybody, and who must use it."""

import http.client
import signal
import socket
import ssl
import subprocess
import threading

import aws
import pytest
import raw_http
from clary_server import ClaryServer
from commands import clary


def certificate(folder, name):
    """A certificate for `name` and localhost by an authority of its own: file, key, CA file."""
    clary("tls", "init", "--data-dir", folder, "--host", name)
    return folder / "tls" / "server.pem", folder / "tls" / "server.pem", folder / "tls" / "ca.pem"


def handshake(server, context, name="localhost"):
    """The certificate's names as the client sees them."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secure:
            return {value for _, value in secure.getpeercert()["subjectAltName"]}, secure.version()


def trusting(ca):
    return ssl.create_default_context(cafile=str(ca))


@pytest.fixture
def given(tmp_path):
    """A server with a given certificate; `exchange` puts another in its place."""
    file, _, ca = certificate(tmp_path / "first", "first.example")
    served = tmp_path / "served.pem"
    served.write_bytes(file.read_bytes())
    served.chmod(0o600)
    server = ClaryServer(arguments=["--tls-certificate", str(served), "--tls-key", str(served)])
    server.start()
    server.served, server.ca = served, ca
    yield server
    server.remove()


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(server, version):
    """TLS 1.0 and 1.1, even by a client that would accept anything."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", version, "-cipher",
         "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=20)
    assert b"Cipher is (NONE)" in done.stdout or done.returncode != 0, done.stdout[-600:]


@pytest.mark.parametrize("cipher, accepted", [("ECDHE-ECDSA-AES128-GCM-SHA256", True),
                                              ("ECDHE-ECDSA-AES128-SHA", False)])
def test_ciphers_of_tls_12(server, cipher, accepted):
    """Forward secrecy and authenticated encryption only."""
    context = ssl.create_default_context(cafile=server.exported["AWS_CA_BUNDLE"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher + ":@SECLEVEL=0")
    if accepted:
        assert handshake(server, context)[1] == "TLSv1.2"
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(server, context)


def test_newest_version(server):
    context = ssl.create_default_context(cafile=server.exported["AWS_CA_BUNDLE"])
    assert handshake(server, context)[1] == "TLSv1.3"


def test_given_certificate(given):
    """It answers for every name; tunnels to AWS's names still get the folder's own."""
    names, _ = handshake(given, trusting(given.ca), "first.example")
    assert "first.example" in names
    answer = given.get("/metrics")
    left = float(answer.split("\nclary_tls_certificate_seconds_left ")[1].split()[0])
    assert 300 * 86400 < left < 400 * 86400
    own = trusting(given.exported["AWS_CA_BUNDLE"])
    names, _ = handshake(given, own, "sts.us-east-1.amazonaws.com")
    assert names == {"sts.us-east-1.amazonaws.com"}


def test_exchanged_under_load(given, tmp_path):
    """Connections that are open go on; new ones get the new certificate; no request fails."""
    failures, answered, end = [], [], threading.Event()

    def load():
        connection = http.client.HTTPSConnection("localhost", given.port, timeout=20,
                                                 context=trusting(given.ca))
        connection.connect()
        first = connection.sock
        try:
            while not end.is_set():
                connection.request("GET", "/healthz")
                assert connection.getresponse().read() == b"ok\n"
                assert connection.sock is first  # never opened anew
                answered.append(1)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    aws.wait_until(lambda: len(answered) > 20)
    cas = [given.ca]
    for number in range(3):
        file, _, ca = certificate(tmp_path / f"next{number}", f"next{number}.example")
        given.served.write_bytes(file.read_bytes())
        given.process.send_signal(signal.SIGHUP)
        aws.wait_until(lambda n=number, c=ca: gets(given, c, f"next{n}.example"))
        cas.append(ca)
    seen = len(answered)
    aws.wait_until(lambda: len(answered) > seen + 20 or failures)
    end.set()
    for thread in threads:
        thread.join()
    assert not failures, failures


def gets(server, ca, name):
    try:
        return name in handshake(server, trusting(ca), name)[0]
    except (ssl.SSLError, OSError):
        return False


def test_changed_file_is_noticed(given, tmp_path):
    """Without a signal, within seconds."""
    file, _, ca = certificate(tmp_path / "other", "other.example")
    given.served.write_bytes(file.read_bytes())
    aws.wait_until(lambda: gets(given, ca, "other.example"), 20)


def test_bad_exchange_keeps_the_old_one(given, tmp_path):
    """A torn file, then a key of another certificate."""
    given.served.write_text("torn")
    given.process.send_signal(signal.SIGHUP)
    aws.wait_until(lambda: "the certificate was not exchanged" in given.log_tail())
    assert "first.example" in handshake(given, trusting(given.ca), "first.example")[0]


def test_wrong_key_is_refused_at_start(tmp_path):
    """Said in one line, with both names."""
    one, _, _ = certificate(tmp_path / "one", "one.example")
    two, _, _ = certificate(tmp_path / "two", "two.example")
    server = ClaryServer(arguments=["--tls-certificate", str(one), "--tls-key", str(two)])
    with pytest.raises(RuntimeError):
        server.start(timeout=10)
    assert f"the key in {two} does not belong to the certificate in {one}" in server.log_tail()
    server.remove()


def test_tls_init_explains(tmp_path):
    """What a person needs next: names, end, and how each client is made to trust it."""
    said = clary("tls", "init", "--data-dir", tmp_path / "d", "--host", "clary.lan",
                 "--host", "10.1.2.3").stdout
    for part in ("DNS:clary.lan", "IP:10.1.2.3", "AWS_CA_BUNDLE", "curl --cacert", "Browsers"):
        assert part in said
    shown = clary("tls", "show", "--data-dir", tmp_path / "d").stdout
    assert "DNS:clary.lan" in shown and "authority" in shown
    key = tmp_path / "d" / "tls" / "ca.key"
    assert key.stat().st_mode & 0o077 == 0
    bad = clary("tls", "init", "--data-dir", tmp_path / "d", "--host", "a,DNS:b", check=False)
    assert bad.returncode == 1 and "is no host name" in bad.stderr


def other_address():
    """An address of this machine that is not loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def test_tls_required_of_others():
    """Plain requests from this machine work; those that come from elsewhere are refused."""
    address = other_address()
    if address.startswith("127."):
        pytest.skip("the machine has no address but loopback")
    server = ClaryServer(arguments=["--require-tls", "remote"], address="0.0.0.0")
    server.start()
    try:
        assert raw_http.json_call(server, "ListModels", {}).status == 200
        import json
        import urllib.error
        import urllib.request
        body = json.dumps({}).encode()
        headers = raw_http.sign(server, "POST", "/", raw_http.json_headers("ListModels"), body)
        request = urllib.request.Request(f"http://{address}:{server.port}/", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(request, timeout=10)
        assert refused.value.code == 403 and b"https://" in refused.value.read()
    finally:
        server.remove()
