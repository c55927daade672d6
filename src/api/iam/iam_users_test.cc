#include "api/iam/iam_fixture.h"

namespace clary::api {
namespace {

class IamUsersTest : public IamTest {
 protected:
  void make_user(std::string_view name) { caller_.call("CreateUser", {{"UserName", name}}); }
  void make_group(std::string_view name) { caller_.call("CreateGroup", {{"GroupName", name}}); }
  std::size_t count(std::string_view operation, std::string_view list, json::object input = {}) {
    return find_array(caller_.call(operation, input), list)->size();
  }
};

TEST_F(IamUsersTest, AUsersLife) {
  const auto made =
      caller_.call("CreateUser", {{"UserName", "Ann"},
                                  {"Path", "/team/"},
                                  {"Tags", json::array{{{"Key", "a"}, {"Value", "b"}}}}});
  const json::object& user = *find_object(made, "User");
  EXPECT_EQ(string_or(user, "Arn"), "arn:aws:iam::000000000000:user/team/Ann");
  EXPECT_TRUE(string_or(user, "UserId").starts_with("AIDA"));
  EXPECT_EQ(caller_.error("CreateUser", {{"UserName", "ann"}}),
            "EntityAlreadyExists: User with name ann already exists.");
  EXPECT_EQ(caller_.error("GetUser", {{"UserName", "Bob"}}),
            "NoSuchEntity: The user with name Bob cannot be found.");
  EXPECT_EQ(count("ListUsers", "Users", {{"PathPrefix", "/team/"}}), 1U);
  EXPECT_EQ(count("ListUsers", "Users", {{"PathPrefix", "/other/"}}), 0U);
  make_user("Bob");
  EXPECT_EQ(caller_.error("UpdateUser", {{"UserName", "Bob"}, {"NewUserName", "ANN"}}),
            "EntityAlreadyExists: User with name ANN already exists.");
  caller_.call("TagUser",
               {{"UserName", "Ann"}, {"Tags", json::array{{{"Key", "c"}, {"Value", "d"}}}}});
  EXPECT_EQ(count("ListUserTags", "Tags", {{"UserName", "Ann"}}), 2U);
  caller_.call("UntagUser", {{"UserName", "Ann"}, {"TagKeys", json::array{"a"}}});
  EXPECT_EQ(count("ListUserTags", "Tags", {{"UserName", "Ann"}}), 1U);
  caller_.call("DeleteUser", {{"UserName", "Ann"}});
  EXPECT_EQ(caller_.error("DeleteUser", {{"UserName", "Ann"}}),
            "NoSuchEntity: The user with name Ann cannot be found.");
}

TEST_F(IamUsersTest, KeysFollowTheirUser) {
  make_user("Ann");
  const auto made = caller_.call("CreateAccessKey", {{"UserName", "Ann"}});
  const std::string id = string_or(*find_object(made, "AccessKey"), "AccessKeyId");
  EXPECT_EQ(credentials_.find(id)->principal->arn, "arn:aws:iam::000000000000:user/Ann");
  const auto unused = caller_.call("GetAccessKeyLastUsed", {{"AccessKeyId", id}});
  EXPECT_EQ(string_or(*find_object(unused, "AccessKeyLastUsed"), "ServiceName"), "N/A");
  credentials_.note_use(*credentials_.find(id), "s3", "us-east-1");
  const auto used = caller_.call("GetAccessKeyLastUsed", {{"AccessKeyId", id}});
  EXPECT_EQ(string_or(*find_object(used, "AccessKeyLastUsed"), "ServiceName"), "s3");
  EXPECT_EQ(string_or(used, "UserName"), "Ann");

  caller_.call("UpdateUser", {{"UserName", "Ann"}, {"NewUserName", "Anna"}});
  EXPECT_EQ(credentials_.find(id)->principal->name, "Anna");
  EXPECT_EQ(count("ListAccessKeys", "AccessKeyMetadata", {{"UserName", "Anna"}}), 1U);
  caller_.call("CreateAccessKey", {{"UserName", "Anna"}});
  EXPECT_EQ(caller_.error("CreateAccessKey", {{"UserName", "Anna"}}),
            "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
  caller_.call("UpdateAccessKey",
               {{"UserName", "Anna"}, {"AccessKeyId", id}, {"Status", "Inactive"}});
  EXPECT_FALSE(credentials_.find(id)->active);
  EXPECT_EQ(caller_.error("DeleteUser", {{"UserName", "Anna"}}),
            "DeleteConflict: Cannot delete entity, must delete access keys first.");
  make_user("Bob");
  EXPECT_EQ(caller_.error("DeleteAccessKey", {{"UserName", "Bob"}, {"AccessKeyId", id}}),
            "NoSuchEntity: The Access Key with id " + id + " cannot be found.");
  caller_.call("DeleteAccessKey", {{"UserName", "Anna"}, {"AccessKeyId", id}});
  EXPECT_EQ(credentials_.find(id), nullptr);
}

TEST_F(IamUsersTest, GroupsAndTheirMembers) {
  make_user("Ann");
  make_group("Data");
  EXPECT_EQ(caller_.error("CreateGroup", {{"GroupName", "data"}}),
            "EntityAlreadyExists: Group with name data already exists.");
  const json::object both = {{"UserName", "Ann"}, {"GroupName", "Data"}};
  caller_.call("AddUserToGroup", both);
  caller_.call("AddUserToGroup", both);
  EXPECT_EQ(count("GetGroup", "Users", {{"GroupName", "Data"}}), 1U);
  EXPECT_EQ(count("ListGroupsForUser", "Groups", {{"UserName", "Ann"}}), 1U);
  caller_.call("UpdateGroup", {{"GroupName", "Data"}, {"NewGroupName", "People"}});
  EXPECT_EQ(count("GetGroup", "Users", {{"GroupName", "People"}}), 1U);
  EXPECT_EQ(caller_.error("DeleteGroup", {{"GroupName", "People"}}),
            "DeleteConflict: Cannot delete entity, must remove users from group first.");
  EXPECT_EQ(caller_.error("DeleteUser", {{"UserName", "Ann"}}),
            "DeleteConflict: Cannot delete entity, must remove users from group first.");
  const json::object leave = {{"UserName", "Ann"}, {"GroupName", "People"}};
  caller_.call("RemoveUserFromGroup", leave);
  EXPECT_TRUE(caller_.error("RemoveUserFromGroup", leave).starts_with("NoSuchEntity"));
  caller_.call("DeleteGroup", {{"GroupName", "People"}});
  for (int i = 0; i < 11; ++i) {
    const std::string name = "g" + std::to_string(i);
    make_group(name);
    const json::object add = {{"UserName", "Ann"}, {"GroupName", name}};
    if (i < 10) {
      caller_.call("AddUserToGroup", add);
    } else {
      EXPECT_EQ(caller_.error("AddUserToGroup", add),
                "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10");
    }
  }
}

TEST_F(IamUsersTest, PoliciesAndBoundariesOfEveryKindOfEntity) {
  make_user("Ann");
  make_group("Data");
  make_role("Trainer");
  const std::string arn = string_or(
      *find_object(
          caller_.call("CreatePolicy", {{"PolicyName", "Read"}, {"PolicyDocument", kReadData}}),
          "Policy"),
      "Arn");
  caller_.call("AttachUserPolicy", {{"UserName", "Ann"}, {"PolicyArn", arn}});
  caller_.call("AttachGroupPolicy", {{"GroupName", "Data"}, {"PolicyArn", arn}});
  caller_.call("PutRolePermissionsBoundary",
               {{"RoleName", "Trainer"}, {"PermissionsBoundary", arn}});
  caller_.call("PutUserPolicy",
               {{"UserName", "Ann"}, {"PolicyName", "p"}, {"PolicyDocument", kReadData}});
  caller_.call("PutGroupPolicy",
               {{"GroupName", "Data"}, {"PolicyName", "p"}, {"PolicyDocument", kReadData}});
  EXPECT_EQ(count("ListUserPolicies", "PolicyNames", {{"UserName", "Ann"}}), 1U);
  EXPECT_EQ(caller_.error("GetGroupPolicy", {{"GroupName", "Data"}, {"PolicyName", "q"}}),
            "NoSuchEntity: The group policy with name q cannot be found.");
  const auto entities = caller_.call("ListEntitiesForPolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(find_array(entities, "PolicyUsers")->size(), 1U);
  EXPECT_EQ(find_array(entities, "PolicyGroups")->size(), 1U);
  EXPECT_EQ(find_array(entities, "PolicyRoles")->size(), 1U);
  EXPECT_EQ(count("ListEntitiesForPolicy", "PolicyRoles",
                  {{"PolicyArn", arn}, {"PolicyUsageFilter", "PermissionsPolicy"}}),
            0U);
  const auto policy = caller_.call("GetPolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(find_int(*find_object(policy, "Policy"), "AttachmentCount"), 2);
  EXPECT_EQ(find_int(*find_object(policy, "Policy"), "PermissionsBoundaryUsageCount"), 1);
  const auto role = caller_.call("GetRole", {{"RoleName", "Trainer"}});
  EXPECT_EQ(string_or(*find_object(*find_object(role, "Role"), "PermissionsBoundary"),
                      "PermissionsBoundaryArn"),
            arn);
  EXPECT_EQ(caller_.error("PutUserPermissionsBoundary",
                          {{"UserName", "Ann"}, {"PermissionsBoundary", arn + "x"}}),
            "NoSuchEntity: Scope ARN: " + arn + "x does not exist or is not attachable.");
  const auto details = caller_.call("GetAccountAuthorizationDetails");
  EXPECT_EQ(find_array(details, "UserDetailList")->size(), 1U);
  EXPECT_EQ(find_array(details, "GroupDetailList")->size(), 1U);
  EXPECT_EQ(find_array(details, "RoleDetailList")->size(), 1U);
  EXPECT_EQ(find_array(details, "Policies")->size(), 1U);
  const auto page = caller_.call("GetAccountAuthorizationDetails", {{"MaxItems", 2}});
  EXPECT_EQ(find_bool(page, "IsTruncated"), true);
  for (int i = 0; i < 10; ++i) {
    const std::string name = "p" + std::to_string(i);
    const auto more =
        caller_.call("CreatePolicy", {{"PolicyName", name}, {"PolicyDocument", kReadData}});
    const json::object attach = {{"UserName", "Ann"},
                                 {"PolicyArn", string_or(*find_object(more, "Policy"), "Arn")}};
    if (i < 9) {
      caller_.call("AttachUserPolicy", attach);
    } else {
      EXPECT_EQ(caller_.error("AttachUserPolicy", attach),
                "LimitExceeded: Cannot exceed quota for PoliciesPerUser: 10");
    }
  }
}

TEST_F(IamUsersTest, InstanceProfilesHoldOneRole) {
  make_role("Trainer");
  make_role("Other");
  caller_.call("CreateInstanceProfile", {{"InstanceProfileName", "Machine"}});
  caller_.call("AddRoleToInstanceProfile",
               {{"InstanceProfileName", "Machine"}, {"RoleName", "Trainer"}});
  EXPECT_TRUE(caller_
                  .error("AddRoleToInstanceProfile",
                         {{"InstanceProfileName", "Machine"}, {"RoleName", "Other"}})
                  .starts_with("LimitExceeded"));
  EXPECT_EQ(count("ListInstanceProfilesForRole", "InstanceProfiles", {{"RoleName", "Trainer"}}),
            1U);
  EXPECT_TRUE(caller_.error("DeleteRole", {{"RoleName", "Trainer"}}).starts_with("DeleteConflict"));
  EXPECT_TRUE(caller_.error("DeleteInstanceProfile", {{"InstanceProfileName", "Machine"}})
                  .starts_with("DeleteConflict"));
  caller_.call("RemoveRoleFromInstanceProfile",
               {{"InstanceProfileName", "Machine"}, {"RoleName", "Trainer"}});
  caller_.call("DeleteInstanceProfile", {{"InstanceProfileName", "Machine"}});
  caller_.call("DeleteRole", {{"RoleName", "Trainer"}});
}

TEST_F(IamUsersTest, TheAccount) {
  caller_.call("CreateAccountAlias", {{"AccountAlias", "lab"}});
  EXPECT_EQ(count("ListAccountAliases", "AccountAliases"), 1U);
  EXPECT_TRUE(
      caller_.error("DeleteAccountAlias", {{"AccountAlias", "other"}}).starts_with("NoSuchEntity"));
  caller_.call("DeleteAccountAlias", {{"AccountAlias", "lab"}});
  make_user("Ann");
  const auto summary = caller_.call("GetAccountSummary");
  EXPECT_EQ(find_int(*find_object(summary, "SummaryMap"), "Users"), 1);
  const auto linked =
      caller_.call("CreateServiceLinkedRole", {{"AWSServiceName", "sagemaker.amazonaws.com"}});
  const std::string name = string_or(*find_object(linked, "Role"), "RoleName");
  EXPECT_EQ(name, "AWSServiceRoleForSagemaker");
  EXPECT_TRUE(caller_.error("DeleteRole", {{"RoleName", name}}).starts_with("UnmodifiableEntity"));
  const auto task = caller_.call("DeleteServiceLinkedRole", {{"RoleName", name}});
  EXPECT_EQ(string_or(caller_.call("GetServiceLinkedRoleDeletionStatus",
                                   {{"DeletionTaskId", string_or(task, "DeletionTaskId")}}),
                      "Status"),
            "SUCCEEDED");
}

TEST_F(IamUsersTest, PasswordsKeepToThePolicyOfTheAccount) {
  make_user("Ann");
  EXPECT_EQ(caller_.error("GetAccountPasswordPolicy"),
            "NoSuchEntity: The Password Policy with domain name 000000000000 cannot be found.");
  const std::string violation =
      "PasswordPolicyViolation: Password does not conform to the account password policy.";
  EXPECT_EQ(caller_.error("CreateLoginProfile", {{"UserName", "Ann"}, {"Password", "password"}}),
            violation);
  caller_.call("CreateLoginProfile",
               {{"UserName", "Ann"}, {"Password", "Passw0rd"}, {"PasswordResetRequired", true}});
  EXPECT_EQ(caller_.error("CreateLoginProfile", {{"UserName", "Ann"}, {"Password", "Passw0rd"}}),
            "EntityAlreadyExists: Login Profile for user Ann already exists.");
  caller_.call(
      "UpdateAccountPasswordPolicy",
      {{"MinimumPasswordLength", 12}, {"RequireSymbols", true}, {"PasswordReusePrevention", 2}});
  EXPECT_EQ(caller_.error("UpdateLoginProfile", {{"UserName", "Ann"}, {"Password", "Passw0rd"}}),
            violation);

  caller_.principal.kind = identity::Principal::Kind::kUser;
  caller_.principal.name = "Ann";
  EXPECT_EQ(caller_.error("ChangePassword",
                          {{"OldPassword", "wrong"}, {"NewPassword", "Longer-Passw0rd"}}),
            "AccessDenied: The old password was incorrect.");
  caller_.call("ChangePassword", {{"OldPassword", "Passw0rd"}, {"NewPassword", "Longer-Passw0rd"}});
  EXPECT_EQ(find_bool(*find_object(caller_.call("GetLoginProfile"), "LoginProfile"),
                      "PasswordResetRequired"),
            false);
  EXPECT_EQ(caller_.error("ChangePassword",
                          {{"OldPassword", "Longer-Passw0rd"}, {"NewPassword", "Longer-Passw0rd"}}),
            "PasswordPolicyViolation: Password has been used recently. Choose another one.");
  EXPECT_EQ(caller_.error("DeleteUser", {{"UserName", "Ann"}}),
            "DeleteConflict: Cannot delete entity, must delete login profile first.");
  caller_.call("DeleteLoginProfile");
  caller_.call("DeleteUser", {{"UserName", "Ann"}});
}

TEST_F(IamUsersTest, IdentityProviders) {
  const auto made = caller_.call(
      "CreateOpenIDConnectProvider",
      {{"Url", "https://id.example.com/team"}, {"ClientIDList", json::array{"clary"}}});
  const std::string arn = string_or(made, "OpenIDConnectProviderArn");
  EXPECT_EQ(arn, "arn:aws:iam::000000000000:oidc-provider/id.example.com/team");
  EXPECT_TRUE(caller_.error("CreateOpenIDConnectProvider", {{"Url", "https://id.example.com/team"}})
                  .starts_with("EntityAlreadyExists"));
  EXPECT_TRUE(caller_.error("CreateOpenIDConnectProvider", {{"Url", "http://id.example.com"}})
                  .starts_with("InvalidInput"));
  const json::object which = {{"OpenIDConnectProviderArn", arn}};
  json::object client = which;
  client["ClientID"] = "other";
  caller_.call("AddClientIDToOpenIDConnectProvider", client);
  EXPECT_EQ(count("GetOpenIDConnectProvider", "ClientIDList", which), 2U);
  caller_.call("DeleteOpenIDConnectProvider", which);
  EXPECT_TRUE(caller_.error("GetOpenIDConnectProvider", which).starts_with("NoSuchEntity"));
}

TEST_F(IamUsersTest, AccountsDoNotSeeEachOther) {
  make_user("Ann");
  make_role("Trainer");
  make_group("Data");
  const auto key = caller_.call("CreateAccessKey", {{"UserName", "Ann"}});
  const std::string id = string_or(*find_object(key, "AccessKey"), "AccessKeyId");
  const std::string policy = string_or(
      *find_object(
          caller_.call("CreatePolicy", {{"PolicyName", "Read"}, {"PolicyDocument", kReadData}}),
          "Policy"),
      "Arn");
  caller_.principal.account = "111111111111";
  for (const auto& [operation, list] :
       {std::pair{"ListUsers", "Users"}, {"ListRoles", "Roles"}, {"ListGroups", "Groups"}}) {
    EXPECT_EQ(count(operation, list), 0U);
  }
  EXPECT_EQ(count("ListPolicies", "Policies", {{"Scope", "Local"}}), 0U);
  for (const std::string& error : {caller_.error("GetUser", {{"UserName", "Ann"}}),
                                   caller_.error("GetRole", {{"RoleName", "Trainer"}}),
                                   caller_.error("GetGroup", {{"GroupName", "Data"}}),
                                   caller_.error("GetPolicy", {{"PolicyArn", policy}}),
                                   caller_.error("GetAccessKeyLastUsed", {{"AccessKeyId", id}})}) {
    EXPECT_TRUE(error.starts_with("NoSuchEntity")) << error;
  }
}

}  // namespace
}  // namespace clary::api
