"""Which area a test of ceph/s3-tests belongs to, and which tests are not counted, with the reason."""

import re

# (reason, marker or None, pattern of the test's name or None): the first that fits decides.
EXCLUSIONS = [
    ("needs a cloud tier behind the store", "cloud_transition", None),
    ("needs a cloud tier behind the store", "cloud_restore", None),
    ("needs a cloud tier behind the store", None, r"cloud_transition|restore_object|read_through|restore_noncur"),
    ("SelectObjectContent: not offered", "s3select", None),
    ("server access logging with RGW's extensions: not offered", "bucket_logging", None),
    ("server access logging with RGW's extensions: not offered", "bucket_logging_cleanup", None),
    ("server access logging with RGW's extensions: not offered", None, r"bucket_logging"),
    ("SNS topics: not offered", "sns", None),
    ("append writes: an extension of RGW", "appendobject", None),
    ("website hosting: not offered", "s3website", None),
    ("usage statistics in headers and queries: an extension of RGW", None,
     r"test_account_usage|test_head_bucket_usage|test_bucket_head_extended"),
    ("unordered listing: an extension of RGW", None, r"_unordered$"),
    ("BitTorrent, which S3 itself has dropped", None, r"test_get_object_torrent"),
    ("buckets of RGW's tenants, addressed as TENANT:BUCKET", None,
     r"_tenant(_v2|_with_acl)?$|different_tenant|tenanted_bucket"),
    ("needs an OIDC provider (Keycloak) beside the server", "webidentity_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "abac_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_claims_trust_policy_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_principal_tag_role_policy_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_request_tag_trust_policy_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_resource_tags_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_role_tags_test", None),
    ("needs an OIDC provider (Keycloak) beside the server", "token_tag_keys_test", None),
    ("signature version 2 in the Authorization header, which S3 refuses for buckets made since "
     "June 2020", "auth_aws2", None),
    ("fails on the server the suite is made for, as the suite marks it", "fails_on_rgw", None),
    ("fails on AWS itself, as the suite marks it: RGW's own behaviour", "fails_on_aws", None),
]

# (area, file or None, marker or None, pattern of the name or None): the first that fits decides.
AREAS = [
    ("IAM", "test_iam", None, None),
    ("STS", "test_sts", None, None),
    ("POST form uploads", None, None, r"post_object"),
    ("CORS", None, None, r"cors"),
    ("request headers", "test_headers", None, None),
    ("object lock", None, None, r"object_lock"),
    ("lifecycle", None, "lifecycle", None),
    ("lifecycle", None, None, r"lifecycle|delete_marker_expiration"),
    ("encryption", None, "encryption", None),
    ("encryption", None, "sse_s3", None),
    ("encryption", None, "bucket_encryption", None),
    ("encryption", None, None, r"_sse_|obj_enc_|_enc$|bucket_encryption|_s3_noenc|_kms_"),
    ("bucket policy", None, "bucket_policy", None),
    ("public access block", None, None, r"public_block|block_public|ignore_public|policy_status"),
    ("ownership controls", None, "object_ownership", None),
    ("ownership controls", None, None, r"ownership|bucket_owner_"),
    ("bucket policy", None, None, r"policy"),
    ("tagging", None, "tagging", None),
    ("tagging", None, None, r"_tags|tagging"),
    ("conditional requests", None, "conditional_write", None),
    ("conditional requests", None, None, r"ifmatch|ifnonematch|ifnonmatch|ifmodified|ifunmodified|if_match|if_none"),
    ("checksums", None, "checksum", None),
    ("checksums", None, None, r"checksum|object_attributes"),
    ("versioning", None, "versioning", None),
    ("versioning", None, "delete_marker", None),
    ("versioning", None, None, r"version|delete_marker"),
    ("multipart upload", None, None, r"multipart|upload_part_copy|get_part"),
    ("copy", None, None, r"copy"),
    ("ACLs and anonymous access", None, None,
     r"acl|_access_|_anon|anonymous|raw_get|raw_authenticated|authenticated$|bad_auth|invalid_auth"),
    ("presigned URLs", None, None, r"presigned|raw_put"),
    ("listing", None, "list_objects_v2", None),
    ("listing", None, None, r"bucket_list|basic_key_count|_listv2"),
    ("buckets", None, None, r"bucket"),
    ("atomic reads and writes", None, None, r"atomic|finishes_last"),
    ("ranges", None, None, r"ranged"),
    ("objects", None, None, r""),
]

# The areas that the project calls core: S3 itself.
NOT_CORE = ("IAM", "STS")


def exclusion(name, markers):
    """Why the test is not counted, or None."""
    for reason, marker, pattern in EXCLUSIONS:
        if marker is not None and marker in markers:
            return reason
        if pattern is not None and re.search(pattern, name):
            return reason
    return None


def area(module, name, markers):
    for title, file, marker, pattern in AREAS:
        if file is not None and file == module:
            return title
        if marker is not None and marker in markers:
            return title
        if file is None and marker is None and pattern is not None and re.search(pattern, name):
            return title
    return "objects"
