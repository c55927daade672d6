#include "api/s3/notifications.h"

#include <gtest/gtest.h>

#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

std::vector<NotificationRule> rules_of(std::string_view text) {
  return notification_rules(json::parse(text).as_object());
}

TEST(NotificationsTest, FiltersAndFamiliesOfEvents) {
  const auto rules = rules_of(R"({"QueueConfigurations": [{"Id": "q", "QueueArn": "arn:q",
      "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
      "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"},
                                         {"Name": "suffix", "Value": ".csv"}]}}}]})");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_TRUE(matches(rules[0], "ObjectCreated:Put", "in/a.csv"));
  EXPECT_TRUE(matches(rules[0], "ObjectRemoved:Delete", "in/a.csv"));
  EXPECT_FALSE(matches(rules[0], "ObjectRemoved:DeleteMarkerCreated", "in/a.csv"));
  EXPECT_FALSE(matches(rules[0], "ObjectCreated:Put", "out/a.csv"));
  EXPECT_FALSE(matches(rules[0], "ObjectCreated:Put", "in/a.txt"));
  EXPECT_FALSE(matches(rules[0], "", "in/a.csv"));
}

TEST(NotificationsTest, Refusals) {
  constexpr std::string_view kTwo = R"({"QueueConfigurations": [
      {"QueueArn": "a", "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules":
        [{"Name": "prefix", "Value": "$1"}]}}},
      {"QueueArn": "b", "Events": ["s3:ObjectCreated:Put"], "Filter": {"Key": {"FilterRules":
        [{"Name": "prefix", "Value": "$2"}]}}}]})";
  const auto two = [&](std::string_view first, std::string_view second) {
    std::string text(kTwo);
    text.replace(text.find("$1"), 2, first);
    text.replace(text.find("$2"), 2, second);
    return text;
  };
  EXPECT_THROW(rules_of(two("in/", "in/a")), wire::ApiError);
  EXPECT_NO_THROW(rules_of(two("in/", "out/")));
  EXPECT_THROW(rules_of(R"({"QueueConfigurations": [{"QueueArn": "a", "Events": [],
      "Filter": {"Key": {"FilterRules": [{"Name": "infix", "Value": "x"}]}}}]})"),
               wire::ApiError);
}

TEST(NotificationsTest, MessagesHaveTheShapeOfS3) {
  const NotificationRule rule{
      .id = "r", .target = "arn:t", .events = {}, .prefix = {}, .suffix = {}};
  objects::ObjectEvent event;
  event.bucket = BucketName("data");
  event.key = ObjectKey("a b/ü");
  event.version_id = "v1";
  event.size = 3;
  event.etag = "abc";
  event.sequencer = 0x1f;
  event.time = Timestamp(std::chrono::milliseconds(1'700'000'000'123));
  event.requester = {.principal = "AIDA", .source_ip = "10.0.0.1", .request_id = "id"};
  const objects::BucketInfo bucket{
      .name = BucketName("data"), .account = "000000000000", .region = "us-east-1", .created = {}};
  const auto message = json::parse(event_message(rule, event, bucket));
  const auto& record = message.at("Records").at(0);
  EXPECT_EQ(record.at("eventName"), "ObjectCreated:Put");
  EXPECT_EQ(record.at("eventTime"), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(record.at("s3").at("bucket").at("arn"), "arn:aws:s3:::data");
  const auto& object = record.at("s3").at("object");
  EXPECT_EQ(object.at("key"), "a+b/%C3%BC");
  EXPECT_EQ(object.at("sequencer"), "000000000000001F");
  EXPECT_EQ(object.at("size"), 3);
  EXPECT_EQ(object.at("versionId"), "v1");
}

}  // namespace
}  // namespace clary::api::s3
