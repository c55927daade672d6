"""The accounts the suite wants, on a server of one's own, and its configuration file."""

from pathlib import Path

import boto3
from botocore.config import Config

# Section of the suite's file -> account number.
ACCOUNTS = {"s3 main": "111111111111", "s3 alt": "222222222222", "s3 tenant": "333333333333",
            "iam": "444444444444", "iam root": "555555555555", "iam alt root": "666666666666"}


def keys_by_start(server_class, data_dir):
    """Access keys of every account: a server started once for each makes that account's key."""
    keys = {}
    for section, account in ACCOUNTS.items():
        server = server_class(data_dir=data_dir, arguments=["--account-id", account])
        server.start()
        keys[section] = (server.exported["AWS_ACCESS_KEY_ID"],
                         server.exported["AWS_SECRET_ACCESS_KEY"])
        server.stop()
    return keys


def client(server, key, service="s3"):
    return boto3.client(service, endpoint_url=server.url, region_name="us-east-1",
                        aws_access_key_id=key[0], aws_secret_access_key=key[1],
                        config=Config(retries={"total_max_attempts": 1}))


def canonical_user(server, key):
    """What the server calls the account in ACLs: id and display name."""
    owner = client(server, key).list_buckets().get("Owner", {})
    return owner.get("ID", "none"), owner.get("DisplayName", "")


def kms_keys(server, key):
    """Two keys for SSE-KMS, or made-up names where the server has no KMS."""
    try:
        kms = client(server, key, "kms")
        return [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the tests will tell
        print(f"no KMS keys: {error}")
        return ["testkey-1", "testkey-2"]


def write_configuration(path: Path, server, keys, lifecycle_seconds):
    lines = ["[DEFAULT]", "host = 127.0.0.1", f"port = {server.port}", "is_secure = False",
             "ssl_verify = False", "", "[fixtures]", "bucket prefix = clary-{random}-",
             "iam name prefix = s3-tests-", "iam path prefix = /s3-tests/", ""]
    for section, key in keys.items():
        identifier, name = canonical_user(server, key)
        if section in ("iam root", "iam alt root"):
            identifier = ACCOUNTS[section]
        lines += [f"[{section}]", f"access_key = {key[0]}", f"secret_key = {key[1]}",
                  f"user_id = {identifier}", f"display_name = {name}",
                  f"email = {section.replace(' ', '-')}@example.com"]
        if section == "s3 main":
            first, second = kms_keys(server, key)
            lines += ["api_name = eu-west-1", f"kms_keyid = {first}", f"kms_keyid2 = {second}",
                      f"lc_debug_interval = {lifecycle_seconds}"]
        if section == "s3 tenant":
            lines += [f"tenant = {ACCOUNTS[section]}"]
        lines.append("")
    path.write_text("\n".join(lines))
