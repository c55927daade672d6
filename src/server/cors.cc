#include "server/cors.h"

#include "base/random.h"
#include "base/text.h"
#include "server/service_of_request.h"
#include "wire/sigv2.h"
#include "wire/sigv4.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

// Adds header fields to whatever is answered.
class WithHeaders final : public BodyWriter {
 public:
  WithHeaders(BodyWriter& response, HeaderList headers)
      : response_(response), headers_(std::move(headers)) {}

  asio::awaitable<void> send(ResponseHead head, std::string body) override {
    add(head);
    return response_.send(std::move(head), std::move(body));
  }
  asio::awaitable<void> start(ResponseHead head) override {
    add(head);
    return response_.start(std::move(head));
  }
  asio::awaitable<void> write(std::span<const std::byte> bytes) override {
    return response_.write(bytes);
  }
  asio::awaitable<void> write_file(int file, std::uint64_t offset, std::uint64_t length) override {
    return response_.write_file(file, offset, length);
  }
  asio::awaitable<void> finish() override { return response_.finish(); }
  bool started() const override { return response_.started(); }

 private:
  void add(ResponseHead& head) const {
    head.headers.insert(head.headers.end(), headers_.begin(), headers_.end());
  }

  BodyWriter& response_;
  HeaderList headers_;
};

bool is_s3_request(const RequestHead& head) {
  std::string_view scope;
  const auto claimed = wire::parse_signature(head);
  if (claimed) {
    scope = claimed->scope.service;
  } else if (wire::has_sigv2_query(head)) {
    scope = "s3";
  }
  return service_of(head, scope) == "s3";
}

struct Names {
  std::string bucket;
  bool object = false;
};

Names names_of(const RequestHead& head) {
  RequestHead routed;
  routed.method = head.method;
  routed.path = head.path;
  routed.headers = head.headers;
  to_path_style(routed);
  std::string_view path = routed.path;
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  const auto slash = path.find('/');
  return {.bucket = uri_decode(path.substr(0, slash)).value_or(""),
          .object = slash != std::string_view::npos && slash + 1 < path.size()};
}

// Words: what S3 answers to preflight requests.
std::string error_document(std::string_view code, std::string_view message, std::string_view method,
                           std::string_view type, std::string_view request_id) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>";
  text.append(code).append("</Code><Message>").append(message).append("</Message>");
  if (!type.empty()) {
    text.append("<Method>").append(method).append("</Method><ResourceType>");
    text.append(type).append("</ResourceType>");
  }
  return text.append("<RequestId>").append(request_id).append("</RequestId></Error>");
}

}  // namespace

struct Cors::Target {
  Names names;
  bool bucket_exists = false;
  std::shared_ptr<const api::s3::CorsRules> rules;  // nullptr: none
};

asio::awaitable<Cors::Target> Cors::target_of(const RequestHead& head) {
  Target target;
  if (!is_s3_request(head)) co_return target;
  target.names = names_of(head);
  const auto bucket = rules_.store().bucket(BucketName(target.names.bucket));
  if (!bucket) co_return target;
  target.bucket_exists = true;
  if (auto known = rules_.cached(*bucket)) {
    target.rules = std::move(*known);
  } else {
    target.rules = co_await on_workers(workers_, [&] { return rules_.find(*bucket); });
  }
  co_return target;
}

asio::awaitable<void> Cors::handle(http::Exchange& exchange) {
  if (exchange.request.method == "OPTIONS") return preflight(exchange);
  const auto origin = exchange.request.headers.find("Origin");
  return origin ? handle_of_origin(exchange, *origin) : next_(exchange);
}

asio::awaitable<void> Cors::handle_of_origin(http::Exchange& exchange, std::string_view origin) {
  HeaderList headers;
  try {
    const auto target = co_await target_of(exchange.request);
    // A page's script may say which method it means.
    const auto meant = exchange.request.headers.find("Access-Control-Request-Method");
    const api::s3::CorsRequest asked{
        .origin = origin, .method = meant.value_or(exchange.request.method), .headers = {}};
    const auto* rule = target.rules ? api::s3::match(*target.rules, asked) : nullptr;
    if (rule != nullptr) headers = api::s3::cors_headers(*rule, asked);
  } catch (const Overloaded&) {
    // The request itself will be refused as well.
  }
  WithHeaders response(exchange.response, std::move(headers));
  http::Exchange inner{.request = std::move(exchange.request),
                       .body = exchange.body,
                       .response = response,
                       .request_id = exchange.request_id,
                       .connection = exchange.connection};
  co_await next_(inner);
}

asio::awaitable<void> Cors::preflight(http::Exchange& exchange) {
  if (exchange.request_id.empty()) exchange.request_id = random_uuid();
  const RequestHead& head = exchange.request;
  const auto origin = head.headers.find("Origin");
  const auto method = head.headers.find("Access-Control-Request-Method");
  ResponseHead answer;
  answer.headers = {{"x-amz-request-id", exchange.request_id}};
  std::string code, message, type;
  if (!origin) {
    answer.status = 400;
    code = "BadRequest";
    message = "Insufficient information. Origin request header needed.";
  } else if (!method) {
    answer.status = 400;
    code = "BadRequest";
    message = "Invalid Access-Control-Request-Method: null";
  } else {
    const auto target = co_await target_of(head);
    const api::s3::CorsRequest asked{
        .origin = *origin,
        .method = *method,
        .headers = api::s3::header_names(head.headers.get("Access-Control-Request-Headers"))};
    const auto* rule = target.rules ? api::s3::match(*target.rules, asked) : nullptr;
    if (rule != nullptr) {
      const auto headers = api::s3::cors_headers(*rule, asked);
      answer.headers.insert(answer.headers.end(), headers.begin(), headers.end());
      co_await exchange.response.send(std::move(answer), {});
      co_return;
    }
    answer.status = 403;
    code = "AccessForbidden";
    type = target.names.object ? "OBJECT" : "BUCKET";
    message = target.rules ? "CORSResponse: This CORS request is not allowed. This is usually "
                             "because the evalution of Origin, request method / "
                             "Access-Control-Request-Method or Access-Control-Request-Headers are "
                             "not whitelisted by the resource's CORS spec."
                           : "CORSResponse: CORS is not enabled for this bucket.";
  }
  answer.headers.emplace_back("Content-Type", "application/xml");
  // What a preflight may name as a method is echoed only when it looks like one.
  const bool plain =
      method && method->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
  co_await exchange.response.send(
      std::move(answer),
      error_document(code, message, plain ? *method : "", type, exchange.request_id));
}

}  // namespace clary::server
