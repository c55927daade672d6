#include "server/volume_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "api/kms/key_access.h"
#include "api/kms/kms_service.h"
#include "audit/event_index.h"
#include "audit/trail.h"
#include "identity/policies.h"
#include "identity/policy_authorizer.h"
#include "identity/principal_policies.h"
#include "identity/users.h"
#include "keys/keys_fixture.h"
#include "process/folder_key.h"
#include "store/test_folder.h"

namespace clary::server {
namespace {

using api::sagemaker::SealedVolumeKey;
using testing::HasSubstr;

constexpr char kTrust[] =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"sagemaker.amazonaws.com"}}]})";
constexpr char kOwner[] = "arn:aws:sagemaker:us-west-2:000000000000:notebook-instance/mine";
constexpr char kOther[] = "arn:aws:sagemaker:us-west-2:000000000000:notebook-instance/other";

class VolumeKeysTest : public testing::Test {
 protected:
  VolumeKeysTest() {
    role_.account = document_.account;
    role_.name = "Notebooks";
    role_.trust_policy = kTrust;
    EXPECT_TRUE(roles_.create(role_));
    may("[\"kms:GenerateDataKey\",\"kms:Decrypt\"]");
    keys::KmsKey key;
    key.id = "11111111-2222-3333-4444-555555555555";
    key.account = document_.account;
    key.region = document_.region;
    key.arn = api::kms::key_arn(key.region, key.account, key.id);
    key.policy =
        std::make_shared<const std::string>(api::kms::default_key_policy(document_.account));
    key_ = kms_keys_.create(std::move(key), std::string(keys::kDataKeyBytes, 'm'));
  }
  // What the role's policy lets it do.
  void may(const std::string& actions) {
    roles_.update(role_.account, role_.name, [&](identity::Role& role) {
      role.inline_policies["keys"] =
          R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":)" +
          actions + "}]}";
    });
  }
  void state(const std::string& state) {
    kms_keys_.update(key_->id, [&](keys::KmsKey& key) {
      key.state = state;
      return true;
    });
  }
  auto make(const std::string& kms_key) {
    return volume_keys_.make(document_, kOwner, role_.arn, kms_key);
  }
  std::string open(const SealedVolumeKey& key, const std::string& owner = kOwner) {
    return volume_keys_.open(document_, owner, role_.arn, key);
  }
  template <class Work>
  static std::string refusal(Work work) {
    try {
      work();
    } catch (const wire::ApiError& error) {
      return error.code() + ": " + error.what();
    }
    return "";
  }
  std::string audit_log() {
    trail_.flush();
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "audit")) {
      if (entry.path().extension() != ".jsonl") continue;
      std::ifstream in(entry.path());
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }

  const store::DocumentKey document_{.kind = "notebook-instance",
                                     .account = "000000000000",
                                     .region = "us-west-2",
                                     .name = "mine"};
  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  keys::TestSealer sealer_;
  store::Database database_{folder_ / "a.db",
                            {keys::KeyTable::migrations(), identity::Roles::migrations(),
                             identity::Policies::migrations(), identity::Users::migrations(),
                             identity::Credentials::migrations()}};
  identity::Roles roles_{database_, clock_};
  identity::Users users_{database_, clock_};
  identity::Groups groups_{database_, clock_};
  identity::Policies policies_{database_, clock_};
  identity::Credentials credentials_{database_, clock_, sealer_};
  identity::StoredPrincipalPolicies principal_policies_{users_, groups_, roles_, policies_};
  identity::PolicyAuthorizer authorizer_{principal_policies_};
  keys::KeyTable kms_keys_{database_, clock_, sealer_};
  api::kms::KeyAccess access_{kms_keys_, clock_};
  api::KmsService kms_{{.keys = kms_keys_, .access = access_, .clock = clock_, .wake = {}}};
  wire::Models models_;
  RequestMetrics metrics_;
  ServiceRegistry services_{models_, {&kms_}, metrics_};
  audit::EventIndex index_{folder_ / "audit"};
  audit::Trail trail_{{.folder = folder_ / "audit", .seal = {}}, clock_, index_};
  RequestAudit audit_{trail_, RequestAudit::DataEvents::kOff, clock_};
  api::sagemaker::IdentityRoleSessions sessions_{roles_, credentials_, [] { return ""; }};
  ServerVolumeKeys volume_keys_{{.services = services_,
                                 .sessions = sessions_,
                                 .authorizer = authorizer_,
                                 .audit = audit_,
                                 .clock = clock_},
                                sealer_};
  identity::Role role_;
  api::kms::KeyPointer key_;
};

TEST_F(VolumeKeysTest, WhatIsMadeOpensForItsOwnerOnly) {
  for (const std::string& kms_key : {std::string(), key_->arn}) {
    const auto made = make(kms_key);
    EXPECT_EQ(made.key.kms_key, kms_key);
    EXPECT_EQ(made.plain.size(), process::kFolderKeyBytes);
    EXPECT_NE(make(kms_key).plain, made.plain);
    const auto kept = api::sagemaker::volume_key_from_json(to_json(made.key));
    EXPECT_EQ(open(kept), made.plain);
    EXPECT_THAT(refusal([&] { open(kept, kOther); }), HasSubstr("InvalidCiphertextException"));
    SealedVolumeKey damaged = kept;
    damaged.sealed[damaged.sealed.size() / 2] ^= 1;
    EXPECT_THAT(refusal([&] { open(damaged); }), HasSubstr("Exception"));
    EXPECT_THAT(refusal([&] { open({.kms_key = kms_key, .sealed = ""}); }), HasSubstr("Exception"));
  }
}

TEST_F(VolumeKeysTest, TheStateOfTheKeyDecides) {
  const auto made = make(key_->arn);
  state("Disabled");
  EXPECT_EQ(refusal([&] { open(made.key); }), "DisabledException: " + key_->arn + " is disabled.");
  EXPECT_THAT(refusal([&] { make(key_->arn); }), HasSubstr("DisabledException"));
  state("PendingDeletion");
  EXPECT_EQ(refusal([&] { open(made.key); }),
            "KMSInvalidStateException: " + key_->arn + " is pending deletion.");
  state("Enabled");
  EXPECT_EQ(open(made.key), made.plain);
}

TEST_F(VolumeKeysTest, TheRightsOfTheRoleDecide) {
  const auto made = make(key_->arn);
  may("[\"kms:GenerateDataKey\"]");
  EXPECT_THAT(refusal([&] { open(made.key); }),
              testing::AllOf(HasSubstr("AccessDeniedException"), HasSubstr("kms:Decrypt")));
  may("[\"kms:Decrypt\"]");
  EXPECT_EQ(open(made.key), made.plain);
  EXPECT_THAT(refusal([&] { make(key_->arn); }), HasSubstr("AccessDeniedException"));
  roles_.remove(role_.account, role_.name);
  EXPECT_THAT(refusal([&] { open(made.key); }), HasSubstr("Could not assume role"));
}

TEST_F(VolumeKeysTest, TheKeyPolicyMayInsistOnTheOwner) {
  const auto policy = [&](const std::string& owner) {
    kms_keys_.update(key_->id, [&](keys::KmsKey& key) {
      key.policy = std::make_shared<const std::string>(
          R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
          role_.arn + R"("},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{)" +
          R"("kms:EncryptionContext:aws:sagemaker:notebook-instance-arn":")" + owner + R"("}}}]})");
      return true;
    });
  };
  policy(kOwner);
  const auto made = make(key_->arn);
  EXPECT_EQ(open(made.key), made.plain);
  policy(kOther);
  EXPECT_THAT(refusal([&] { open(made.key); }), HasSubstr("AccessDeniedException"));
}

TEST_F(VolumeKeysTest, UsesOfAKeyStandInTheAuditLogWithoutIt) {
  const auto made = make(key_->arn);
  open(made.key);
  state("Disabled");
  refusal([&] { open(made.key); });
  const std::string log = audit_log();
  EXPECT_THAT(log, HasSubstr("\"GenerateDataKey\""));
  EXPECT_THAT(log, HasSubstr("\"Decrypt\""));
  EXPECT_THAT(log, HasSubstr("DisabledException"));
  EXPECT_THAT(log, HasSubstr("assumed-role/Notebooks/SageMaker"));
  EXPECT_THAT(log, HasSubstr(kOwner));
  EXPECT_THAT(log, testing::Not(HasSubstr(made.key.sealed.substr(0, 40))));
}

}  // namespace
}  // namespace clary::server
