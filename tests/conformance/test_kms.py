"""KMS as boto3 uses it: keys, contexts, states, grants, and who may."""

import json
import subprocess

import aws
import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def kms(clients):
    return clients.kms


@pytest.fixture(scope="module")
def key(kms):
    """A symmetric key; tests that change one make their own."""
    return kms.create_key(Description="shared")["KeyMetadata"]


def code_of(call, *arguments, **named):
    with pytest.raises(ClientError) as raised:
        call(*arguments, **named)
    return raised.value.response["Error"]["Code"]


def message_of(call, **named):
    with pytest.raises(ClientError) as raised:
        call(**named)
    return raised.value.response["Error"]["Message"]


def role_client(clients, statements):
    """A role whose only rights are `statements`, and its KMS client."""
    iam, sts = clients.iam, clients.sts
    name = aws.unique("kms-role")
    account = sts.get_caller_identity()["Account"]
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": statements}))
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    session = boto3.Session(
        aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"], region_name=clients.region)
    return role, session.client("kms", endpoint_url=clients.server.url, verify=False)


def test_a_key_is_described_by_each_of_its_names(kms, key):
    alias = f"alias/{aws.unique()}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    alias_arn = key["Arn"].split(":key/")[0] + ":" + alias
    for name in (key["KeyId"], key["Arn"], alias, alias_arn):
        found = kms.describe_key(KeyId=name)["KeyMetadata"]
        assert found["Arn"] == key["Arn"]
        assert found["KeySpec"] == "SYMMETRIC_DEFAULT" and found["Enabled"]
    assert alias in [a["AliasName"] for page in kms.get_paginator("list_aliases").paginate()
                     for a in page["Aliases"]]
    kms.delete_alias(AliasName=alias)
    assert code_of(kms.describe_key, KeyId=alias) == "NotFoundException"


def test_decrypt_needs_no_key_id_but_the_same_context(kms, key):
    context = {"project": "churn", "stage": "test"}
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret",
                       EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == b"secret" and opened["KeyId"] == key["Arn"]
    for other in ({}, {"project": "churn"}, dict(context, stage="Test")):
        assert code_of(kms.decrypt, CiphertextBlob=blob, EncryptionContext=other) == \
            "InvalidCiphertextException"
    changed = blob[:-1] + bytes([blob[-1] ^ 1])
    assert code_of(kms.decrypt, CiphertextBlob=changed, EncryptionContext=context) == \
        "InvalidCiphertextException"


def test_data_keys(kms, key):
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    kept = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], NumberOfBytes=64)
    assert "Plaintext" not in kept
    assert len(kms.decrypt(CiphertextBlob=kept["CiphertextBlob"])["Plaintext"]) == 64
    assert code_of(kms.generate_data_key, KeyId=key["KeyId"]) == "ValidationException"
    assert len(kms.generate_random(NumberOfBytes=24)["Plaintext"]) == 24


def openssl(tmp_path, *words, **files):
    """Runs openssl over files of these contents; gives what it prints."""
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_data_key_pair_is_what_other_programs_read(kms, key, tmp_path):
    made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
    public = openssl(tmp_path, "pkey", "-inform", "DER", "-in", "private", "-pubout", "-outform",
                     "DER", private=made["PrivateKeyPlaintext"])
    assert public == made["PublicKey"]
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"] == \
        made["PrivateKeyPlaintext"]


def test_reencrypt_and_the_wrong_key(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert code_of(kms.decrypt, CiphertextBlob=blob, KeyId=other["KeyId"]) == "IncorrectKeyException"
    moved = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"],
                           DestinationEncryptionContext={"a": "b"})
    assert moved["SourceKeyId"] == key["Arn"] and moved["KeyId"] == other["Arn"]
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"],
                       EncryptionContext={"a": "b"})["Plaintext"] == b"x"


def test_states(kms):
    made = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=made["KeyId"])
    assert code_of(kms.decrypt, CiphertextBlob=blob) == "DisabledException"
    kms.enable_key(KeyId=made["KeyId"])
    gone = kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=7)
    assert gone["KeyState"] == "PendingDeletion"
    with pytest.raises(ClientError) as raised:
        kms.decrypt(CiphertextBlob=blob)
    assert raised.value.response["Error"]["Code"] == "KMSInvalidStateException"
    assert raised.value.response["Error"]["Message"] == f"{made['Arn']} is pending deletion."
    assert code_of(kms.schedule_key_deletion, KeyId=made["KeyId"]) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=made["KeyId"])
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"


def test_rotation_keeps_what_was_encrypted_before(kms):
    made = kms.create_key()["KeyMetadata"]
    before = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=made["KeyId"])
    rotations = kms.list_key_rotations(KeyId=made["KeyId"])["Rotations"]
    assert [r["RotationType"] for r in rotations] == ["ON_DEMAND"]
    assert kms.decrypt(CiphertextBlob=before)["Plaintext"] == b"x"
    kms.enable_key_rotation(KeyId=made["KeyId"], RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=made["KeyId"])
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 180
    kms.disable_key_rotation(KeyId=made["KeyId"])
    assert not kms.get_key_rotation_status(KeyId=made["KeyId"])["KeyRotationEnabled"]


def test_signatures_verify_elsewhere(kms, tmp_path):
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signed = kms.sign(KeyId=rsa, Message=b"hello", SigningAlgorithm="RSASSA_PSS_SHA_256")
    checked = ("dgst", "-sha256", "-verify", "public", "-keyform", "DER", "-signature", "signature")
    openssl(tmp_path, *checked, "-sigopt", "rsa_padding_mode:pss", "message",
            public=kms.get_public_key(KeyId=rsa)["PublicKey"], message=b"hello",
            signature=signed["Signature"])
    curve = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signed = kms.sign(KeyId=curve, Message=b"hello", SigningAlgorithm="ECDSA_SHA_256")
    openssl(tmp_path, *checked, "message", public=kms.get_public_key(KeyId=curve)["PublicKey"],
            message=b"hello", signature=signed["Signature"])
    assert kms.verify(KeyId=curve, Message=b"hello", Signature=signed["Signature"],
                      SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
    assert code_of(kms.verify, KeyId=curve, Message=b"other", Signature=signed["Signature"],
                   SigningAlgorithm="ECDSA_SHA_256") == "KMSInvalidSignatureException"
    assert code_of(kms.encrypt, KeyId=curve, Plaintext=b"x") == "InvalidKeyUsageException"


def test_macs_are_hmacs(kms):
    made = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    assert made["MacAlgorithms"] == ["HMAC_SHA_256"]
    mac = kms.generate_mac(KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert len(mac) == 32
    assert kms.verify_mac(KeyId=made["KeyId"], Message=b"m", MacAlgorithm="HMAC_SHA_256",
                          Mac=mac)["MacValid"]
    assert code_of(kms.verify_mac, KeyId=made["KeyId"], Message=b"n", MacAlgorithm="HMAC_SHA_256",
                   Mac=mac) == "KMSInvalidMacException"


def test_tags_policies_and_dry_runs(kms):
    made = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]["KeyId"]
    assert kms.list_resource_tags(KeyId=made)["Tags"] == [{"TagKey": "team", "TagValue": "a"}]
    policy = json.loads(kms.get_key_policy(KeyId=made)["Policy"])
    assert policy["Statement"][0]["Sid"] == "Enable IAM User Permissions"
    assert kms.list_key_policies(KeyId=made)["PolicyNames"] == ["default"]
    assert code_of(kms.put_key_policy, KeyId=made, Policy="{}") == "MalformedPolicyDocumentException"
    assert code_of(kms.encrypt, KeyId=made, Plaintext=b"x", DryRun=True) == \
        "DryRunOperationException"


def test_names_that_do_not_exist(kms, key):
    missing = "12345678-1234-1234-1234-123456789012"
    arn = key["Arn"].replace(key["KeyId"], missing)
    assert message_of(kms.describe_key, KeyId=missing) == f"Key '{arn}' does not exist"
    assert message_of(kms.describe_key, KeyId="nonsense") == "Invalid keyId 'nonsense'"


def test_without_rights_in_iam_a_role_has_none(clients, key):
    _, stranger = role_client(clients, [])
    assert code_of(stranger.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == "AccessDeniedException"


def test_iam_policies_count_because_the_default_key_policy_says_so(clients, kms, key):
    _, user = role_client(clients, [
        {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": key["Arn"]}])
    blob = user.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert user.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert code_of(user.disable_key, KeyId=key["KeyId"]) == "AccessDeniedException"


def test_a_key_policy_that_does_not_name_the_account_is_all_there_is(clients, kms):
    role, user = role_client(clients, [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}])
    other, helped = role_client(clients, [])
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": other["Arn"]}, "Action": "kms:Encrypt",
         "Resource": "*"}]}
    made = kms.create_key(Policy=json.dumps(policy),
                          BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["KeyId"]
    assert code_of(user.encrypt, KeyId=made, Plaintext=b"x") == "AccessDeniedException"
    assert helped.encrypt(KeyId=made, Plaintext=b"x")["CiphertextBlob"]
    assert code_of(helped.decrypt, KeyId=made, CiphertextBlob=b"x" * 99) == "AccessDeniedException"


def test_conditions_on_the_encryption_context(clients, kms, key):
    _, user = role_client(clients, [
        {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": key["Arn"],
         "Condition": {"StringEquals": {"kms:EncryptionContext:project": "churn"}}}])
    assert user.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                        EncryptionContext={"project": "churn"})["CiphertextBlob"]
    assert code_of(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x",
                   EncryptionContext={"project": "other"}) == "AccessDeniedException"


def test_a_grant_lets_in_under_its_context_until_it_is_revoked(clients, kms, key):
    role, user = role_client(clients, [])
    grant = kms.create_grant(
        KeyId=key["KeyId"], GranteePrincipal=role["Arn"], Operations=["Encrypt", "RetireGrant"],
        Constraints={"EncryptionContextSubset": {"project": "churn"}})
    context = {"project": "churn", "more": "yes"}
    user.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context)
    assert code_of(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == "AccessDeniedException"
    assert code_of(user.decrypt, KeyId=key["KeyId"], CiphertextBlob=b"x" * 99) == \
        "AccessDeniedException"
    listed = kms.list_grants(KeyId=key["KeyId"], GrantId=grant["GrantId"])["Grants"]
    assert listed[0]["GranteePrincipal"] == role["Arn"]
    user.retire_grant(GrantToken=grant["GrantToken"])
    assert code_of(user.encrypt, KeyId=key["KeyId"], Plaintext=b"x",
                   EncryptionContext=context) == "AccessDeniedException"


def test_a_grant_gives_no_more_than_its_maker_was_granted(clients, kms, key):
    role, user = role_client(clients, [])
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=role["Arn"],
                     Operations=["Encrypt", "CreateGrant"])
    other, _ = role_client(clients, [])
    assert user.create_grant(KeyId=key["KeyId"], GranteePrincipal=other["Arn"],
                             Operations=["Encrypt"])["GrantId"]
    assert code_of(user.create_grant, KeyId=key["KeyId"], GranteePrincipal=other["Arn"],
                   Operations=["Decrypt"]) == "AccessDeniedException"


def test_managed_keys_appear_when_they_are_named(kms):
    found = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert found["KeyManager"] == "AWS"
    assert code_of(kms.schedule_key_deletion, KeyId=found["KeyId"]) == "AccessDeniedException"
