#include "algorithms/serving/server.h"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdio>
#include <cstdlib>

#include "algorithms/container/contract.h"
#include "algorithms/data/channel.h"
#include "http/server.h"

namespace clary::algorithms {
namespace {

using boost::asio::awaitable;

awaitable<void> answer(http::Exchange& exchange, InvocationResponse response) {
  ResponseHead head;
  head.status = response.status;
  if (!response.content_type.empty()) {
    head.headers.emplace_back("Content-Type", std::move(response.content_type));
  }
  co_await exchange.response.send(std::move(head), std::move(response.body));
}

// The whole body, or nothing when it is longer than allowed.
awaitable<std::optional<std::string>> read_body(BodyReader& body, std::size_t limit) {
  const std::uint64_t announced = body.content_length().value_or(0);
  if (announced > limit) co_return std::nullopt;
  std::string bytes(announced, '\0');
  std::size_t used = 0;
  while (true) {
    // Without Content-Length the body grows in steps; with it one read fills it and one sees the
    // end.
    if (used == bytes.size()) bytes.resize(std::min(limit + 1, std::max(used * 2, used + 64)));
    const std::size_t count =
        co_await body.read_some(std::as_writable_bytes(std::span(bytes).subspan(used)));
    if (count == 0) break;
    used += count;
    if (used > limit) co_return std::nullopt;
  }
  bytes.resize(used);
  co_return bytes;
}

awaitable<void> invoke(const InferenceService& service, std::size_t limit,
                       http::Exchange& exchange) {
  const std::optional<std::string> body = co_await read_body(exchange.body, limit);
  InvocationResponse response;
  if (body) {
    response = service.invoke({.payload = *body,
                               .content_type = exchange.request.headers.get("Content-Type"),
                               .accept = exchange.request.headers.get("Accept")});
  } else {
    response = {413, "text/plain",
                "The payload is larger than " + std::to_string(limit) + " bytes"};
  }
  co_await answer(exchange, std::move(response));
}

awaitable<void> handle(const InferenceService& service, std::size_t limit,
                       http::Exchange& exchange) {
  const std::string& method = exchange.request.method;
  const std::string& path = exchange.request.path;
  if (path == "/invocations") {
    if (method == "POST") {
      co_await invoke(service, limit, exchange);
    } else {
      co_await answer(exchange, {405, "text/plain", "POST only"});
    }
  } else if (path == "/ping") {
    co_await answer(exchange, {200, "", ""});
  } else if (path == "/execution-parameters") {
    co_await answer(exchange, {200, "application/json", service.execution_parameters()});
  } else {
    co_await answer(exchange, {404, "text/plain", "not found"});
  }
}

}  // namespace

ModelServerOptions ModelServerOptions::from_environment() {
  ModelServerOptions options;
  options.unix_path = environment_or("CLARY_SERVE_SOCKET", "");
  options.port = static_cast<unsigned short>(
      std::atoi(environment_or("SAGEMAKER_BIND_TO_PORT", "8080").c_str()));
  return options;
}

void run_model_server(const InferenceService& service, const ModelServerOptions& options) {
  // Signals are taken here alone, so they are blocked before any thread starts.
  sigset_t stop_signals;
  ::sigemptyset(&stop_signals);
  ::sigaddset(&stop_signals, SIGTERM);
  ::sigaddset(&stop_signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  http::ServerOptions server_options;
  server_options.address = "0.0.0.0";
  server_options.port = options.port;
  server_options.unix_path = options.unix_path;
  server_options.threads = options.threads;
  // The caller keeps its connections open between requests for as long as it likes.
  server_options.limits.idle_timeout = std::chrono::hours(24);
  const std::size_t limit = options.max_payload_bytes;
  http::Server server(server_options, [&service, limit](http::Exchange& exchange) {
    return handle(service, limit, exchange);
  });
  server.start();
  const std::string where =
      options.unix_path.empty() ? "port " + std::to_string(server.port()) : options.unix_path;
  std::printf("Listening on %s with %u threads\n", where.c_str(), options.threads);
  std::fflush(stdout);
  int caught = 0;
  ::sigwait(&stop_signals, &caught);
  server.stop(std::chrono::seconds(5));
}

}  // namespace clary::algorithms
