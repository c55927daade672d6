#include "server/invocations.h"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "api/authorize.h"
#include "http/client.h"
#include "server/payload.h"
#include "wire/api_error.h"
#include "wire/event_stream.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

// "A customer's model containers must respond to requests within 60 seconds" (InvokeEndpoint).
constexpr std::chrono::seconds kModelTimeout{60};

// No more is gathered of a streamed answer: what is longer does not fit into any queue of captures.
constexpr std::size_t kLongestCapture = 64U << 20;

// One client pool per io_context, destroyed with it: connections never cross threads.
class PoolService final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;
  explicit PoolService(asio::execution_context& context) : service(context) {}

  http::ClientPool& pool(const asio::any_io_executor& executor) {
    if (!pool_) pool_ = std::make_unique<http::ClientPool>(executor);
    return *pool_;
  }

 private:
  void shutdown() override { pool_.reset(); }
  std::unique_ptr<http::ClientPool> pool_;
};

http::ClientPool& client_pool(const asio::any_io_executor& executor) {
  return asio::use_service<PoolService>(asio::query(executor, asio::execution::context))
      .pool(executor);
}

double random_unit() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

// Holds one place in an instance's count of requests under way.
class Outstanding {
 public:
  explicit Outstanding(std::atomic<std::uint32_t>& count) : count_(count) {
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  ~Outstanding() { count_.fetch_sub(1, std::memory_order_relaxed); }
  Outstanding(const Outstanding&) = delete;
  Outstanding& operator=(const Outstanding&) = delete;

 private:
  std::atomic<std::uint32_t>& count_;
};

std::size_t body_limit(const wire::Operation& operation) {
  constexpr std::size_t kFallback = 25U << 20;
  if (operation.input == nullptr) return kFallback;
  const wire::Member* body = operation.input->find_member("Body");
  if (body == nullptr || !body->shape->max) return kFallback;
  return static_cast<std::size_t>(*body->shape->max);
}

asio::awaitable<std::string> read_body(BodyReader& body, std::size_t limit) {
  try {
    co_return co_await read_all(body, limit);
  } catch (const BodyError& error) {
    if (error.kind() != BodyError::Kind::kTooLarge) throw;
  }
  throw ApiError("ValidationError",
                 "1 validation error detected: Value at 'body' failed to satisfy constraint: "
                 "Member must have length less than or equal to " +
                     std::to_string(limit));
}

std::shared_ptr<const engine::EndpointRoute> find_route(const engine::EndpointRoutes& routes,
                                                        const api::Call& call,
                                                        std::string_view endpoint) {
  auto route = routes.find(call.account, call.region, endpoint);
  if (!route) {
    throw ApiError("ValidationError", "Endpoint " + std::string(endpoint) + " of account " +
                                          std::string(call.account) + " not found.");
  }
  if (!route->in_service) {
    throw ApiError("ValidationError", "Endpoint " + std::string(endpoint) + " of account " +
                                          std::string(call.account) +
                                          " is not InService yet; wait until DescribeEndpoint "
                                          "says so.");
  }
  return route;
}

http::ClientRequest model_request(const json::object& input, std::string body) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/invocations";
  request.body = std::move(body);
  request.headers.reserve(3);
  const auto pass = [&](std::string_view member, std::string_view header) {
    if (const auto value = find_string(input, member)) {
      request.headers.emplace_back(std::string(header), std::string(*value));
    }
  };
  pass("ContentType", "Content-Type");
  pass("Accept", "Accept");
  pass("CustomAttributes", "X-Amzn-SageMaker-Custom-Attributes");
  pass("InferenceId", "X-Amzn-SageMaker-Inference-Id");
  return request;
}

// What AWS says when the container answers no 2xx: status 424, the original beside it.
ApiError model_error(const api::Call& call, std::string_view endpoint, unsigned status,
                     const std::string& message) {
  const std::string group = "/aws/sagemaker/Endpoints/" + std::string(endpoint);
  const char* side = status >= 400 && status < 500 ? "client" : "server";
  ApiError error("ModelError", std::string("Received ") + side + " error (" +
                                   std::to_string(status) + ") from primary with message \"" +
                                   message + "\". See " + group +
                                   " in CloudWatch Logs of account " + std::string(call.account) +
                                   " for more information.");
  error.details()["OriginalStatusCode"] = status;
  error.details()["OriginalMessage"] = message;
  error.details()["LogStreamArn"] = "arn:aws:logs:" + std::string(call.region) + ":" +
                                    std::string(call.account) + ":log-group:" + group;
  return error;
}

ApiError unreachable(std::string_view endpoint, std::string_view variant) {
  return ApiError("ServiceUnavailable",
                  "No model server of variant " + std::string(variant) + " of endpoint " +
                      std::string(endpoint) +
                      " answers now; it is being restarted. Try again shortly.",
                  503);
}

ResponseHead response_head(const api::Call& call, const http::ClientResponse& answer,
                           std::string_view variant) {
  ResponseHead head;
  head.headers.reserve(5);
  head.headers.emplace_back("x-amzn-RequestId", std::string(call.request_id));
  head.headers.emplace_back("x-Amzn-Invoked-Production-Variant", std::string(variant));
  if (const auto type = answer.headers.find("Content-Type")) {
    head.headers.emplace_back("Content-Type", std::string(*type));
  }
  if (const auto custom = answer.headers.find("X-Amzn-SageMaker-Custom-Attributes")) {
    head.headers.emplace_back("X-Amzn-SageMaker-Custom-Attributes", std::string(*custom));
  }
  return head;
}

// The body of the answer is a stream of events; what the model server's own type is, a header says.
ResponseHead stream_head(const api::Call& call, const http::ClientResponse& answer,
                         std::string_view variant) {
  ResponseHead head = response_head(call, answer, variant);
  for (auto& [name, value] : head.headers) {
    if (name == "Content-Type") name = "X-Amzn-SageMaker-Content-Type";
  }
  head.headers.emplace_back("Content-Type", std::string(wire::kEventStreamType));
  return head;
}

// What ends a stream that the model server did not: ModelStreamError, with the API reference's
// codes.
std::string stream_error(const http::ClientError& error) {
  const bool late = error.kind() == http::ClientError::Kind::kTimeout;
  return json::serialize(json::object{
      {"Message", std::string("The model container did not finish its response: ") + error.what()},
      {"ErrorCode", late ? "ModelInvocationTimeExceeded" : "StreamBroken"}});
}

// Where one request's time went.
struct Stopwatch {
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::chrono::nanoseconds model{};
  std::chrono::nanoseconds overhead() const {
    return std::chrono::steady_clock::now() - started - model;
  }
};

}  // namespace

const engine::VariantRoute* choose_variant(const engine::EndpointRoute& route,
                                           std::string_view target, double random) {
  if (!target.empty()) {
    for (const auto& variant : route.variants) {
      if (variant.name == target) return &variant;
    }
    return nullptr;
  }
  double total = 0;
  for (const auto& variant : route.variants)
    total += variant.instances.empty() ? 0 : variant.weight;
  const engine::VariantRoute* last = nullptr;
  double left = random * total;
  for (const auto& variant : route.variants) {
    if (variant.instances.empty() || variant.weight <= 0) continue;
    last = &variant;
    left -= variant.weight;
    if (left < 0) break;
  }
  return last;
}

std::shared_ptr<engine::ServingInstance> choose_instance(const engine::VariantRoute& variant) {
  if (variant.instances.empty()) return nullptr;
  thread_local std::size_t turn = 0;
  const std::size_t count = variant.instances.size();
  std::size_t best = turn++ % count;
  for (std::size_t i = 1; i < count; ++i) {
    const std::size_t other = (best + i) % count;
    if (variant.instances[other]->outstanding.load(std::memory_order_relaxed) <
        variant.instances[best]->outstanding.load(std::memory_order_relaxed)) {
      best = other;
    }
  }
  return variant.instances[best];
}

Invocations::Invocations(const engine::EndpointRoutes& routes, InvocationMetrics& metrics,
                         TagsOf tags_of, Capture capture)
    : routes_(routes),
      metrics_(metrics),
      tags_of_(std::move(tags_of)),
      capture_(std::move(capture)) {}

void Invocations::add_resource_context(const std::string& resource_arn, const api::Call&,
                                       identity::Context& context) {
  if (tags_of_) api::add_resource_tags(tags_of_(resource_arn), "sagemaker", context);
}

std::vector<api::OperationEntry> Invocations::operations() {
  return {{.name = "InvokeEndpoint",
           .plain = nullptr,
           .streaming =
               [this](json::object input, api::Call& call, BodyReader& body, BodyWriter& response) {
                 return invoke(std::move(input), call, body, response);
               }},
          {.name = "InvokeEndpointWithResponseStream",
           .plain = nullptr,
           .streaming = [this](json::object input, api::Call& call, BodyReader& body,
                               BodyWriter& response) {
             return invoke_stream(std::move(input), call, body, response);
           }}};
}

// One invocation on its way to a model server and back, with what is counted of it.
struct Invocations::Passage {
  Passage(const Invocations& of, const json::object& input, const api::Call& given)
      : service(of), call(given), endpoint(string_or(input, "EndpointName")) {
    route = find_route(service.routes_, call, endpoint);
    const std::string_view target = find_string(input, "TargetVariant").value_or("");
    variant = choose_variant(*route, target, random_unit());
    if (variant == nullptr && target.empty()) throw unreachable(endpoint, "any");
    if (variant == nullptr) {
      throw ApiError("ValidationError", "Variant " + std::string(target) +
                                            " not found for Endpoint " + endpoint + ".");
    }
    instance = choose_instance(*variant);
    if (!instance) throw unreachable(endpoint, variant->name);
    const engine::CapturePlan* plan = variant->capture.get();
    captured = plan != nullptr && service.capture_ && random_unit() * 100 < plan->percentage;
  }

  http::Address address() const {
    return {.host = "localhost", .port = 0, .unix_path = instance->unix_path};
  }
  void finish(unsigned status, bool failed) {
    time.model = std::chrono::steady_clock::now() - asked;
    service.metrics_.record({.account = call.account,
                             .region = call.region,
                             .endpoint = endpoint,
                             .variant = variant->name,
                             .instances = variant->instances.size(),
                             .status = status,
                             .model_error = failed,
                             .model_latency = time.model,
                             .overhead_latency = time.overhead()});
  }
  // Hands on what is kept of an answered invocation: of its request what is no longer needed, of
  // its answer a copy, which the caller made.
  void capture(const json::object& input, http::ClientRequest& request,
               std::string_view output_type, std::string output) const {
    CapturedInvocation kept;
    kept.time = call.now;
    kept.event_id = call.request_id;
    kept.inference_id = string_or(input, "InferenceId");
    kept.custom_attributes = string_or(input, "CustomAttributes");
    if (variant->capture->input) {
      kept.input_type = string_or(input, "ContentType");
      kept.input = std::move(request.body);
    }
    if (variant->capture->output) {
      kept.output_type = output_type;
      kept.output = std::move(output);
    }
    service.capture_(variant->capture, std::move(kept));
  }
  bool captures_output() const { return captured && variant->capture->output; }
  // The model server gave no answer that could be passed on.
  [[noreturn]] void fail(const http::ClientError& error) {
    if (error.kind() == http::ClientError::Kind::kTimeout) {
      finish(424, true);
      throw model_error(call, endpoint, 0,
                        "Your invocation timed out while waiting for a response from container "
                        "primary.");
    }
    finish(503, true);
    throw unreachable(endpoint, variant->name);
  }

  const Invocations& service;
  const api::Call& call;
  const std::string endpoint;
  std::shared_ptr<const engine::EndpointRoute> route;
  const engine::VariantRoute* variant = nullptr;
  std::shared_ptr<engine::ServingInstance> instance;
  bool captured = false;  // this one is in the sample
  Stopwatch time;
  std::chrono::steady_clock::time_point asked = time.started;
};

asio::awaitable<void> Invocations::invoke(json::object input, api::Call& call, BodyReader& body,
                                          BodyWriter& response) {
  const auto started = std::chrono::steady_clock::now();
  // The whole body first: its hash is checked at its end, and no model sees a tampered one.
  http::ClientRequest request =
      model_request(input, co_await read_body(body, body_limit(call.operation)));
  Passage passage(*this, input, call);
  passage.time.started = started;
  const auto executor = co_await asio::this_coro::executor;
  const Outstanding outstanding(passage.instance->outstanding);
  passage.asked = std::chrono::steady_clock::now();
  http::ClientResponse answer;
  try {
    answer = co_await client_pool(executor).send(passage.address(), request, kModelTimeout);
  } catch (const http::ClientError& error) {
    passage.fail(error);
  }
  const bool ok = answer.status >= 200 && answer.status < 300;
  passage.finish(ok ? 200 : 424, !ok);
  if (!ok) throw model_error(call, passage.endpoint, answer.status, answer.body);
  if (passage.captured) {
    passage.capture(input, request, answer.headers.get("Content-Type"),
                    passage.captures_output() ? answer.body : std::string());
  }
  co_await response.send(response_head(call, answer, passage.variant->name),
                         std::move(answer.body));
}

// The answer is a stream of PayloadPart events, each what the model server sent at once.
asio::awaitable<void> Invocations::invoke_stream(json::object input, api::Call& call,
                                                 BodyReader& body, BodyWriter& response) {
  const auto started = std::chrono::steady_clock::now();
  http::ClientRequest request =
      model_request(input, co_await read_body(body, body_limit(call.operation)));
  Passage passage(*this, input, call);
  passage.time.started = started;
  const auto executor = co_await asio::this_coro::executor;
  const Outstanding outstanding(passage.instance->outstanding);
  passage.asked = std::chrono::steady_clock::now();
  std::string output;  // of a captured invocation
  const http::ClientPool::TakePiece take = [&](const http::ClientResponse& head,
                                               std::string_view piece) -> asio::awaitable<void> {
    if (!response.started()) {
      co_await response.start(stream_head(call, head, passage.variant->name));
    }
    const std::string event = piece.empty() ? "" : wire::blob_event("PayloadPart", piece);
    if (passage.captures_output() && output.size() <= kLongestCapture) output += piece;
    co_await response.write(as_bytes(event));
  };
  http::ClientResponse answer;
  std::optional<http::ClientError> broken;
  try {
    answer = co_await client_pool(executor).stream(passage.address(), request, kModelTimeout, take);
  } catch (const http::ClientError& error) {
    if (!response.started()) passage.fail(error);
    broken = error;
  }
  if (broken) {
    passage.finish(424, true);
    const std::string event = wire::exception_event("ModelStreamError", stream_error(*broken));
    co_await response.write(as_bytes(event));
    co_await response.finish();
    co_return;
  }
  const bool ok = response.started();
  passage.finish(ok ? 200 : 424, !ok);
  if (!ok) throw model_error(call, passage.endpoint, answer.status, answer.body);
  if (passage.captured) {
    passage.capture(input, request, answer.headers.get("Content-Type"), std::move(output));
  }
  co_await response.finish();
}

}  // namespace clary::server
