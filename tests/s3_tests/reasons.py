"""Why a test fails that will not be made to pass, where its own message does not say it."""

_RANGE = "takes 403 where S3 answers 400 (AuthorizationQueryParametersError) to such an X-Amz-Expires"
_DEFAULT_KEY = ("its policy has a condition for a field that the form lacks, which S3 refuses "
                "(Policy Condition failed)")
_ENCRYPTED = ("deletes or looks for a bucket's default encryption and takes it for gone; S3 encrypts "
              "every bucket with SSE-S3 since January 2023")
_WRONG_KEY = "takes 400 for another SSE-C key than the object's; S3 answers 403 (AccessDenied)"
_PRINCIPAL = "names a principal whose account is no number; S3 answers MalformedPolicy"
_WITHOUT_KEY = ("wants the key also where an upload without a checksum algorithm is completed; S3 "
                "documents it as required with one, and so does Clary")
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
    "test_bucket_listv2_continuationtoken_empty":
        "sends an empty continuation token, which S3 refuses",
    "test_bucket_recreate_overwrite_acl":
        "takes 409 in us-east-1, where S3 lets the owner make the bucket again",
    "test_bucket_recreate_new_acl":
        "takes 409 in us-east-1, where S3 lets the owner make the bucket again",
    "test_encryption_sse_c_other_key": _WRONG_KEY,
    "test_encryption_sse_c_multipart_bad_download": _WRONG_KEY,
    "test_block_public_policy_with_principal": _PRINCIPAL,
    "test_get_nonpublicpolicy_principal_bucket_policy_status": _PRINCIPAL,
    "test_copy_part_enc[sse-c-sse-c-STANDARD-STANDARD-8388608]": _WITHOUT_KEY,
    "test_copy_part_enc[sse-kms-sse-c-STANDARD-STANDARD-8388608]": _WITHOUT_KEY,
    "test_copy_part_enc[sse-s3-sse-c-STANDARD-STANDARD-8388608]": _WITHOUT_KEY,
    "test_sse_kms_no_key":
        "wants aws:kms without a key refused; S3 then takes the account's key aws/s3",
    "test_bucket_policy_deny_self_denied_policy_confirm_header":
        "wants the account's root locked out of its own policy; S3 always lets it read and replace it",
    "test_multipart_sse_c_get_part":
        "sends a part of an SSE-C upload twice and names the first one's ETag, which S3 does not "
        "promise to be the content's",
    "test_multipart_resend_first_finishes_last":
        "counts how often the client reads its body, which depends on the client's version",
    "test_post_object_tags_anonymous_request":
        "an anonymous form with tags: writing alone is granted, s3:PutObjectTagging is not",
}
