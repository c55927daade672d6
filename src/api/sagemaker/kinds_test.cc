#include "api/sagemaker/kind.h"

#include <set>

#include "api/sagemaker/resources.h"
#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

using KindsTest = SageMakerTest;

// A declaration that does not fit the service model would fail at the first request only.
TEST_F(KindsTest, DeclarationsFitTheServiceModel) {
  for (const Kind& kind : all_kinds()) {
    SCOPED_TRACE(std::string(kind.kind));
    const KindOperations& names = kind.operations;
    for (auto name : {names.create, names.describe, names.update, names.remove, names.list}) {
      if (!name.empty()) EXPECT_NE(model.find_operation(name), nullptr) << name;
    }
    const wire::Operation* create = model.find_operation(names.create);
    const wire::Operation* describe = model.find_operation(names.describe);
    const wire::Operation* list = model.find_operation(names.list);
    ASSERT_TRUE(create && describe && list);
    if (!kind.name_member.empty()) {
      EXPECT_NE(create->input->find_member(kind.name_member), nullptr);
      EXPECT_NE(describe->output->find_member(kind.name_member), nullptr);
    }
    EXPECT_NE(describe->output->find_member(kind.arn_member), nullptr);
    EXPECT_NE(create->output->find_member(kind.arn_member), nullptr);
    if (!kind.status_member.empty()) {
      EXPECT_NE(describe->output->find_member(kind.status_member), nullptr);
    }
    for (const EqualsFilter& filter : kind.filters) {
      EXPECT_NE(list->input->find_member(filter.input_member), nullptr) << filter.input_member;
    }
    const wire::Shape& summary = *page_member(*list).shape->element.shape;
    for (const SummaryMember& member : kind.summary) {
      EXPECT_NE(summary.find_member(member.summary), nullptr) << member.summary;
    }
  }
}

TEST_F(KindsTest, EveryOperationIsInTheModelAndListedOnce) {
  std::set<std::string_view> seen;
  for (const OperationEntry& entry : service.operations()) {
    EXPECT_NE(model.find_operation(entry.name), nullptr) << entry.name;
    EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(entry.plain) << entry.name;
  }
  EXPECT_GT(seen.size(), 100u);
}

TEST_F(KindsTest, CreateDescribeUpdateDeleteOfADeclaredKind) {
  const json::object created =
      call("CreateExperiment", {{"ExperimentName", "Churn"},
                                {"Description", "first"},
                                {"Tags", {{{"Key", "team"}, {"Value", "a"}}}}});
  EXPECT_EQ(created.at("ExperimentArn"),
            "arn:aws:sagemaker:us-west-2:000000000000:experiment/churn");
  clock.advance(std::chrono::seconds(5));
  call("UpdateExperiment", {{"ExperimentName", "Churn"}, {"DisplayName", "Shown"}});
  const json::object shown = call("DescribeExperiment", {{"ExperimentName", "Churn"}});
  EXPECT_EQ(shown.at("Description"), "first");
  EXPECT_EQ(shown.at("DisplayName"), "Shown");
  EXPECT_EQ(shown.at("CreationTime"), 1'790'000'000.0);
  EXPECT_EQ(shown.at("LastModifiedTime"), 1'790'000'005.0);
  EXPECT_EQ(at_path(shown, "CreatedBy.IamIdentity.Arn")->as_string(), principal.arn);
  EXPECT_FALSE(shown.contains("Tags"));
  EXPECT_EQ(error_of("CreateExperiment", {{"ExperimentName", "Churn"}}),
            "ValidationException: Experiment names must be unique within an AWS account and "
            "region. Experiment with name (Churn) already exists.");
  call("DeleteExperiment", {{"ExperimentName", "Churn"}});
  EXPECT_EQ(error_of("DescribeExperiment", {{"ExperimentName", "Churn"}}),
            "ResourceNotFound: Experiment 'Churn' does not exist.");
}

TEST_F(KindsTest, ListsFilterSortAndPage) {
  for (auto name : {"alpha", "beta", "gamma", "betamax"}) {
    call("CreateContext", {{"ContextName", name},
                           {"ContextType", name[0] == 'b' ? "B" : "Other"},
                           {"Source", {{"SourceUri", std::string("s3://b/") + name}}}});
    clock.advance(std::chrono::seconds(1));
  }
  auto names = [&](const json::object& input) {
    std::vector<std::string> result;
    const json::object output = call("ListContexts", input);
    for (const json::value& entry : output.at("ContextSummaries").as_array()) {
      result.push_back(string_or(entry.as_object(), "ContextName"));
    }
    return result;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{"betamax", "gamma", "beta", "alpha"}));
  EXPECT_EQ(names({{"SortBy", "Name"}, {"SortOrder", "Ascending"}}),
            (Names{"alpha", "beta", "betamax", "gamma"}));
  EXPECT_EQ(names({{"ContextType", "B"}}), (Names{"betamax", "beta"}));
  EXPECT_EQ(names({{"SourceUri", "s3://b/gamma"}}), Names{"gamma"});
  EXPECT_EQ(names({{"CreatedAfter", 1'790'000'001.5}}), (Names{"betamax", "gamma"}));
  const json::object first = call("ListContexts", {{"MaxResults", 3}});
  EXPECT_EQ(first.at("ContextSummaries").as_array().size(), 3u);
  EXPECT_EQ(names({{"MaxResults", 3}, {"NextToken", first.at("NextToken")}}), Names{"alpha"});
  EXPECT_EQ(error_of("ListContexts", {{"NextToken", "nonsense"}}),
            "ValidationException: The NextToken given is not valid.");
  const json::object& summary = first.at("ContextSummaries").as_array()[0].as_object();
  EXPECT_FALSE(summary.contains("CreatedBy"));
  EXPECT_TRUE(summary.contains("LastModifiedTime"));
}

TEST_F(KindsTest, UpdateMergesAndRemoves) {
  call("CreateTrialComponent",
       {{"TrialComponentName", "run"}, {"Parameters", {{"eta", {{"NumberValue", 0.1}}}}}});
  call("UpdateTrialComponent",
       {{"TrialComponentName", "run"}, {"Parameters", {{"depth", {{"NumberValue", 6}}}}}});
  json::object shown = call("DescribeTrialComponent", {{"TrialComponentName", "run"}});
  EXPECT_EQ(shown.at("Parameters").as_object().size(), 2u);
  call("UpdateTrialComponent",
       {{"TrialComponentName", "run"}, {"ParametersToRemove", json::array{"eta"}}});
  shown = call("DescribeTrialComponent", {{"TrialComponentName", shown.at("TrialComponentArn")}});
  EXPECT_EQ(shown.at("Parameters").as_object().size(), 1u);
  EXPECT_FALSE(shown.contains("ParametersToRemove"));
}

TEST_F(KindsTest, TagsFollowTheResource) {
  const json::object created =
      call("CreateCodeRepository", {{"CodeRepositoryName", "repo"},
                                    {"GitConfig", {{"RepositoryUrl", "https://git.test/r.git"}}}});
  const json::value arn = created.at("CodeRepositoryArn");
  call("AddTags", {{"ResourceArn", arn},
                   {"Tags", {{{"Key", "a"}, {"Value", "1"}}, {{"Key", "b"}, {"Value", "2"}}}}});
  call("DeleteTags", {{"ResourceArn", arn}, {"TagKeys", json::array{"a"}}});
  const json::object listed = call("ListTags", {{"ResourceArn", arn}});
  ASSERT_EQ(listed.at("Tags").as_array().size(), 1u);
  EXPECT_EQ(listed.at("Tags").as_array()[0].at("Value"), "2");
  EXPECT_TRUE(error_of("ListTags", {{"ResourceArn",
                                     "arn:aws:sagemaker:us-west-2:000000000000:"
                                     "code-repository/none"}})
                  .starts_with("ResourceNotFound: "));
}

}  // namespace
}  // namespace clary::api::sagemaker
