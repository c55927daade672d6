// S3 with the real authorizer and two accounts, for tests of who may do what.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/s3/request.h"
#include "api/s3/s3_fixture.h"
#include "identity/policy_authorizer.h"

namespace clary::api::s3 {

// Users by name, each with one policy.
class UsersOfTests final : public identity::PrincipalPolicies {
 public:
  std::optional<identity::PrincipalPolicySet> of(const identity::Principal& principal) override {
    const auto found = policies.find(principal.name);
    if (found == policies.end()) return std::nullopt;
    auto parsed = identity::parse_policy(found->second, identity::PolicyKind::kIdentity);
    EXPECT_TRUE(parsed) << parsed.error();
    identity::PrincipalPolicySet set;
    set.principal_arn = principal.arn;
    set.identity = {{principal.name, std::make_shared<const identity::Policy>(std::move(*parsed))}};
    return set;
  }
  std::optional<identity::NamedPolicy> managed(std::string_view) override { return std::nullopt; }
  std::uint64_t stamp() const override { return policies.size(); }

  std::map<std::string, std::string> policies;
};

class AccessFixture : public S3Fixture {
 protected:
  static constexpr const char* kOwner = "000000000000";
  static constexpr const char* kOther = "111122223333";

  AccessFixture() { authorizer_ = &deciding_; }

  void as_root(const std::string& account) {
    account_ = account;
    principal_ = {};
    principal_.account = account;
    principal_.arn = "arn:aws:iam::" + account + ":root";
  }
  // A user with one statement; without `actions`, with no policy at all.
  void as_user(const std::string& account, const std::string& name, const std::string& actions = "",
               const std::string& resource = "*") {
    as_root(account);
    principal_.kind = identity::Principal::Kind::kUser;
    principal_.name = name;
    principal_.user_id = "AIDA" + name;
    principal_.arn = "arn:aws:iam::" + account + ":user/" + name;
    users_.policies[name] = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[)" +
                            (actions.empty() ? "\"none:Nothing\"" : actions) + R"(],"Resource":")" +
                            resource + R"("}]})";
  }
  void as_anonymous() {
    account_ = "";
    principal_ = {};
    principal_.kind = identity::Principal::Kind::kAnonymous;
    principal_.arn = "anonymous";
  }
  // One statement of a bucket policy.
  static std::string statement(const std::string& effect, const std::string& principal,
                               const std::string& action, const std::string& resource,
                               const std::string& condition = "") {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + effect + R"(","Principal":)" +
           principal + R"(,"Action":")" + action + R"(","Resource":"arn:aws:s3:::)" + resource +
           "\"" + (condition.empty() ? "" : ",\"Condition\":" + condition) + "}]}";
  }
  Answer set_policy(const std::string& text) { return send("PUT", "/bucket?policy", {}, text); }
  void open_to_public() { EXPECT_EQ(send("DELETE", "/bucket?publicAccessBlock").status, 204U); }
  void use_acls(const std::string& ownership = "ObjectWriter") {
    const auto set = send("PUT", "/bucket?ownershipControls", {},
                          "<OwnershipControls><Rule><ObjectOwnership>" + ownership +
                              "</ObjectOwnership></Rule></OwnershipControls>");
    EXPECT_EQ(set.status, 200U) << set.body;
  }
  static std::string id_of(const std::string& account) {
    return std::string(owner_of(account).at("ID").as_string());
  }

  UsersOfTests users_;
  identity::PolicyAuthorizer deciding_{users_};
};

}  // namespace clary::api::s3
