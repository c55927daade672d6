"""Users, accounts and sessions of a server under test, with clients of their own."""

import json
import subprocess

import boto3
from botocore import UNSIGNED
from botocore.config import Config

import aws
from clary_server import binary

QUIET = {"retries": {"total_max_attempts": 1}, "proxies": {}, "read_timeout": 60}


def client(server, service, key, secret, token=None):
    """A boto3 client with these credentials."""
    return boto3.client(service, endpoint_url=server.url, aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token,
                        region_name="us-east-1", config=Config(**QUIET), verify=False)


def unsigned_client(server, service):
    return boto3.client(service, endpoint_url=server.url, region_name="us-east-1",
                        config=Config(signature_version=UNSIGNED, **QUIET), verify=False)


def client_of_key(server, service, key):
    """`key`: what CreateAccessKey or STS calls AccessKey or Credentials."""
    return client(server, service, key["AccessKeyId"], key["SecretAccessKey"],
                  key.get("SessionToken"))


def clary(server, *arguments, check=True, stdin=None):
    """Runs `clary ...` on the server's data folder; its standard output, or the whole result."""
    done = subprocess.run([binary(), *arguments, "--data-dir", str(server.data_dir)], text=True,
                          capture_output=True, timeout=60, input=stdin)
    if check:
        assert done.returncode == 0, done.stderr
        return done.stdout
    return done


class Account:
    """An account of its own, and a client of its root."""

    def __init__(self, server, *arguments):
        self.server, self.name = server, aws.unique("account")
        lines = clary(server, "account", "create", self.name, *arguments).splitlines()
        self.id = next(line.split()[1] for line in lines if line.startswith("account"))
        key = dict(line.split("=", 1)
                   for line in clary(server, "account", "key", self.id).splitlines())
        self.key, self.secret = key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"]

    def client(self, service):
        return client(self.server, service, self.key, self.secret)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def trust(principal, action="sts:AssumeRole", **more):
    return policy({"Effect": "Allow", "Principal": principal, "Action": action} | more)


def make_user(iam, *statements, name=None):
    """A user with an inline policy of these statements: its name and a key."""
    name = name or aws.unique("user")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy(*statements))
    return name, iam.create_access_key(UserName=name)["AccessKey"]


def code_of(error):
    return error.value.response["Error"]["Code"]
