"""What checking every request costs: GetObject of 1 KiB by a role's session that policies narrow."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import signed_wrk
from measure import ClaryServer, Report, median, rounds

import boto3
from botocore.config import Config

KEY = "team/blue/data"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# What a careful account gives a role: AWS's own policies beside one with conditions and variables.
NARROW = document(
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
     "Resource": "arn:aws:s3:::bench/team/${aws:PrincipalTag/team}/*",
     "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"]}}},
    {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::bench",
                                                         "arn:aws:s3:::bench/*"]})
BUCKET = document(
    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bench/*",
     "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}})


class Target:
    """A server with one object, and a session of a role that may read it."""

    def __init__(self, *arguments):
        self.server = ClaryServer(arguments=arguments)
        self.server.start()
        mine = self.server.exported
        s3, iam, sts = (self.client(name, mine["AWS_ACCESS_KEY_ID"],
                                    mine["AWS_SECRET_ACCESS_KEY"])
                        for name in ("s3", "iam", "sts"))
        account = sts.get_caller_identity()["Account"]
        s3.create_bucket(Bucket="bench")
        s3.put_object(Bucket="bench", Key=KEY, Body=b"x" * 1024)
        s3.put_bucket_policy(Bucket="bench", Policy=BUCKET)
        role = iam.create_role(RoleName="Reader", Tags=[{"Key": "team", "Value": "blue"}],
                               AssumeRolePolicyDocument=document(
                                   {"Effect": "Allow", "Principal": {"AWS": account},
                                    "Action": "sts:AssumeRole"}))["Role"]["Arn"]
        iam.put_role_policy(RoleName="Reader", PolicyName="narrow", PolicyDocument=NARROW)
        iam.attach_role_policy(RoleName="Reader",
                               PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
        key = sts.assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
        self.key = {"url": self.server.url, "region": "us-east-1",
                    "access_key_id": key["AccessKeyId"],
                    "secret_access_key": key["SecretAccessKey"],
                    "session_token": key["SessionToken"]}

    def client(self, name, key, secret):
        return boto3.client(name, endpoint_url=self.server.url, region_name="us-east-1",
                            aws_access_key_id=key, aws_secret_access_key=secret,
                            config=Config(proxies={}, s3={"addressing_style": "path"}))

    def run(self, seconds):
        path = f"/bench/{KEY}"
        headers = signed_wrk.sign(self.key, "s3", "GET", path, {}, "")
        return signed_wrk.run(self.server.url, "GET", path, headers, "", 16, 2,
                              seconds)["requests_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    report = Report("authorization")
    with_checks, without = Target(), Target("--authorization", "off")
    try:
        on, off = rounds(given.rounds, lambda: with_checks.run(given.seconds),
                         lambda: without.run(given.seconds))
    finally:
        with_checks.server.remove()
        without.server.remove()
    report.row("GetObject of 1 KiB, policies checked", median(on), median(off), "checks off",
               unit="1/s", goal=">= 0.70x")
    report.finish()


if __name__ == "__main__":
    main()
