"""Who may do what in S3: users, other accounts and anonymous callers, let in by policies of their
own, bucket policies and ACLs, and kept out by the public access block."""

import http.client
import json
import tempfile
import urllib.parse
from pathlib import Path

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import aws
from clary_server import ClaryServer

OWNER, OTHER = "111122223333", "444455556666"


class Accounts:
    """S3 of two accounts on one server, of users and of nobody."""

    def __init__(self, server, keys):
        self.server, self.keys = server, keys
        self.s3 = self.client("s3", keys[OWNER])
        self.other = self.client("s3", keys[OTHER])
        self.nobody = boto3.client("s3", endpoint_url=server.url, region_name="us-east-1",
                                   config=Config(signature_version=UNSIGNED,
                                                 retries={"total_max_attempts": 1}))
        self.iam = self.client("iam", keys[OWNER])

    def client(self, service, key):
        return boto3.client(service, endpoint_url=self.server.url, region_name="us-east-1",
                            aws_access_key_id=key[0], aws_secret_access_key=key[1],
                            config=Config(retries={"total_max_attempts": 1}, proxies={}))

    def user(self, *statements):
        """S3 as a new user of the owner's account with these statements."""
        name = aws.unique("user")
        self.iam.create_user(UserName=name)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="p",
                                     PolicyDocument=policy(*statements))
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return self.client("s3", (key["AccessKeyId"], key["SecretAccessKey"]))


@pytest.fixture(scope="module")
def accounts():
    folder = Path(tempfile.mkdtemp(prefix="clary-s3-access-")) / "data"
    keys = {}
    for account in (OTHER, OWNER):
        server = ClaryServer(data_dir=folder, arguments=["--account-id", account])
        server.own_folder = True
        server.start()
        keys[account] = (server.exported["AWS_ACCESS_KEY_ID"],
                         server.exported["AWS_SECRET_ACCESS_KEY"])
        if account != OWNER:
            server.stop()
    yield Accounts(server, keys)
    server.remove()


@pytest.fixture
def bucket(accounts):
    name = aws.unique("access")
    accounts.s3.create_bucket(Bucket=name)
    accounts.s3.put_object(Bucket=name, Key="public/a", Body=b"one")
    accounts.s3.put_object(Bucket=name, Key="secret/b", Body=b"two")
    return name


def statement(action, resource, effect="Allow", principal=None, condition=None):
    made = {"Effect": effect, "Action": action, "Resource": f"arn:aws:s3:::{resource}"}
    if principal is not None:
        made["Principal"] = principal
    if condition is not None:
        made["Condition"] = condition
    return made


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def error_of(function, **arguments):
    with pytest.raises(ClientError) as caught:
        function(**arguments)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]


def status_of(server, target):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", target)
    return connection.getresponse().status


DENIED = (403, "AccessDenied")


def test_a_user_is_held_to_its_policy(accounts, bucket):
    """A role or user gets what its policy names and nothing beside, and is told what it lacks."""
    s3 = accounts.user(statement("s3:GetObject", f"{bucket}/public/*"))
    assert s3.get_object(Bucket=bucket, Key="public/a")["Body"].read() == b"one"
    for key in ("secret/b", "public/../secret/b", "PUBLIC/a", "/public/a", "public%2Fa"):
        assert error_of(s3.get_object, Bucket=bucket, Key=key) == DENIED
    assert error_of(s3.put_object, Bucket=bucket, Key="public/a", Body=b"x") == DENIED
    assert error_of(s3.list_objects_v2, Bucket=bucket) == DENIED
    with pytest.raises(ClientError, match="is not authorized to perform: s3:PutObject on resource"):
        s3.put_object(Bucket=bucket, Key="public/a", Body=b"x")


def test_what_is_missing_is_not_told_to_everybody(accounts, bucket):
    """Without s3:ListBucket, 403 instead of 404: no probing for names."""
    reader = accounts.user(statement("s3:GetObject", f"{bucket}/*"))
    assert error_of(reader.get_object, Bucket=bucket, Key="none") == DENIED
    assert error_of(reader.head_object, Bucket=bucket, Key="none")[0] == 403
    lister = accounts.user(statement("s3:GetObject", f"{bucket}/*"),
                           statement("s3:ListBucket", bucket))
    assert error_of(lister.get_object, Bucket=bucket, Key="none") == (404, "NoSuchKey")


def test_listing_buckets_can_be_denied(accounts):
    """The resource of ListAllMyBuckets is written as every bucket, or as a star."""
    for resource in ("arn:aws:s3:::*", "*"):
        user = accounts.user({"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                             {"Effect": "Deny", "Action": "s3:ListAllMyBuckets",
                              "Resource": resource})
        assert error_of(user.list_buckets) == DENIED
    assert accounts.user({"Effect": "Allow", "Action": "s3:ListAllMyBuckets",
                          "Resource": "arn:aws:s3:::*"}).list_buckets()["Buckets"]


def test_accounts_are_apart_until_a_policy_joins_them(accounts, bucket):
    """Another account's root has no rights here; a bucket policy gives it exactly its own words."""
    assert error_of(accounts.other.get_object, Bucket=bucket, Key="public/a") == DENIED
    assert error_of(accounts.other.list_objects_v2, Bucket=bucket) == DENIED
    assert error_of(accounts.other.delete_bucket, Bucket=bucket) == DENIED
    assert bucket not in [b["Name"] for b in accounts.other.list_buckets()["Buckets"]]
    accounts.s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("s3:GetObject", f"{bucket}/public/*", principal={"AWS": OTHER})))
    assert accounts.other.get_object(Bucket=bucket, Key="public/a")["Body"].read() == b"one"
    assert error_of(accounts.other.get_object, Bucket=bucket, Key="secret/b") == DENIED
    assert error_of(accounts.nobody.get_object, Bucket=bucket, Key="public/a") == DENIED
    accounts.s3.delete_bucket_policy(Bucket=bucket)
    assert error_of(accounts.other.get_object, Bucket=bucket, Key="public/a") == DENIED


def test_public_needs_two_deliberate_steps(accounts, bucket):
    """A policy for everybody is refused until the public access block is lifted."""
    everybody = policy(statement("s3:GetObject", f"{bucket}/public/*", principal="*"))
    assert error_of(accounts.s3.put_bucket_policy, Bucket=bucket, Policy=everybody) == DENIED
    accounts.s3.delete_public_access_block(Bucket=bucket)
    accounts.s3.put_bucket_policy(Bucket=bucket, Policy=everybody)
    assert accounts.s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    assert accounts.nobody.get_object(Bucket=bucket, Key="public/a")["Body"].read() == b"one"
    assert error_of(accounts.nobody.get_object, Bucket=bucket, Key="secret/b") == DENIED
    assert error_of(accounts.nobody.put_object, Bucket=bucket, Key="public/a", Body=b"") == DENIED
    accounts.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={
        "RestrictPublicBuckets": True})
    assert error_of(accounts.nobody.get_object, Bucket=bucket, Key="public/a") == DENIED
    assert error_of(accounts.other.get_object, Bucket=bucket, Key="public/a") == DENIED


def test_nobody_gets_at_anything_but_open_buckets(accounts, bucket):
    """Requests without a signature make nothing, list nothing, and reach no other service."""
    assert error_of(accounts.nobody.list_buckets) == DENIED
    assert error_of(accounts.nobody.create_bucket, Bucket=aws.unique("theirs")) == DENIED
    assert error_of(accounts.nobody.get_bucket_policy, Bucket=bucket) == DENIED
    assert error_of(accounts.nobody.list_objects_v2, Bucket="no-such-bucket-here")[0] == 404
    unsigned = boto3.client("sagemaker", endpoint_url=accounts.server.url, region_name="us-east-1",
                            config=Config(signature_version=UNSIGNED))
    assert error_of(unsigned.list_training_jobs)[0] in (400, 403)


def test_policy_texts_that_s3_refuses(accounts, bucket):
    """MalformedPolicy with the sentence that says why."""
    def message(text):
        with pytest.raises(ClientError) as caught:
            accounts.s3.put_bucket_policy(Bucket=bucket, Policy=text)
        assert caught.value.response["Error"]["Code"] == "MalformedPolicy"
        return caught.value.response["Error"]["Message"]

    other = {"AWS": OTHER}
    assert "first byte" in message("no json")
    assert message(policy(statement("s3:GetObject", "elsewhere/*", principal=other))) == \
        "Policy has invalid resource"
    assert message(policy(statement("iam:PassRole", bucket, principal=other))) == \
        "Policy has invalid action"
    gone = {"AWS": f"arn:aws:iam::{OWNER}:role/no-such-role"}
    assert message(policy(statement("s3:GetObject", f"{bucket}/*", principal=gone))) == \
        "Invalid principal in policy"


def test_acls_once_they_are_enabled(accounts):
    """Canned ACLs and grants by id let in, by the owner of each object."""
    bucket = aws.unique("acl")
    accounts.s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
    accounts.s3.delete_public_access_block(Bucket=bucket)
    accounts.s3.put_object(Bucket=bucket, Key="open", Body=b"o", ACL="public-read")
    accounts.s3.put_object(Bucket=bucket, Key="shut", Body=b"s")
    assert accounts.nobody.get_object(Bucket=bucket, Key="open")["Body"].read() == b"o"
    assert error_of(accounts.nobody.get_object, Bucket=bucket, Key="shut") == DENIED
    other_id = accounts.other.list_buckets()["Owner"]["ID"]
    accounts.s3.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{other_id}"',
                               GrantWrite=f'id="{other_id}"')
    accounts.other.list_objects_v2(Bucket=bucket)
    accounts.other.put_object(Bucket=bucket, Key="theirs", Body=b"t")
    assert error_of(accounts.s3.get_object, Bucket=bucket, Key="theirs") == DENIED
    grants = accounts.other.get_object_acl(Bucket=bucket, Key="theirs")
    assert [g["Grantee"]["ID"] for g in grants["Grants"]] == [other_id]
    assert grants["Owner"]["ID"] == other_id
    accounts.other.put_object_acl(Bucket=bucket, Key="theirs", ACL="bucket-owner-read")
    assert accounts.s3.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"t"
    assert error_of(accounts.s3.put_bucket_acl, Bucket=bucket, GrantRead='id="nobody"') == \
        (400, "InvalidArgument")


def test_new_buckets_have_no_acls(accounts, bucket):
    """AWS's default: BucketOwnerEnforced, and a setting of ACLs is refused."""
    rules = accounts.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert error_of(accounts.s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == \
        (400, "AccessControlListNotSupported")
    assert error_of(accounts.s3.put_bucket_acl, Bucket=bucket, ACL="private") == \
        (400, "AccessControlListNotSupported")
    assert accounts.s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Permission"] == "FULL_CONTROL"


def test_conditions(accounts, bucket):
    """Condition keys come from where the operation itself reads, and from nowhere else."""
    accounts.s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("s3:ListBucket", bucket, principal={"AWS": OTHER},
                  condition={"StringLike": {"s3:prefix": "public/*"}}),
        statement("s3:PutObject", f"{bucket}/*", effect="Deny", principal="*",
                  condition={"Null": {"s3:x-amz-server-side-encryption": "true"}})))
    assert accounts.other.list_objects_v2(Bucket=bucket, Prefix="public/")["KeyCount"] == 1
    assert error_of(accounts.other.list_objects_v2, Bucket=bucket) == DENIED
    assert error_of(accounts.other.list_objects_v2, Bucket=bucket, Prefix="secret/") == DENIED
    assert error_of(accounts.s3.put_object, Bucket=bucket, Key="k", Body=b"") == DENIED
    accounts.s3.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="AES256")


def test_a_copy_needs_its_source(accounts, bucket):
    """CopyObject reads what it names, however the name is written."""
    s3 = accounts.user(statement(["s3:GetObject", "s3:PutObject"], f"{bucket}/public/*"))
    s3.copy_object(Bucket=bucket, Key="public/c", CopySource={"Bucket": bucket, "Key": "public/a"})
    for source in (f"{bucket}/secret/b", f"/{bucket}/secret/b", f"{bucket}/%73ecret/b"):
        assert error_of(s3.copy_object, Bucket=bucket, Key="public/c", CopySource=source) == DENIED


def test_each_deletion_is_asked_for(accounts, bucket):
    """DeleteObjects answers key by key."""
    s3 = accounts.user(statement("s3:DeleteObject", f"{bucket}/public/*"))
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [
        {"Key": "public/a"}, {"Key": "secret/b"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["public/a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("secret/b", "AccessDenied")]
    assert accounts.s3.get_object(Bucket=bucket, Key="secret/b")["Body"].read() == b"two"


def test_a_link_carries_its_signers_rights_as_they_are_now(accounts, bucket):
    """A presigned link stops working when its signer's right goes."""
    accounts.s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("s3:GetObject", f"{bucket}/*", principal={"AWS": OTHER})))
    link = urllib.parse.urlsplit(accounts.other.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "public/a"}))
    target = f"{link.path}?{link.query}"
    assert status_of(accounts.server, target) == 200
    accounts.s3.delete_bucket_policy(Bucket=bucket)
    assert status_of(accounts.server, target) == 403


def test_the_owner_cannot_lock_themselves_out(accounts, bucket):
    """A policy that denies everybody everything is undone by the account's root, by nobody else."""
    accounts.s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        statement("s3:*", bucket, effect="Deny", principal="*")))
    assert error_of(accounts.s3.list_objects_v2, Bucket=bucket) == DENIED
    admin = accounts.user(statement("s3:*", "*"))
    assert error_of(admin.delete_bucket_policy, Bucket=bucket) == DENIED
    accounts.s3.delete_bucket_policy(Bucket=bucket)
    accounts.s3.list_objects_v2(Bucket=bucket)


def test_the_expected_owner(accounts, bucket):
    """x-amz-expected-bucket-owner protects against a bucket that changed hands."""
    accounts.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=OWNER)
    assert error_of(accounts.s3.get_object, Bucket=bucket, Key="public/a",
                    ExpectedBucketOwner=OTHER) == DENIED
