#include "server/captured.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"

namespace clary::server {
namespace {

engine::CapturePlan plan_of(bool input, bool output) {
  engine::CapturePlan plan;
  plan.endpoint = "churn";
  plan.variant = "AllTraffic";
  plan.prefix = "kept/here";
  plan.input = input;
  plan.output = output;
  plan.csv_types = {"text/csv"};
  plan.json_types = {"application/json"};
  return plan;
}

CapturedInvocation invocation() {
  CapturedInvocation made;
  made.time = from_epoch_seconds(1'644'859'549.345);
  made.event_id = "e1";
  made.input_type = "text/csv";
  made.input = "1,2\n";
  made.output_type = "text/csv; charset=utf-8";
  made.output = "0.02";
  return made;
}

TEST(CapturedTest, ALineAsTheDeveloperGuideShowsIt) {
  EXPECT_EQ(capture_line(plan_of(true, true), invocation()),
            R"({"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT",)"
            R"("data":"1,2\u000a","encoding":"CSV"},"endpointOutput":{"observedContentType":)"
            R"("text/csv; charset=utf-8","mode":"OUTPUT","data":"0.02","encoding":"CSV"}},)"
            R"("eventMetadata":{"eventId":"e1","inferenceTime":"2022-02-14T17:25:49Z"},)"
            R"("eventVersion":"0"})"
            "\n");
}

TEST(CapturedTest, WhatTheCallerGaveStandsInTheMetadata) {
  CapturedInvocation made = invocation();
  made.inference_id = "mine-1";
  made.custom_attributes = "a=\"b\"";
  const json::value line = json::parse(capture_line(plan_of(true, false), made));
  EXPECT_FALSE(line.at("captureData").as_object().contains("endpointOutput"));
  EXPECT_EQ(line.at("eventMetadata").at("inferenceId"), "mine-1");
  EXPECT_EQ(line.at("eventMetadata").at("customAttributes").at(0), "a=\"b\"");
  const json::value other = json::parse(capture_line(plan_of(false, true), made));
  EXPECT_FALSE(other.at("captureData").as_object().contains("endpointInput"));
  EXPECT_EQ(other.at("captureData").at("endpointOutput").at("mode"), "OUTPUT");
}

TEST(CapturedTest, EncodingsFollowTheListsOfContentTypes) {
  const auto plan = plan_of(true, true);
  EXPECT_EQ(capture_encoding(plan, "Text/CSV ;charset=x", "1"), "CSV");
  EXPECT_EQ(capture_encoding(plan, "application/json", "{}"), "JSON");
  EXPECT_EQ(capture_encoding(plan, "application/jsonlines", "{}"), "BASE64");
  EXPECT_EQ(capture_encoding(plan, "", "1"), "BASE64");
  EXPECT_EQ(capture_encoding(plan, "text/csv", "\xff\xfe"), "BASE64");
  engine::CapturePlan none = plan;
  none.csv_types.clear();
  EXPECT_EQ(capture_encoding(none, "text/csv", "1"), "BASE64");
}

TEST(CapturedTest, Base64HoldsEveryByte) {
  CapturedInvocation made = invocation();
  made.input_type = "application/x-npy";
  made.input = std::string("\x00\xff\x80\n", 4);
  made.output_type = "";
  const json::value line = json::parse(capture_line(plan_of(true, true), made));
  const json::value& input = line.at("captureData").at("endpointInput");
  EXPECT_EQ(unbase64(std::string_view(input.at("data").as_string())), made.input);
  EXPECT_EQ(input.at("encoding"), "BASE64");
  EXPECT_FALSE(
      line.at("captureData").at("endpointOutput").as_object().contains("observedContentType"));
}

TEST(CapturedTest, KeysAreByHour) {
  const Timestamp time = from_epoch_seconds(1'644'859'549.345);
  EXPECT_EQ(capture_key(plan_of(true, true), time, "u-1"),
            "kept/here/churn/AllTraffic/2022/02/14/17/25-49-345-u-1.jsonl");
  engine::CapturePlan plan = plan_of(true, true);
  plan.prefix.clear();
  EXPECT_TRUE(capture_key(plan, time, "u").starts_with("churn/AllTraffic/2022/"));
}

}  // namespace
}  // namespace clary::server
