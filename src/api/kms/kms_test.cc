#include "api/kms/kms_service.h"

#include <fstream>
#include <iterator>

#include "api/kms/key_access.h"
#include "api/kms/key_controller.h"
#include "api/test_caller.h"
#include "base/text.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

class KmsTest : public testing::Test {
 protected:
  std::string make_key(const json::object& more = {}) {
    const auto made = caller_.call("CreateKey", more);
    return string_or(*find_object(made, "KeyMetadata"), "KeyId");
  }
  json::object metadata(const std::string& id) {
    return *find_object(caller_.call("DescribeKey", {{"KeyId", id}}), "KeyMetadata");
  }
  std::string encrypted(const std::string& key, const std::string& text,
                        const json::object& context = {}) {
    const auto output = caller_.call(
        "Encrypt", {{"KeyId", key}, {"Plaintext", base64(text)}, {"EncryptionContext", context}});
    return string_or(output, "CiphertextBlob");
  }
  std::string decrypted(const std::string& blob, const json::object& context = {}) {
    const auto output =
        caller_.call("Decrypt", {{"CiphertextBlob", blob}, {"EncryptionContext", context}});
    return *unbase64(string_or(output, "Plaintext"));
  }
  std::string decrypt_error(const std::string& blob, const json::object& context = {}) {
    return caller_.error("Decrypt", {{"CiphertextBlob", blob}, {"EncryptionContext", context}});
  }
  static std::string arn(const std::string& id) {
    return "arn:aws:kms:us-west-2:000000000000:key/" + id;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  keys::TestSealer sealer_;
  store::Database database_{folder_ / "a.db", {keys::KeyTable::migrations()}};
  keys::KeyTable keys_{database_, clock_, sealer_};
  kms::KeyAccess access_{keys_, clock_};
  kms::KeyController controller_{keys_, clock_};
  KmsService service_{{.keys = keys_, .access = access_, .clock = clock_, .wake = {}}};
  TestCaller caller_{service_, clock_};
};

TEST_F(KmsTest, ANewKeyIsDescribedByAllItsNames) {
  const std::string id = make_key({{"Description", "mine"}});
  caller_.call("CreateAlias", {{"AliasName", "alias/mine"}, {"TargetKeyId", id}});
  for (const std::string& name : {id, arn(id), std::string("alias/mine"),
                                  std::string("arn:aws:kms:us-west-2:000000000000:alias/mine")}) {
    const auto facts = metadata(name);
    EXPECT_EQ(string_or(facts, "Arn"), arn(id));
    EXPECT_EQ(string_or(facts, "KeyState"), "Enabled");
    EXPECT_EQ(string_or(facts, "Description"), "mine");
  }
  EXPECT_EQ(caller_.error("DescribeKey", {{"KeyId", "11111111-2222-3333-4444-555555555555"}}),
            "NotFoundException: Key '" + arn("11111111-2222-3333-4444-555555555555") +
                "' does not exist");
  EXPECT_EQ(caller_.error("DescribeKey", {{"KeyId", "alias/none"}}),
            "NotFoundException: Alias arn:aws:kms:us-west-2:000000000000:alias/none is not found.");
}

TEST_F(KmsTest, TheEncryptionContextIsPartOfTheCiphertext) {
  const std::string id = make_key();
  const std::string blob = encrypted(id, "secret", {{"project", "a"}});
  EXPECT_EQ(decrypted(blob, {{"project", "a"}}), "secret");
  EXPECT_EQ(decrypt_error(blob), "InvalidCiphertextException: ");
  EXPECT_EQ(decrypt_error(blob, {{"project", "b"}}), "InvalidCiphertextException: ");
  EXPECT_EQ(decrypt_error(base64("garbage")), "InvalidCiphertextException: ");
}

TEST_F(KmsTest, ACiphertextOfAnotherKeyIsIncorrect) {
  const std::string one = make_key(), other = make_key();
  const std::string blob = encrypted(one, "secret");
  EXPECT_TRUE(caller_.error("Decrypt", {{"CiphertextBlob", blob}, {"KeyId", other}})
                  .starts_with("IncorrectKeyException: "));
  const auto moved =
      caller_.call("ReEncrypt", {{"CiphertextBlob", blob}, {"DestinationKeyId", other}});
  EXPECT_EQ(string_or(moved, "SourceKeyId"), arn(one));
  EXPECT_EQ(decrypted(string_or(moved, "CiphertextBlob")), "secret");
}

TEST_F(KmsTest, StatesAndTheirErrors) {
  const std::string id = make_key();
  const std::string blob = encrypted(id, "secret");
  caller_.call("DisableKey", {{"KeyId", id}});
  EXPECT_EQ(decrypt_error(blob), "DisabledException: " + arn(id) + " is disabled.");
  caller_.call("EnableKey", {{"KeyId", id}});
  EXPECT_EQ(decrypted(blob), "secret");
  caller_.call("ScheduleKeyDeletion", {{"KeyId", id}, {"PendingWindowInDays", 7}});
  EXPECT_EQ(decrypt_error(blob), "KMSInvalidStateException: " + arn(id) + " is pending deletion.");
  EXPECT_EQ(caller_.error("EnableKey", {{"KeyId", id}}),
            "KMSInvalidStateException: " + arn(id) + " is pending deletion.");
  caller_.call("CancelKeyDeletion", {{"KeyId", id}});
  EXPECT_EQ(string_or(metadata(id), "KeyState"), "Disabled");
}

TEST_F(KmsTest, RotationKeepsOldMaterialForDecryption) {
  const std::string id = make_key();
  const std::string before = encrypted(id, "secret");
  caller_.call("RotateKeyOnDemand", {{"KeyId", id}});
  EXPECT_EQ(decrypted(before), "secret");
  EXPECT_EQ(decrypted(encrypted(id, "again")), "again");
  EXPECT_EQ(find_array(caller_.call("ListKeyRotations", {{"KeyId", id}}), "Rotations")->size(), 1U);
  caller_.call("EnableKeyRotation", {{"KeyId", id}, {"RotationPeriodInDays", 90}});
  const auto wait = controller_.reconcile(kms::controller_key(*keys_.find(id)));
  EXPECT_TRUE(wait.has_value());
  clock_.advance(std::chrono::days(91));
  controller_.reconcile(kms::controller_key(*keys_.find(id)));
  EXPECT_EQ(keys_.find(id)->materials.size(), 3U);
  EXPECT_EQ(decrypted(before), "secret");
}

TEST_F(KmsTest, KeysSurviveARestartAndAreSealed) {
  const std::string id = make_key();
  const std::string blob = encrypted(id, "secret");
  caller_.call("RotateKeyOnDemand", {{"KeyId", id}});
  keys::KeyTable again(database_, clock_, sealer_);
  ASSERT_NE(again.find(id), nullptr);
  EXPECT_EQ(again.find(id)->materials.size(), 2U);
  EXPECT_EQ(again.find(id)->materials.front().secret->bytes(),
            keys_.find(id)->materials.front().secret->bytes());
  keys::TestSealer stranger;
  EXPECT_THROW(keys::KeyTable(database_, clock_, stranger), keys::RootKeyError);
}

// Every byte that the database keeps on disk, its log included.
std::string bytes_on_disk(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

TEST_F(KmsTest, ADeletedKeyIsGoneFromTheBytesOnDisk) {
  const std::string doomed = make_key(), kept = make_key();
  for (int i = 0; i < 40; ++i) make_key();  // so that rows move between pages
  caller_.call("RotateKeyOnDemand", {{"KeyId", doomed}});
  const std::string blob = encrypted(doomed, "secret"), other = encrypted(kept, "kept");
  std::vector<std::string> sealed;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement("SELECT sealed FROM kms_materials WHERE key_id=?1");
    row.bind(1, doomed);
    while (row.step()) {
      sealed.emplace_back(reinterpret_cast<const char*>(row.blob(0).data()), row.blob(0).size());
    }
  });
  ASSERT_EQ(sealed.size(), 2U);
  const std::string before = bytes_on_disk(folder_.path());
  for (const std::string& text : sealed) EXPECT_NE(before.find(text), std::string::npos);
  for (const auto& material : keys_.find(doomed)->materials) {
    EXPECT_EQ(before.find(material.secret->bytes()), std::string::npos);
  }

  caller_.call("ScheduleKeyDeletion", {{"KeyId", doomed}, {"PendingWindowInDays", 7}});
  clock_.advance(std::chrono::days(6));
  controller_.reconcile(kms::controller_key(*keys_.find(doomed)));
  EXPECT_NE(keys_.find(doomed), nullptr);
  clock_.advance(std::chrono::days(2));
  EXPECT_EQ(controller_.reconcile(kms::controller_key(*keys_.find(doomed))), std::nullopt);

  const std::string after = bytes_on_disk(folder_.path());
  for (const std::string& text : sealed) {
    // Half of it is enough to look for: the first bytes of a freed cell hold SQLite's own.
    EXPECT_EQ(after.find(text.substr(text.size() / 2)), std::string::npos);
  }
  EXPECT_TRUE(decrypt_error(blob).starts_with("AccessDeniedException: The ciphertext refers to"));
  EXPECT_EQ(decrypted(other), "kept");
  keys::KeyTable again(database_, clock_, sealer_);
  EXPECT_EQ(again.find(doomed), nullptr);
}

TEST_F(KmsTest, AliasesMoveAndAreUnique) {
  const std::string one = make_key(), other = make_key();
  const json::object named{{"AliasName", "alias/a"}, {"TargetKeyId", one}};
  caller_.call("CreateAlias", named);
  EXPECT_EQ(caller_.error("CreateAlias", named),
            "AlreadyExistsException: An alias with the name "
            "arn:aws:kms:us-west-2:000000000000:alias/a already exists");
  caller_.call("UpdateAlias", {{"AliasName", "alias/a"}, {"TargetKeyId", other}});
  EXPECT_EQ(string_or(metadata("alias/a"), "KeyId"), other);
  EXPECT_EQ(find_array(caller_.call("ListAliases", {{"KeyId", one}}), "Aliases")->size(), 0U);
  caller_.call("DeleteAlias", {{"AliasName", "alias/a"}});
  EXPECT_TRUE(caller_.error("DeleteAlias", {{"AliasName", "alias/a"}})
                  .starts_with("NotFoundException: Alias "));
  EXPECT_TRUE(caller_.error("CreateAlias", {{"AliasName", "alias/aws/s3"}, {"TargetKeyId", one}})
                  .starts_with("NotAuthorizedException: "));
}

TEST_F(KmsTest, SignaturesAndMacs) {
  for (const auto& [spec, algorithm] : std::vector<std::pair<std::string, std::string>>{
           {"RSA_2048", "RSASSA_PSS_SHA_256"}, {"ECC_NIST_P384", "ECDSA_SHA_384"}}) {
    const std::string id = make_key({{"KeySpec", spec}, {"KeyUsage", "SIGN_VERIFY"}});
    json::object request{
        {"KeyId", id}, {"Message", base64("hello")}, {"SigningAlgorithm", algorithm}};
    request["Signature"] = string_or(caller_.call("Sign", request), "Signature");
    EXPECT_EQ(find_bool(caller_.call("Verify", request), "SignatureValid"), true);
    request["Message"] = base64("other");
    EXPECT_EQ(caller_.error("Verify", request), "KMSInvalidSignatureException: ");
    EXPECT_FALSE(string_or(caller_.call("GetPublicKey", {{"KeyId", id}}), "PublicKey").empty());
  }
  const std::string id = make_key({{"KeySpec", "HMAC_256"}, {"KeyUsage", "GENERATE_VERIFY_MAC"}});
  json::object request{
      {"KeyId", id}, {"Message", base64("hello")}, {"MacAlgorithm", "HMAC_SHA_256"}};
  request["Mac"] = string_or(caller_.call("GenerateMac", request), "Mac");
  EXPECT_EQ(find_bool(caller_.call("VerifyMac", request), "MacValid"), true);
  EXPECT_TRUE(caller_.error("Encrypt", {{"KeyId", id}, {"Plaintext", base64("x")}})
                  .starts_with("InvalidKeyUsageException: "));
}

TEST_F(KmsTest, RsaEncrypts) {
  const std::string id = make_key({{"KeySpec", "RSA_2048"}, {"KeyUsage", "ENCRYPT_DECRYPT"}});
  const json::object request{{"KeyId", id},
                             {"Plaintext", base64("secret")},
                             {"EncryptionAlgorithm", "RSAES_OAEP_SHA_256"}};
  const auto output = caller_.call("Encrypt", request);
  const auto opened = caller_.call("Decrypt", {{"KeyId", id},
                                               {"CiphertextBlob", output.at("CiphertextBlob")},
                                               {"EncryptionAlgorithm", "RSAES_OAEP_SHA_256"}});
  EXPECT_EQ(string_or(opened, "Plaintext"), base64("secret"));
  json::object long_request = request;
  long_request["Plaintext"] = base64(std::string(191, 'x'));
  EXPECT_TRUE(caller_.error("Encrypt", long_request).ends_with("larger than 190 bytes."));
}

TEST_F(KmsTest, GrantsAreListedAndRetired) {
  const std::string id = make_key();
  const json::object request{
      {"KeyId", id},
      {"GranteePrincipal", "arn:aws:iam::000000000000:role/Reader"},
      {"Operations", json::array{"Decrypt"}},
      {"Name", "once"},
      {"Constraints", json::object{{"EncryptionContextSubset", json::object{{"a", "b"}}}}}};
  const auto made = caller_.call("CreateGrant", request);
  // A second call with the same name and all else gives the same grant.
  EXPECT_EQ(caller_.call("CreateGrant", request).at("GrantId"), made.at("GrantId"));
  EXPECT_EQ(find_array(caller_.call("ListGrants", {{"KeyId", id}}), "Grants")->size(), 1U);
  caller_.call("RetireGrant", {{"GrantToken", made.at("GrantToken")}});
  EXPECT_EQ(find_array(caller_.call("ListGrants", {{"KeyId", id}}), "Grants")->size(), 0U);
  EXPECT_TRUE(
      caller_
          .error("CreateGrant",
                 {{"KeyId", id}, {"GranteePrincipal", "me"}, {"Operations", json::array{"Sign"}}})
          .starts_with("InvalidArnException: "));
}

TEST_F(KmsTest, PoliciesTagsAndDryRuns) {
  const std::string id = make_key({{"Tags", json::array{{{"TagKey", "team"}, {"TagValue", "a"}}}}});
  const auto policy = caller_.call("GetKeyPolicy", {{"KeyId", id}});
  EXPECT_NE(string_or(policy, "Policy").find("Enable IAM User Permissions"), std::string::npos);
  EXPECT_TRUE(caller_.error("PutKeyPolicy", {{"KeyId", id}, {"Policy", "{"}})
                  .starts_with("MalformedPolicyDocumentException: "));
  EXPECT_EQ(find_array(caller_.call("ListResourceTags", {{"KeyId", id}}), "Tags")->size(), 1U);
  caller_.call("UntagResource", {{"KeyId", id}, {"TagKeys", json::array{"team"}}});
  EXPECT_EQ(find_array(caller_.call("ListResourceTags", {{"KeyId", id}}), "Tags")->size(), 0U);
  EXPECT_EQ(caller_.error("Encrypt", {{"KeyId", id}, {"Plaintext", base64("x")}, {"DryRun", true}}),
            "DryRunOperationException: The request would have succeeded, but the DryRun option is "
            "set.");
}

TEST_F(KmsTest, ListsComeInPages) {
  for (int i = 0; i < 5; ++i) make_key();
  json::object request{{"Limit", 2}};
  std::set<std::string> seen;
  while (true) {
    const auto page = caller_.call("ListKeys", request);
    for (const json::value& key : *find_array(page, "Keys")) {
      EXPECT_TRUE(seen.insert(string_or(key.as_object(), "KeyId")).second);
    }
    if (!find_bool(page, "Truncated").value()) break;
    request["Marker"] = page.at("NextMarker");
  }
  EXPECT_EQ(seen.size(), 5U);
}

TEST_F(KmsTest, ManagedKeysAreMadeWhenTheyAreFirstNamed) {
  const auto facts = metadata("alias/aws/s3");
  EXPECT_EQ(string_or(facts, "KeyManager"), "AWS");
  EXPECT_EQ(metadata("alias/aws/s3").at("KeyId"), facts.at("KeyId"));
  EXPECT_TRUE(caller_.error("DisableKey", {{"KeyId", facts.at("KeyId")}})
                  .starts_with("AccessDeniedException: "));
}

}  // namespace
}  // namespace clary::api
