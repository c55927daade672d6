#include "wire/sigv2.h"

#include <gtest/gtest.h>

namespace clary::wire {
namespace {

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const Timestamp kBefore = Timestamp(std::chrono::seconds(1175139000));

// The presigned example of S3's documentation: GET of johnsmith's puppy.jpg.
RequestHead documented() {
  RequestHead head;
  head.method = "GET";
  head.path = "/photos/puppy.jpg";
  head.query =
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D"
      "&Expires=1175139620";
  head.headers.add("Host", "johnsmith.s3.us-west-1.amazonaws.com");
  return head;
}

SignatureError outcome(const RequestHead& head, Timestamp now, const char* secret = kSecret) {
  const auto claimed = parse_signature(head);
  if (!claimed) return claimed.error();
  EXPECT_TRUE(claimed->version_2);
  const auto verified = verify_sigv2(head, *claimed, secret, now);
  return verified ? SignatureError::kMissing : verified.error();  // kMissing stands for success
}

TEST(SigV2, DocumentedLink) {
  EXPECT_EQ(sigv2_string_to_sign(documented()), "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
  EXPECT_EQ(outcome(documented(), kBefore), SignatureError::kMissing);
  EXPECT_EQ(outcome(documented(), kBefore + std::chrono::minutes(11)), SignatureError::kExpired);
  EXPECT_EQ(outcome(documented(), kBefore, "other"), SignatureError::kMismatch);
  RequestHead tampered = documented();
  tampered.path = "/photos/kitten.jpg";
  EXPECT_EQ(outcome(tampered, kBefore), SignatureError::kMismatch);
  tampered = documented();
  tampered.method = "DELETE";
  EXPECT_EQ(outcome(tampered, kBefore), SignatureError::kMismatch);
}

TEST(SigV2, WhatIsSignedBesides) {
  RequestHead head = documented();
  head.headers.add("X-Amz-Meta-B", "2");
  head.query +=
      "&x-amz-security-token=to%2Fken&content-type=text%2Fplain&prefix=x&uploads"
      "&response-content-type=a%2Fb";
  EXPECT_EQ(sigv2_string_to_sign(head),
            "GET\n\ntext/plain\n1175139620\nx-amz-meta-b:2\nx-amz-security-token:to/ken\n"
            "/johnsmith/photos/puppy.jpg?response-content-type=a/b&uploads");
  EXPECT_EQ(parse_signature(head)->session_token, "to/ken");
}

TEST(SigV2, Malformed) {
  for (const char* query :
       {"AWSAccessKeyId=A", "AWSAccessKeyId=A&Signature=x&Expires=soon",
        "AWSAccessKeyId=A&Signature=x&Expires=-1", "AWSAccessKeyId=&Signature=x&Expires=1"}) {
    RequestHead head = documented();
    head.query = query;
    EXPECT_EQ(outcome(head, kBefore), SignatureError::kMalformed) << query;
  }
}

}  // namespace
}  // namespace clary::wire
