// Who may use a key: its policy, grants and the caller's own policies, over the real authorizer.
#include "api/kms/key_access.h"

#include <gtest/gtest.h>

#include "api/kms/stored_key_use.h"
#include "base/random.h"
#include "identity/policy_authorizer.h"
#include "keys/aead.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::api::kms {
namespace {

constexpr std::string_view kOurs = "111111111111", kTheirs = "222222222222";
constexpr std::string_view kRegion = "us-west-2";

// Every role has the policy that is set for it by name.
class FakePolicies final : public identity::PrincipalPolicies {
 public:
  std::optional<identity::PrincipalPolicySet> of(const identity::Principal& principal) override {
    identity::PrincipalPolicySet set;
    set.principal_arn = "arn:aws:iam::" + principal.account + ":role/" + principal.name;
    if (const auto found = policies.find(principal.name); found != policies.end()) {
      auto parsed = identity::parse_policy(found->second, identity::PolicyKind::kIdentity);
      EXPECT_TRUE(parsed.has_value()) << parsed.error();
      set.identity.push_back(
          {.name = "p", .policy = std::make_shared<const identity::Policy>(*parsed)});
    }
    return set;
  }
  std::optional<identity::NamedPolicy> managed(std::string_view) override { return std::nullopt; }
  std::uint64_t stamp() const override { return changes; }
  std::map<std::string, std::string> policies;
  std::uint64_t changes = 0;
};

class KeyAccessTest : public testing::Test {
 protected:
  static identity::Principal role(std::string_view account, const std::string& name) {
    identity::Principal principal;
    principal.kind = identity::Principal::Kind::kAssumedRole;
    principal.account = account;
    principal.name = name;
    principal.arn = "arn:aws:sts::" + principal.account + ":assumed-role/" + name + "/s";
    principal.user_id = "AROA" + name + ":s";
    return principal;
  }
  void allow(const std::string& name, const std::string& actions) {
    policies_.policies[name] =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":[)" +
        actions + "]}]}";
    ++policies_.changes;
  }
  KeyPointer make_key(std::string policy) {
    keys::KmsKey key;
    key.id = random_uuid();
    key.account = kOurs;
    key.region = kRegion;
    key.arn = key_arn(kRegion, kOurs, key.id);
    key.policy = std::make_shared<const std::string>(std::move(policy));
    return keys_.create(std::move(key), std::string(32, 'k'));
  }
  static std::string policy_for(const std::string& principal) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
           principal + R"("},"Action":"kms:*","Resource":"*"}]})";
  }
  // "" when allowed, else the error's code.
  std::string answer(const identity::Principal& who, const std::string& key,
                     std::string_view action, const keys::EncryptionContext& context = {},
                     std::string via = "") {
    return with_call(who, [&](const Call& call) {
      access_.require(call, key,
                      {.action = action, .encryption_context = &context, .via_service = via});
    });
  }
  std::string with_call(const identity::Principal& who,
                        const std::function<void(const Call&)>& use) {
    const wire::ServiceModel& model = models_.get("s3");
    const Call call{.model = model,
                    .operation = *model.find_operation("PutObject"),
                    .principal = who,
                    .account = who.account,
                    .region = kRegion,
                    .request_id = "request",
                    .now = clock_.now(),
                    .request = head_,
                    .authorizer = authorizer_,
                    .body = {}};
    try {
      use(call);
    } catch (const wire::ApiError& error) {
      // S3, whose call this is, names it otherwise than KMS does.
      return error.code() == "AccessDeniedException" ? "AccessDenied" : error.code();
    }
    return "";
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  keys::TestSealer sealer_;
  store::Database database_{folder_ / "a.db", {keys::KeyTable::migrations()}};
  keys::KeyTable keys_{database_, clock_, sealer_};
  KeyAccess access_{keys_, clock_};
  StoredKeyUse use_{keys_, access_};
  FakePolicies policies_;
  identity::PolicyAuthorizer authorizer_{policies_};
  wire::Models models_;
  RequestHead head_;
  const std::string denied_ = "AccessDenied";
};

TEST_F(KeyAccessTest, TheDefaultPolicyLeavesItToIam) {
  const auto key = make_key(default_key_policy(kOurs));
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt"), denied_);
  allow("A", R"("kms:Encrypt")");
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt"), "");
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Decrypt"), denied_);
}

TEST_F(KeyAccessTest, APolicyThatLeavesOutTheAccountKeepsIamOut) {
  const auto key = make_key(policy_for("arn:aws:iam::111111111111:role/A"));
  allow("B", R"("kms:*")");
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt"), "");
  EXPECT_EQ(answer(role(kOurs, "B"), key->id, "Encrypt"), denied_);
}

TEST_F(KeyAccessTest, AnotherAccountNeedsTheKeysPolicyAndItsOwn) {
  const auto key = make_key(default_key_policy(kOurs));
  allow("C", R"("kms:Encrypt")");
  EXPECT_EQ(answer(role(kTheirs, "C"), key->arn, "Encrypt"), denied_);
  EXPECT_EQ(answer(role(kTheirs, "C"), key->id, "Encrypt"), "NotFoundException");
  const auto shared = make_key(policy_for("arn:aws:iam::222222222222:root"));
  EXPECT_EQ(answer(role(kTheirs, "C"), shared->arn, "Encrypt"), "");
  EXPECT_EQ(answer(role(kTheirs, "D"), shared->arn, "Encrypt"), denied_);
  keys::KeyAlias alias{.account = std::string(kOurs),
                       .region = std::string(kRegion),
                       .name = "alias/shared",
                       .key_id = shared->id};
  ASSERT_TRUE(keys_.create_alias(alias));
  EXPECT_EQ(answer(role(kTheirs, "C"), alias_arn(kRegion, kOurs, "alias/shared"), "Encrypt"), "");
  EXPECT_EQ(answer(role(kTheirs, "C"), key_arn(kRegion, kOurs, random_uuid()), "Encrypt"), denied_);
  EXPECT_EQ(answer(role(kTheirs, "C"), key_arn("eu-west-1", kOurs, shared->id), "Encrypt"),
            "NotFoundException");
}

TEST_F(KeyAccessTest, GrantsLetInUnderTheirConstraints) {
  const auto key = make_key(default_key_policy(kOurs));
  keys::Grant grant;
  grant.id = "1";
  grant.grantee = "arn:aws:iam::111111111111:role/path/A";
  grant.operations = {"Encrypt"};
  grant.context_equals = keys::EncryptionContext{{"a", "b"}};
  ASSERT_TRUE(keys_.add_grant(key->id, grant));
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt", {{"a", "b"}}), "");
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt", {{"a", "b"}, {"c", "d"}}), denied_);
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt"), denied_);
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Decrypt", {{"a", "b"}}), denied_);
  EXPECT_EQ(answer(role(kOurs, "B"), key->id, "Encrypt", {{"a", "b"}}), denied_);
  // An explicit deny is stronger.
  policies_.policies["A"] =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"*","Action":"kms:*"}]})";
  ++policies_.changes;
  EXPECT_EQ(answer(role(kOurs, "A"), key->id, "Encrypt", {{"a", "b"}}), denied_);
}

TEST_F(KeyAccessTest, ConditionsSeeContextServiceAndAlias) {
  const auto condition = [](const std::string& key, const std::string& value) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},)"
           R"("Action":"kms:*","Resource":"*","Condition":{"StringEquals":{")" +
           key + R"(":")" + value + R"("}}}]})";
  };
  const auto context = make_key(condition("kms:EncryptionContext:Project", "churn"));
  EXPECT_EQ(answer(role(kOurs, "A"), context->id, "Encrypt", {{"Project", "churn"}}), "");
  EXPECT_EQ(answer(role(kOurs, "A"), context->id, "Encrypt", {{"Project", "x"}}), denied_);
  const auto service = make_key(condition("kms:ViaService", "s3.us-west-2.amazonaws.com"));
  EXPECT_EQ(answer(role(kOurs, "A"), service->id, "Decrypt", {}, "s3"), "");
  EXPECT_EQ(answer(role(kOurs, "A"), service->id, "Decrypt"), denied_);
  const auto spec = make_key(condition("kms:KeySpec", "SYMMETRIC_DEFAULT"));
  EXPECT_EQ(answer(role(kOurs, "A"), spec->id, "Decrypt"), "");
}

TEST_F(KeyAccessTest, ServicesUseKeysForTheirCallers) {
  const identity::Principal caller = role(kOurs, "A");
  std::string managed, sealed;
  const keys::EncryptionContext context{{"aws:s3:arn", "arn:aws:s3:::bucket/key"}};
  EXPECT_EQ(with_call(caller,
                      [&](const Call& call) {
                        managed = use_.arn_of(call, "", "s3");
                        const keys::DataKey made = use_.generate(call, managed, context);
                        sealed = made.sealed;
                        const keys::SecretKey opened = use_.open(call, sealed, context);
                        EXPECT_TRUE(std::equal(opened.bytes().begin(), opened.bytes().end(),
                                               made.key.bytes().begin()));
                        EXPECT_EQ(use_.arn_of(call, "alias/aws/s3", "s3"), managed);
                      }),
            "");
  EXPECT_EQ(with_call(caller, [&](const Call& call) { use_.open(call, sealed, {}); }),
            "InvalidCiphertextException");
  // The managed key of an account is for its own principals.
  EXPECT_EQ(
      with_call(role(kTheirs, "A"), [&](const Call& call) { use_.open(call, sealed, context); }),
      denied_);
  const std::string id = managed.substr(managed.rfind('/') + 1);
  keys_.destroy(id);
  EXPECT_EQ(with_call(caller, [&](const Call& call) { use_.open(call, sealed, context); }),
            "NotFoundException");
}

}  // namespace
}  // namespace clary::api::kms
