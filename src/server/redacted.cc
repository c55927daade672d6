#include "server/redacted.h"

#include <algorithm>
#include <array>

#include "audit/event_text.h"
#include "base/text.h"

namespace clary::server {
namespace {

constexpr std::string_view kHidden = "\"HIDDEN_DUE_TO_SECURITY_REASONS\"";
// Deeper than any shape of the models but JSON documents.
constexpr int kMaxDepth = 12;

// Whatever the model says of them; in lower case.
constexpr std::array<std::string_view, 24> kSecrets{
    "accesstoken",        "authenticationcode1", "authenticationcode2",
    "authorizationtoken", "clientsecret",        "copysourcessecustomerkey",
    "credentials",        "granttokens",         "jupyterlabtoken",
    "newpassword",        "oldpassword",         "password",
    "plaintext",          "privatekey",          "proxypassword",
    "samlassertion",      "secretaccesskey",     "secretkey",
    "securitytoken",      "sessiontoken",        "ssecustomerkey",
    "tokencode",          "webidentitytoken",    "environment"};
static_assert(kSecrets.back() == "environment");

bool is_secret(std::string_view name) {
  return std::ranges::find(kSecrets, to_lower(name)) != kSecrets.end();
}

// The model marks it, but it is an ARN, and who used which key is what an audit is for.
bool is_known_harmless(std::string_view name) {
  return name == "SSEKMSKeyId" || name == "SSEKMSEncryptionContext";
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // False: nothing was written, the value is left out.
  bool value(const wire::Shape* shape, std::string_view name, const json::value& value, int depth) {
    if (shape != nullptr && (shape->kind == wire::ShapeKind::kBlob || shape->streaming)) {
      return false;
    }
    const bool hidden = (shape != nullptr && shape->sensitive && !is_known_harmless(name)) ||
                        is_secret(name) || depth > kMaxDepth;
    if (hidden && !value.is_object()) {
      out_ += kHidden;
      return true;
    }
    switch (value.kind()) {
      case json::kind::object:
        object(shape, value.get_object(), hidden, depth);
        break;
      case json::kind::array:
        array(shape, value.get_array(), depth);
        break;
      case json::kind::string:
        audit::append_json_string(out_, value.get_string());
        break;
      default:
        out_ += json::serialize(value);
    }
    return true;
  }

  // `hidden`: the names of members stay, their values do not.
  void object(const wire::Shape* shape, const json::object& object, bool hidden, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [name, member] : object) {
      const std::size_t before = out_.size();
      if (!first) out_ += ',';
      audit::append_json_string(out_, name);
      out_ += ':';
      bool written = true;
      if (hidden) {
        out_ += kHidden;
      } else {
        written = value(shape_of(shape, name), name, member, depth + 1);
      }
      if (!written) out_.resize(before);
      first = first && !written;
    }
    out_ += '}';
  }

 private:
  static const wire::Shape* shape_of(const wire::Shape* shape, std::string_view name) {
    if (shape == nullptr) return nullptr;
    if (shape->kind == wire::ShapeKind::kMap) return shape->value.shape;
    const wire::Member* member = shape->find_member(name);
    return member == nullptr ? nullptr : member->shape;
  }

  void array(const wire::Shape* shape, const json::array& array, int depth) {
    const wire::Shape* element = shape == nullptr ? nullptr : shape->element.shape;
    out_ += '[';
    bool first = true;
    for (const json::value& member : array) {
      const std::size_t before = out_.size();
      if (!first) out_ += ',';
      const bool written = value(element, {}, member, depth + 1);
      if (!written) out_.resize(before);
      first = first && !written;
      if (out_.size() > 4 * kMaxParameterBytes) break;  // omitted as a whole anyway
    }
    out_ += ']';
  }

  std::string& out_;
};

}  // namespace

std::string redacted(const wire::Operation& operation, const json::object& input) {
  if (input.empty()) return {};
  std::string text;
  Writer(text).object(operation.input, input, false, 0);
  if (text.size() <= kMaxParameterBytes) return text;
  return R"({"omitted":true,"originalSize":)" + std::to_string(text.size()) +
         R"(,"reason":"requestParameters is larger than 16384 bytes"})";
}

}  // namespace clary::server
