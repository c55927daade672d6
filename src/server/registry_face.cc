// Sources: the OCI distribution specification 1.1; Docker's registry API for what its clients send.
#include "server/registry_face.h"

#include "api/access.h"
#include "api/ecr/access.h"
#include "base/random.h"
#include "server/registry_request.h"

namespace clary::server {

namespace asio = boost::asio;
using registry::Repository;
using What = RegistryRoute::What;

namespace {

// Account and region of ACCOUNT.dkr.ecr.REGION.amazonaws.com.
std::optional<std::pair<std::string, std::string>> ecr_host(std::string_view host) {
  constexpr std::string_view kMiddle = ".dkr.ecr.", kEnd = ".amazonaws.com";
  host = host.substr(0, host.find(':'));
  const auto at = host.find(kMiddle);
  if (at != 12 || !host.ends_with(kEnd)) return std::nullopt;
  const std::string_view region =
      host.substr(at + kMiddle.size(), host.size() - at - kMiddle.size() - kEnd.size());
  return std::pair(std::string(host.substr(0, at)), std::string(region));
}

}  // namespace

asio::awaitable<void> RegistryFace::handle(http::Exchange& exchange) {
  Request request(exchange);
  if (exchange.request_id.empty()) exchange.request_id = random_uuid();
  std::optional<RegistryError> error;
  std::exception_ptr thrown;
  try {
    co_await serve(request);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) {
    error = registry_error_of(thrown, exchange.request_id);
    request.notes.error_code = error->code;
    request.notes.error_message = error->message;
    request.notes.status = error->status;
  }
  const bool answered = exchange.response.started();
  if (request.notes.model != nullptr) {
    parts_.audit.record(exchange.request, exchange.request_id, std::move(request.notes));
  }
  if (!error) co_return;
  if (answered) std::rethrow_exception(thrown);  // too late: the server closes
  ResponseHead head = registry_head(error->status);
  head.headers.emplace_back("Content-Type", "application/json");
  if (error->status == 401) {
    head.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Clary\",service=\"ecr\"");
  }
  co_await exchange.response.send(std::move(head), error_body(*error));
}

void RegistryFace::authenticate(Request& request) const {
  constexpr std::string_view kBasic = "Basic ", kUser = "AWS:";
  const RequestHead& head = request.head();
  const std::string_view peer = head.peer;
  const bool here =
      peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
  if (parts_.remote_needs_tls && !head.tls && !here) {
    throw RegistryError{403, "DENIED", "this server takes requests over TLS only"};
  }
  const std::string_view authorization = head.headers.get("Authorization");
  std::optional<std::string> given;
  if (authorization.starts_with(kBasic)) given = unbase64(authorization.substr(kBasic.size()));
  std::optional<api::ecr::Login> login;
  if (given && given->starts_with(kUser)) {
    login = api::ecr::login_of(std::string_view(*given).substr(kUser.size()), parts_.credentials,
                               parts_.clock.now());
  }
  if (!login) {
    throw RegistryError{401, "UNAUTHORIZED",
                        "authentication required: log in as AWS with the password of `aws ecr "
                        "get-login-password`"};
  }
  request.login = std::move(*login);
  request.name = {request.login.key->principal->account, request.login.region,
                  request.route.repository};
  if (auto host = ecr_host(head.headers.get("Host"))) {
    request.name.account = std::move(host->first);
    request.name.region = std::move(host->second);
  }
}

// Blocks, on the database.
void RegistryFace::require(Request& request, std::string_view operation) const {
  const ServiceRegistry::Entry* const ecr = parts_.services.find("ecr");
  const wire::Operation* const known = ecr->model->find_operation(operation);
  const api::Call call{.model = *ecr->model,
                       .operation = *known,
                       .principal = *request.login.key->principal,
                       .account = request.login.key->principal->account,
                       .region = request.login.region,
                       .request_id = request.exchange.request_id,
                       .now = parts_.clock.now(),
                       .request = request.head(),
                       .authorizer = parts_.authorizer,
                       .body = {}};
  const auto found = parts_.registry.find(request.name);
  api::require_access(call, api::ecr::access_request(request.name, found ? &*found : nullptr,
                                                     "ecr:" + std::string(operation)));
}

Repository RegistryFace::repository(const Request& request) const {
  auto found = parts_.registry.find(request.name);
  if (!found) {
    throw RegistryError{404, "NAME_UNKNOWN",
                        "The repository with name '" + request.name.name +
                            "' does not exist in the registry with id '" + request.name.account +
                            "'; `aws ecr create-repository` makes it"};
  }
  return *std::move(found);
}

asio::awaitable<void> RegistryFace::serve(Request& request) {
  const auto route = registry_route(request.head());
  if (!route) {
    throw RegistryError{404, "UNSUPPORTED", "this registry has no such path, name or method"};
  }
  request.route = *route;
  authenticate(request);
  if (route->what == What::kBase) {
    co_await request.exchange.response.send(registry_head(200), "");
    co_return;
  }
  const std::string_view operation = operation_of(route->what);
  const ServiceRegistry::Entry* const ecr = parts_.services.find("ecr");
  request.notes.model = ecr->model;
  request.notes.operation = ecr->model->find_operation(operation);
  request.notes.key = request.login.key;
  request.notes.region = request.login.region;
  request.notes.status = 200;
  parts_.audit.describe(request.notes,
                        {{"repositoryName", request.name.name}, {"reference", route->reference}});
  parts_.audit.require_room(request.notes);
  co_await on_workers(parts_.workers, [&] {
    require(request, operation);
    if (route->what != What::kCatalog) repository(request);
  });
  switch (route->what) {
    case What::kBase:
      break;
    case What::kCatalog:
      co_await catalog(request);
      break;
    case What::kTags:
      co_await tags(request);
      break;
    case What::kHeadManifest:
    case What::kGetManifest:
      co_await get_manifest(request);
      break;
    case What::kPutManifest:
      co_await put_manifest(request);
      break;
    case What::kDeleteManifest:
      co_await delete_manifest(request);
      break;
    case What::kHeadBlob:
    case What::kGetBlob:
      co_await get_blob(request);
      break;
    case What::kDeleteBlob:
      co_await delete_blob(request);
      break;
    case What::kBeginUpload:
      co_await begin_upload(request);
      break;
    case What::kUploadStatus:
      co_await upload_status(request);
      break;
    case What::kUploadPart:
      co_await upload_part(request);
      break;
    case What::kFinishUpload:
      co_await finish_upload(request);
      break;
    case What::kCancelUpload:
      co_await cancel_upload(request);
      break;
  }
}

}  // namespace clary::server
