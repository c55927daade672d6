#include "agent/s3_client.h"

#include <algorithm>
#include <pugixml.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"

namespace clary::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerTimeout{60000};
constexpr std::size_t kPartBytes = 32 << 20;
// Between our own machine's processes the connection is checked enough, and the server makes its
// own checksums; hashing every byte once more would be a third of the cost of a transfer.
constexpr char kUnsignedPayload[] = "UNSIGNED-PAYLOAD";

std::string describe(const S3Location& where) {
  return "s3://" + where.bucket + (where.key.empty() ? "" : "/" + where.key);
}

std::string host_header(const http::Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + address.host + "]" : address.host;
  return address.port == 80 ? host : host + ":" + std::to_string(address.port);
}

std::vector<std::pair<std::string, std::string>> encryption_headers(const std::string& kms_key) {
  if (kms_key.empty()) return {};
  return {{"x-amz-server-side-encryption", "aws:kms"},
          {"x-amz-server-side-encryption-aws-kms-key-id", kms_key}};
}

// Throws what S3 said, unless trying again may help (5xx, 429).
void throw_unless_passing(const http::ClientResponse& response, const S3Location& where) {
  if (response.status >= 500 || response.status == 429) return;
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node error = document.child("Error");
  const std::string code = error.child_value("Code");
  const std::string message = error.child_value("Message");
  throw S3Failure(response.status, code.empty() ? "HTTP " + std::to_string(response.status) : code,
                  message.empty() ? "no details were given" : message, where);
}

}  // namespace

struct S3Client::Request {
  std::string method;
  S3Location where;
  std::string query{};  // encoded, in the order of names
  std::string_view body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  ByteSink sink{};
};

S3Location parse_s3_uri(const std::string& uri) {
  constexpr std::string_view kScheme = "s3://", kHttps = "https://";
  std::string_view rest = uri;
  if (rest.starts_with(kScheme)) {
    rest.remove_prefix(kScheme.size());
    const auto slash = rest.find('/');
    S3Location where{std::string(rest.substr(0, slash)), ""};
    if (slash != std::string_view::npos) where.key = rest.substr(slash + 1);
    if (!where.bucket.empty()) return where;
  } else if (rest.starts_with(kHttps)) {
    rest.remove_prefix(kHttps.size());
    const auto slash = rest.find('/');
    const std::string_view host = rest.substr(0, slash);
    const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    const std::string decoded = uri_decode(path).value_or(std::string(path));
    if (host.starts_with("s3.") || host.starts_with("s3-")) {
      const auto next = decoded.find('/');
      if (next != std::string::npos) return {decoded.substr(0, next), decoded.substr(next + 1)};
    } else if (const auto dot = std::min(host.find(".s3."), host.find(".s3-"));
               dot != std::string_view::npos) {
      return {std::string(host.substr(0, dot)), decoded};
    }
  }
  throw std::invalid_argument("not an S3 URI: " + uri);
}

S3Failure::S3Failure(unsigned status, std::string code, const std::string& message,
                     const S3Location& where)
    : std::runtime_error(code + " (" + std::to_string(status) + "): " + message + " [" +
                         describe(where) + "]"),
      status_(status),
      code_(std::move(code)) {}

S3Client::S3Client(const S3Options& options, const Clock& clock, const std::atomic<bool>& cancelled)
    : options_(options),
      clock_(clock),
      cancelled_(cancelled),
      host_(host_header(options.server)),
      client_(options.server) {}

http::ClientResponse S3Client::attempt(const Request& request) {
  RequestHead head;
  head.method = request.method;
  head.path = "/" + request.where.bucket;
  if (!request.where.key.empty()) head.path += "/" + uri_encode(request.where.key, Slash::kKeep);
  head.query = request.query;
  head.headers.add("Host", host_);
  for (const auto& [name, value] : request.headers) head.headers.add(name, value);
  wire::sign(head, options_.credentials, options_.region, "s3", kUnsignedPayload, clock_.now());
  http::ClientRequest message;
  message.method = request.method;
  message.target = head.path + (head.query.empty() ? "" : "?" + head.query);
  for (const auto& field : head.headers) message.headers.push_back(field);
  http::BlockingClient::Streams streams;
  streams.sink = request.sink;
  std::string_view rest = request.body;
  if (!rest.empty()) {
    streams.source_length = rest.size();
    streams.source = [&](std::span<char> buffer) {
      const std::size_t size = rest.copy(buffer.data(), buffer.size());
      rest.remove_prefix(size);
      if (on_sent_) on_sent_(size);
      return size;
    };
  }
  return client_.send(message, kAnswerTimeout, streams);
}

void S3Client::wait_to_retry(std::chrono::steady_clock::time_point since, int attempt,
                             const S3Location& where, const std::string& why) const {
  if (clock_.steady_now() - since > options_.patience)
    throw S3Failure(503, "Unavailable", why, where);
  spdlog::debug("S3, attempt {}: {}", attempt, why);
  milliseconds left = std::min(milliseconds(1000), milliseconds(20) * (1 << std::min(attempt, 6)));
  while (left > milliseconds(0)) {
    if (cancelled_) throw Cancelled();
    const milliseconds step = std::min(left, milliseconds(50));
    std::this_thread::sleep_for(step);
    left -= step;
  }
}

http::ClientResponse S3Client::send(const Request& request) {
  const auto since = clock_.steady_now();
  for (int tries = 1;; ++tries) {
    if (cancelled_) throw Cancelled();
    std::string why;
    try {
      http::ClientResponse response = attempt(request);
      if (response.status < 300) return response;
      throw_unless_passing(response, request.where);
      why = "HTTP " + std::to_string(response.status);
    } catch (const http::ClientError& error) {
      why = error.what();
    }
    wait_to_retry(since, tries, request.where, why);
  }
}

std::vector<S3Object> S3Client::list(const std::string& bucket, const std::string& prefix) {
  std::vector<S3Object> objects;
  std::string token;
  while (true) {
    std::string query;
    if (!token.empty()) query += "continuation-token=" + uri_encode(token) + "&";
    query += "encoding-type=url&list-type=2&prefix=" + uri_encode(prefix);
    const http::ClientResponse response =
        send({.method = "GET", .where = {bucket, ""}, .query = std::move(query)});
    pugi::xml_document document;
    if (!document.load_buffer(response.body.data(), response.body.size())) {
      throw S3Failure(response.status, "InvalidResponse", "the list of objects is no XML",
                      {bucket, prefix});
    }
    const pugi::xml_node result = document.child("ListBucketResult");
    for (const pugi::xml_node item : result.children("Contents")) {
      const std::string encoded = item.child_value("Key");
      objects.push_back({uri_decode(encoded, Plus::kSpace).value_or(encoded),
                         item.child("Size").text().as_ullong(), item.child_value("ETag")});
    }
    token = result.child_value("NextContinuationToken");
    if (token.empty()) return objects;
  }
}

void S3Client::get(const S3Location& from, const ByteSink& sink, std::string etag) {
  auto since = clock_.steady_now();  // of the last progress: a slow reader is no fault
  if (etag.empty()) {
    try {
      etag = send({.method = "HEAD", .where = from}).headers.get("ETag");
    } catch (const S3Failure&) {
      // The answer to GET has a body that says what is wrong.
    }
  }
  std::uint64_t received = 0;
  for (int tries = 1;; ++tries) {
    if (cancelled_) throw Cancelled();
    Request request{.method = "GET", .where = from};
    if (received > 0) {
      request.headers = {{"Range", "bytes=" + std::to_string(received) + "-"}, {"If-Match", etag}};
    }
    request.sink = [&](std::string_view bytes) {
      if (cancelled_) throw Cancelled();
      sink(bytes);
      received += bytes.size();
      since = clock_.steady_now();
    };
    std::string why;
    try {
      const http::ClientResponse response = attempt(request);
      if (response.status < 300) return;
      throw_unless_passing(response, from);
      why = "HTTP " + std::to_string(response.status);
    } catch (const http::ClientError& error) {
      why = error.what();
    }
    wait_to_retry(since, tries, from, why);
  }
}

void S3Client::put(const S3Location& to, std::string_view body, const std::string& kms_key) {
  send({.method = "PUT", .where = to, .body = body, .headers = encryption_headers(kms_key)});
}

std::string S3Client::create_multipart(const S3Location& to, const std::string& kms_key) {
  const http::ClientResponse response = send(
      {.method = "POST", .where = to, .query = "uploads=", .headers = encryption_headers(kms_key)});
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  return document.child("InitiateMultipartUploadResult").child_value("UploadId");
}

std::string S3Client::upload_part(const S3Location& to, const std::string& upload, int number,
                                  std::string_view body) {
  const http::ClientResponse response =
      send({.method = "PUT",
            .where = to,
            .query = "partNumber=" + std::to_string(number) + "&uploadId=" + uri_encode(upload),
            .body = body});
  return std::string(response.headers.get("ETag"));
}

void S3Client::complete_multipart(const S3Location& to, const std::string& upload,
                                  const std::vector<std::string>& etags) {
  std::string body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] +
            "</ETag></Part>";
  }
  body += "</CompleteMultipartUpload>";
  const http::ClientResponse response = send(
      {.method = "POST", .where = to, .query = "uploadId=" + uri_encode(upload), .body = body});
  // Completing may answer 200 with an error inside (S3's API reference says so).
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  if (const pugi::xml_node error = document.child("Error")) {
    throw S3Failure(200, error.child_value("Code"), error.child_value("Message"), to);
  }
}

void S3Client::abort_multipart(const S3Location& to, const std::string& upload) {
  send({.method = "DELETE", .where = to, .query = "uploadId=" + uri_encode(upload)});
}

S3Upload::~S3Upload() {
  if (finished_ || upload_.empty()) return;
  try {
    client_.abort_multipart(to_, upload_);
  } catch (const std::exception& error) {
    spdlog::warn("an upload to {} was left unfinished: {}", describe(to_), error.what());
  }
}

void S3Upload::write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kPartBytes) send_part();
}

void S3Upload::send_part() {
  if (upload_.empty()) upload_ = client_.create_multipart(to_, kms_key_);
  const int number = static_cast<int>(etags_.size()) + 1;
  etags_.push_back(client_.upload_part(to_, upload_, number, buffer_));
  buffer_.clear();
}

void S3Upload::finish() {
  if (upload_.empty()) {
    client_.put(to_, buffer_, kms_key_);
  } else {
    if (!buffer_.empty()) send_part();
    client_.complete_multipart(to_, upload_, etags_);
  }
  finished_ = true;
}

}  // namespace clary::agent
