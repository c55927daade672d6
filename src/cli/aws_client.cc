#include "cli/aws_client.h"

#include <charconv>
#include <cstdlib>
#include <memory>
#include <thread>

#include "cli/client_environment.h"
#include "http/client_tls.h"

namespace clary::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerTimeout{60000};
constexpr milliseconds kFirstPause{100}, kLongestPause{2000};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443;

void set_url(Endpoint& endpoint, const std::string& url) {
  constexpr std::string_view kHttp = "http://", kHttps = "https://";
  const auto bad = [&] { return std::runtime_error("AWS_ENDPOINT_URL is no URL: " + url); };
  endpoint.url = url;
  endpoint.https = url.starts_with(kHttps);
  if (!endpoint.https && !url.starts_with(kHttp)) throw bad();
  std::string_view rest = url;
  rest.remove_prefix(endpoint.https ? kHttps.size() : kHttp.size());
  rest = rest.substr(0, rest.find('/'));
  http::Address& address = endpoint.address;
  address.port = endpoint.https ? kHttpsPort : kHttpPort;
  const auto colon = rest.rfind(':');
  const auto bracket = rest.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) throw bad();
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) throw bad();
  address.host = rest;
}

std::string host_header(const Endpoint& endpoint) {
  const http::Address& address = endpoint.address;
  const bool ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + address.host + "]" : address.host;
  return address.port == (endpoint.https ? kHttpsPort : kHttpPort)
             ? host
             : host + ":" + std::to_string(address.port);
}

std::shared_ptr<const http::ClientTls> trust_of(const Endpoint& endpoint) {
  return endpoint.https ? std::make_shared<const http::ClientTls>(endpoint.authorities) : nullptr;
}

// {"__type": "com.amazonaws.sagemaker#ResourceNotFound", "message": "..."}
AwsError error_of(const http::ClientResponse& response) {
  boost::system::error_code error;
  const json::value value = json::parse(response.body, error);
  const json::object none;
  const json::object& body = error || !value.is_object() ? none : value.get_object();
  std::string code = string_or(body, "__type");
  code = code.substr(code.rfind('#') + 1);
  std::string message = string_or(body, "message");
  if (message.empty()) message = string_or(body, "Message");
  if (message.empty()) message = code;
  if (message.empty()) message = "the server answered " + std::to_string(response.status);
  return {response.status, std::move(code), message};
}

}  // namespace

Endpoint endpoint_of_environment() {
  Endpoint endpoint;
  set_url(endpoint, variable("AWS_ENDPOINT_URL"));
  endpoint.authorities = variable("AWS_CA_BUNDLE");
  endpoint.region = variable("AWS_REGION");
  if (endpoint.region.empty()) endpoint.region = variable("AWS_DEFAULT_REGION");
  if (endpoint.region.empty()) endpoint.region = "us-east-1";
  endpoint.credentials = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                          variable("AWS_SESSION_TOKEN")};
  if (endpoint.credentials.access_key_id.empty() ||
      endpoint.credentials.secret_access_key.empty()) {
    throw std::runtime_error(
        "AWS_ENDPOINT_URL is set, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not; set "
        "them, or name the server's data folder with --data-dir");
  }
  return endpoint;
}

Endpoint endpoint_of_folder(const std::filesystem::path& data_dir) {
  Endpoint endpoint;
  for (const auto& [name, value] : client_environment(data_dir)) {
    if (name == "AWS_ENDPOINT_URL") set_url(endpoint, value);
    if (name == "AWS_CA_BUNDLE") endpoint.authorities = value;
    if (name == "AWS_REGION") endpoint.region = value;
    if (name == "AWS_ACCESS_KEY_ID") endpoint.credentials.access_key_id = value;
    if (name == "AWS_SECRET_ACCESS_KEY") endpoint.credentials.secret_access_key = value;
  }
  return endpoint;
}

AwsClient::AwsClient(Endpoint endpoint, const Clock& clock)
    : endpoint_(std::move(endpoint)),
      clock_(clock),
      client_(endpoint_.address, trust_of(endpoint_)) {}

void AwsClient::be_patient(std::chrono::seconds patience, std::function<void()> on_absence) {
  patience_ = patience;
  on_absence_ = std::move(on_absence);
}

// Nullopt when the server is away or overloaded; `why` then says so.
std::optional<http::ClientResponse> AwsClient::attempt(const AwsService& service,
                                                       std::string_view operation,
                                                       const std::string& body, std::string& why) {
  RequestHead head;
  head.method = "POST";
  head.path = "/";
  head.headers.add("Host", host_header(endpoint_));
  head.headers.add("Content-Type", std::string(service.content_type));
  head.headers.add("X-Amz-Target",
                   std::string(service.target_prefix) + "." + std::string(operation));
  wire::sign(head, endpoint_.credentials, endpoint_.region, service.name, wire::sha256_hex(body),
             clock_.now());
  http::ClientRequest request;
  request.method = head.method;
  request.body = body;
  for (const auto& field : head.headers) request.headers.push_back(field);
  try {
    http::ClientResponse response = client_.send(request, kAnswerTimeout);
    const bool passing = response.status == 500 || response.status > 501 || response.status == 429;
    if (!passing) return response;
    why = error_of(response).what();
  } catch (const http::ClientError& error) {
    why = "no server answers at " + endpoint_.url + " (" + error.what() + ")" +
          (endpoint_.https ? "; AWS_CA_BUNDLE names the authorities whose certificates are taken"
                           : "; start one: clary serve");
  }
  return std::nullopt;
}

json::object AwsClient::call(const AwsService& service, std::string_view operation,
                             const json::object& input) {
  const std::string body = json::serialize(input);
  const auto since = clock_.steady_now();
  milliseconds pause = kFirstPause;
  bool told = false;
  while (true) {
    std::string why;
    if (const auto response = attempt(service, operation, body, why)) {
      if (response->status != 200) throw error_of(*response);
      if (response->body.empty()) return {};  // operations without output
      boost::system::error_code error;
      json::value output = json::parse(response->body, error);
      if (!error && output.is_object()) return std::move(output.get_object());
      throw std::runtime_error(endpoint_.url + " is no server of Clary: its answer is no JSON");
    }
    if (clock_.steady_now() - since >= patience_) throw std::runtime_error(why);
    if (!std::exchange(told, true) && on_absence_) on_absence_();
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace clary::cli
