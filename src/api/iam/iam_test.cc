#include "api/iam/iam_fixture.h"

namespace clary::api {
namespace {

TEST_F(IamTest, ARolesLife) {
  const json::object made = make_role("Trainer");
  EXPECT_EQ(string_or(made, "Arn"), "arn:aws:iam::000000000000:role/Trainer");
  EXPECT_EQ(uri_decode(string_or(made, "AssumeRolePolicyDocument")), kTrust);
  EXPECT_EQ(
      caller_.error("CreateRole", {{"RoleName", "Trainer"}, {"AssumeRolePolicyDocument", kTrust}}),
      "EntityAlreadyExists: Role with name Trainer already exists.");
  EXPECT_EQ(caller_.error("CreateRole", {{"RoleName", "Bad"}, {"AssumeRolePolicyDocument", "{}"}}),
            "MalformedPolicyDocument: Syntax errors in policy.");
  EXPECT_EQ(caller_.error("GetRole", {{"RoleName", "Nobody"}}),
            "NoSuchEntity: The role with name Nobody cannot be found.");
  caller_.call("UpdateRole", {{"RoleName", "Trainer"}, {"Description", "trains"}});
  caller_.call("TagRole",
               {{"RoleName", "Trainer"}, {"Tags", json::array{{{"Key", "team"}, {"Value", "a"}}}}});
  const json::object role =
      *find_object(caller_.call("GetRole", {{"RoleName", "Trainer"}}), "Role");
  EXPECT_EQ(string_or(role, "Description"), "trains");
  EXPECT_EQ(find_array(role, "Tags")->size(), 1U);
  EXPECT_EQ(find_array(caller_.call("ListRoleTags", {{"RoleName", "Trainer"}}), "Tags")->size(),
            1U);
  caller_.call("UntagRole", {{"RoleName", "Trainer"}, {"TagKeys", json::array{"team"}}});
  EXPECT_EQ(caller_.error("UpdateAssumeRolePolicy",
                          {{"RoleName", "Trainer"}, {"PolicyDocument", kReadData}}),
            "MalformedPolicyDocument: Missing required field Principal");
  caller_.call("DeleteRole", {{"RoleName", "Trainer"}});
  EXPECT_EQ(caller_.error("DeleteRole", {{"RoleName", "Trainer"}}),
            "NoSuchEntity: The role with name Trainer cannot be found.");
}

TEST_F(IamTest, PoliciesOnARole) {
  make_role("Trainer");
  const json::object attach = {{"RoleName", "Trainer"},
                               {"PolicyArn", "arn:aws:iam::aws:policy/AmazonS3FullAccess"}};
  caller_.call("AttachRolePolicy", attach);
  caller_.call("AttachRolePolicy", attach);
  const auto attached = caller_.call("ListAttachedRolePolicies", {{"RoleName", "Trainer"}});
  ASSERT_EQ(find_array(attached, "AttachedPolicies")->size(), 1U);
  EXPECT_EQ(caller_.error("AttachRolePolicy",
                          {{"RoleName", "Trainer"}, {"PolicyArn", "arn:aws:iam::aws:policy/None"}}),
            "NoSuchEntity: Policy arn:aws:iam::aws:policy/None does not exist or is not "
            "attachable.");
  EXPECT_EQ(caller_.error("DeleteRole", {{"RoleName", "Trainer"}}),
            "DeleteConflict: Cannot delete entity, must detach all policies first.");
  caller_.call("DetachRolePolicy", attach);
  EXPECT_EQ(caller_.error("DetachRolePolicy", attach),
            "NoSuchEntity: Policy arn:aws:iam::aws:policy/AmazonS3FullAccess was not found.");
  caller_.call("PutRolePolicy",
               {{"RoleName", "Trainer"}, {"PolicyName", "read"}, {"PolicyDocument", kReadData}});
  const auto read =
      caller_.call("GetRolePolicy", {{"RoleName", "Trainer"}, {"PolicyName", "read"}});
  EXPECT_EQ(uri_decode(string_or(read, "PolicyDocument")), kReadData);
  EXPECT_EQ(caller_.error("DeleteRole", {{"RoleName", "Trainer"}}),
            "DeleteConflict: Cannot delete entity, must delete policies first.");
  EXPECT_EQ(find_array(caller_.call("ListRolePolicies", {{"RoleName", "Trainer"}}), "PolicyNames")
                ->size(),
            1U);
  caller_.call("DeleteRolePolicy", {{"RoleName", "Trainer"}, {"PolicyName", "read"}});
  EXPECT_EQ(caller_.error("GetRolePolicy", {{"RoleName", "Trainer"}, {"PolicyName", "read"}}),
            "NoSuchEntity: The role policy with name read cannot be found.");
}

TEST_F(IamTest, ListsArePaged) {
  for (const char* name : {"c", "a", "b"}) make_role(name);
  const auto first = caller_.call("ListRoles", {{"MaxItems", 2}});
  EXPECT_EQ(find_array(first, "Roles")->size(), 2U);
  EXPECT_EQ(find_bool(first, "IsTruncated"), true);
  const auto second =
      caller_.call("ListRoles", {{"MaxItems", 2}, {"Marker", string_or(first, "Marker")}});
  ASSERT_EQ(find_array(second, "Roles")->size(), 1U);
  EXPECT_EQ(string_or(find_array(second, "Roles")->at(0).as_object(), "RoleName"), "c");
  EXPECT_EQ(find_bool(second, "IsTruncated"), false);
  EXPECT_FALSE(second.contains("Marker"));
}

TEST_F(IamTest, ManagedPolicies) {
  const auto made =
      caller_.call("CreatePolicy", {{"PolicyName", "ReadData"}, {"PolicyDocument", kReadData}});
  const std::string arn = string_or(*find_object(made, "Policy"), "Arn");
  EXPECT_EQ(
      caller_.error("CreatePolicy", {{"PolicyName", "ReadData"}, {"PolicyDocument", kReadData}}),
      "EntityAlreadyExists: A policy called ReadData already exists. Duplicate names are not "
      "allowed.");
  caller_.call("CreatePolicyVersion",
               {{"PolicyArn", arn}, {"PolicyDocument", kReadData}, {"SetAsDefault", true}});
  const auto policy = *find_object(caller_.call("GetPolicy", {{"PolicyArn", arn}}), "Policy");
  EXPECT_EQ(string_or(policy, "DefaultVersionId"), "v2");
  EXPECT_EQ(caller_.error("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v2"}}),
            "DeleteConflict: Cannot delete the default version of a policy.");
  caller_.call("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v1"}});
  const auto version = caller_.call("GetPolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v2"}});
  EXPECT_EQ(uri_decode(string_or(*find_object(version, "PolicyVersion"), "Document")), kReadData);
  make_role("Trainer");
  caller_.call("AttachRolePolicy", {{"RoleName", "Trainer"}, {"PolicyArn", arn}});
  EXPECT_EQ(caller_.error("DeletePolicy", {{"PolicyArn", arn}}),
            "DeleteConflict: Cannot delete a policy attached to entities.");
  EXPECT_EQ(find_array(caller_.call("ListEntitiesForPolicy", {{"PolicyArn", arn}}), "PolicyRoles")
                ->size(),
            1U);
  EXPECT_EQ(find_array(caller_.call("ListPolicies", {{"Scope", "Local"}}), "Policies")->size(), 1U);
  EXPECT_GT(find_array(caller_.call("ListPolicies", {{"Scope", "AWS"}}), "Policies")->size(), 4U);
  EXPECT_EQ(caller_.error("GetPolicy", {{"PolicyArn", "arn:aws:iam::000000000000:policy/None"}}),
            "NoSuchEntity: Policy arn:aws:iam::000000000000:policy/None was not found.");
}

TEST_F(IamTest, SimulationEvaluatesForReal) {
  make_role("Trainer");
  caller_.call("PutRolePolicy",
               {{"RoleName", "Trainer"}, {"PolicyName", "read"}, {"PolicyDocument", kReadData}});
  const auto decisions = [&](json::object input) {
    input["PolicySourceArn"] = "arn:aws:iam::000000000000:role/Trainer";
    std::string text;
    const auto output = caller_.call("SimulatePrincipalPolicy", input);
    for (const json::value& result : *find_array(output, "EvaluationResults")) {
      text += string_or(result.as_object(), "EvalDecision") + " ";
    }
    return text;
  };
  const json::array actions = {"s3:GetObject", "s3:PutObject"};
  const json::array resources = {"arn:aws:s3:::data/x"};
  EXPECT_EQ(decisions({{"ActionNames", actions}, {"ResourceArns", resources}}),
            "implicitDeny implicitDeny ");
  const json::array context = {{{"ContextKeyName", "aws:SecureTransport"},
                                {"ContextKeyType", "boolean"},
                                {"ContextKeyValues", json::array{"true"}}}};
  EXPECT_EQ(
      decisions(
          {{"ActionNames", actions}, {"ResourceArns", resources}, {"ContextEntries", context}}),
      "allowed implicitDeny ");
  EXPECT_EQ(decisions({{"ActionNames", actions},
                       {"ResourceArns", resources},
                       {"ContextEntries", context},
                       {"PolicyInputList",
                        json::array{R"({"Version":"2012-10-17","Statement":{"Effect":"Deny",)"
                                    R"("Action":"*","Resource":"*"}})"}}}),
            "explicitDeny explicitDeny ");
  const auto page = caller_.call("SimulatePrincipalPolicy",
                                 {{"PolicySourceArn", "arn:aws:iam::000000000000:role/Trainer"},
                                  {"ActionNames", actions},
                                  {"MaxItems", 1}});
  EXPECT_EQ(find_bool(page, "IsTruncated"), true);
  EXPECT_EQ(decisions({{"ActionNames", actions}, {"Marker", string_or(page, "Marker")}}),
            "implicitDeny ");
  EXPECT_EQ(caller_.error("SimulatePrincipalPolicy",
                          {{"PolicySourceArn", "arn:aws:iam::000000000000:role/None"},
                           {"ActionNames", actions}}),
            "NoSuchEntity: The role with name None cannot be found.");
}

}  // namespace
}  // namespace clary::api
