// Experiments, lineage, the model registry, Search: what relates resources to each other.
#include "api/sagemaker/search_expression.h"
#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

using RelationsTest = SageMakerTest;

std::vector<std::string> members(const json::object& output, std::string_view list,
                                 std::string_view member) {
  std::vector<std::string> values;
  for (const json::value& entry : output.at(list).as_array()) {
    values.push_back(string_or(entry.as_object(), member));
  }
  return values;
}
using Names = std::vector<std::string>;

TEST_F(RelationsTest, TrialsAndTheirComponents) {
  EXPECT_EQ(error_of("CreateTrial", {{"TrialName", "t"}, {"ExperimentName", "none"}}),
            "ResourceNotFound: Experiment 'none' does not exist.");
  call("CreateExperiment", {{"ExperimentName", "e"}});
  for (auto trial : {"t1", "t2"})
    call("CreateTrial", {{"TrialName", trial}, {"ExperimentName", "e"}});
  for (auto component : {"a", "b", "c"}) {
    clock.advance(std::chrono::seconds(1));
    call("CreateTrialComponent", {{"TrialComponentName", component}});
  }
  for (auto [trial, component] : {std::pair{"t1", "a"}, {"t1", "b"}, {"t2", "a"}}) {
    call("AssociateTrialComponent", {{"TrialName", trial}, {"TrialComponentName", component}});
  }
  const std::string list = "TrialComponentSummaries", name = "TrialComponentName";
  EXPECT_EQ(members(call("ListTrialComponents", {{"TrialName", "t1"}}), list, name),
            (Names{"b", "a"}));
  EXPECT_EQ(
      members(call("ListTrialComponents", {{"ExperimentName", "e"}, {"SortOrder", "Ascending"}}),
              list, name),
      (Names{"a", "b"}));
  const json::object page = call("ListTrialComponents", {{"TrialName", "t1"}, {"MaxResults", 1}});
  EXPECT_EQ(members(call("ListTrialComponents",
                         {{"TrialName", "t1"}, {"NextToken", page.at("NextToken")}}),
                    list, name),
            Names{"a"});
  EXPECT_EQ(members(call("ListTrials", {{"TrialComponentName", "a"}, {"SortBy", "Name"}}),
                    "TrialSummaries", "TrialName"),
            (Names{"t2", "t1"}));
  EXPECT_TRUE(error_of("DeleteTrialComponent", {{"TrialComponentName", "a"}})
                  .starts_with("ValidationException: "));
  EXPECT_TRUE(
      error_of("DeleteExperiment", {{"ExperimentName", "e"}}).starts_with("ValidationException: "));
  call("DisassociateTrialComponent", {{"TrialName", "t2"}, {"TrialComponentName", "a"}});
  call("DeleteTrial", {{"TrialName", "t2"}});
  EXPECT_EQ(members(call("ListTrials", {{"ExperimentName", "e"}}), "TrialSummaries", "TrialName"),
            Names{"t1"});
}

TEST_F(RelationsTest, SearchFindsARunAsTheSdkAsksForIt) {
  call("CreateExperiment", {{"ExperimentName", "e"}});
  call("CreateTrial", {{"TrialName", "t"}, {"ExperimentName", "e"}});
  call("CreateTrialComponent",
       {{"TrialComponentName", "e-run"}, {"Tags", {{{"Key", "kind"}, {"Value", "run"}}}}});
  call("CreateTrialComponent", {{"TrialComponentName", "other"}});
  call("AssociateTrialComponent", {{"TrialName", "t"}, {"TrialComponentName", "e-run"}});
  auto search = [&](const json::array& filters) {
    return call("Search", {{"Resource", "ExperimentTrialComponent"},
                           {"SearchExpression", {{"Filters", filters}}}});
  };
  const json::object by_name = {
      {"Name", "TrialComponentName"}, {"Operator", "Equals"}, {"Value", "e-run"}};
  const json::object by_trial = {
      {"Name", "Parents.TrialName"}, {"Operator", "Equals"}, {"Value", "t"}};
  const json::object by_tag = {{"Name", "Tags.kind"}, {"Operator", "Equals"}, {"Value", "run"}};
  json::object output = search(json::array{by_name, by_trial, by_tag});
  ASSERT_EQ(output.at("Results").as_array().size(), 1u);
  const json::value& found = output.at("Results").as_array()[0].at("TrialComponent");
  EXPECT_EQ(found.at("TrialComponentName"), "e-run");
  EXPECT_EQ(found.at("Parents").as_array()[0].at("ExperimentName"), "e");
  json::object none = by_trial;
  none["Value"] = "u";
  output = search(json::array{by_name, none});
  EXPECT_TRUE(output.at("Results").as_array().empty());
}

TEST_F(RelationsTest, ArtifactsAndAssociations) {
  const json::object source = {{"Source", {{"SourceUri", "s3://b/data"}}},
                               {"ArtifactType", "DataSet"}};
  const json::value artifact = call("CreateArtifact", source).at("ArtifactArn");
  EXPECT_NE(error_of("CreateArtifact", source).find("already exists"), std::string::npos);
  const json::value action = call("CreateAction", {{"ActionName", "train"},
                                                   {"ActionType", "Training"},
                                                   {"Source", {{"SourceUri", "s3://b/code"}}}})
                                 .at("ActionArn");
  call("AddAssociation",
       {{"SourceArn", artifact}, {"DestinationArn", action}, {"AssociationType", "ContributedTo"}});
  for (auto sort : {"CreationTime", "DestinationArn"}) {
    const json::object listed =
        call("ListAssociations", {{"SourceArn", artifact}, {"SortBy", sort}});
    ASSERT_EQ(listed.at("AssociationSummaries").as_array().size(), 1u) << sort;
    const json::value& entry = listed.at("AssociationSummaries").as_array()[0];
    EXPECT_EQ(entry.at("SourceType"), "DataSet");
    EXPECT_EQ(entry.at("DestinationName"), "train");
  }
  EXPECT_TRUE(call("ListAssociations", {{"SourceArn", action}})
                  .at("AssociationSummaries")
                  .as_array()
                  .empty());
  call("DeleteAssociation", {{"SourceArn", artifact}, {"DestinationArn", action}});
  call("DeleteArtifact", {{"Source", source.at("Source")}});
  EXPECT_TRUE(
      error_of("DescribeArtifact", {{"ArtifactArn", artifact}}).starts_with("ResourceNotFound: "));
}

TEST_F(RelationsTest, PackagesAreVersionsOfTheirGroup) {
  call("CreateModelPackageGroup", {{"ModelPackageGroupName", "Churn"}});
  for (int i = 0; i < 2; ++i) {
    clock.advance(std::chrono::seconds(1));
    call("CreateModelPackage", {{"ModelPackageGroupName", "Churn"}});
  }
  call("CreateModelPackage", {{"ModelPackageName", "single"}});
  const std::string arn = "arn:aws:sagemaker:us-west-2:000000000000:model-package/Churn/2";
  call("UpdateModelPackage", {{"ModelPackageArn", arn}, {"ModelApprovalStatus", "Approved"}});
  const json::object package = call("DescribeModelPackage", {{"ModelPackageName", arn}});
  EXPECT_EQ(package.at("ModelPackageVersion"), 2);
  EXPECT_EQ(package.at("ModelPackageStatus"), "Completed");
  EXPECT_EQ(package.at("ModelPackageArn").as_string(), arn);
  EXPECT_EQ(package.at("ModelApprovalStatus"), "Approved");
  auto listed = [&](const json::object& input) {
    return call("ListModelPackages", input).at("ModelPackageSummaryList").as_array().size();
  };
  EXPECT_EQ(listed({{"ModelPackageGroupName", "Churn"}}), 2u);
  EXPECT_EQ(listed({{"ModelPackageGroupName", "Churn"}, {"ModelApprovalStatus", "Approved"}}), 1u);
  EXPECT_EQ(listed({}), 1u);
  EXPECT_EQ(listed({{"ModelPackageType", "Versioned"}}), 2u);
  EXPECT_EQ(listed({{"ModelPackageType", "Both"}}), 3u);
  EXPECT_TRUE(error_of("DeleteModelPackageGroup", {{"ModelPackageGroupName", "Churn"}})
                  .starts_with("ConflictException: "));
  call("PutModelPackageGroupPolicy",
       {{"ModelPackageGroupName", "Churn"}, {"ResourcePolicy", "{\"Version\":\"2012-10-17\"}"}});
  EXPECT_EQ(
      call("GetModelPackageGroupPolicy", {{"ModelPackageGroupName", "Churn"}}).at("ResourcePolicy"),
      "{\"Version\":\"2012-10-17\"}");
}

TEST_F(RelationsTest, ModelCardsKeepTheirVersions) {
  call("CreateModelCard",
       {{"ModelCardName", "card"}, {"Content", "{\"a\":1}"}, {"ModelCardStatus", "Draft"}});
  call("UpdateModelCard", {{"ModelCardName", "card"}, {"Content", "{\"a\":2}"}});
  EXPECT_EQ(call("DescribeModelCard", {{"ModelCardName", "card"}}).at("ModelCardVersion"), 2);
  EXPECT_EQ(
      call("DescribeModelCard", {{"ModelCardName", "card"}, {"ModelCardVersion", 1}}).at("Content"),
      "{\"a\":1}");
  const json::object versions = call("ListModelCardVersions", {{"ModelCardName", "card"}});
  ASSERT_EQ(versions.at("ModelCardVersionSummaryList").as_array().size(), 2u);
  EXPECT_EQ(versions.at("ModelCardVersionSummaryList").as_array()[0].at("ModelCardVersion"), 2);
  EXPECT_TRUE(
      error_of("CreateModelCard",
               {{"ModelCardName", "bad"}, {"Content", "no JSON"}, {"ModelCardStatus", "Draft"}})
          .starts_with("ValidationException: "));
}

TEST(SearchExpressions, OperatorsAndNesting) {
  const json::object record =
      json::parse(R"({"Name": "a", "CreationTime": 1790000000.5, "HyperParameters": {"eta": "0.3"},
                      "FinalMetrics": {"validation:auc": 0.9, "odd.name": 1},
                      "Channels": [{"Name": "train", "Uri": "x"}, {"Name": "test", "Uri": "y"}]})")
          .as_object();
  auto holds = [&](std::string_view name, std::string_view op, std::string_view value) {
    return matches({{"Filters", json::array{json::object{
                                    {"Name", name}, {"Operator", op}, {"Value", value}}}}},
                   record);
  };
  EXPECT_TRUE(holds("Name", "Equals", "a"));
  EXPECT_TRUE(holds("Name", "In", "b, a"));
  EXPECT_TRUE(holds("HyperParameters.eta", "LessThan", "0.31"));
  EXPECT_FALSE(holds("HyperParameters.eta", "GreaterThan", "0.31"));
  EXPECT_TRUE(holds("FinalMetrics.validation:auc", "GreaterThanOrEqualTo", "0.9"));
  EXPECT_TRUE(holds("FinalMetrics.odd.name", "Equals", "1"));
  EXPECT_TRUE(holds("CreationTime", "GreaterThan", "2026-09-21T00:00:00Z"));
  EXPECT_TRUE(holds("CreationTime", "LessThan", "2026-09-23"));
  EXPECT_TRUE(holds("Absent", "NotExists", ""));
  EXPECT_TRUE(holds("Absent", "NotEquals", "x"));
  EXPECT_TRUE(holds("Channels.Uri", "Contains", "y"));
  auto nested = [&](std::string_view uri) {
    json::object one = {{"Name", "Channels.Name"}, {"Value", "train"}};
    json::object two = {{"Name", "Channels.Uri"}, {"Value", uri}};
    json::object list = {{"NestedPropertyName", "Channels"}, {"Filters", json::array{one, two}}};
    return matches({{"NestedFilters", json::array{list}}}, record);
  };
  EXPECT_TRUE(nested("x"));
  EXPECT_FALSE(nested("y"));
}

}  // namespace
}  // namespace clary::api::sagemaker
