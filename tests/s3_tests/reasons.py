"""Why a test fails that will not be made to pass, where its own message does not say it."""

_RANGE = "takes 403 where S3 answers 400 (AuthorizationQueryParametersError) to such an X-Amz-Expires"
_DEFAULT_KEY = ("its policy has a condition for a field that the form lacks, which S3 refuses "
                "(Policy Condition failed)")
_ENCRYPTED = ("deletes or looks for a bucket's default encryption and takes it for gone; S3 encrypts "
              "every bucket with SSE-S3 since January 2023")
_BAD_CHECKSUM = "takes BadDigest for a text that is no checksum; S3 answers InvalidRequest"

REASONS = {
    "test_object_raw_get_x_amz_expires_out_range_zero": _RANGE,
    "test_object_raw_get_x_amz_expires_out_max_range": _RANGE,
    "test_object_raw_get_x_amz_expires_out_positive_range": _RANGE,
    "test_object_raw_put_authenticated_expired": _RANGE,
    "test_sse_s3_default_post_object_authenticated_request": _DEFAULT_KEY,
    "test_sse_kms_default_post_object_authenticated_request": _DEFAULT_KEY,
    "test_post_object_upload_checksum":
        "the form has a checksum field that its policy does not cover, which S3 refuses (Extra input "
        "fields)",
    "test_get_bucket_encryption_s3": _ENCRYPTED,
    "test_get_bucket_encryption_kms": _ENCRYPTED,
    "test_delete_bucket_encryption_s3": _ENCRYPTED,
    "test_delete_bucket_encryption_kms": _ENCRYPTED,
    "test_object_checksum_sha256": _BAD_CHECKSUM,
    "test_object_checksum_crc64nvme": _BAD_CHECKSUM,
    "test_put_excess_tags": "takes InvalidTag for more than ten tags; S3 answers BadRequest",
    "test_object_write_with_chunked_transfer_encoding":
        "sends no length; S3 answers MissingContentLength",
    "test_object_read_unreadable":
        "takes 400 for a key that is valid UTF-8; the suite marks it as failing on its own server",
    "test_bucket_listv2_continuationtoken_empty":
        "sends an empty continuation token, which S3 refuses",
    "test_cors_presigned_get_object_v2":
        "makes its bucket under signature version 2 in the Authorization header, which is refused",
    "test_cors_presigned_put_object_v2":
        "makes its bucket under signature version 2 in the Authorization header, which is refused",
    "test_object_create_date_and_amz_date":
        "changes the date under the signature; the suite marks it as failing on its own server",
    "test_object_create_amz_date_and_no_date":
        "changes the date under the signature; the suite marks it as failing on its own server",
    "test_bucket_recreate_overwrite_acl":
        "takes 409 in us-east-1, where S3 lets the owner make the bucket again",
    "test_bucket_recreate_new_acl":
        "takes 409 in us-east-1, where S3 lets the owner make the bucket again",
}
