// Encryption of objects as requests see it: SSE-S3, SSE-KMS, SSE-C and the bucket's default.
#include "api/s3/encryption.h"

#include <fstream>

#include <openssl/evp.h>
#include "api/s3/s3_fixture.h"

#include "keys/aead.h"
#include "keys/keys_fixture.h"

namespace clary::api::s3 {
namespace {

const std::string kArn = "arn:aws:kms:us-east-1:000000000000:key/one";

// Keys by ARN; a sealed data key names its KMS key.
class TestKms final : public kms::KeyUse {
 public:
  std::string arn_of(const Call&, std::string_view key_id, std::string_view) override {
    if (key_id.empty()) return "arn:aws:kms:us-east-1:000000000000:key/aws-s3";
    if (!key_id.starts_with("arn:")) {
      throw wire::ApiError("NotFoundException", "Key 'none' does not exist", 400);
    }
    return std::string(key_id);
  }
  keys::DataKey generate(const Call&, std::string_view key_arn,
                         const keys::EncryptionContext& context) override {
    last_context = context;
    const auto bytes = random_hex(16);
    keys::DataKey made;
    made.key = keys::SecretKey(as_bytes(bytes).first<keys::kDataKeyBytes>());
    made.key_arn = key_arn;
    made.sealed = keys::aead_seal(master_, bytes, text_of(context));
    return made;
  }
  keys::SecretKey open(const Call&, std::string_view sealed,
                       const keys::EncryptionContext& context) override {
    if (!failure.empty()) throw wire::ApiError(failure, "it is pending deletion.", 400);
    const auto bytes = keys::aead_open(master_, sealed, text_of(context));
    if (!bytes) throw wire::ApiError("InvalidCiphertextException", "", 400);
    return keys::SecretKey(as_bytes(*bytes).first<keys::kDataKeyBytes>());
  }
  std::string failure;
  keys::EncryptionContext last_context;

 private:
  static std::string text_of(const keys::EncryptionContext& context) {
    std::string text;
    for (const auto& [name, value] : context) text += name + "=" + value + ";";
    return text;
  }
  const keys::SecretKey master_ = keys::random_key();
};

class S3EncryptionTest : public S3Fixture {
 protected:
  S3EncryptionTest() { use({.sealer = &sealer_, .kms = &kms_}); }

  void use(const EncryptionKeys& keys) {
    encrypted_ = std::make_unique<S3>(store_, workers_, keys);
    operations_.clear();
    for (auto& entry : encrypted_->operations()) operations_.emplace(entry.name, entry);
  }
  void allow_plain_transport() {
    use({.sealer = &sealer_, .kms = &kms_, .customer_keys = CustomerKeys::kAnyTransport});
  }

  static HeaderList customer(char letter, const std::string& of = "") {
    const std::string raw(32, letter);
    std::array<char, 16> md5{};
    EVP_Digest(raw.data(), raw.size(), reinterpret_cast<unsigned char*>(md5.data()), nullptr,
               EVP_md5(), nullptr);
    const std::string prefix = "x-amz-" + of + "server-side-encryption-customer-";
    return {{prefix + "algorithm", "AES256"},
            {prefix + "key", base64(raw)},
            {prefix + "key-MD5", base64({md5.data(), md5.size()})}};
  }
  static HeaderList with(HeaderList headers, const HeaderList& more) {
    headers.insert(headers.end(), more.begin(), more.end());
    return headers;
  }
  static constexpr std::string_view kScheme = "x-amz-server-side-encryption";

  Answer get(const std::string& key, const HeaderList& headers = {}) {
    return send("GET", "/bucket/" + key, headers);
  }

  std::size_t files_with(std::string_view text) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      if (bytes.find(text) != std::string::npos) ++count;
    }
    return count;
  }

  keys::TestSealer sealer_;
  TestKms kms_;
  std::unique_ptr<S3> encrypted_;
};

const HeaderList kKms{{"x-amz-server-side-encryption", "aws:kms"},
                      {"x-amz-server-side-encryption-aws-kms-key-id", kArn}};

TEST_F(S3EncryptionTest, ObjectsAreEncryptedUnasked) {
  const auto made = put("small", "a marker to look for");
  EXPECT_EQ(made.header(kScheme), "AES256");
  const auto large = std::string(200'000, 'x') + "a marker to look for" + pattern(3'000'000);
  EXPECT_EQ(put("large", large).header(kScheme), "AES256");
  for (const auto* key : {"small", "large", "small"}) {
    const auto got = get(key);
    EXPECT_EQ(got.header(kScheme), "AES256");
    EXPECT_TRUE(got.has("a marker to look for"));
  }
  EXPECT_EQ(get("large").body, large);
  EXPECT_EQ(get("large", {{"Range", "bytes=199990-200030"}}).body, large.substr(199'990, 41));
  EXPECT_EQ(get("large", {{"Range", "bytes=1048570-"}}).body, large.substr(1'048'570));
  EXPECT_EQ(send("HEAD", "/bucket/large").header(kScheme), "AES256");
  EXPECT_EQ(files_with("a marker to look for"), 0U);
}

TEST_F(S3EncryptionTest, TheEtagOfSseS3IsTheMd5) {
  EXPECT_EQ(put("k", "hello").header("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  EXPECT_NE(put("k", "hello", kKms).header("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
}

TEST_F(S3EncryptionTest, SwitchedOffObjectsAreAsTheyWere) {
  use({.sealer = &sealer_, .kms = &kms_, .encrypt_objects = false});
  EXPECT_FALSE(put("k", "a marker to look for").headers.find(kScheme));
  EXPECT_FALSE(get("k").headers.find(kScheme));
  EXPECT_GE(files_with("a marker to look for"), 1U);
  EXPECT_EQ(send("GET", "/bucket?encryption").element("Code"),
            "ServerSideEncryptionConfigurationNotFoundError");
  EXPECT_EQ(put("k", "x", {{"x-amz-server-side-encryption", "AES256"}}).header(kScheme), "AES256");
  // What was written before stays readable when it is switched on.
  put("old", "old bytes");
  use({.sealer = &sealer_, .kms = &kms_});
  EXPECT_EQ(get("old").body, "old bytes");
}

TEST_F(S3EncryptionTest, WithAKeyOfKms) {
  const std::string context = base64(R"({"team":"red"})");
  const auto made =
      put("k", "secret", with(kKms, {{"x-amz-server-side-encryption-context", context}}));
  EXPECT_EQ(made.status, 200U) << made.body;
  EXPECT_EQ(made.header(kScheme), "aws:kms");
  EXPECT_EQ(made.header("x-amz-server-side-encryption-aws-kms-key-id"), kArn);
  EXPECT_EQ(made.header("x-amz-server-side-encryption-context"), context);
  EXPECT_EQ(kms_.last_context,
            (keys::EncryptionContext{{"aws:s3:arn", "arn:aws:s3:::bucket/k"}, {"team", "red"}}));
  const auto got = get("k");
  EXPECT_EQ(got.body, "secret");
  EXPECT_EQ(got.header("x-amz-server-side-encryption-aws-kms-key-id"), kArn);
  EXPECT_FALSE(got.headers.find("x-amz-server-side-encryption-context"));
}

TEST_F(S3EncryptionTest, WithABucketKeyTheContextIsTheBucket) {
  const auto made =
      put("k", "secret", with(kKms, {{"x-amz-server-side-encryption-bucket-key-enabled", "true"}}));
  EXPECT_EQ(made.header("x-amz-server-side-encryption-bucket-key-enabled"), "true");
  EXPECT_EQ(kms_.last_context, (keys::EncryptionContext{{"aws:s3:arn", "arn:aws:s3:::bucket"}}));
  EXPECT_EQ(get("k").header("x-amz-server-side-encryption-bucket-key-enabled"), "true");
}

TEST_F(S3EncryptionTest, AKmsKeyThatIsGoneTakesItsObjectsWithIt) {
  put("k", "secret", kKms);
  EXPECT_EQ(get("k").body, "secret");  // and it is in memory now
  kms_.failure = "KMSInvalidStateException";
  const auto got = get("k");
  EXPECT_EQ(got.status, 400U);
  EXPECT_EQ(got.element("Code"), "KMS.KMSInvalidStateException");
  EXPECT_FALSE(got.has("secret"));
  EXPECT_EQ(send("HEAD", "/bucket/k").status, 200U);
  kms_.failure = "AccessDeniedException";
  EXPECT_EQ(get("k").element("Code"), "AccessDenied");
  EXPECT_EQ(put("n", "x",
                {{"x-amz-server-side-encryption", "aws:kms"},
                 {"x-amz-server-side-encryption-aws-kms-key-id", "none"}})
                .element("Code"),
            "KMS.NotFoundException");
}

TEST_F(S3EncryptionTest, WithTheCustomersKey) {
  allow_plain_transport();
  for (const std::size_t size : {10UL, 2'500'000UL}) {
    const auto made = put("k", pattern(size), customer('a'));
    ASSERT_EQ(made.status, 200U) << made.body;
    EXPECT_EQ(made.header("x-amz-server-side-encryption-customer-algorithm"), "AES256");
    EXPECT_EQ(made.header("x-amz-server-side-encryption-customer-key-MD5"),
              customer('a')[2].second);
    EXPECT_FALSE(made.headers.find(kScheme));
    EXPECT_EQ(get("k", customer('a')).body, pattern(size));
    EXPECT_EQ(get("k").element("Code"), "InvalidRequest");
    EXPECT_EQ(get("k", customer('b')).status, 403U);
    EXPECT_EQ(send("HEAD", "/bucket/k").status, 400U);
    EXPECT_EQ(send("HEAD", "/bucket/k", customer('b')).status, 403U);
    EXPECT_EQ(send("HEAD", "/bucket/k", customer('a')).status, 200U);
  }
  put("plain", "x");
  EXPECT_EQ(get("plain", customer('a')).element("Message"),
            "The encryption parameters are not applicable to this object.");
  EXPECT_EQ(get("plain", {{"x-amz-server-side-encryption", "AES256"}}).status, 400U);
}

TEST_F(S3EncryptionTest, CustomersKeysThatAreWrong) {
  EXPECT_EQ(put("k", "x", customer('a')).element("Code"), "InvalidRequest");  // no TLS
  allow_plain_transport();
  auto headers = customer('a');
  headers[2].second = customer('b')[2].second;
  EXPECT_EQ(put("k", "x", headers).element("Code"), "InvalidArgument");
  EXPECT_EQ(put("k", "x", {customer('a')[0]}).element("Code"), "InvalidArgument");
  EXPECT_EQ(put("k", "x", {customer('a')[0], customer('a')[1]}).element("Code"), "InvalidArgument");
  EXPECT_EQ(put("k", "x", {customer('a')[1], customer('a')[2]}).element("Code"), "InvalidArgument");
  headers = customer('a');
  headers[0].second = "AES128";
  EXPECT_EQ(put("k", "x", headers).element("Code"), "InvalidEncryptionAlgorithmError");
  EXPECT_EQ(put("k", "x", with(customer('a'), kKms)).element("Code"), "InvalidArgument");
  EXPECT_EQ(get("k").status, 404U);
}

TEST_F(S3EncryptionTest, SchemesThatAreWrong) {
  EXPECT_EQ(put("k", "x", {{"x-amz-server-side-encryption", "AES128"}}).element("Code"),
            "InvalidArgument");
  EXPECT_EQ(put("k", "x", {{"x-amz-server-side-encryption-aws-kms-key-id", kArn}}).element("Code"),
            "InvalidArgument");
  EXPECT_EQ(
      put("k", "x", with(kKms, {{"x-amz-server-side-encryption-context", "!"}})).element("Code"),
      "InvalidArgument");
  EXPECT_EQ(put("k", "x", {{"x-amz-server-side-encryption", "aws:kms:dsse"}}).status, 501U);
}

TEST_F(S3EncryptionTest, CopiesChangeTheirEncryption) {
  allow_plain_transport();
  const auto bytes = pattern(100'000);
  put("a", bytes);
  const HeaderList source{{"x-amz-copy-source", "/bucket/a"}};
  const auto copied = send("PUT", "/bucket/same", source);
  EXPECT_EQ(copied.header(kScheme), "AES256");
  EXPECT_EQ(send("PUT", "/bucket/kms", with(source, kKms)).header(kScheme), "aws:kms");
  EXPECT_EQ(send("PUT", "/bucket/customer", with(source, customer('a'))).status, 200U);
  EXPECT_EQ(get("same").body, bytes);
  EXPECT_EQ(get("kms").body, bytes);
  EXPECT_EQ(get("customer", customer('a')).body, bytes);
  const HeaderList sealed{{"x-amz-copy-source", "/bucket/customer"}};
  EXPECT_EQ(send("PUT", "/bucket/back", sealed).element("Code"), "InvalidRequest");
  const auto back = send("PUT", "/bucket/back", with(sealed, customer('a', "copy-source-")));
  EXPECT_EQ(back.status, 200U) << back.body;
  EXPECT_EQ(back.header(kScheme), "AES256");
  EXPECT_EQ(get("back").body, bytes);
  EXPECT_EQ(get("back").header("ETag"), get("a").header("ETag"));
  // The copy outlives its source.
  send("DELETE", "/bucket/a");
  EXPECT_EQ(get("same").body, bytes);
}

TEST_F(S3EncryptionTest, ACopyOntoItselfMayChangeTheEncryption) {
  put("a", pattern(50'000));
  const HeaderList source{{"x-amz-copy-source", "/bucket/a"}};
  EXPECT_EQ(send("PUT", "/bucket/a", source).element("Code"), "InvalidRequest");
  EXPECT_EQ(send("PUT", "/bucket/a", with(source, kKms)).header(kScheme), "aws:kms");
  EXPECT_EQ(get("a").body, pattern(50'000));
}

TEST_F(S3EncryptionTest, PartsAreEncryptedWithTheUploadsKey) {
  allow_plain_transport();
  for (const auto& headers : {HeaderList{}, kKms, customer('a')}) {
    const auto created = send("POST", "/bucket/m?uploads", headers);
    ASSERT_EQ(created.status, 200U) << created.body;
    const auto target = "/bucket/m?uploadId=" + created.element("UploadId") + "&partNumber=";
    const bool is_customer = headers.size() == 3;
    const auto of_part = is_customer ? headers : HeaderList{};
    const auto bytes = pattern(objects::kMinPartBytes);
    std::string document = "<CompleteMultipartUpload>";
    for (const auto* number : {"1", "2"}) {
      const auto part = send("PUT", target + number, of_part, bytes);
      ASSERT_EQ(part.status, 200U) << part.body;
      document += "<Part><PartNumber>" + std::string(number) + "</PartNumber><ETag>" +
                  std::string(part.header("ETag")) + "</ETag></Part>";
    }
    if (is_customer) {
      EXPECT_EQ(send("PUT", target + "3", {}, bytes).element("Code"), "InvalidRequest");
      EXPECT_EQ(send("PUT", target + "3", customer('b'), bytes).element("Code"), "InvalidRequest");
    } else {
      EXPECT_EQ(send("PUT", target + "3", customer('b'), bytes).element("Code"), "InvalidRequest");
    }
    const auto done = send("POST", "/bucket/m?uploadId=" + created.element("UploadId"), {},
                           document + "</CompleteMultipartUpload>");
    ASSERT_EQ(done.status, 200U) << done.body;
    EXPECT_EQ(get("m", of_part).body, bytes + bytes);
    EXPECT_EQ(get("m", with(of_part, {{"Range", "bytes=5242870-5242890"}})).body,
              (bytes + bytes).substr(5'242'870, 21));
  }
}

TEST_F(S3EncryptionTest, TheBucketSaysWhatIsDoneByDefault) {
  const auto by_default = send("GET", "/bucket?encryption");
  EXPECT_EQ(by_default.element("SSEAlgorithm"), "AES256");
  const auto document = [](const std::string& rule) {
    return "<ServerSideEncryptionConfiguration><Rule>" + rule +
           "</Rule></ServerSideEncryptionConfiguration>";
  };
  const auto set = send("PUT", "/bucket?encryption", {},
                        document("<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
                                 "</SSEAlgorithm><KMSMasterKeyID>" +
                                 kArn +
                                 "</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
                                 "<BucketKeyEnabled>true</BucketKeyEnabled>"));
  ASSERT_EQ(set.status, 200U) << set.body;
  const auto made = put("k", "x");
  EXPECT_EQ(made.header("x-amz-server-side-encryption-aws-kms-key-id"), kArn);
  EXPECT_EQ(made.header("x-amz-server-side-encryption-bucket-key-enabled"), "true");
  EXPECT_EQ(send("GET", "/bucket?encryption").element("KMSMasterKeyID"), kArn);
  EXPECT_EQ(put("k", "x", {{"x-amz-server-side-encryption", "AES256"}}).header(kScheme), "AES256");
  send("DELETE", "/bucket?encryption");
  EXPECT_EQ(put("k", "x").header(kScheme), "AES256");
  EXPECT_EQ(send("GET", "/bucket?encryption").element("SSEAlgorithm"), "AES256");
  EXPECT_EQ(send("PUT", "/bucket?encryption", {},
                 document("<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
                          "<KMSMasterKeyID>k</KMSMasterKeyID>"
                          "</ApplyServerSideEncryptionByDefault>"))
                .element("Code"),
            "InvalidArgument");
  EXPECT_EQ(send("PUT", "/bucket?encryption", {}, document("") + "").status, 200U);
}

TEST_F(S3EncryptionTest, ABucketMayRefuseCustomersKeys) {
  allow_plain_transport();
  const auto set = send("PUT", "/bucket?encryption", {},
                        "<ServerSideEncryptionConfiguration><Rule><BlockedEncryptionTypes>"
                        "<EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>"
                        "</ServerSideEncryptionConfiguration>");
  ASSERT_EQ(set.status, 200U) << set.body;
  EXPECT_EQ(put("k", "x", customer('a')).element("Code"), "AccessDenied");
}

}  // namespace
}  // namespace clary::api::s3
