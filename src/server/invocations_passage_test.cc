// Invocations against a model server on a Unix-domain socket, through the HTTP server.
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <filesystem>

#include "api/allow_all.h"
#include "http/client.h"
#include "http/server.h"
#include "server/invocations.h"
#include "wire/event_stream.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A model server that answers by what it is sent.
asio::awaitable<void> model(http::Exchange& exchange) {
  std::array<std::byte, 1000> piece;
  const std::size_t bytes = co_await exchange.body.read_some(piece);
  const std::string body(reinterpret_cast<const char*>(piece.data()), bytes);
  if (body == "fail") {
    co_await exchange.response.send({.status = 500, .headers = {}, .content_length = {}}, "bug");
    co_return;
  }
  ResponseHead head;
  head.headers = {
      {"Content-Type", "text/plain"},
      {"X-Amzn-SageMaker-Custom-Attributes", std::string(exchange.request.headers.get("Accept"))}};
  if (body == "break") {
    head.content_length = 1000;
    co_await exchange.response.start(head);
    co_await exchange.response.write(as_bytes("only this"));
    co_await exchange.response.finish();
    co_return;
  }
  if (body != "parts") {
    co_await exchange.response.send(head, "got " + body);
    co_return;
  }
  co_await exchange.response.start(head);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (const std::string_view part : {"one", "two"}) {
    co_await exchange.response.write(as_bytes(part));
    timer.expires_after(milliseconds(100));
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_await exchange.response.finish();
}

class InvocationsTest : public testing::Test {
 protected:
  InvocationsTest()
      : metrics_(clock_,
                 [this](const store::MetricId& id, const std::vector<store::MetricPoint>& points) {
                   for (const auto& point : points) sums_[id.name] += point.sum;
                 }),
        invocations_(routes_, metrics_, {},
                     [this](const auto& plan, CapturedInvocation invocation) {
                       const std::lock_guard lock(mutex_);
                       captured_.emplace_back(plan, std::move(invocation));
                     }) {
    http::ServerOptions options;
    options.unix_path = path_;
    model_ = std::make_unique<http::Server>(options, model);
    model_->start();
    auto instance = std::make_shared<engine::ServingInstance>();
    instance->unix_path = path_;
    auto route = std::make_shared<engine::EndpointRoute>();
    *route = {.account = "1", .region = "r", .name = "e", .in_service = true, .variants = {}};
    route->variants = {{"main", 1.0, {instance}}, {"empty", 0.0, {}}};
    routes_.publish(route);
    front_ = std::make_unique<http::Server>(
        http::ServerOptions(), [this](http::Exchange& exchange) { return handle(exchange); });
    front_->start();
  }
  ~InvocationsTest() override {
    front_->stop(milliseconds(0));
    model_->stop(milliseconds(0));
  }

  // The path is the operation, "/InvokeEndpoint"; an error's text is the body.
  asio::awaitable<void> handle(http::Exchange& exchange) {
    const std::string name = exchange.request.path.substr(1);
    exchange.request_id = "request-1";
    api::Call call{.model = runtime_,
                   .operation = *runtime_.find_operation(name),
                   .principal = principal_,
                   .account = "1",
                   .region = "r",
                   .request_id = exchange.request_id,
                   .now = {},
                   .request = exchange.request,
                   .authorizer = authorizer_,
                   .body = {}};
    json::object input{{"EndpointName", exchange.request.headers.get("x-endpoint")},
                       {"Accept", "yes"},
                       {"ContentType", "text/csv"},
                       {"InferenceId", "id-1"},
                       {"CustomAttributes", "mine"}};
    if (const auto target = exchange.request.headers.find("x-target")) {
      input["TargetVariant"] = *target;
    }
    std::optional<wire::ApiError> failed;
    for (auto& entry : invocations_.operations()) {
      if (entry.name != name) continue;
      try {
        co_await entry.streaming(std::move(input), call, exchange.body, exchange.response);
      } catch (const wire::ApiError& error) {
        failed = error;
      }
      break;
    }
    if (failed) {
      ResponseHead head{.status = 400, .headers = {}, .content_length = {}};
      co_await exchange.response.send(head, failed->code() + ": " + failed->what());
    }
  }

  http::ClientResponse call(const std::string& operation, const std::string& body,
                            const std::string& endpoint = "e", const std::string& target = {}) {
    http::BlockingClient client({.host = "127.0.0.1", .port = front_->port(), .unix_path = {}});
    http::ClientRequest request{.method = "POST",
                                .target = "/" + operation,
                                .headers = {{"x-endpoint", endpoint}},
                                .body = body};
    if (!target.empty()) request.headers.emplace_back("x-target", target);
    return client.send(request, seconds(10));
  }

  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("clary_invocations_test_" + std::to_string(::getpid()));
  const wire::Models models_;
  const wire::ServiceModel& runtime_ = models_.get("sagemaker-runtime");
  api::AllowAll authorizer_;
  const identity::Principal principal_;
  const SystemClock clock_;
  std::map<std::string, double> sums_;
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<const engine::CapturePlan>, CapturedInvocation>> captured_;
  engine::EndpointRoutes routes_;
  InvocationMetrics metrics_;
  Invocations invocations_;
  std::unique_ptr<http::Server> model_, front_;
};

class CapturedInvocationsTest : public InvocationsTest {
 protected:
  std::vector<std::pair<std::shared_ptr<const engine::CapturePlan>, CapturedInvocation>>
  captured() {
    const std::lock_guard lock(mutex_);
    return captured_;
  }
  void capture(unsigned percentage, bool input, bool output) {
    auto plan = std::make_shared<engine::CapturePlan>();
    plan->percentage = percentage;
    plan->input = input;
    plan->output = output;
    auto route = std::make_shared<engine::EndpointRoute>(*routes_.find("1", "r", "e"));
    route->variants.at(0).capture = plan;
    routes_.publish(route);
  }
};

TEST_F(CapturedInvocationsTest, HandsOnBothSides) {
  call("InvokeEndpoint", "not captured");
  EXPECT_TRUE(captured().empty());
  capture(100, true, true);
  EXPECT_EQ(call("InvokeEndpoint", "1,2").body, "got 1,2");
  const auto all = captured();
  ASSERT_EQ(all.size(), 1u);
  const CapturedInvocation& kept = all[0].second;
  EXPECT_EQ(all[0].first, routes_.find("1", "r", "e")->variants.at(0).capture);
  EXPECT_EQ(kept.event_id, "request-1");
  EXPECT_EQ(kept.inference_id, "id-1");
  EXPECT_EQ(kept.custom_attributes, "mine");
  EXPECT_EQ(kept.input_type, "text/csv");
  EXPECT_EQ(kept.input, "1,2");
  EXPECT_EQ(kept.output_type, "text/plain");
  EXPECT_EQ(kept.output, "got 1,2");
}

TEST_F(CapturedInvocationsTest, KeepsOnlyWhatThePlanAsksFor) {
  capture(100, true, false);
  call("InvokeEndpoint", "1");
  capture(100, false, true);
  call("InvokeEndpoint", "2");
  ASSERT_EQ(captured().size(), 2u);
  EXPECT_EQ(captured()[0].second.input + "|" + captured()[0].second.output, "1|");
  EXPECT_EQ(captured()[1].second.input + "|" + captured()[1].second.output, "|got 2");
  capture(0, true, true);
  for (int i = 0; i < 20; ++i) call("InvokeEndpoint", "3");
  EXPECT_EQ(captured().size(), 2u);
}

TEST_F(CapturedInvocationsTest, TakesASample) {
  capture(30, true, false);
  for (int i = 0; i < 1000; ++i) call("InvokeEndpoint", "x");
  // Six standard deviations to each side.
  EXPECT_GT(captured().size(), 210u);
  EXPECT_LT(captured().size(), 390u);
}

TEST_F(CapturedInvocationsTest, NothingOfWhatTheModelRefused) {
  capture(100, true, true);
  call("InvokeEndpoint", "fail");
  call("InvokeEndpointWithResponseStream", "fail");
  call("InvokeEndpointWithResponseStream", "break");
  EXPECT_TRUE(captured().empty());
}

TEST_F(CapturedInvocationsTest, AStreamedAnswerIsKeptWhole) {
  capture(100, true, true);
  call("InvokeEndpointWithResponseStream", "parts");
  ASSERT_EQ(captured().size(), 1u);
  EXPECT_EQ(captured()[0].second.input, "parts");
  EXPECT_EQ(captured()[0].second.output, "onetwo");
  EXPECT_EQ(captured()[0].second.output_type, "text/plain");
}

TEST_F(InvocationsTest, PassesTheAnswerOn) {
  const auto answer = call("InvokeEndpoint", "1,2");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "got 1,2");
  EXPECT_EQ(answer.headers.get("Content-Type"), "text/plain");
  EXPECT_EQ(answer.headers.get("x-Amzn-Invoked-Production-Variant"), "main");
  EXPECT_EQ(answer.headers.get("X-Amzn-SageMaker-Custom-Attributes"), "yes");
  metrics_.flush();
  EXPECT_EQ(sums_["Invocations"], 1.0);
  EXPECT_GT(sums_["ModelLatency"], 0.0);
}

TEST_F(InvocationsTest, NamesWhatIsWrong) {
  EXPECT_EQ(call("InvokeEndpoint", "x", "nobody").body,
            "ValidationError: Endpoint nobody of account 1 not found.");
  EXPECT_TRUE(call("InvokeEndpoint", "x", "e", "other").body.starts_with("ValidationError: "));
  EXPECT_TRUE(call("InvokeEndpoint", "x", "e", "empty").body.starts_with("ServiceUnavailable: "));
  EXPECT_TRUE(call("InvokeEndpoint", "fail").body.starts_with("ModelError: "));
  model_->stop(milliseconds(0));
  EXPECT_TRUE(call("InvokeEndpoint", "x").body.starts_with("ServiceUnavailable: "));
}

TEST_F(InvocationsTest, StreamsPartsAsEvents) {
  const auto answer = call("InvokeEndpointWithResponseStream", "parts");
  EXPECT_EQ(answer.headers.get("Content-Type"), wire::kEventStreamType);
  EXPECT_EQ(answer.headers.get("X-Amzn-SageMaker-Content-Type"), "text/plain");
  EXPECT_EQ(answer.body,
            wire::blob_event("PayloadPart", "one") + wire::blob_event("PayloadPart", "two"));
  EXPECT_TRUE(call("InvokeEndpointWithResponseStream", "fail").body.starts_with("ModelError: "));
}

TEST_F(InvocationsTest, AStreamThatBreaksEndsWithItsError) {
  const std::string body = call("InvokeEndpointWithResponseStream", "break").body;
  EXPECT_TRUE(body.starts_with(wire::blob_event("PayloadPart", "only this")));
  EXPECT_NE(body.find("ModelStreamError"), std::string::npos);
  EXPECT_NE(body.find("StreamBroken"), std::string::npos);
}

}  // namespace
}  // namespace clary::server
