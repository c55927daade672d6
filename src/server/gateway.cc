#include "server/gateway.h"

#include "base/errors.h"
#include "base/log.h"
#include "base/random.h"
#include "server/console_face.h"
#include "server/form_upload.h"
#include "server/payload.h"
#include "server/registry_face.h"
#include "server/service_of_request.h"
#include "wire/codec.h"
#include "wire/sha256.h"
#include "wire/sigv2.h"
#include "wire/validate.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

// What a request that is held in memory may be. The largest one clients send is a PutMetricData of
// 1 MiB or a PutLogEvents of 1 MiB, and S3's lists of parts and keys.
constexpr std::size_t kBufferedBytes = 16U << 20;
constexpr std::size_t kWebIdentityBytes = 64U << 10;
constexpr std::size_t kReportBytes = 32U << 20;

bool is_s3(const wire::ServiceModel& model) {
  return model.name() == "s3";
}

ApiError not_built(const wire::ServiceModel& model, const wire::Operation& operation) {
  return ApiError(is_s3(model) ? "NotImplemented" : "UnsupportedOperationException",
                  "Clary does not implement " + model.service_id() + " " + operation.name +
                      " yet. docs/coverage.md lists what it does.",
                  501);
}

// Anything but an ApiError, in the words of the service.
ApiError translated(const wire::ServiceModel* model, std::exception_ptr thrown,
                    std::string_view request_id) {
  const bool s3 = model != nullptr && is_s3(*model);
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const ApiError& error) {
    return error;
  } catch (const Overloaded&) {
    return ApiError(s3 ? "SlowDown" : "ThrottlingException",
                    "The server has as many requests under way as it can hold; try again shortly.",
                    503);
  } catch (const BodyError& error) {
    switch (error.kind()) {
      case BodyError::Kind::kTooLarge:
        return ApiError(s3 ? "EntityTooLarge" : "RequestEntityTooLargeException",
                        std::string("The request is too large: ") + error.what() + ".", 413);
      case BodyError::Kind::kTimeout:
        return ApiError("RequestTimeout",
                        "Your socket connection to the server was not read from or written to "
                        "within the timeout period.",
                        400);
      case BodyError::Kind::kTruncated:
        return ApiError(s3 ? "IncompleteBody" : "SerializationException",
                        "The request body ended before the announced number of bytes.", 400);
      case BodyError::Kind::kMalformed:
        break;
    }
    return ApiError(s3 ? "InvalidRequest" : "SerializationException", error.what(), 400);
  } catch (const StorageError& error) {
    spdlog::error("{}: {}", request_id, error.what());
    if (error.full()) {
      return ApiError("InsufficientStorage",
                      "The disk of the server's data folder is full. Free space there and try "
                      "again; nothing was changed.",
                      507);
    }
  } catch (const std::exception& error) {
    spdlog::error("{}: {}", request_id, error.what());
  }
  return ApiError(s3 ? "InternalError" : "InternalFailure",
                  "We encountered an internal error. The server's log has it under this request "
                  "id.",
                  500);
}

ResponseHead text_head(unsigned status, std::string_view type) {
  return {.status = status,
          .headers = {{"Content-Type", std::string(type)}},
          .content_length = std::nullopt};
}

}  // namespace

// One request under way, in the order its members become known.
struct Gateway::Request {
  explicit Request(http::Exchange& of) : exchange(of) {}

  http::Exchange& exchange;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  const ServiceRegistry::Entry* service = nullptr;
  wire::Protocol protocol = wire::Protocol::kRestXml;
  std::optional<Claim> claim;
  const KnownOperation* operation = nullptr;
  std::vector<std::pair<std::string, std::string>> labels;
  AuditNotes notes;

  const RequestHead& head() const { return exchange.request; }
  const wire::ServiceModel& model() const { return *service->model; }
  const wire::Operation* model_operation() const {
    return operation == nullptr ? nullptr : operation->model;
  }
  void record(unsigned status) {
    notes.status = status;
    if (service == nullptr) return;
    OperationCounters& counters = operation == nullptr ? *service->unknown : *operation->counters;
    counters.record(status, std::chrono::steady_clock::now() - started);
  }
};

Gateway::Gateway(const ServiceRegistry& services, Authenticator& authenticator,
                 identity::Authorizer& authorizer, WorkerPool& workers, const Clock& clock,
                 RequestMetrics& metrics, Guards guards, SideRoutes side)
    : services_(services),
      authenticator_(authenticator),
      authorizer_(authorizer),
      workers_(workers),
      clock_(clock),
      metrics_(metrics),
      guards_(guards),
      side_(std::move(side)) {}

asio::awaitable<void> Gateway::handle(http::Exchange& exchange) {
  if (exchange.request_id.empty()) exchange.request_id = random_uuid();
  if (co_await answer_side_route(exchange)) co_return;
  Request request(exchange);
  std::exception_ptr thrown;
  try {
    co_await serve(request);
  } catch (...) {
    thrown = std::current_exception();
  }
  const bool answered = thrown && exchange.response.started();
  std::optional<ApiError> error;
  if (thrown) {
    const wire::ServiceModel* model = request.service == nullptr ? nullptr : request.service->model;
    error = translated(model, thrown, exchange.request_id);
    request.notes.error_code = error->code();
    request.notes.error_message = error->what();
    request.notes.status = error->status();
  }
  if (error && !answered) {
    co_await send_error(request, *error);
    co_return;
  }
  guards_.audit.record(exchange.request, exchange.request_id, std::move(request.notes));
  if (answered) std::rethrow_exception(thrown);  // too late: the server closes
}

asio::awaitable<bool> Gateway::answer_side_route(http::Exchange& exchange) {
  const RequestHead& head = exchange.request;
  if (head.method == "GET" && head.path == "/healthz") {
    co_await exchange.response.send(text_head(200, "text/plain"), "ok\n");
  } else if (head.method == "GET" && head.path == "/metrics") {
    co_await exchange.response.send(text_head(200, "text/plain; version=0.0.4"), metrics_.text());
  } else if (head.path.starts_with("/_clary/runs/")) {
    co_await answer_run_report(exchange);
  } else if (head.path == "/_clary/owner") {
    co_await answer_owner(exchange);
  } else if (side_.registry && RegistryFace::is_for(head)) {
    co_await side_.registry(exchange);
  } else if (side_.console && ConsoleFace::is_for(head)) {
    co_await side_.console(exchange);
  } else if (is_telemetry(head)) {
    co_await exchange.response.send(text_head(200, "text/plain"), "");
  } else {
    co_return false;
  }
  co_return true;
}

asio::awaitable<void> Gateway::answer_run_report(http::Exchange& exchange) {
  constexpr std::string_view kPrefix = "/_clary/runs/", kSuffix = "/report", kBearer = "Bearer ";
  const RequestHead& head = exchange.request;
  std::string_view id = std::string_view(head.path).substr(kPrefix.size());
  const std::string_view authorization = head.headers.get("Authorization");
  if (head.method != "POST" || !id.ends_with(kSuffix) || !authorization.starts_with(kBearer)) {
    co_await exchange.response.send(text_head(404, "text/plain"), "not found\n");
    co_return;
  }
  id.remove_suffix(kSuffix.size());
  const std::string_view token = authorization.substr(kBearer.size());
  co_await answer_side_work(
      exchange, [&](std::string_view body) { return side_.run_report(id, token, body); });
}

// The owner of the data folder, by the token that stands in it.
asio::awaitable<void> Gateway::answer_owner(http::Exchange& exchange) {
  const RequestHead& head = exchange.request;
  const std::string wanted = "Bearer " + side_.owner_token;
  if (head.method != "POST" || !side_.owner_command ||
      !equals_constant_time(head.headers.get("Authorization"), wanted)) {
    co_await exchange.response.send(text_head(404, "text/plain"), "not found\n");
    co_return;
  }
  co_await answer_side_work(exchange,
                            [&](std::string_view body) { return side_.owner_command(body); });
}

asio::awaitable<void> Gateway::answer_side_work(http::Exchange& exchange,
                                                std::function<std::string(std::string_view)> work) {
  unsigned status = 200;
  std::string answer;
  try {
    const std::string body = co_await read_all(exchange.body, kReportBytes);
    answer = co_await on_workers(workers_, [&] { return work(body); });
  } catch (const std::invalid_argument& error) {
    status = 400;
    answer = error.what();
  } catch (const Overloaded&) {
    status = 503;
  }
  co_await exchange.response.send(text_head(status, "application/json"), std::move(answer));
}

// Who is on the same machine needs no wire to be safe from others on it.
void Gateway::require_transport(const RequestHead& head) const {
  if (!guards_.remote_needs_tls || head.tls) return;
  const std::string_view peer = head.peer;
  if (peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.")) {
    return;
  }
  throw ApiError("AccessDenied", "This server takes requests over TLS only: use https://.", 403);
}

void Gateway::note_input(Request& request, const json::object& input) const {
  guards_.audit.describe(request.notes, input);
  guards_.audit.require_room(request.notes);
}

asio::awaitable<void> Gateway::serve(Request& request) {
  const RequestHead& head = request.head();
  auto claimed = authenticator_.claim(head);
  const std::string_view scope =
      claimed ? std::string_view(claimed->request.scope.service) : std::string_view();
  request.service = services_.find(service_of(head, scope));
  if (request.service == nullptr) {
    throw ApiError("UnknownOperationException",
                   "Clary does not speak the service '" + std::string(scope) + "'.", 404);
  }
  request.notes.model = request.service->model;
  request.protocol = wire::protocol_of(request.model(), head);
  require_transport(head);
  if (!claimed) {
    if (claimed.error() == wire::AuthFailure::kMissing && is_s3(request.model()) &&
        is_form_upload(head)) {
      co_await serve_form(request);
      co_return;
    }
    if (claimed.error() == wire::AuthFailure::kMissing && request.model().name() == "sts") {
      co_await serve_web_identity(request);
      co_return;
    }
    const bool unsigned_s3 =
        claimed.error() == wire::AuthFailure::kMissing && is_s3(request.model());
    if (unsigned_s3) claimed = authenticator_.claim_unsigned(head);
    if (!claimed) refuse(request, claimed.error(), {});
  }
  request.claim = std::move(*claimed);
  request.notes.claimed_key_id = request.claim->request.scope.access_key_id;
  request.notes.region = request.claim->request.scope.region;
  if (!request.claim->request.string_to_sign.empty()) {
    wire::add_headers_of_sigv2_query(request.exchange.request);
  }

  if (request.service->router) {
    // The path was signed as sent; bucket names in host names are resolved for routing only.
    select(request, {});
    if (request.operation->built != nullptr && request.operation->built->streaming) {
      co_await serve_streaming(request);
      co_return;
    }
  }
  co_await serve_buffered(request);
}

void Gateway::refuse(const Request& request, wire::AuthFailure failure,
                     std::string_view body_hash) const {
  const wire::AuthContext context{.head = request.head(),
                                  .claimed = request.claim ? &request.claim->request : nullptr,
                                  .body_hash = body_hash,
                                  .now = clock_.now()};
  throw wire::auth_error(wire::auth_dialect(request.model(), request.protocol), failure, context);
}

void Gateway::verify(Request& request, std::string_view body_hash) const {
  const auto verified = authenticator_.verify(request.head(), *request.claim, body_hash);
  if (!verified) refuse(request, verified.error(), body_hash);
  admit(request);
}

void Gateway::admit(Request& request) const {
  request.notes.key = request.claim->access_key;
  const std::string_view who = request.claim->access_key->principal->user_id;
  // A role's sessions share what the role may.
  limit_rate(request, who.substr(0, who.find(':')));
}

void Gateway::limit_rate(const Request& request, std::string_view who) const {
  if (guards_.limits.take(who, request.model().name(), clock_.steady_now())) return;
  if (is_s3(request.model())) throw ApiError("SlowDown", "Please reduce your request rate.", 503);
  const bool query = request.model().protocol() == wire::Protocol::kQuery;
  throw ApiError(query ? "Throttling" : "ThrottlingException", "Rate exceeded", 400);
}

// Finds the operation that the head (and, for JSON and query, the body) names.
void Gateway::select(Request& request, std::string_view body) {
  const wire::Operation* operation = nullptr;
  if (request.service->router) {
    RequestHead& head = request.exchange.request;
    RequestHead routed;
    const bool rewritten = is_s3(request.model());
    if (rewritten) {
      routed = head;
      to_path_style(routed);
    }
    auto match = request.service->router->match(rewritten ? routed : head);
    operation = match.operation;
    request.labels = std::move(match.labels);
    if (operation == nullptr) {
      if (is_s3(request.model())) {
        throw ApiError("MethodNotAllowed",
                       "The specified method is not allowed against this resource.", 405);
      }
      throw ApiError("UnknownOperationException",
                     "No operation of " + request.model().service_id() + " has this path.", 404);
    }
  } else {
    operation = &wire::operation_of(request.model(), request.protocol, request.head(), body);
  }
  request.operation = &request.service->operation(*operation);
  request.notes.operation = operation;
}

asio::awaitable<void> Gateway::serve_buffered(Request& request) {
  const auto payload = request.claim->request.payload;
  std::string body;
  if (payload == wire::PayloadKind::kHash) {
    body = co_await read_all(request.exchange.body, kBufferedBytes);
    const auto hash = wire::hex_digest(wire::sha256(body));
    verify(request, hash.view());
  } else {
    verify(request, {});
    const auto checked = checked_payload(request.exchange.body, request.head(),
                                         request.claim->request, request.claim->key);
    body = co_await read_all(*checked, kBufferedBytes);
  }
  if (equals_ignore_case(request.head().headers.get("Content-Encoding"), "gzip")) {
    auto unpacked = gunzip(body, kBufferedBytes);
    if (!unpacked) throw ApiError("SerializationException", "The body is no gzip stream.", 400);
    body = std::move(*unpacked);
  }
  if (request.operation == nullptr) select(request, body);
  co_await run_plain(request, body);
}

// AssumeRoleWithWebIdentity shows a token of an identity provider instead of a key of this server;
// nothing else of STS comes without a signature.
asio::awaitable<void> Gateway::serve_web_identity(Request& request) {
  const std::string body = co_await read_all(request.exchange.body, kWebIdentityBytes);
  try {
    select(request, body);
  } catch (const ApiError&) {
    refuse(request, wire::AuthFailure::kMissing, {});
  }
  if (request.operation->model->name != "AssumeRoleWithWebIdentity") {
    refuse(request, wire::AuthFailure::kMissing, {});
  }
  request.claim = authenticator_.anonymous();
  request.notes.key = request.claim->access_key;
  request.notes.region = request.claim->request.scope.region;
  const std::string_view peer = request.head().peer;
  limit_rate(request, peer.substr(0, peer.rfind(':')));
  co_await run_plain(request, body);
}

// The one way from a decoded input to an operation: told to the audit, valid, and allowed.
api::Call Gateway::authorized_call(Request& request, const RequestHead& head,
                                   const json::object& input, std::string_view body) const {
  note_input(request, input);
  const wire::Operation& operation = *request.operation->model;
  wire::validate(request.model(), operation, input);
  const identity::Principal& principal = *request.claim->access_key->principal;
  api::Call call{.model = request.model(),
                 .operation = operation,
                 .principal = principal,
                 .account = principal.account,
                 .region = request.claim->request.scope.region,
                 .request_id = request.exchange.request_id,
                 .now = clock_.now(),
                 .request = head,
                 .authorizer = authorizer_,
                 .body = body};
  request.service->service->authorize(input, call);
  return call;
}

asio::awaitable<void> Gateway::run_plain(Request& request, std::string_view body) {
  const KnownOperation& operation = *request.operation;
  if (operation.built == nullptr) throw not_built(request.model(), *operation.model);
  const RequestHead& head = request.head();
  const bool streaming = static_cast<bool>(operation.built->streaming);
  const json::object input =
      wire::decode_request(request.model(), request.protocol, *operation.model, head,
                           request.labels, streaming ? std::string_view() : body);
  api::Call call = authorized_call(request, head, input, body);
  if (streaming) {
    MemoryBody memory(body);
    co_await operation.built->streaming(input, call, memory, request.exchange.response);
    request.record(200);
    co_return;
  }
  json::object output;
  if (operation.built->quick) {
    output = operation.built->plain(input, call);
  } else {
    output = co_await on_workers(workers_, [&] { return operation.built->plain(input, call); });
  }
  auto [answer, text] = wire::encode_response(request.model(), request.protocol, *operation.model,
                                              output, request.exchange.request_id);
  request.record(answer.status);
  co_await request.exchange.response.send(std::move(answer), std::move(text));
}

asio::awaitable<void> Gateway::serve_streaming(Request& request) {
  const auto& claimed = request.claim->request;
  // Without a hash in the head the signature covers the body's: it has to be here first. Only
  // InvokeEndpoint and its like do that, and their bodies are small.
  if (claimed.payload == wire::PayloadKind::kHash && claimed.payload_hash.empty()) {
    co_await serve_buffered(request);
    co_return;
  }
  verify(request, {});
  const auto body =
      checked_payload(request.exchange.body, request.head(), claimed, request.claim->key);
  const KnownOperation& operation = *request.operation;
  json::object input = wire::decode_request(request.model(), request.protocol, *operation.model,
                                            request.head(), request.labels, {});
  api::Call call = authorized_call(request, request.head(), input, {});
  co_await operation.built->streaming(std::move(input), call, *body, request.exchange.response);
  request.record(200);
}

// A browser's upload carries its signature in the body and is in no service model: it is a
// PutObject of the file among its fields.
asio::awaitable<void> Gateway::serve_form(Request& request) {
  FormUpload form(request.model(), request.head(), request.exchange.body);
  co_await form.read_fields();
  if (const auto signature = form.signature()) {
    auto claimed = authenticator_.claim_form(*signature);
    if (!claimed) refuse(request, claimed.error(), {});
    request.claim = std::move(*claimed);
  } else {
    request.claim = authenticator_.anonymous();
  }
  request.notes.claimed_key_id = request.claim->request.scope.access_key_id;
  request.notes.region = request.claim->request.scope.region;
  admit(request);
  form.check_policy(clock_.now());
  const KnownOperation& operation =
      request.service->operation(*request.model().find_operation("PutObject"));
  request.operation = &operation;
  request.notes.operation = operation.model;
  const RequestHead head = form.put_request();
  json::object input = wire::decode_request(request.model(), request.protocol, *operation.model,
                                            head, form.labels(), {});
  api::Call call = authorized_call(request, head, input, {});
  FormAnswer answer(request.exchange.response, form);
  co_await operation.built->streaming(std::move(input), call, form, answer);
  request.record(answer.status());
}

asio::awaitable<void> Gateway::send_error(Request& request, const ApiError& error) {
  const RequestHead& head = request.head();
  spdlog::debug("{} {} {}: {} {}", request.exchange.request_id, head.method, head.path,
                error.code(), error.what());
  if (request.service == nullptr) {
    guards_.audit.record(head, request.exchange.request_id, std::move(request.notes));
    co_await request.exchange.response.send(
        text_head(error.status(), "application/x-amz-json-1.1"),
        json::serialize(json::object{{"__type", error.code()}, {"message", error.what()}}));
    co_return;
  }
  auto [answer, text] =
      wire::encode_error(request.model(), request.protocol, request.model_operation(), error,
                         request.exchange.request_id, head.path);
  request.record(answer.status);  // the model's status, where the error has none
  guards_.audit.record(head, request.exchange.request_id, std::move(request.notes));
  co_await request.exchange.response.send(std::move(answer), std::move(text));
}

}  // namespace clary::server
