// The registry that `docker push` and `docker pull` speak to: the OCI distribution protocol over
// registry/store.h, with ECR's tokens and permissions.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/s3/range.h"
#include "base/worker_pool.h"
#include "http/server.h"
#include "identity/credentials.h"
#include "registry/store.h"
#include "server/registry_route.h"
#include "server/request_audit.h"
#include "server/service_registry.h"

namespace clary::server {

struct RegistryFaceParts {
  registry::Store& registry;
  identity::Credentials& credentials;
  identity::Authorizer& authorizer;
  const ServiceRegistry& services;  // for ECR's model
  RequestAudit& audit;
  WorkerPool& workers;
  const Clock& clock;
  bool remote_needs_tls = false;
};

// threads: any; handle() runs on the connection's executor.
class RegistryFace {
 public:
  explicit RegistryFace(RegistryFaceParts parts) : parts_(parts) {}

  // Whether a request is the registry's.
  static bool is_for(const RequestHead& head) {
    return head.path == "/v2" || head.path.starts_with("/v2/");
  }
  boost::asio::awaitable<void> handle(http::Exchange& exchange);

 private:
  struct Request;

  void authenticate(Request& request) const;
  void require(Request& request, std::string_view operation) const;
  registry::Repository repository(const Request& request) const;

  boost::asio::awaitable<void> serve(Request& request);
  boost::asio::awaitable<void> catalog(Request& request);
  boost::asio::awaitable<void> tags(Request& request);
  boost::asio::awaitable<void> get_manifest(Request& request);
  boost::asio::awaitable<void> put_manifest(Request& request);
  boost::asio::awaitable<void> delete_manifest(Request& request);
  boost::asio::awaitable<void> get_blob(Request& request);
  boost::asio::awaitable<void> send_sealed(Request& request, const registry::Blob& blob, int file,
                                           api::s3::ByteRange part, ResponseHead head);
  boost::asio::awaitable<void> delete_blob(Request& request);
  boost::asio::awaitable<void> begin_upload(Request& request);
  boost::asio::awaitable<void> upload_status(Request& request);
  boost::asio::awaitable<void> upload_part(Request& request);
  boost::asio::awaitable<void> finish_upload(Request& request);
  boost::asio::awaitable<void> cancel_upload(Request& request);
  boost::asio::awaitable<void> receive(Request& request, registry::Upload& upload);
  boost::asio::awaitable<void> created_blob(Request& request, registry::Upload& upload,
                                            const std::string& digest);

  const RegistryFaceParts parts_;
};

}  // namespace clary::server
