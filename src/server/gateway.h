// The way of a request, from its head to its answer: which service, who, which operation, run it,
// encode. The rest of the program is behind this.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/worker_pool.h"
#include "http/server.h"
#include "server/authenticator.h"
#include "server/rate_limits.h"
#include "server/request_audit.h"
#include "server/request_metrics.h"
#include "server/service_registry.h"

namespace clary::server {

// What is answered beside the AWS services.
struct SideRoutes {
  // Body of POST /_clary/runs/<id>/report with its bearer token -> answer. Runs on the worker pool;
  // throws std::invalid_argument (answered 400).
  std::function<std::string(std::string_view run_id, std::string_view token, std::string_view body)>
      run_report;
  // Body of POST /_clary/owner with the owner's token -> answer. Likewise.
  std::string owner_token;
  std::function<std::string(std::string_view body)> owner_command;
  // The container registry: everything below /v2/.
  std::function<boost::asio::awaitable<void>(http::Exchange& exchange)> registry;
  // The web console: everything below /_console/, and what a browser asks of "/".
  std::function<boost::asio::awaitable<void>(http::Exchange& exchange)> console;
};

// What a request must pass beside its signature, and where it is written down.
struct Guards {
  RequestAudit& audit;
  RateLimits& limits;
  // Plain requests from other machines are refused.
  bool remote_needs_tls = false;
};

// threads: any; handle() runs on the connection's executor. order: outlives the http::Server.
class Gateway {
 public:
  Gateway(const ServiceRegistry& services, Authenticator& authenticator,
          identity::Authorizer& authorizer, WorkerPool& workers, const Clock& clock,
          RequestMetrics& metrics, Guards guards, SideRoutes side);

  boost::asio::awaitable<void> handle(http::Exchange& exchange);

 private:
  struct Request;

  boost::asio::awaitable<bool> answer_side_route(http::Exchange& exchange);
  boost::asio::awaitable<void> answer_run_report(http::Exchange& exchange);
  boost::asio::awaitable<void> answer_owner(http::Exchange& exchange);
  boost::asio::awaitable<void> answer_side_work(http::Exchange& exchange,
                                                std::function<std::string(std::string_view)> work);
  boost::asio::awaitable<void> serve(Request& request);
  boost::asio::awaitable<void> serve_buffered(Request& request);
  boost::asio::awaitable<void> serve_streaming(Request& request);
  boost::asio::awaitable<void> serve_form(Request& request);
  boost::asio::awaitable<void> serve_web_identity(Request& request);
  api::Call authorized_call(Request& request, const RequestHead& head, const json::object& input,
                            std::string_view body) const;
  boost::asio::awaitable<void> run_plain(Request& request, std::string_view body);
  // Also asks the limits, once it is known who asks.
  void verify(Request& request, std::string_view body_hash) const;
  void admit(Request& request) const;
  // Throws the service's throttling error when `who` asks too often.
  void limit_rate(const Request& request, std::string_view who) const;
  void require_transport(const RequestHead& head) const;
  // What is done with a decoded, valid input before anybody looks at it.
  void note_input(Request& request, const json::object& input) const;
  [[noreturn]] void refuse(const Request& request, wire::AuthFailure failure,
                           std::string_view body_hash) const;
  static void select(Request& request, std::string_view body);
  boost::asio::awaitable<void> send_error(Request& request, const wire::ApiError& error);

  const ServiceRegistry& services_;
  Authenticator& authenticator_;
  identity::Authorizer& authorizer_;
  WorkerPool& workers_;
  const Clock& clock_;
  RequestMetrics& metrics_;
  Guards guards_;
  SideRoutes side_;
};

}  // namespace clary::server
