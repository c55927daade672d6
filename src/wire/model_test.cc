#include "wire/model.h"

#include <gtest/gtest.h>

#include <thread>

#include "wire/pattern.h"

namespace clary::wire {
namespace {

TEST(Models, AllParse) {
  const Models models;
  EXPECT_GE(models.names().size(), 11U);
  for (const std::string_view name : models.names()) {
    const ServiceModel& model = models.get(name);
    EXPECT_FALSE(model.operations().empty()) << name;
    EXPECT_FALSE(model.signing_name().empty()) << name;
    for (const Operation& operation : model.operations()) {
      EXPECT_EQ(model.find_operation(operation.name), &operation);
    }
  }
  EXPECT_EQ(models.find("nothing"), nullptr);
  EXPECT_THROW(models.get("nothing"), std::out_of_range);
}

TEST(Models, EveryPatternCompiles) {
  const Models models;
  for (const std::string_view name : models.names()) {
    for (const Shape& shape : models.get(name).shapes()) {
      if (shape.pattern)
        EXPECT_TRUE(shape.pattern->compiles()) << name << " " << shape.pattern_text;
    }
  }
}

// The JSON codec looks members up by their names: a restJson body must not use others.
TEST(Models, RestJsonBodiesUseMemberNames) {
  const Models models;
  for (const std::string_view name : models.names()) {
    const ServiceModel& model = models.get(name);
    if (!model.speaks(Protocol::kRestJson)) continue;
    for (const Shape& shape : model.shapes()) {
      for (const Member& member : shape.members) {
        if (member.location == Location::kBody) {
          EXPECT_EQ(member.location_name, "") << name << " " << shape.name << " " << member.name;
        }
      }
    }
  }
}

TEST(Models, ParsedOnceFromManyThreads) {
  const Models models;
  std::vector<const ServiceModel*> seen(8);
  std::vector<std::thread> threads;
  for (auto& one : seen) threads.emplace_back([&] { one = &models.get("iam"); });
  for (auto& thread : threads) thread.join();
  for (const auto* one : seen) EXPECT_EQ(one, seen[0]);
}

TEST(Models, SageMakerFacts) {
  const Models models;
  const ServiceModel& model = models.get("sagemaker");
  EXPECT_EQ(model.target_prefix(), "SageMaker");
  EXPECT_EQ(model.protocol(), Protocol::kJson11);
  const Operation* list = model.find_operation("ListTrainingJobs");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->paginator.result_key, "TrainingJobSummaries");
  EXPECT_EQ(list->paginator.limit_key, "MaxResults");
  EXPECT_EQ(list->paginator.input_token, "NextToken");
  const Operation* create = model.find_operation("CreateTrainingJob");
  ASSERT_NE(create, nullptr);
  const Member* name = create->input->find_member("TrainingJobName");
  ASSERT_NE(name, nullptr);
  EXPECT_TRUE(name->required);
  EXPECT_EQ(name->shape->max, 63);
  EXPECT_EQ(create->input->find_member("Nothing"), nullptr);
}

TEST(Models, CloudWatchSpeaksThree) {
  const Models models;
  const ServiceModel& model = models.get("cloudwatch");
  EXPECT_TRUE(model.speaks(Protocol::kRpcV2Cbor));
  EXPECT_TRUE(model.speaks(Protocol::kJson10));
  EXPECT_TRUE(model.speaks(Protocol::kQuery));
  EXPECT_TRUE(model.query_compatible());
  EXPECT_EQ(model.protocol(), Protocol::kQuery);
  EXPECT_EQ(model.signing_name(), "monitoring");
}

TEST(Models, ErrorsByNameAndByCode) {
  const Models models;
  const ServiceModel& iam = models.get("iam");
  const Shape* by_code = iam.find_error(nullptr, "NoSuchEntity");
  ASSERT_NE(by_code, nullptr);
  EXPECT_EQ(by_code, iam.find_error(nullptr, "NoSuchEntityException"));
  EXPECT_EQ(by_code->error_status, 404U);
}

TEST(PatternTest, WholeValueMustMatch) {
  const Pattern name("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
  EXPECT_TRUE(name.matches("job-1"));
  EXPECT_FALSE(name.matches("job_1"));
  EXPECT_FALSE(name.matches("job-"));
  EXPECT_FALSE(name.matches("job\n"));
}

TEST(PatternTest, JavaClasses) {
  EXPECT_TRUE(Pattern("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+").matches("a\tb\u00e9"));
  EXPECT_FALSE(Pattern("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+").matches("\u0100"));
  EXPECT_TRUE(Pattern("\\p{ASCII}*").matches("plain"));
  EXPECT_FALSE(Pattern("\\p{ASCII}*").matches("\u00e9"));
  EXPECT_TRUE(Pattern("\\A\\S[\\p{Print}]*\\z").matches("text/csv; x"));
  EXPECT_TRUE(Pattern("[\\u0020-\\uD7FF\\uD800\\uDC00-\\uDBFF\\uDFFF]*").matches("a\U0001F600"));
  EXPECT_TRUE(Pattern("[\\w-_]*").matches("a-b_c"));
  EXPECT_TRUE(Pattern("[\\p{L}\\p{M}]*").matches("\u00e9\u4e2d"));
}

// The classic runaway: without a bound this takes longer than anybody waits.
TEST(PatternTest, RunawayIsBounded) {
  const Pattern evil("(a+)+b");
  const std::string value(64, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(evil.matches(value));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

// Long honest values of AWS's own patterns still match: the bound is far above them.
TEST(PatternTest, LongValues) {
  EXPECT_TRUE(Pattern("[a-zA-Z0-9](-*[a-zA-Z0-9])*").matches(std::string(60'000, 'x')));
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line of words\n";
  EXPECT_TRUE(Pattern(".*(?:[ \\r\\n\\t].*)*.*").matches(text));
}

}  // namespace
}  // namespace clary::wire
