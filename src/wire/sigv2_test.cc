#include "wire/sigv2.h"

#include <gtest/gtest.h>

#include "wire/model.h"
#include "wire/sigv4_errors.h"
#include "wire/test_requests.h"

namespace clary::wire {
namespace {

// The signatures were made apart from this code, by Python's hmac with SHA-1, from strings to sign
// written by hand after S3's documentation.
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view kLink = "AWSAccessKeyId=AKID&Expires=1440939000&Signature=";
const Timestamp kNow(std::chrono::seconds(1440938160));
using Fields = std::initializer_list<std::pair<std::string, std::string>>;

RequestHead link(const std::string& method, const std::string& path, const std::string& signature,
                 const std::string& more = {}, Fields headers = {}) {
  return test_request(method, path, std::string(kLink) + uri_encode(signature) + more, headers);
}

std::expected<void, SignatureError> check(const RequestHead& head, std::string_view bucket = {},
                                          Timestamp now = kNow) {
  const auto claimed = parse_sigv2(head, bucket, "us-east-1");
  if (!claimed) return std::unexpected(claimed.error());
  return verify_sigv2(*claimed, kSecret, now);
}

SignatureError failure(const RequestHead& head, Timestamp now = kNow) {
  const auto checked = check(head, {}, now);
  return checked ? SignatureError::kMissing : checked.error();
}

constexpr const char* kGet = "9ITWtEPhsD5RtR4YaVR+xcpVBVw=";

TEST(SigV2, TellsWhatIsClaimed) {
  const RequestHead head = link("GET", "/bucket/a%20b", kGet);
  ASSERT_TRUE(has_sigv2_query(head));
  const auto claimed = parse_sigv2(head, {}, "eu-west-1");
  ASSERT_TRUE(claimed.has_value());
  EXPECT_EQ(claimed->scope.access_key_id, "AKID");
  EXPECT_EQ(claimed->scope.service, "s3");
  EXPECT_EQ(claimed->scope.region, "eu-west-1");
  EXPECT_EQ(claimed->payload, PayloadKind::kUnsigned);
  EXPECT_EQ(claimed->string_to_sign, "GET\n\n\n1440939000\n/bucket/a%20b");
}

// The presigned example of S3's documentation: GET of johnsmith's puppy.jpg.
TEST(SigV2, DocumentedLink) {
  const RequestHead head =
      test_request("GET", "/photos/puppy.jpg",
                   "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D"
                   "&Expires=1175139620");
  const auto claimed = parse_sigv2(head, "johnsmith", "us-west-1");
  ASSERT_TRUE(claimed.has_value());
  EXPECT_TRUE(verify_sigv2(*claimed, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                           Timestamp(std::chrono::seconds(1175139000))));
}

TEST(SigV2, PathStyleAndBucketInHost) {
  EXPECT_TRUE(check(link("GET", "/bucket/a%20b", kGet)));
  EXPECT_TRUE(check(link("GET", "/a%20b", kGet), "bucket"));
  EXPECT_FALSE(check(link("GET", "/a%20b", kGet), "other"));
  for (const char* path : {"/bucket", "/bucket/"}) {
    EXPECT_TRUE(check(link("GET", path, "oqRnpwcZ/KBeaT7+UbFxC4ltbLw="))) << path;
  }
  EXPECT_TRUE(check(link("GET", "/", "oqRnpwcZ/KBeaT7+UbFxC4ltbLw="), "bucket"));
}

TEST(SigV2, HeadersAndTheQuerysAmzParametersAreSigned) {
  const std::string signature = "dM4XZcfcVBh6kWKZ0/QMNatbs4Y=";
  const std::string query = "&x-amz-security-token=tok%2Ben%2F%3D%3D&x-amz-meta-a=one%20two";
  RequestHead head = link("PUT", "/bucket/k", signature, query,
                          {{"Content-MD5", "md5=="}, {"Content-Type", "text/plain"}});
  EXPECT_TRUE(check(head));
  EXPECT_EQ(parse_sigv2(head, {}, "r")->session_token, "tok+en/==");
  add_headers_of_sigv2_query(head);
  EXPECT_EQ(head.headers.get("x-amz-meta-a"), "one two");
  EXPECT_TRUE(check(head));  // said twice, counted once
  EXPECT_TRUE(check(link("PUT", "/bucket/k", signature, {},
                         {{"Content-MD5", "md5=="},
                          {"Content-Type", "text/plain"},
                          {"X-Amz-Security-Token", "tok+en/=="},
                          {"X-Amz-Meta-A", " one two "}})));
  EXPECT_EQ(failure(link("PUT", "/bucket/k", signature, query, {{"Content-MD5", "md5=="}})),
            SignatureError::kMismatch);
  EXPECT_EQ(
      failure(link(
          "PUT", "/bucket/k", signature, query,
          {{"Content-MD5", "md5=="}, {"Content-Type", "text/plain"}, {"x-amz-meta-a", "another"}})),
      SignatureError::kMismatch);
}

TEST(SigV2, SubResourcesAndOverridesAreSigned) {
  const std::string signature = "+4ZWOzQqKrMDrCy/ml60x+kkwNw=";
  const std::string override_ = "&response-content-disposition=attachment%3B%20filename%3D%22x%22";
  EXPECT_TRUE(check(link("GET", "/bucket/k", signature, "&versionId=v1" + override_)));
  EXPECT_TRUE(
      check(link("GET", "/bucket/k", signature, override_ + "&x-id=GetObject&versionId=v1")));
  EXPECT_FALSE(check(link("GET", "/bucket/k", signature, "&versionId=v2" + override_)));
  EXPECT_FALSE(check(link("GET", "/bucket/k", signature, "&versionId=v1")));
  EXPECT_TRUE(check(link("POST", "/bucket/k", "6DqDj105MRmzN2PLdxBVgLSflhI=", "&uploads")));
  EXPECT_FALSE(check(link("GET", "/bucket/a%20b", kGet, "&%61cl")));  // written otherwise
}

TEST(SigV2, NothingCanBeChanged) {
  EXPECT_EQ(failure(link("GET", "/bucket/b", kGet)), SignatureError::kMismatch);
  EXPECT_EQ(failure(link("HEAD", "/bucket/a%20b", kGet)), SignatureError::kMismatch);
  EXPECT_EQ(failure(link("GET", "/bucket/a%20b", "short")), SignatureError::kMismatch);
  RequestHead later = link("GET", "/bucket/a%20b", kGet);
  later.query.replace(later.query.find("1440939000"), 10, "11440939000");
  EXPECT_EQ(failure(later), SignatureError::kMismatch);
}

TEST(SigV2, Ends) {
  const RequestHead head = link("GET", "/bucket/a%20b", kGet);
  const Timestamp end(std::chrono::seconds(1440939000));
  EXPECT_TRUE(check(head, {}, end));
  EXPECT_EQ(failure(head, end + std::chrono::milliseconds(1)), SignatureError::kExpired);
  const auto claimed = parse_sigv2(head, {}, "us-east-1");
  const AuthContext context{.head = head, .claimed = &*claimed, .body_hash = {}, .now = end};
  const ApiError error = auth_error(AuthDialect::kS3, AuthFailure::kExpired, context);
  EXPECT_EQ(error.status(), 403U);
  EXPECT_EQ(error.code(), "AccessDenied");
  EXPECT_STREQ(error.what(), "Request has expired");
  EXPECT_EQ(error.details().at("Expires").as_string(), iso8601(end));
}

TEST(SigV2, MalformedIsRefused) {
  for (const std::string query :
       {"AWSAccessKeyId=A&Signature=s", "AWSAccessKeyId=A&Signature=s&Expires=",
        "AWSAccessKeyId=A&Signature=s&Expires=-1", "AWSAccessKeyId=A&Signature=s&Expires=1e9",
        "AWSAccessKeyId=A&Signature=s&Expires=253402300800",
        "AWSAccessKeyId=A&Signature=s&Expires=99999999999999999999999999",
        "AWSAccessKeyId=A&Signature=s&Expires=1&Expires=2", "AWSAccessKeyId=&Signature=s&Expires=1",
        "AWSAccessKeyId=A&Signature=s&Expires=1&x-amz-acl=a&X-Amz-Acl=b",
        "AWSAccessKeyId=A&Signature=%zz&Expires=1"}) {
    const RequestHead head = test_request("GET", "/b/k", query);
    EXPECT_EQ(failure(head), SignatureError::kMalformed) << query;
    const AuthContext context{.head = head, .claimed = nullptr, .body_hash = {}, .now = kNow};
    EXPECT_EQ(auth_error(AuthDialect::kS3, AuthFailure::kMalformed, context).status(), 403U);
  }
}

TEST(SigV2, OnlyThisFormIsRecognised) {
  const std::string query(std::string(kLink) + "s");
  EXPECT_FALSE(has_sigv2_query(test_request("GET", "/b/k", query, {{"Authorization", "AWS A:s"}})));
  EXPECT_FALSE(has_sigv2_query(test_request("GET", "/b/k", query + "&X-Amz-Signature=s")));
  EXPECT_FALSE(has_sigv2_query(test_request("GET", "/b/k", "prefix=AWSAccessKeyId=Signature=")));
  EXPECT_EQ(failure(test_request("GET", "/", query + "&SignatureVersion=2")),
            SignatureError::kUnsupported);
  EXPECT_EQ(
      parse_signature(test_request("GET", "/b/k", {}, {{"Authorization", "AWS A:s"}})).error(),
      SignatureError::kUnsupported);
}

// Whoever holds a link must not turn it into another operation: what selects one in S3's model is
// signed, or the link is refused. list-type chooses between two forms of the same listing.
TEST(SigV2, EverySubResourceOfTheModelIsSignedOrRefused) {
  const Models models;
  const ServiceModel* s3 = models.find("s3");
  ASSERT_NE(s3, nullptr);
  int seen = 0;
  for (const Operation& operation : s3->operations()) {
    const std::size_t mark = operation.request_uri.find('?');
    if (mark == std::string::npos) continue;
    std::string_view rest = std::string_view(operation.request_uri).substr(mark + 1);
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      const std::string name(pair.substr(0, pair.find('=')));
      if (name == "list-type" || name == "x-id") continue;
      ++seen;
      EXPECT_TRUE(is_signed_by_sigv2(name) != is_refused_by_sigv2(name)) << name;
    }
  }
  EXPECT_GT(seen, 50);
  EXPECT_EQ(failure(link("GET", "/bucket/a%20b", kGet, "&legal-hold")),
            SignatureError::kUnsupported);
}

}  // namespace
}  // namespace clary::wire
