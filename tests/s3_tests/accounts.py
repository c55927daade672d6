"""The accounts the suite wants, on a server of one's own, and its configuration file."""

import subprocess
from pathlib import Path

import boto3
from botocore.config import Config
from support.clary_server import binary

# Section of the suite's file -> account number.
ACCOUNTS = {"s3 main": "111111111111", "s3 alt": "222222222222", "s3 tenant": "333333333333",
            "iam root": "555555555555", "iam alt root": "666666666666"}


def clary(server, *arguments):
    return subprocess.run([binary(), *arguments, "--data-dir", str(server.data_dir)], check=True,
                          capture_output=True, text=True, timeout=60).stdout


def email_of(section):
    return f"{section.replace(' ', '-')}@example.com"


def root_keys(server):
    """Makes the accounts, but the server's own, and a root access key of each."""
    keys = {}
    for section, account in ACCOUNTS.items():
        if section != "s3 main":
            clary(server, "account", "create", section, "--id", account, "--email",
                  email_of(section))
        key = dict(line.split("=", 1)
                   for line in clary(server, "account", "key", account).splitlines())
        keys[section] = (key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"])
    # The suite's user without RGW's accounts: "s3 alt" is a user, called by its canonical id, and
    # "iam" administers it.
    keys["iam"] = keys["s3 alt"]
    keys["s3 alt"] = administrator(server, keys["s3 alt"])
    return keys


def administrator(server, key):
    name, iam = canonical_user(server, key)[0], client(server, key, "iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


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
                  f"email = {email_of(section)}"]
        if section == "s3 main":
            first, second = kms_keys(server, key)
            lines += ["api_name = eu-west-1", f"kms_keyid = {first}", f"kms_keyid2 = {second}",
                      f"lc_debug_interval = {lifecycle_seconds}"]
        if section == "s3 tenant":
            lines += [f"tenant = {ACCOUNTS[section]}"]
        lines.append("")
    path.write_text("\n".join(lines))
