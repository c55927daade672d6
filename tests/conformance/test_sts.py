"""Sessions: of roles, of users, of people that another system vouches for."""

import base64
import json
import subprocess
import time

import aws
import people
import pytest
from botocore.exceptions import ClientError
from people import Account, allow, clary, code_of, make_user, trust


def base64url(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True).stdout


def two_numbers(der):
    """r and s of an ECDSA signature, side by side (a DER sequence of two integers)."""
    pair, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        pair += int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(32, "big")
        at += 2 + length
    return pair


class Issuer:
    """An OpenID Connect provider: a key of its own and the tokens it signs."""

    def __init__(self, algorithm, folder):
        self.algorithm, self.host = algorithm, f"{aws.unique('id')}.example.com"
        self.key = str(folder / f"{self.host}.pem")
        kind = (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if algorithm == "RS256"
                else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        openssl("genpkey", "-algorithm", *kind, "-out", self.key)

    def keys(self):
        if self.algorithm == "RS256":
            modulus = openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip()
            key = {"kty": "RSA", "n": base64url(bytes.fromhex(modulus.split("=")[1])), "e": "AQAB"}
        else:
            point = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
            key = {"kty": "EC", "crv": "P-256", "x": base64url(point[:32]),
                   "y": base64url(point[32:])}
        return json.dumps({"keys": [key | {"kid": "k1", "use": "sig", "alg": self.algorithm}]})

    def token(self, **claims):
        now = int(time.time())
        claims = {"iss": f"https://{self.host}", "sub": "ann", "aud": "clary", "iat": now,
                  "exp": now + 600} | claims
        text = f"{base64url({'alg': self.algorithm, 'kid': 'k1'})}.{base64url(claims)}"
        signature = openssl("dgst", "-sha256", "-sign", self.key, data=text.encode())
        if self.algorithm == "ES256":
            signature = two_numbers(signature)
        return f"{text}.{base64url(signature)}"


@pytest.fixture(scope="module")
def account(server):
    return Account(server)


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def federation(request, server, account, tmp_path_factory):
    """An issuer whose keys the server has, and a role for one of its people."""
    folder = tmp_path_factory.mktemp("keys")
    issuer = Issuer(request.param, folder)
    arn = account.client("iam").create_open_id_connect_provider(
        Url=f"https://{issuer.host}", ClientIDList=["clary"])["OpenIDConnectProviderArn"]
    keys = folder / "jwks.json"
    keys.write_text(issuer.keys())
    assert arn in clary(server, "oidc", "keys", "--account", account.id, "--issuer",
                        f"https://{issuer.host}", "--jwks", str(keys))
    role = account.client("iam").create_role(
        RoleName=aws.unique("Web"), AssumeRolePolicyDocument=trust(
            {"Federated": arn}, "sts:AssumeRoleWithWebIdentity",
            Condition={"StringEquals": {f"{issuer.host}:aud": "clary",
                                        f"{issuer.host}:sub": "ann"}}))["Role"]["Arn"]
    return issuer, role


def web_session(server, role, token, **more):
    """As a workload does it: with no key at all."""
    return people.unsigned_client(server, "sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="web", WebIdentityToken=token, **more)


def test_web_identity(server, federation):
    """A token of the issuer becomes a session of the role."""
    issuer, role = federation
    answer = web_session(server, role, issuer.token(), DurationSeconds=900)
    assert answer["SubjectFromWebIdentityToken"] == "ann" and answer["Audience"] == "clary"
    who = people.client_of_key(server, "sts", answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize("claims, code", [
    ({"sub": "bob"}, "AccessDenied"),
    ({"aud": "other"}, "InvalidIdentityToken"),
    ({"exp": 1000}, "ExpiredTokenException"),
    ({"iat": 32503680000}, "InvalidIdentityToken"),
    ({"iss": "https://evil.example.com"}, "InvalidIdentityToken")])
def test_web_identities_that_are_refused(server, federation, claims, code):
    issuer, role = federation
    with pytest.raises(ClientError) as error:
        web_session(server, role, issuer.token(**claims))
    assert code_of(error) == code


def test_a_forged_token(server, federation, tmp_path):
    """Signed by somebody else in the issuer's name."""
    issuer, role = federation
    forger = Issuer(issuer.algorithm, tmp_path)
    forger.host = issuer.host
    with pytest.raises(ClientError) as error:
        web_session(server, role, forger.token())
    assert code_of(error) == "InvalidIdentityToken"


def test_tokens_and_passwords_stay_out_of_the_audit(server, account, federation):
    """The log of requests names who came, not what they showed."""
    issuer, role = federation
    token, password = issuer.token(), aws.unique("Passw0rd")
    web_session(server, role, token)
    name, _ = make_user(account.client("iam"))
    account.client("iam").create_login_profile(UserName=name, Password=password)
    files = [f for f in (server.data_dir / "audit").rglob("*") if f.is_file()]
    text = b"".join(f.read_bytes() for f in files)
    assert b"AssumeRoleWithWebIdentity" in text
    assert token.encode() not in text and password.encode() not in text


def test_nothing_else_comes_unsigned(server):
    sts = people.unsigned_client(server, "sts")
    with pytest.raises(ClientError) as error:
        sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/x", RoleSessionName="me")
    assert code_of(error) == "MissingAuthenticationToken"


def test_trust_by_name_is_enough_at_home(server, account):
    """In one account, a role that names the user needs no policy of the user's."""
    iam = account.client("iam")
    name, key = make_user(iam)
    arn = iam.get_user(UserName=name)["User"]["Arn"]
    role = iam.create_role(RoleName=aws.unique("Role"),
                           AssumeRolePolicyDocument=trust({"AWS": arn}))["Role"]
    sts = people.client_of_key(server, "sts", key)
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="me")
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == role["RoleId"] + ":me"


def test_trust_in_the_account_asks_the_callers_policy(server, account):
    iam = account.client("iam")
    role = iam.create_role(RoleName=aws.unique("Role"), AssumeRolePolicyDocument=trust(
        {"AWS": f"arn:aws:iam::{account.id}:root"}))["Role"]["Arn"]
    _, without = make_user(iam)
    _, key = make_user(iam, allow("sts:AssumeRole", role))
    with pytest.raises(ClientError) as error:
        people.client_of_key(server, "sts", without).assume_role(RoleArn=role, RoleSessionName="me")
    assert code_of(error) == "AccessDenied"
    people.client_of_key(server, "sts", key).assume_role(RoleArn=role, RoleSessionName="me")


def test_session_tags_and_chaining(server, account):
    """Tags need sts:TagSession; a chained session lasts an hour at most."""
    iam = account.client("iam")
    _, key = make_user(iam, allow(["sts:AssumeRole", "sts:TagSession"]))
    roles = [iam.create_role(RoleName=aws.unique("Role"), MaxSessionDuration=7200,
                             AssumeRolePolicyDocument=trust({"AWS": account.id}, actions))["Role"]
             for actions in ("sts:AssumeRole", ["sts:AssumeRole", "sts:TagSession"])]
    for role in roles:
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p",
                            PolicyDocument=people.policy(allow("sts:*")))
    sts = people.client_of_key(server, "sts", key)
    tags = {"Tags": [{"Key": "team", "Value": "a"}], "TransitiveTagKeys": ["team"]}
    with pytest.raises(ClientError) as error:
        sts.assume_role(RoleArn=roles[0]["Arn"], RoleSessionName="me", **tags)
    assert code_of(error) == "AccessDenied"
    first = sts.assume_role(RoleArn=roles[1]["Arn"], RoleSessionName="me", DurationSeconds=7200,
                            **tags)
    chained = people.client_of_key(server, "sts", first["Credentials"])
    with pytest.raises(ClientError) as error:
        chained.assume_role(RoleArn=roles[1]["Arn"], RoleSessionName="two", DurationSeconds=7200)
    assert code_of(error) == "ValidationError"
    chained.assume_role(RoleArn=roles[1]["Arn"], RoleSessionName="two")


def test_sessions_of_a_user(server, account):
    """GetSessionToken is the user; GetFederationToken is a guest with less than the user has."""
    iam = account.client("iam")
    name, key = make_user(iam, allow(["sagemaker:*", "sts:GetFederationToken"]))
    sts = people.client_of_key(server, "sts", key)
    session = sts.get_session_token(DurationSeconds=900)["Credentials"]
    mine = people.client_of_key(server, "sts", session)
    assert mine.get_caller_identity()["Arn"].endswith(f":user/{name}")
    with pytest.raises(ClientError) as error:
        mine.get_session_token()
    assert code_of(error) == "AccessDenied"
    guest = sts.get_federation_token(Name="guest",
                                     Policy=people.policy(allow("sagemaker:ListExperiments")))
    assert guest["FederatedUser"]["Arn"].endswith(":federated-user/guest")
    sagemaker = people.client_of_key(server, "sagemaker", guest["Credentials"])
    sagemaker.list_experiments()
    with pytest.raises(ClientError) as error:
        sagemaker.create_experiment(ExperimentName=aws.unique("experiment"))
    assert code_of(error) == "AccessDeniedException"
    iam.delete_user_policy(UserName=name, PolicyName="inline")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)
    with pytest.raises(ClientError) as error:
        mine.get_caller_identity()
    assert code_of(error) == "InvalidClientTokenId"


def test_root_assumes_no_role(account):
    iam = account.client("iam")
    role = iam.create_role(RoleName=aws.unique("Role"), AssumeRolePolicyDocument=trust(
        {"AWS": account.id}))["Role"]["Arn"]
    with pytest.raises(ClientError) as error:
        account.client("sts").assume_role(RoleArn=role, RoleSessionName="me")
    assert code_of(error) == "AccessDenied"
