// What browsers ask on behalf of other sites' pages: preflight requests are answered here, and
// answers to the rest get the header fields that let the page read them. Only S3 buckets have
// rules; for every other service nothing is allowed, since the console comes from this server
// itself.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "api/s3/cors.h"
#include "base/worker_pool.h"
#include "http/server.h"

namespace clary::server {

// Stands before the gateway. threads: any; handle() runs on the connection's executor.
// order: outlives the http::Server.
class Cors {
 public:
  Cors(api::s3::CorsCache& rules, WorkerPool& workers, http::Handler next)
      : rules_(rules), workers_(workers), next_(std::move(next)) {}

  boost::asio::awaitable<void> handle(http::Exchange& exchange);

 private:
  struct Target;
  boost::asio::awaitable<Target> target_of(const RequestHead& head);
  boost::asio::awaitable<void> handle_of_origin(http::Exchange& exchange, std::string_view origin);
  boost::asio::awaitable<void> preflight(http::Exchange& exchange);

  api::s3::CorsCache& rules_;
  WorkerPool& workers_;
  http::Handler next_;
};

}  // namespace clary::server
