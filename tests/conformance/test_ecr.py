"""Amazon ECR and the registry that `docker push` speaks to."""

import base64
import hashlib
import json
import subprocess
import urllib.error
import urllib.request

import aws
import containers
import pytest
from botocore.exceptions import ClientError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def repository(clients):
    name = aws.unique("team/repo")
    clients.ecr.create_repository(repositoryName=name)
    yield name
    try:
        clients.ecr.delete_repository(repositoryName=name, force=True)
    except ClientError:
        pass


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def login(clients):
    data = clients.ecr.get_authorization_token()["authorizationData"][0]
    return data["authorizationToken"]


class Registry:
    """The registry's protocol, by hand."""

    def __init__(self, server, token):
        self.url = server.url
        self.token = token

    def __call__(self, method, path, body=None, **headers):
        request = urllib.request.Request(self.url + path, data=body, method=method)
        if self.token:
            request.add_header("Authorization", "Basic " + self.token)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def error(self, *words, **more):
        status, _, body = self(*words, **more)
        return status, json.loads(body)["errors"][0]["code"]


def digest_of(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


@pytest.fixture
def registry(server, clients):
    return Registry(server, login(clients))


def push_blob(registry, repository, body):
    _, headers, _ = registry("POST", f"/v2/{repository}/blobs/uploads/", b"")
    status, _, _ = registry("PUT", f"{headers['Location']}?digest={digest_of(body)}", body)
    assert status == 201
    return {"digest": digest_of(body), "size": len(body),
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}


def push_image(registry, repository, tag, layer=b"layer"):
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": push_blob(registry, repository, b"{}"),
        "layers": [push_blob(registry, repository, layer)]}).encode()
    status, headers, _ = registry("PUT", f"/v2/{repository}/manifests/{tag}", manifest,
                                  Content_Type=MANIFEST)
    assert status == 201 and headers["Docker-Content-Digest"] == digest_of(manifest)
    return digest_of(manifest), manifest


def test_repositories(clients, server):
    """Create, describe, tags, delete; what is there already and what is not."""
    name = aws.unique("team/model")
    made = clients.ecr.create_repository(repositoryName=name, tags=[{"Key": "a", "Value": "b"}])
    repository = made["repository"]
    assert repository["repositoryUri"] == f"127.0.0.1:{server.port}/{name}"
    assert repository["imageTagMutability"] == "MUTABLE"
    assert refused(clients.ecr.create_repository, repositoryName=name) == (
        "RepositoryAlreadyExistsException")
    found = clients.ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert found[0]["repositoryArn"] == repository["repositoryArn"]
    arn = repository["repositoryArn"]
    clients.ecr.tag_resource(resourceArn=arn, tags=[{"Key": "c", "Value": "d"}])
    clients.ecr.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert clients.ecr.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"Key": "c", "Value": "d"}]
    pages = clients.ecr.get_paginator("describe_repositories").paginate(
        PaginationConfig={"PageSize": 1})
    assert name in [r["repositoryName"] for page in pages for r in page["repositories"]]
    clients.ecr.delete_repository(repositoryName=name)
    assert refused(clients.ecr.describe_repositories, repositoryNames=[name]) == (
        "RepositoryNotFoundException")
    assert refused(clients.ecr.list_images, repositoryName=name) == "RepositoryNotFoundException"


@pytest.mark.parametrize("name", ["UPPER", "a//b", "-a", "a..b", "a/"])
def test_bad_names(clients, name):
    """Names that ECR refuses."""
    assert refused(clients.ecr.create_repository, repositoryName=name) == (
        "InvalidParameterException")


def test_images(clients, repository, registry):
    """What was pushed, in the API's words."""
    digest, manifest = push_image(registry, repository, "1")
    registry("PUT", f"/v2/{repository}/manifests/latest", manifest, Content_Type=MANIFEST)
    detail = clients.ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert [d["imageDigest"] for d in detail] == [digest]
    assert sorted(detail[0]["imageTags"]) == ["1", "latest"]
    assert detail[0]["imageSizeInBytes"] == len(b"layer") + len(b"{}") + len(manifest)
    ids = clients.ecr.list_images(repositoryName=repository)["imageIds"]
    assert {i["imageTag"] for i in ids} == {"1", "latest"}
    got = clients.ecr.batch_get_image(repositoryName=repository, imageIds=[
        {"imageTag": "1"}, {"imageTag": "none"}])
    assert got["images"][0]["imageManifest"].encode() == manifest
    assert [f["failureCode"] for f in got["failures"]] == ["ImageNotFound"]
    put = clients.ecr.put_image(repositoryName=repository, imageManifest=manifest.decode(),
                                imageTag="again")
    assert put["image"]["imageId"] == {"imageDigest": digest, "imageTag": "again"}
    assert refused(clients.ecr.describe_images, repositoryName=repository,
                   imageIds=[{"imageTag": "none"}]) == "ImageNotFoundException"
    assert refused(clients.ecr.delete_repository, repositoryName=repository) == (
        "RepositoryNotEmptyException")
    deleted = clients.ecr.batch_delete_image(repositoryName=repository,
                                             imageIds=[{"imageTag": "1"}])
    assert deleted["imageIds"] == [{"imageDigest": digest, "imageTag": "1"}]
    clients.ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    assert clients.ecr.list_images(repositoryName=repository)["imageIds"] == []
    assert registry("HEAD", f"/v2/{repository}/blobs/{digest_of(b'layer')}")[0] == 404


def test_immutable_tags(clients, repository, registry):
    """A tag of an immutable repository keeps its image."""
    push_image(registry, repository, "1")
    clients.ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    other = push_image(registry, repository, "2", b"other")[1]
    status, code = registry.error("PUT", f"/v2/{repository}/manifests/1", other,
                                  Content_Type=MANIFEST)
    assert (status, code) == (400, "TAG_INVALID")
    assert refused(clients.ecr.put_image, repositoryName=repository, imageTag="1",
                   imageManifest=other.decode()) == "ImageTagAlreadyExistsException"


def test_layers(clients, repository):
    """Layers by ECR's own operations."""
    layer = b"0123456789" * 1000
    upload = clients.ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    part = {"repositoryName": repository, "uploadId": upload}
    clients.ecr.upload_layer_part(**part, partFirstByte=0, partLastByte=4999,
                                  layerPartBlob=layer[:5000])
    assert refused(clients.ecr.upload_layer_part, **part, partFirstByte=1, partLastByte=5000,
                   layerPartBlob=layer[5000:]) == "InvalidLayerPartException"
    clients.ecr.upload_layer_part(**part, partFirstByte=5000, partLastByte=9999,
                                  layerPartBlob=layer[5000:])
    done = clients.ecr.complete_layer_upload(**part, layerDigests=[digest_of(layer)])
    assert done["layerDigest"] == digest_of(layer)
    seen = clients.ecr.batch_check_layer_availability(
        repositoryName=repository, layerDigests=[digest_of(layer), digest_of(b"none")])
    assert [x["layerAvailability"] for x in seen["layers"]] == ["AVAILABLE", "UNAVAILABLE"]
    assert clients.ecr.get_download_url_for_layer(
        repositoryName=repository, layerDigest=digest_of(layer))["downloadUrl"].endswith(
            f"/v2/{repository}/blobs/{digest_of(layer)}")


def test_not_built(clients, repository):
    """An operation that is not built says so by its name."""
    with pytest.raises(ClientError, match="StartImageScan"):
        clients.ecr.start_image_scan(repositoryName=repository, imageId={"imageTag": "1"})


def test_nobody(server):
    """Without a token: 401 that says how to log in. A wrong one likewise."""
    for token in ("", base64.b64encode(b"AWS:nonsense").decode(),
                  base64.b64encode(b"AWS:" + base64.b64encode(b'{"k":"x","s":"y","r":"z"}')).decode(),
                  base64.b64encode(b"root:password").decode()):
        status, headers, _ = Registry(server, token)("GET", "/v2/")
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic realm=")


def test_protocol(registry, repository):
    """Uploads in one piece, in parts, resumed, cancelled; ranges; wrong digests."""
    assert registry("GET", "/v2/")[0] == 200
    body = bytes(range(256)) * 4000
    blobs = f"/v2/{repository}/blobs"
    status, headers, _ = registry("POST", f"{blobs}/uploads/?digest={digest_of(body)}", body)
    assert (status, headers["Docker-Content-Digest"]) == (201, digest_of(body))
    _, headers, _ = registry("POST", f"{blobs}/uploads/", b"")
    place = headers["Location"]
    assert registry("PATCH", place, b"abc", Content_Range="0-2")[1]["Range"] == "0-2"
    assert registry.error("PATCH", place, b"abc", Content_Range="2-4") == (
        416, "BLOB_UPLOAD_INVALID")
    assert registry("GET", place)[1]["Range"] == "0-2"
    assert registry("PATCH", place, b"def")[0] == 202
    assert registry.error("PUT", f"{place}?digest={digest_of(b'other')}", b"") == (
        400, "DIGEST_INVALID")
    assert registry.error("GET", place) == (404, "BLOB_UPLOAD_UNKNOWN")
    _, headers, _ = registry("POST", f"{blobs}/uploads/", b"")
    assert registry("DELETE", headers["Location"])[0] == 204
    status, headers, got = registry("GET", f"{blobs}/{digest_of(body)}", Range="bytes=10-19")
    assert (status, got, headers["Content-Range"]) == (206, body[10:20],
                                                       f"bytes 10-19/{len(body)}")
    assert registry("GET", f"{blobs}/{digest_of(body)}")[2] == body
    assert registry("GET", f"{blobs}/{digest_of(body)}", Range="bytes=9999999-")[0] == 416
    assert registry("HEAD", f"{blobs}/{digest_of(body)}")[1]["Content-Length"] == str(len(body))
    assert registry("DELETE", f"{blobs}/{digest_of(body)}")[0] == 202
    assert registry("HEAD", f"{blobs}/{digest_of(body)}")[0] == 404


def test_manifests(registry, repository):
    """By tag and digest; the media type is kept; what names missing layers is refused."""
    digest, manifest = push_image(registry, repository, "v1")
    for reference in ("v1", digest):
        status, headers, got = registry("GET", f"/v2/{repository}/manifests/{reference}")
        assert (status, got, headers["Content-Type"]) == (200, manifest, MANIFEST)
        assert registry("HEAD", f"/v2/{repository}/manifests/{reference}")[1][
            "Docker-Content-Digest"] == digest
    assert json.loads(registry("GET", f"/v2/{repository}/tags/list")[2]) == {
        "name": repository, "tags": ["v1"]}
    missing = json.loads(manifest)
    missing["layers"][0]["digest"] = digest_of(b"never pushed")
    put = ("PUT", f"/v2/{repository}/manifests/v2")
    assert registry.error(*put, json.dumps(missing).encode()) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert registry.error(*put, b"{") == (400, "MANIFEST_INVALID")
    assert registry.error("GET", f"/v2/{repository}/manifests/v2") == (404, "MANIFEST_UNKNOWN")
    assert registry.error("GET", "/v2/no/such/manifests/v1") == (404, "NAME_UNKNOWN")
    for path in ("/v2/../../etc/passwd", f"/v2/{repository}/blobs/sha256:..%2f..", "/v2/A/tags/list",
                 f"/v2/{repository}/blobs/uploads/..%2f..%2fmetadata.db"):
        assert registry("GET", path)[0] == 404
    assert registry("DELETE", f"/v2/{repository}/manifests/{digest}")[0] == 202
    assert registry("GET", f"/v2/{repository}/manifests/v1")[0] == 404


def test_permissions(clients, server, repository, registry):
    """A user may pull what a policy says, and nothing else; the repository's policy counts too."""
    digest, _ = push_image(registry, repository, "1")
    user = aws.unique("puller")
    clients.iam.create_user(UserName=user)
    arn = clients.ecr.describe_repositories(repositoryNames=[repository])["repositories"][0][
        "repositoryArn"]
    clients.iam.put_user_policy(UserName=user, PolicyName="pull", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": arn}]}))
    key = clients.iam.create_access_key(UserName=user)["AccessKey"]
    try:
        theirs = clients.session._session.create_client(
            "ecr", region_name=clients.region, endpoint_url=server.url,
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        token = theirs.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        puller = Registry(server, token)
        assert puller("GET", f"/v2/{repository}/manifests/1")[0] == 200
        blob = f"/v2/{repository}/blobs/{digest_of(b'layer')}"
        assert puller.error("GET", blob) == (403, "DENIED")
        assert puller.error("POST", f"/v2/{repository}/blobs/uploads/", b"") == (403, "DENIED")
        account = arn.split(":")[4]
        clients.ecr.set_repository_policy(repositoryName=repository, policyText=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "ecr:GetDownloadUrlForLayer",
                "Principal": {"AWS": f"arn:aws:iam::{account}:user/{user}"}}]}))
        assert puller("GET", blob)[2] == b"layer"
        assert "Allow" in clients.ecr.get_repository_policy(repositoryName=repository)["policyText"]
        clients.ecr.delete_repository_policy(repositoryName=repository)
        assert refused(clients.ecr.get_repository_policy, repositoryName=repository) == (
            "RepositoryPolicyNotFoundException")
        assert puller.error("GET", blob) == (403, "DENIED")
    finally:
        clients.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        clients.iam.delete_user_policy(UserName=user, PolicyName="pull")
        clients.iam.delete_user(UserName=user)


def test_skopeo(clients, server, repository, tmp_path):
    """A client of others pushes, lists and pulls an image."""
    if containers.missing():
        pytest.skip(containers.missing())
    archive = containers.tiny_image.write_archive(str(tmp_path / "a.tar"), "x:1", {})
    password = base64.b64decode(login(clients)).decode().split(":", 1)[1]
    login_of = f"AWS:{password}"
    place = f"docker://127.0.0.1:{server.port}/{repository}:pushed"

    def skopeo(*words):
        done = subprocess.run(["skopeo", *words], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout
    skopeo("--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", login_of,
           f"docker-archive:{archive}", place)
    told = json.loads(skopeo("inspect", "--tls-verify=false", "--creds", login_of, place))
    assert told["RepoTags"] == ["pushed"]
    assert told["Digest"] == clients.ecr.describe_images(repositoryName=repository)[
        "imageDetails"][0]["imageDigest"]
    skopeo("--insecure-policy", "copy", "--src-tls-verify=false", "--src-creds", login_of, place,
           f"dir:{tmp_path / 'out'}")
    assert (tmp_path / "out" / "manifest.json").exists()
