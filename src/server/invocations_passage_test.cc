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
        invocations_(routes_, metrics_) {
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
                       {"Accept", "yes"}};
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
  engine::EndpointRoutes routes_;
  InvocationMetrics metrics_;
  Invocations invocations_;
  std::unique_ptr<http::Server> model_, front_;
};

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
