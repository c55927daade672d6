#include "server/form_upload.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "server/service_of_request.h"
#include "wire/api_error.h"
#include "wire/xml_reader.h"
#include "wire/xml_writer.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using wire::ApiError;
using State = wire::MultipartForm::State;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{5} << 30;
// What may follow the file: the last boundary, a submit button's field.
constexpr std::uint64_t kMaxAfterFile = 1 << 20;
constexpr std::string_view kFileName = "${filename}";

// Fields that become the header of another name, or of their own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kHeaders{
    {{"acl", "x-amz-acl"},
     {"content-type", "Content-Type"},
     {"cache-control", "Cache-Control"},
     {"content-disposition", "Content-Disposition"},
     {"content-encoding", "Content-Encoding"},
     {"content-md5", "Content-MD5"},
     {"expires", "Expires"}}};

// Fields x-amz-* that PutObject knows; of the rest, these are the form's own.
constexpr std::array<std::string_view, 7> kPassed{
    "x-amz-meta-",       "x-amz-storage-class", "x-amz-server-side-encryption",
    "x-amz-website-",    "x-amz-checksum-",     "x-amz-sdk-checksum-algorithm",
    "x-amz-object-lock-"};
constexpr std::array<std::string_view, 5> kSigning{
    "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"};

ApiError invalid_argument(std::string message, std::string_view name, std::string_view value = {}) {
  ApiError error("InvalidArgument", message, 400);
  error.details()["ArgumentName"] = name;
  error.details()["ArgumentValue"] = value;
  return error;
}

ApiError malformed() {
  return ApiError("MalformedPOSTRequest",
                  "The body of your POST request is not well-formed multipart/form-data.", 400);
}

ApiError entity_size(const char* code, const char* message, std::string_view bound,
                     std::uint64_t size, std::uint64_t allowed) {
  ApiError error(code, message, 400);
  error.details()["ProposedSize"] = std::to_string(size);
  error.details()[bound] = std::to_string(allowed);
  return error;
}

// Header values come back in answers: a line end in one would let a form write headers of its own.
bool fits_header(std::string_view text) {
  return std::ranges::none_of(text,
                              [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string bucket_of_path(const RequestHead& head) {
  RequestHead routed = head;
  to_path_style(routed);
  std::string_view path = routed.path;
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.find('/') != std::string_view::npos) return {};
  return uri_decode(path).value_or("");
}

bool is_web_url(std::string_view url) {
  const std::string lower = to_lower(url.substr(0, 8));
  return (lower.starts_with("http://") || lower.starts_with("https://")) && fits_header(url) &&
         url.find(' ') == std::string_view::npos;
}

}  // namespace

bool is_form_upload(const RequestHead& head) {
  return head.method == "POST" && head.query.empty() &&
         wire::form_boundary(head.headers.get("Content-Type")).has_value() &&
         !bucket_of_path(head).empty();
}

FormUpload::FormUpload(const wire::ServiceModel& model, const RequestHead& head, BodyReader& raw)
    : model_(model),
      head_(head),
      raw_(raw),
      form_(wire::form_boundary(head.headers.get("Content-Type")).value_or("")),
      bucket_(bucket_of_path(head)) {}

asio::awaitable<void> FormUpload::read_fields() {
  piece_.resize(kPieceBytes);
  while (form_.state() == State::kFields) {
    const auto got = co_await raw_.read_some(std::as_writable_bytes(std::span(piece_)));
    if (got == 0) {
      form_.finish();
      break;
    }
    form_.push(std::string_view(piece_).substr(0, got));
  }
  if (form_.state() == State::kTooLarge) {
    throw ApiError("MaxPostPreDataLengthExceeded",
                   "Your POST request fields preceding the upload file were too large.", 400);
  }
  if (form_.state() == State::kMalformed) throw malformed();
  // The bucket is the address's, whatever a field of that name says.
  for (const auto& field : form_.fields()) {
    if (!equals_ignore_case(field.name, "bucket")) fields_.push_back(field);
  }
  fields_.push_back({"bucket", bucket_});
  check_fields();
  key_ = require("key");
  if (const auto at = key_.find(kFileName); at != std::string::npos) {
    key_.replace(at, kFileName.size(), form_.file_name());
    for (auto& field : fields_) {
      if (equals_ignore_case(field.name, "key")) field.value = key_;
    }
  }
  if (key_.empty()) throw invalid_argument("User key must have a length greater than 0.", "key");
  if (!form_.has_file()) {
    throw invalid_argument("POST requires exactly one file upload per request.", "file", "0");
  }
}

// What a field says must not depend on which of two of its name is looked at.
void FormUpload::check_fields() const {
  std::vector<std::string> names;
  for (const auto& field : fields_) {
    auto name = to_lower(field.name);
    if (name.starts_with("x-ignore-")) continue;
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
    throw invalid_argument("The form has the field '" + *twice + "' more than once.", *twice);
  }
}

std::optional<std::string_view> FormUpload::find(std::string_view name) const {
  for (const auto& field : fields_) {
    if (equals_ignore_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string_view FormUpload::require(std::string_view name) const {
  const auto value = find(name);
  if (!value) {
    throw invalid_argument("Bucket POST must contain a field named '" + std::string(name) +
                               "'.  If it is specified, please check the order of the fields.",
                           name);
  }
  return *value;
}

std::optional<FormSignature> FormUpload::signature() const {
  const bool version_4 =
      find("x-amz-algorithm") || find("x-amz-credential") || find("x-amz-signature");
  if (!version_4 && !find("policy") && !find("AWSAccessKeyId") && !find("signature")) {
    return std::nullopt;
  }
  FormSignature signature;
  signature.policy = require("policy");
  signature.session_token = find("x-amz-security-token").value_or("");
  if (!version_4) {
    signature.access_key_id = require("AWSAccessKeyId");
    signature.signature = require("signature");
    return signature;
  }
  if (require("x-amz-algorithm") != "AWS4-HMAC-SHA256") {
    throw invalid_argument("Only AWS4-HMAC-SHA256 is supported.", "x-amz-algorithm",
                           *find("x-amz-algorithm"));
  }
  signature.credential = require("x-amz-credential");
  signature.date = require("x-amz-date");
  signature.signature = require("x-amz-signature");
  return signature;
}

void FormUpload::check_policy(Timestamp now) {
  const auto text = find("policy");
  if (!text) return;
  auto policy = wire::parse_post_policy(*text);
  if (!policy) {
    throw ApiError("InvalidPolicyDocument", "Invalid Policy: " + policy.error(), 400);
  }
  if (const auto refused = wire::violation(*policy, fields_, now)) {
    throw ApiError("AccessDenied", "Invalid according to Policy: " + *refused, 403);
  }
  policy_ = std::move(*policy);
}

RequestHead FormUpload::put_request() const {
  RequestHead put;
  put.method = "POST";
  put.path = "/" + uri_encode(bucket_) + "/" + uri_encode(key_, Slash::kKeep);
  put.peer = head_.peer;
  put.tls = head_.tls;
  for (const std::string_view name : {"Host", "User-Agent", "Referer", "Origin"}) {
    if (const auto value = head_.headers.find(name))
      put.headers.add(std::string(name), std::string(*value));
  }
  for (const auto& field : fields_) {
    const std::string name = to_lower(field.name);
    std::string header;
    for (const auto& [from, to] : kHeaders) {
      if (name == from) header = to;
    }
    if (name.starts_with("x-amz-") && std::ranges::find(kSigning, name) == kSigning.end()) {
      if (std::ranges::none_of(kPassed, [&](auto known) { return name.starts_with(known); })) {
        throw ApiError("NotImplemented", "Clary does not know the form field " + name + ".", 501);
      }
      header = name;
    }
    if (header.empty()) continue;
    if (!is_token(header) || !fits_header(field.value)) {
      throw invalid_argument("The field's name or value has characters that are not allowed.",
                             name);
    }
    put.headers.add(std::move(header), field.value);
  }
  if (find("tagging")) put.headers.add("x-amz-tagging", tagging_header());
  return put;
}

// The field is XML, the header a query string.
std::string FormUpload::tagging_header() const {
  std::string header;
  const json::object tagging = wire::decode_xml(*model_.find_shape("Tagging"), *find("tagging"));
  const json::array* tags = find_array(tagging, "TagSet");
  if (tags == nullptr) return header;
  for (const json::value& tag : *tags) {
    if (!header.empty()) header += '&';
    header += uri_encode(string_or(tag.as_object(), "Key")) + "=" +
              uri_encode(string_or(tag.as_object(), "Value"));
  }
  return header;
}

std::vector<std::pair<std::string, std::string>> FormUpload::labels() const {
  return {{"Bucket", bucket_}, {"Key", key_}};
}

std::pair<ResponseHead, std::string> FormUpload::answer(ResponseHead stored) const {
  std::string etag;
  for (const auto& [name, value] : stored.headers) {
    if (name == "ETag") etag = value;
  }
  const auto redirect =
      find("success_action_redirect") ? find("success_action_redirect") : find("redirect");
  if (redirect && is_web_url(*redirect)) {
    std::string target(*redirect);
    target += target.find('?') == std::string::npos ? '?' : '&';
    target +=
        "bucket=" + uri_encode(bucket_) + "&key=" + uri_encode(key_) + "&etag=" + uri_encode(etag);
    stored.status = 303;
    stored.headers.emplace_back("Location", std::move(target));
    return {std::move(stored), {}};
  }
  const std::string location = std::string(head_.tls ? "https://" : "http://") +
                               std::string(head_.headers.get("Host")) + "/" + uri_encode(bucket_) +
                               "/" + uri_encode(key_, Slash::kKeep);
  stored.headers.emplace_back("Location", location);
  const std::string_view status = find("success_action_status").value_or("");
  stored.status = status == "200" ? 200 : status == "201" ? 201 : 204;
  if (stored.status != 201) return {std::move(stored), {}};
  stored.headers.emplace_back("Content-Type", "application/xml");
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>";
  wire::append_xml_element(text, "Location", location);
  wire::append_xml_element(text, "Bucket", bucket_);
  wire::append_xml_element(text, "Key", key_);
  wire::append_xml_element(text, "ETag", etag);
  return {std::move(stored), text + "</PostResponse>"};
}

asio::awaitable<std::size_t> FormUpload::read_some(std::span<std::byte> buffer) {
  while (true) {
    const std::string_view ready = form_.file();
    if (!ready.empty()) {
      const auto count = std::min(ready.size(), buffer.size());
      std::memcpy(buffer.data(), ready.data(), count);
      form_.consume(count);
      file_bytes_ += count;
      const auto most =
          policy_ && policy_->content_length ? policy_->content_length->most : kMaxFileBytes;
      if (file_bytes_ > std::min(most, kMaxFileBytes)) {
        throw entity_size("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
                          "MaxSizeAllowed", file_bytes_, std::min(most, kMaxFileBytes));
      }
      co_return count;
    }
    const auto got = co_await raw_.read_some(std::as_writable_bytes(std::span(piece_)));
    if (form_.state() == State::kFile) {
      if (got == 0) form_.finish();
      form_.push(std::string_view(piece_).substr(0, got));
    } else if (after_file_bytes_ += got; after_file_bytes_ > kMaxAfterFile) {
      throw malformed();
    }
    if (form_.state() == State::kMalformed) throw malformed();
    if (got == 0) {
      end_of_file();
      co_return 0;
    }
  }
}

void FormUpload::end_of_file() const {
  if (policy_ && policy_->content_length && file_bytes_ < policy_->content_length->least) {
    throw entity_size("EntityTooSmall",
                      "Your proposed upload is smaller than the minimum allowed "
                      "size",
                      "MinSizeAllowed", file_bytes_, policy_->content_length->least);
  }
}

asio::awaitable<void> FormAnswer::send(ResponseHead head, std::string body) {
  if (head.status != 200) {
    status_ = head.status;
    co_await response_.send(std::move(head), std::move(body));
    co_return;
  }
  auto [answer, text] = form_.answer(std::move(head));
  status_ = answer.status;
  co_await response_.send(std::move(answer), std::move(text));
}

asio::awaitable<void> FormAnswer::start(ResponseHead head) {
  status_ = head.status;
  return response_.start(std::move(head));
}

asio::awaitable<void> FormAnswer::write(std::span<const std::byte> bytes) {
  return response_.write(bytes);
}

asio::awaitable<void> FormAnswer::write_file(int file, std::uint64_t offset, std::uint64_t length) {
  return response_.write_file(file, offset, length);
}

asio::awaitable<void> FormAnswer::finish() {
  return response_.finish();
}

}  // namespace clary::server
