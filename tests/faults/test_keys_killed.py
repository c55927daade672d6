"""kill -9 while the root key is made or replaced: the folder opens with the key that is in place."""

import json
import subprocess
import time

import aws
import pytest
from clary_server import ClaryServer, binary
from stored_bytes import holds


def keys(data_dir, command, **options):
    return subprocess.run([binary(), "keys", command, "--data-dir", str(data_dir)],
                          capture_output=True, text=True, timeout=30, **options)


def test_while_the_root_key_is_replaced(server, clients):
    key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
    blob = clients.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    began = time.monotonic()
    assert keys(server.data_dir, "rotate-root").returncode == 0
    whole = time.monotonic() - began
    seen = set()
    for attempt in range(200):
        rotation = subprocess.Popen(
            [binary(), "keys", "rotate-root", "--data-dir", str(server.data_dir)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # From before its first step to after its last one; longer on a machine that has grown slow.
        time.sleep(whole * attempt / 30)
        rotation.kill()
        rotation.wait()
        status = keys(server.data_dir, "status")
        assert status.returncode == 0, status.stderr
        seen.add(status.stdout.split()[2])
        if attempt >= 40 and len(seen) > 1:
            break
    assert len(seen) > 1, "no rotation was ever far enough"
    server.kill()
    server.start()
    assert clients.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"
    assert len(list(server.data_dir.glob("root.key"))) == 1


@pytest.mark.parametrize("delay", [0.002, 0.005, 0.01, 0.02, 0.04, 0.08])
def test_while_a_folder_is_made(delay):
    """A second start goes on from whatever the first one left."""
    server = ClaryServer()
    try:
        first = subprocess.Popen(
            [binary(), "serve", "--data-dir", str(server.data_dir), "--listen", "127.0.0.1:0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        first.kill()
        first.wait()
        server.start()
        clients = aws.Clients(server)
        key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
        assert clients.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    finally:
        server.remove()


def test_another_root_key_is_refused_and_nothing_is_changed(server, clients):
    key = clients.kms.create_key()["KeyMetadata"]["KeyId"]
    blob = clients.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    exported = keys(server.data_dir, "export-root").stdout
    assert server.stop() == 0
    root = server.data_dir / "root.key"
    root.unlink()
    with pytest.raises(RuntimeError, match="root key file .* is missing"):
        server.start()
    other = subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True,
                           check=True).stdout
    root.write_text(other)
    root.chmod(0o600)
    with pytest.raises(RuntimeError, match="holds another root key"):
        server.start()
    root.unlink()
    assert keys(server.data_dir, "import-root", input=other).returncode == 1
    assert keys(server.data_dir, "import-root", input=exported).returncode == 0
    server.start()
    assert clients.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"secret"


def test_secrets_are_in_no_file_of_the_folder(server, clients):
    """But client.json, which is there to tell the local key."""
    user = clients.iam.create_user(UserName="ann")["User"]["UserName"]
    key = clients.iam.create_access_key(UserName=user)["AccessKey"]
    data_key = clients.kms.generate_data_key(
        KeyId=clients.kms.create_key()["KeyMetadata"]["KeyId"], KeySpec="AES_256")["Plaintext"]
    secrets = [key["SecretAccessKey"].encode(), data_key,
               clients.server.exported["AWS_SECRET_ACCESS_KEY"].encode()]
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{clients.role.split(':')[4]}:root"}}]}
    role = clients.iam.create_role(RoleName="grep", AssumeRolePolicyDocument=json.dumps(trust))
    given = clients.sts.assume_role(RoleArn=role["Role"]["Arn"],
                                    RoleSessionName="grep")["Credentials"]
    secrets += [given["SecretAccessKey"].encode(), given["SessionToken"].encode()]
    for file in server.data_dir.rglob("*"):
        if not file.is_file() or file.name == "client.json":
            continue
        for secret in secrets:
            assert not holds(file, secret), file
