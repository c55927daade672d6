#include "wire/sigv4.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "wire/sha256.h"
#include "wire/sigv4_canonical.h"
#include "wire/sigv4_errors.h"
#include "wire/sigv4_keys.h"

namespace clary::wire {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const Timestamp kNow = Timestamp(std::chrono::sys_days(std::chrono::year(2015) / 8 / 30)) +
                       std::chrono::hours(12) + minutes(36);
constexpr seconds kSkew = minutes(15);

json::array load_vectors() {
  const auto file =
      std::filesystem::path(__FILE__).parent_path() / "testdata" / "sigv4_vectors.json";
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return json::parse(text).as_array();
}

RequestHead head_of(const json::object& request) {
  RequestHead head;
  head.method = string_or(request, "method");
  const std::string target = string_or(request, "target");
  const auto mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  if (mark < target.size()) head.query = target.substr(mark + 1);
  for (const json::value& field : *find_array(request, "headers")) {
    head.headers.add(std::string(field.at(0).as_string()), std::string(field.at(1).as_string()));
  }
  return head;
}

// The published suite: 38 requests, each signed in the header and in the query.
TEST(SigV4, PublishedVectors) {
  const json::array vectors = load_vectors();
  ASSERT_EQ(vectors.size(), 38U);
  for (const json::value& value : vectors) {
    const json::object& vector = value.as_object();
    const bool normalize = find_bool(vector, "normalize").value();
    const std::string body_hash = sha256_hex(string_or(vector, "body"));
    for (const std::string_view form : {"header", "query"}) {
      SCOPED_TRACE(string_or(vector, "name") + " " + std::string(form));
      const json::object& expected = *find_object(vector, form);
      const RequestHead head = head_of(expected);
      const auto claimed = parse_signature(head);
      ASSERT_TRUE(claimed.has_value());
      EXPECT_EQ(claimed->presigned, form == "query");
      EXPECT_EQ(claimed->signature, string_or(expected, "signature"));
      const SigningKey key = signing_key(kSecret, claimed->scope);
      // The suite adds one token after signing.
      const bool token_later = string_or(vector, "name") == "post-sts-header-after";
      std::string canonical;
      write_canonical_request(canonical,
                              {.head = head,
                               .signed_headers = claimed->signed_headers,
                               .payload_hash = payload_hash_text(*claimed, body_hash),
                               .style = normalize ? PathStyle::kNormalized : PathStyle::kAsSent,
                               .left_out = token_later ? "X-Amz-Security-Token" : ""});
      EXPECT_EQ(canonical, string_or(expected, "canonical_request"));
      const std::string to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n" + claimed->scope.text() +
                                  "\n" + sha256_hex(canonical);
      EXPECT_EQ(hex(hmac_sha256(key, {to_sign})), claimed->signature);
      if (normalize) {
        EXPECT_TRUE(verify_signature(head, *claimed, key, body_hash, kNow, kSkew).has_value());
        EXPECT_EQ(
            verify_signature(head, *claimed, key, sha256_hex("other"), kNow, kSkew).has_value(),
            !claimed->payload_hash.empty());
      }
    }
  }
}

RequestHead request(std::string path = "/", std::string query = "") {
  RequestHead head;
  head.method = "POST";
  head.path = std::move(path);
  head.query = std::move(query);
  head.headers.add("Host", "localhost:7700");
  head.headers.add("X-Amz-Target", "SageMaker.ListModels");
  return head;
}

const SigningCredentials kCredentials = {
    .access_key_id = "AKIDEXAMPLE", .secret_access_key = std::string(kSecret), .session_token = ""};

SignatureError outcome(const RequestHead& head, Timestamp now, std::string_view body,
                       std::string_view secret = kSecret) {
  const auto claimed = parse_signature(head);
  if (!claimed) return claimed.error();
  const auto verified = verify_signature(head, *claimed, signing_key(secret, claimed->scope),
                                         sha256_hex(body), now, kSkew);
  return verified ? SignatureError::kMissing : verified.error();  // kMissing stands for success
}
constexpr SignatureError kFine = SignatureError::kMissing;

TEST(SigV4, SignsWhatItVerifies) {
  for (const std::string_view service : {"sagemaker", "s3"}) {
    RequestHead head = request("/a%20b/c+d/..%2F", "x=1&list-type=2&prefix=a%2Fb+c&acl");
    sign(head, kCredentials, "eu-west-1", service, sha256_hex("body"), kNow);
    EXPECT_EQ(outcome(head, kNow, "body"), kFine);
    EXPECT_EQ(outcome(head, kNow, "body", "another secret"), SignatureError::kMismatch);
    RequestHead tampered = head;
    tampered.query += "&y=2";
    EXPECT_EQ(outcome(tampered, kNow, "body"), SignatureError::kMismatch);
    tampered = head;
    tampered.path = "/a%20b/c+e/..%2F";
    EXPECT_EQ(outcome(tampered, kNow, "body"), SignatureError::kMismatch);
    EXPECT_EQ(outcome(head, kNow + minutes(15), "body"), kFine);
    EXPECT_EQ(outcome(head, kNow + minutes(16), "body"), SignatureError::kSkewed);
    EXPECT_EQ(outcome(head, kNow - minutes(16), "body"), SignatureError::kSkewed);
  }
}

TEST(SigV4, PresignedUrlsExpire) {
  RequestHead head;
  head.method = "GET";
  head.path = "/bucket/key%20with%20space";
  head.query = "response-content-type=text%2Fplain";
  head.headers.add("Host", "localhost:7700");
  SigningCredentials credentials = kCredentials;
  credentials.session_token = "tok/en+=";
  for (const std::string_view service : {"s3", "sagemaker"}) {
    RequestHead got = head;
    got.query = presign_query(head, credentials, "us-east-1", service, kNow, minutes(60));
    got.headers.add("User-Agent", "curl");
    const auto claimed = parse_signature(got);
    ASSERT_TRUE(claimed.has_value());
    EXPECT_EQ(claimed->session_token, "tok/en+=");
    EXPECT_EQ(claimed->payload, service == "s3" ? PayloadKind::kUnsigned : PayloadKind::kHash);
    EXPECT_EQ(outcome(got, kNow + minutes(59), ""), kFine);
    EXPECT_EQ(outcome(got, kNow + minutes(61), ""), SignatureError::kExpired);
    EXPECT_EQ(outcome(got, kNow - minutes(16), ""), SignatureError::kSkewed);
    got.headers.add("X-Amz-Acl", "public-read");
    EXPECT_EQ(outcome(got, kNow, ""), SignatureError::kUnsignedHeader);
  }
  // The URL of S3's documentation ("Authenticating Requests: Using Query Parameters").
  RequestHead documented;
  documented.method = "GET";
  documented.path = "/test.txt";
  documented.headers.add("Host", "examplebucket.s3.amazonaws.com");
  documented.query = presign_query(
      documented,
      {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
       .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
       .session_token = ""},
      "us-east-1", "s3", Timestamp(std::chrono::sys_days(std::chrono::year(2013) / 5 / 24)),
      seconds(86400));
  EXPECT_TRUE(documented.query.ends_with(
      "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

TEST(SigV4, TellsWhatIsWrongApart) {
  EXPECT_EQ(parse_signature(request()).error(), SignatureError::kMissing);
  const auto with_header = [](std::string value, std::string date = "20150830T123600Z") {
    RequestHead head = request();
    head.headers.add("Authorization", std::move(value));
    if (!date.empty()) head.headers.add("X-Amz-Date", std::move(date));
    const auto parsed = parse_signature(head);
    return parsed ? SignatureError::kMissing : parsed.error();
  };
  const std::string scope = "Credential=AKID/20150830/us-east-1/sagemaker/aws4_request";
  const std::string headers = "SignedHeaders=host;x-amz-date;x-amz-target";
  const std::string signature = "Signature=" + std::string(64, 'a');
  const std::string good = "AWS4-HMAC-SHA256 " + scope + ", " + headers + ", " + signature;
  EXPECT_EQ(with_header(good), kFine);
  EXPECT_EQ(with_header("AWS4-HMAC-SHA256 " + scope + "," + headers + "," + signature), kFine);
  EXPECT_EQ(with_header("AWS AKID:c2ln"), SignatureError::kUnsupported);
  EXPECT_EQ(with_header("AWS4-ECDSA-P256-SHA256 Credential=x"), SignatureError::kUnsupported);
  EXPECT_EQ(with_header("Bearer token"), SignatureError::kUnsupported);
  EXPECT_EQ(with_header("AWS4-HMAC-SHA256"), SignatureError::kMalformed);
  EXPECT_EQ(with_header(good, ""), SignatureError::kMalformed);
  EXPECT_EQ(with_header(good, "20151330T123600Z"), SignatureError::kMalformed);
  EXPECT_EQ(with_header(good, "2015-08-30T12:36:00Z"), SignatureError::kMalformed);
  EXPECT_EQ(with_header(good + ", " + signature), SignatureError::kMalformed);
  EXPECT_EQ(with_header("AWS4-HMAC-SHA256 " + scope + ", " + headers), SignatureError::kMalformed);
  EXPECT_EQ(
      with_header("AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=host;x-amz-date, " + signature),
      SignatureError::kUnsignedHeader);
  EXPECT_EQ(with_header("AWS4-HMAC-SHA256 " + scope + ", SignedHeaders=x-amz-date;x-amz-target, " +
                        signature),
            SignatureError::kUnsignedHeader);
  EXPECT_EQ(with_header("AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/aws4_request, " +
                        headers + ", " + signature),
            SignatureError::kMalformed);
}

TEST(SigV4, ErrorsSpeakTheServicesLanguage) {
  RequestHead head = request("/bucket/key");
  sign(head, kCredentials, "us-east-1", "s3", sha256_hex(""), kNow);
  const auto claimed = parse_signature(head).value();
  const AuthContext context{
      .head = head, .claimed = &claimed, .body_hash = {}, .now = kNow + minutes(20)};
  const auto code = [&](AuthDialect dialect, AuthFailure failure) {
    const ApiError error = auth_error(dialect, failure, context);
    return error.code() + " " + std::to_string(error.status());
  };
  EXPECT_EQ(code(AuthDialect::kS3, AuthFailure::kMismatch), "SignatureDoesNotMatch 403");
  EXPECT_EQ(code(AuthDialect::kS3, AuthFailure::kSkewed), "RequestTimeTooSkewed 403");
  EXPECT_EQ(code(AuthDialect::kS3, AuthFailure::kUnknownKey), "InvalidAccessKeyId 403");
  EXPECT_EQ(code(AuthDialect::kS3, AuthFailure::kPayloadHash), "XAmzContentSHA256Mismatch 400");
  EXPECT_EQ(code(AuthDialect::kJson, AuthFailure::kMismatch), "InvalidSignatureException 400");
  EXPECT_EQ(code(AuthDialect::kRestJson, AuthFailure::kMismatch), "InvalidSignatureException 403");
  EXPECT_EQ(code(AuthDialect::kQuery, AuthFailure::kMismatch), "SignatureDoesNotMatch 403");
  EXPECT_EQ(code(AuthDialect::kQuery, AuthFailure::kUnknownKey), "InvalidClientTokenId 403");
  EXPECT_EQ(code(AuthDialect::kJson, AuthFailure::kUnknownKey), "UnrecognizedClientException 400");
  EXPECT_STREQ(auth_error(AuthDialect::kJson, AuthFailure::kSkewed, context).what(),
               "Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z "
               "(20150830T125600Z - 15 min.)");
  const ApiError mismatch = auth_error(AuthDialect::kS3, AuthFailure::kMismatch, context);
  EXPECT_TRUE(string_or(mismatch.details(), "StringToSign").starts_with("AWS4-HMAC-SHA256\n"));
  EXPECT_TRUE(string_or(mismatch.details(), "StringToSignBytes").starts_with("41 57 53 34 2d"));
}

TEST(SigningKeys, FollowTheSecret) {
  SigningKeys keys;
  const CredentialScope scope{
      .access_key_id = "A", .date = "20150830", .region = "us-east-1", .service = "iam"};
  EXPECT_EQ(hex(keys.get(kSecret, scope)),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  EXPECT_EQ(keys.get(kSecret, scope), signing_key(kSecret, scope));
  EXPECT_EQ(keys.get("changed", scope), signing_key("changed", scope));
}

// A budget with a wide margin, so that a slow path cannot come in unseen.
TEST(SigV4, VerifiesInMicroseconds) {
  RequestHead head = request("/endpoints/churn/invocations");
  head.headers.add("Content-Type", "text/csv");
  head.headers.add("Content-Length", "400");
  head.headers.add("User-Agent", "Boto3/1.40 md/Botocore#1.40 ua/2.1 os/linux lang/python#3.11");
  sign(head, kCredentials, "us-east-1", "sagemaker", sha256_hex(std::string(400, 'x')), kNow);
  const std::string body(400, 'x');
  SigningKeys keys;
  constexpr int kRounds = 20000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    const auto claimed = parse_signature(head);
    const auto body_hash = hex_digest(sha256(body));
    ASSERT_TRUE(verify_signature(head, *claimed, keys.get(kSecret, claimed->scope),
                                 body_hash.view(), kNow, kSkew)
                    .has_value());
  }
  const auto each =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start) / kRounds;
  RecordProperty("microseconds_per_request", std::to_string(each.count()));
  std::printf("[          ] %.2f us per request\n", each.count());
  EXPECT_LT(each.count(), 100.0);
}

}  // namespace
}  // namespace clary::wire
