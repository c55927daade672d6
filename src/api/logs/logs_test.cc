#include "api/logs/filter_pattern.h"
#include "api/logs/logs_service.h"
#include "api/test_caller.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

constexpr const char* kGroup = "/aws/sagemaker/TrainingJobs";

class LogsTest : public testing::Test {
 protected:
  LogsTest() {
    caller_.call("CreateLogGroup", {{"logGroupName", kGroup}});
    caller_.call("CreateLogStream", stream());
  }
  static json::object stream(json::object more = {}) {
    more["logGroupName"] = kGroup;
    more["logStreamName"] = "job/algo-1";
    return more;
  }
  std::int64_t now() const { return clock_.now().time_since_epoch().count(); }
  json::object put(std::vector<std::pair<std::int64_t, std::string>> events) {
    json::array list;
    for (auto& [time, message] : events) {
      list.push_back({{"timestamp", time}, {"message", message}});
    }
    return caller_.call("PutLogEvents", stream({{"logEvents", std::move(list)}}));
  }
  static std::string messages(const json::object& output) {
    std::string text;
    for (const json::value& event : *find_array(output, "events")) {
      text += string_or(event.as_object(), "message") + ";";
    }
    return text;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {store::LogEvents::migrations(), store::Documents::migrations()}};
  store::LogEvents events_{database_, clock_};
  store::Documents documents_{database_, clock_};
  LogsService service_{{.events = events_, .documents = documents_}};
  TestCaller caller_{service_, clock_};
};

TEST_F(LogsTest, NamesThatAreTakenOrMissing) {
  EXPECT_EQ(caller_.error("CreateLogGroup", {{"logGroupName", kGroup}}),
            "ResourceAlreadyExistsException: The specified log group already exists");
  EXPECT_EQ(caller_.error("CreateLogStream", stream()),
            "ResourceAlreadyExistsException: The specified log stream already exists");
  EXPECT_EQ(caller_.error("DescribeLogStreams", {{"logGroupName", "none"}}),
            "ResourceNotFoundException: The specified log group does not exist.");
  EXPECT_EQ(caller_.error("GetLogEvents", {{"logGroupName", kGroup}, {"logStreamName", "none"}}),
            "ResourceNotFoundException: The specified log stream does not exist.");
  EXPECT_EQ(caller_.error("FilterLogEvents", {{"logGroupName", "none"}}),
            "ResourceNotFoundException: The specified log group does not exist.");
}

// What SDKs rely on while they follow a job: no stray nextToken, empty events at the tail, and a
// token that later brings what came since.
TEST_F(LogsTest, FollowingAStream) {
  const auto streams = caller_.call("DescribeLogStreams", {{"logGroupName", kGroup},
                                                           {"logStreamNamePrefix", "job/"},
                                                           {"orderBy", "LogStreamName"},
                                                           {"limit", 1}});
  EXPECT_EQ(find_array(streams, "logStreams")->size(), 1U);
  EXPECT_FALSE(streams.contains("nextToken"));
  auto page = caller_.call("GetLogEvents", stream({{"startFromHead", true}}));
  EXPECT_EQ(messages(page), "");
  const auto follow = [&] {
    page = caller_.call(
        "GetLogEvents",
        stream({{"startFromHead", true}, {"nextToken", string_or(page, "nextForwardToken")}}));
    return messages(page);
  };
  put({{now(), "a"}, {now(), "b"}});
  EXPECT_EQ(follow(), "a;b;");
  const std::string tail = string_or(page, "nextForwardToken");
  EXPECT_EQ(follow(), "");
  EXPECT_EQ(string_or(page, "nextForwardToken"), tail);
  put({{now(), "c"}});
  EXPECT_EQ(follow(), "c;");
  EXPECT_EQ(follow(), "");
}

TEST_F(LogsTest, BothDirections) {
  std::vector<std::pair<std::int64_t, std::string>> lines;
  for (int i = 0; i < 5; ++i) lines.emplace_back(now() + i, std::to_string(i));
  put(lines);
  auto page = caller_.call("GetLogEvents", stream({{"limit", 2}}));
  EXPECT_EQ(messages(page), "3;4;");
  const std::string forward = string_or(page, "nextForwardToken");
  page = caller_.call("GetLogEvents",
                      stream({{"limit", 2}, {"nextToken", string_or(page, "nextBackwardToken")}}));
  EXPECT_EQ(messages(page), "1;2;");
  page = caller_.call("GetLogEvents", stream({{"nextToken", forward}}));
  EXPECT_EQ(messages(page), "");
  page = caller_.call("GetLogEvents",
                      stream({{"limit", 1}, {"nextToken", string_or(page, "nextBackwardToken")}}));
  EXPECT_EQ(messages(page), "4;");
  page = caller_.call("GetLogEvents", stream({{"startTime", now() + 1}, {"endTime", now() + 3}}));
  EXPECT_EQ(messages(page), "1;2;");
  EXPECT_EQ(caller_.error("GetLogEvents", stream({{"nextToken", "f/12/s"}})),
            "InvalidParameterException: The specified nextToken is invalid.");
}

TEST_F(LogsTest, BatchesHaveRules) {
  EXPECT_FALSE(put({{now(), "a"}}).contains("rejectedLogEventsInfo"));
  const auto unordered = json::array{{{"timestamp", now()}, {"message", "b"}},
                                     {{"timestamp", now() - 1}, {"message", "a"}}};
  EXPECT_EQ(caller_.error("PutLogEvents", stream({{"logEvents", unordered}})),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in "
            "chronological order.");
  constexpr std::int64_t kDay = 86'400'000;
  const auto old = put({{now() - 15 * kDay, "old"}, {now() - 15 * kDay + 1, "old"}});
  EXPECT_EQ(find_int(*find_object(old, "rejectedLogEventsInfo"), "tooOldLogEventEndIndex"), 2);
  const auto future = put({{now(), "fine"}, {now() + 3 * 3'600'000, "future"}});
  EXPECT_EQ(find_int(*find_object(future, "rejectedLogEventsInfo"), "tooNewLogEventStartIndex"), 1);
  EXPECT_EQ(messages(caller_.call("GetLogEvents", stream())), "a;fine;");
}

TEST_F(LogsTest, Filtering) {
  put({{now(), "epoch 1 loss 0.5"}, {now() + 1, "ERROR bad row"}, {now() + 2, "epoch 2 loss 0.4"}});
  const auto filter = [&](json::object more) {
    more["logGroupName"] = kGroup;
    return caller_.call("FilterLogEvents", more);
  };
  EXPECT_EQ(messages(filter({{"filterPattern", "epoch"}})), "epoch 1 loss 0.5;epoch 2 loss 0.4;");
  EXPECT_EQ(messages(filter({{"logStreamNamePrefix", "job/"}, {"filterPattern", "ERROR"}})),
            "ERROR bad row;");
  EXPECT_EQ(messages(filter({{"endTime", now()}})), "epoch 1 loss 0.5;");
  auto page = filter({{"limit", 2}});
  EXPECT_EQ(find_array(page, "events")->size(), 2U);
  page = filter({{"limit", 2}, {"nextToken", string_or(page, "nextToken")}});
  EXPECT_EQ(messages(page), "epoch 2 loss 0.4;");
  EXPECT_FALSE(page.contains("nextToken"));
  EXPECT_FALSE(filter({{"limit", 3}}).contains("nextToken"));
  EXPECT_TRUE(
      caller_.error("FilterLogEvents", {{"logGroupName", kGroup}, {"filterPattern", "[a, b]"}})
          .starts_with("InvalidParameterException"));
}

TEST_F(LogsTest, GroupsAreDescribedTaggedAndRetained) {
  caller_.call("PutRetentionPolicy", {{"logGroupName", kGroup}, {"retentionInDays", 7}});
  caller_.call("CreateLogGroup",
               {{"logGroupName", "other"}, {"tags", json::object{{"team", "a"}}}});
  auto groups = caller_.call("DescribeLogGroups", {{"limit", 1}});
  ASSERT_EQ(find_array(groups, "logGroups")->size(), 1U);
  const json::object& group = find_array(groups, "logGroups")->at(0).as_object();
  EXPECT_EQ(string_or(group, "arn"),
            "arn:aws:logs:us-west-2:000000000000:log-group:/aws/sagemaker/TrainingJobs:*");
  EXPECT_EQ(find_int(group, "retentionInDays"), 7);
  groups = caller_.call("DescribeLogGroups",
                        {{"limit", 1}, {"nextToken", string_or(groups, "nextToken")}});
  EXPECT_FALSE(groups.contains("nextToken"));
  const json::object other = {
      {"resourceArn", "arn:aws:logs:us-west-2:000000000000:log-group:other"}};
  EXPECT_EQ(string_or(*find_object(caller_.call("ListTagsForResource", other), "tags"), "team"),
            "a");
  EXPECT_EQ(find_array(caller_.call("DescribeLogGroups", {{"logGroupNamePattern", "trainING"}}),
                       "logGroups")
                ->size(),
            1U);
  caller_.call("DeleteLogGroup", {{"logGroupName", kGroup}});
  EXPECT_EQ(caller_.error("DeleteLogGroup", {{"logGroupName", kGroup}}),
            "ResourceNotFoundException: The specified log group does not exist.");
}

TEST(FilterPattern, TermsAndPhrases) {
  const auto matches = [](std::string_view pattern, std::string_view message) {
    auto parsed = logs::FilterPattern::parse(pattern);
    EXPECT_TRUE(parsed.has_value()) << pattern << ": " << parsed.error();
    return parsed->matches(message);
  };
  EXPECT_TRUE(matches("", "anything"));
  EXPECT_TRUE(matches("ERROR row", "row 3: ERROR"));
  EXPECT_FALSE(matches("ERROR", "Error"));
  EXPECT_TRUE(matches("\"bad row\"", "a bad row here"));
  EXPECT_FALSE(matches("\"bad row\"", "row bad"));
  EXPECT_TRUE(matches("?ERROR ?WARN", "WARN x"));
  EXPECT_FALSE(matches("?ERROR ?WARN", "INFO x"));
  EXPECT_FALSE(matches("ERROR -Exiting", "ERROR Exiting"));
  EXPECT_TRUE(matches("-\"x y\"", "x  y"));
}

TEST(FilterPattern, JsonConditions) {
  const auto matches = [](std::string_view pattern) {
    auto parsed = logs::FilterPattern::parse(pattern);
    EXPECT_TRUE(parsed.has_value()) << pattern << ": " << parsed.error();
    return parsed->matches(
        R"({"level":"ERROR","code":404,"ok":false,"none":null,"user":{"name":"ann lee"},)"
        R"("list":[{"x":1}],"a b":"c"})");
  };
  EXPECT_TRUE(matches(R"({ $.level = "ERROR" })"));
  EXPECT_TRUE(matches(R"({ $.level = ERR* })"));
  EXPECT_FALSE(matches(R"({ $.level != "ERROR" })"));
  EXPECT_TRUE(matches(R"({ $.code >= 400 && $.code < 500 })"));
  EXPECT_TRUE(matches(R"({ ($.code = 200) || ($.user.name = "*lee") })"));
  EXPECT_TRUE(matches(R"({ $.ok IS FALSE && $.none IS NULL && $.missing NOT EXISTS })"));
  EXPECT_TRUE(matches(R"({ $.list[0].x = 1 && $.['a b'] = "c" })"));
  EXPECT_FALSE(matches(R"({ $.missing = "x" })"));
  for (const std::string_view bad : {"{", "{ }", "{ $ = 1 }", "{ $.a = }x", "{ $.a < b }",
                                     "{ $.a = \"x }", "{ ($.a = 1 }", "{ $.a = 1 $.b }", "\"x"}) {
    EXPECT_FALSE(logs::FilterPattern::parse(bad).has_value()) << bad;
  }
  EXPECT_FALSE(logs::FilterPattern::parse("{" + std::string(100000, '(') + "}").has_value());
  EXPECT_FALSE(logs::FilterPattern::parse("{ $.a = 1 }")->matches("not json"));
}

}  // namespace
}  // namespace clary::api
