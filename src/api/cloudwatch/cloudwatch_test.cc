#include "api/cloudwatch/cloudwatch_service.h"

#include "api/cloudwatch/metric_math.h"
#include "api/test_caller.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

class CloudWatchTest : public testing::Test {
 protected:
  // A minute's start.
  double start() const { return 1800000000; }
  void put(json::array data) {
    caller_.call("PutMetricData", {{"Namespace", "Test"}, {"MetricData", std::move(data)}});
  }
  json::object datum(std::string_view name, double minute, json::object more) {
    more["MetricName"] = name;
    more["Timestamp"] = start() + minute * 60;
    more["Dimensions"] = json::array{{{"Name", "Host"}, {"Value", "algo-1"}}};
    return more;
  }
  json::object query(std::string_view id, std::string_view name, std::string_view stat) {
    return {{"Id", id},
            {"MetricStat",
             {{"Metric",
               {{"Namespace", "Test"},
                {"MetricName", name},
                {"Dimensions", json::array{{{"Name", "Host"}, {"Value", "algo-1"}}}}}},
              {"Period", 60},
              {"Stat", stat}}}};
  }
  json::object range(json::object more) {
    more["StartTime"] = start();
    more["EndTime"] = start() + 600;
    return more;
  }
  // "id: v v; id: v" in ascending time.
  std::string data(json::array queries) {
    const auto output = caller_.call(
        "GetMetricData",
        range({{"MetricDataQueries", std::move(queries)}, {"ScanBy", "TimestampAscending"}}));
    std::string text;
    for (const json::value& result : *find_array(output, "MetricDataResults")) {
      text += string_or(result.as_object(), "Id") + ":";
      for (const json::value& value : *find_array(result.as_object(), "Values")) {
        text += " " + std::to_string(value.to_number<double>()).substr(0, 4);
      }
      text += ";";
    }
    return text;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000600))};
  store::Database database_{folder_ / "a.db", {store::MetricPoints::migrations()}};
  store::MetricPoints points_{database_, clock_};
  CloudWatchService service_{points_};
  TestCaller caller_{service_, clock_};
};

TEST_F(CloudWatchTest, Statistics) {
  put({datum("loss", 0, {{"Value", 1}}), datum("loss", 0.5, {{"Value", 3}}),
       datum("loss", 1, {{"Values", json::array{1, 2, 10}}, {"Counts", json::array{8, 1, 1}}}),
       datum("loss", 2,
             {{"StatisticValues",
               {{"SampleCount", 4}, {"Sum", 10}, {"Minimum", 1}, {"Maximum", 4}}}})});
  const auto output = caller_.call(
      "GetMetricStatistics",
      range({{"Namespace", "Test"},
             {"MetricName", "loss"},
             {"Dimensions", json::array{{{"Name", "Host"}, {"Value", "algo-1"}}}},
             {"Period", 60},
             {"Statistics", json::array{"Average", "Sum", "Minimum", "Maximum", "SampleCount"}},
             {"ExtendedStatistics", json::array{"p50", "p95"}}}));
  const json::array& points = *find_array(output, "Datapoints");
  ASSERT_EQ(points.size(), 3U);
  const json::object& first = points[0].as_object();
  EXPECT_EQ(find_double(first, "Average"), 2);
  EXPECT_EQ(find_double(first, "Maximum"), 3);
  EXPECT_EQ(find_double(first, "Timestamp"), start());
  const json::object& second = points[1].as_object();
  EXPECT_EQ(find_double(second, "SampleCount"), 10);
  EXPECT_EQ(find_double(second, "Sum"), 20);
  EXPECT_EQ(find_double(*find_object(second, "ExtendedStatistics"), "p50"), 1);
  EXPECT_EQ(find_double(*find_object(second, "ExtendedStatistics"), "p95"), 10);
  const json::object& third = points[2].as_object();
  EXPECT_EQ(find_double(third, "Average"), 2.5);
  EXPECT_EQ(find_object(third, "ExtendedStatistics"), nullptr);
}

TEST_F(CloudWatchTest, DataAndMath) {
  put({datum("a", 0, {{"Value", 60}}), datum("a", 1, {{"Value", 120}}),
       datum("a", 3, {{"Value", 0}}), datum("b", 0, {{"Value", 2}}),
       datum("b", 1, {{"Value", 4}})});
  const auto expression = [](std::string_view text) {
    return json::object{{"Id", "e"}, {"Expression", text}};
  };
  json::object a = query("a", "a", "Sum"), b = query("b", "b", "Average");
  EXPECT_EQ(data({a, b}), "a: 60.0 120. 0.00;b: 2.00 4.00;");
  a["ReturnData"] = b["ReturnData"] = false;
  EXPECT_EQ(data({a, b, expression("a / b")}), "e: 30.0 30.0;");
  EXPECT_EQ(data({a, b, expression("(a + 1) * -2 ^ 2")}), "e: -244 -484 -4.0;");
  EXPECT_EQ(data({a, b, expression("SUM(METRICS())")}), "e: 62.0 124. 0.00;");
  EXPECT_EQ(data({a, b, expression("SUM([a, b])")}), "e: 62.0 124. 0.00;");
  EXPECT_EQ(data({a, b, expression("a / SUM(b)")}), "e: 10.0 20.0 0.00;");
  EXPECT_EQ(data({a, b, expression("RATE(a)")}), "e: 1.00 -1.0;");
  EXPECT_EQ(data({a, b, expression("b / a")}), "e: 0.03 0.03;");
  EXPECT_EQ(data({a, b, expression("FILL(b, 9) * 1")}),
            "e: 2.00 4.00 9.00 9.00 9.00 9.00 9.00 9.00 9.00 9.00;");
  EXPECT_EQ(data({a, b, expression("IF(a > 100, b, 0)")}), "e: 0.00 4.00 0.00;");
  const auto error = [&](std::string_view text) {
    return caller_.error("GetMetricData",
                         range({{"MetricDataQueries", json::array{a, b, expression(text)}}}));
  };
  EXPECT_EQ(error("SUM(a)"),
            "ValidationError: Error in expression 'e': the result is a number; a time series is "
            "needed.");
  EXPECT_EQ(error("a +"),
            "ValidationError: Error in expression 'e': Invalid syntax at character 4 of the "
            "expression.");
  EXPECT_EQ(error("SEARCH('{Test}', 'Sum')"),
            "ValidationError: Error in expression 'e': The function SEARCH is not supported by "
            "Clary.");
  EXPECT_EQ(error("e + 1"), "ValidationError: The expressions refer to each other in a circle.");
  EXPECT_EQ(error("x + 1"),
            "ValidationError: Error in expression 'e': Unknown id x in the expression.");
  EXPECT_FALSE(cloudwatch::math_references(std::string(100000, '(')).has_value());
}

TEST_F(CloudWatchTest, DataIsPaged) {
  json::array many;
  for (int i = 0; i < 5; ++i) many.push_back(datum("a", i, {{"Value", i}}));
  put(many);
  json::object input =
      range({{"MetricDataQueries", json::array{query("a", "a", "Sum"), query("b", "a", "Maximum")}},
             {"MaxDatapoints", 4}});
  std::string seen;
  int pages = 0;
  while (++pages < 10) {
    const auto output = caller_.call("GetMetricData", input);
    for (const json::value& result : *find_array(output, "MetricDataResults")) {
      for (const json::value& value : *find_array(result.as_object(), "Values")) {
        seen += string_or(result.as_object(), "Id") +
                std::to_string(static_cast<int>(value.to_number<double>())) + " ";
      }
    }
    const auto token = find_string(output, "NextToken");
    if (!token) break;
    input["NextToken"] = *token;
  }
  EXPECT_EQ(seen, "a4 a3 a2 a1 a0 b4 b3 b2 b1 b0 ");
  EXPECT_EQ(pages, 3);
}

TEST_F(CloudWatchTest, MetricsAreListed) {
  put({datum("a", 0, {{"Value", 1}}), datum("b", 0, {{"Value", 1}})});
  EXPECT_EQ(find_array(caller_.call("ListMetrics"), "Metrics")->size(), 2U);
  EXPECT_EQ(find_array(caller_.call("ListMetrics", {{"MetricName", "b"}, {"Namespace", "Test"}}),
                       "Metrics")
                ->size(),
            1U);
  EXPECT_EQ(find_array(caller_.call("ListMetrics", {{"Dimensions", json::array{{{"Name", "Host"}}}},
                                                    {"RecentlyActive", "PT3H"}}),
                       "Metrics")
                ->size(),
            2U);
  clock_.advance(std::chrono::hours(4));
  EXPECT_TRUE(
      find_array(caller_.call("ListMetrics", {{"RecentlyActive", "PT3H"}}), "Metrics")->empty());
}

TEST_F(CloudWatchTest, WhatIsRefused) {
  const auto error = [&](json::object more) {
    return caller_.error("PutMetricData",
                         {{"Namespace", "Test"}, {"MetricData", json::array{datum("a", 0, more)}}});
  };
  EXPECT_EQ(error({}), "MissingParameter: The parameter MetricData.member.1.Value is required.");
  EXPECT_TRUE(error({{"Value", 1}, {"Values", json::array{1}}})
                  .starts_with("InvalidParameterCombination: "));
  EXPECT_EQ(
      caller_.error("PutMetricData", {{"Namespace", "AWS/SageMaker"},
                                      {"MetricData", json::array{datum("a", 0, {{"Value", 1}})}}}),
      "InvalidParameterValue: The value AWS/ for parameter Namespace is invalid.");
  EXPECT_EQ(caller_.error("GetMetricStatistics",
                          range({{"Namespace", "Test"}, {"MetricName", "a"}, {"Period", 60}})),
            "InvalidParameterCombination: Must specify either Statistics or ExtendedStatistics");
}

}  // namespace
}  // namespace clary::api
