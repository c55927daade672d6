#include "server/role_objects.h"

#include <boost/asio/co_spawn.hpp>

#include "base/text.h"
#include "server/payload.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

// Takes the answer of a PutObject: its status, and the text of an error.
class Outcome final : public BodyWriter {
 public:
  asio::awaitable<void> send(ResponseHead head, std::string body) override {
    status_ = head.status;
    text_ = std::move(body);
    co_return;
  }
  asio::awaitable<void> start(ResponseHead head) override {
    status_ = head.status;
    co_return;
  }
  asio::awaitable<void> write(std::span<const std::byte> bytes) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    co_return;
  }
  asio::awaitable<void> write_file(int, std::uint64_t, std::uint64_t) override { co_return; }
  asio::awaitable<void> finish() override { co_return; }
  bool started() const override { return status_ != 0; }
  unsigned status() const { return status_; }
  const std::string& text() const { return text_; }

 private:
  unsigned status_ = 0;
  std::string text_;
};

// The text of the XML element, in an error that this server wrote.
std::string element(const std::string& xml, const std::string& name) {
  const auto from = xml.find("<" + name + ">");
  const auto to = xml.find("</" + name + ">");
  if (from == std::string::npos || to == std::string::npos) return "";
  const auto start = from + name.size() + 2;
  return xml.substr(start, to - start);
}

RequestHead put_request(const RoleObjects::Object& object) {
  RequestHead head = role_call_head();
  head.method = "PUT";
  head.path = "/" + object.bucket + "/" + uri_encode(object.key, Slash::kKeep);
  head.headers.add("Content-Type", object.content_type);
  if (!object.kms_key.empty()) {
    head.headers.add("x-amz-server-side-encryption", "aws:kms");
    head.headers.add("x-amz-server-side-encryption-aws-kms-key-id", object.kms_key);
  }
  return head;
}

asio::awaitable<void> stream(const KnownOperation& operation, json::object input, api::Call call,
                             const std::string& body, unsigned& status) {
  MemoryBody bytes(body);
  Outcome outcome;
  co_await operation.built->streaming(std::move(input), call, bytes, outcome);
  status = outcome.status();
  if (status >= 300) {
    throw ApiError(element(outcome.text(), "Code"), element(outcome.text(), "Message"), status);
  }
}

}  // namespace

unsigned RoleObjects::run(const KnownOperation& operation, json::object input,
                          const api::Call& call, const std::string& body) {
  unsigned status = 0;
  std::exception_ptr thrown;
  const std::lock_guard lock(mutex_);
  asio::co_spawn(context_, stream(operation, std::move(input), call, body, status),
                 [&](std::exception_ptr error) { thrown = std::move(error); });
  context_.restart();
  context_.run();
  if (thrown) std::rethrow_exception(thrown);
  return status;
}

void RoleObjects::put(const Object& object, const std::string& body) {
  const RoleCall as{.account = object.account,
                    .region = object.region,
                    .role = object.role,
                    .service = "s3",
                    .operation = "PutObject",
                    .head = put_request(object)};
  call_as_role(
      parts_, as,
      [&](const ServiceRegistry::Entry& s3, const KnownOperation& operation) {
        return wire::decode_request(*s3.model, wire::Protocol::kRestXml, *operation.model, as.head,
                                    {{"Bucket", object.bucket}, {"Key", object.key}}, {});
      },
      [&](const KnownOperation& operation, json::object input, api::Call& call) {
        return run(operation, std::move(input), call, body);
      });
}

}  // namespace clary::server
