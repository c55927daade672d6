#include "server/role_objects.h"

#include <boost/asio/co_spawn.hpp>

#include "base/random.h"
#include "base/text.h"
#include "server/payload.h"
#include "wire/validate.h"

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
  RequestHead head;
  head.method = "PUT";
  head.path = "/" + object.bucket + "/" + uri_encode(object.key, Slash::kKeep);
  head.headers.add("Content-Type", object.content_type);
  head.headers.add("User-Agent", "sagemaker.amazonaws.com");
  if (!object.kms_key.empty()) {
    head.headers.add("x-amz-server-side-encryption", "aws:kms");
    head.headers.add("x-amz-server-side-encryption-aws-kms-key-id", object.kms_key);
  }
  head.peer = "127.0.0.1:0";
  head.tls = true;  // as safe as that: the bytes do not leave the process
  return head;
}

std::shared_ptr<const identity::AccessKey> session(const RoleObjects::Parts& parts,
                                                   const RoleObjects::Object& object) {
  auto principal = parts.sessions.principal(object.role, object.account);
  if (!principal) throw ApiError("AccessDenied", api::sagemaker::role_refused(object.role), 403);
  auto key = std::make_shared<identity::AccessKey>();
  key->principal = std::make_shared<const identity::Principal>(*std::move(principal));
  key->created = parts.clock.now();
  return key;
}

}  // namespace

asio::awaitable<void> RoleObjects::run(const KnownOperation& operation, json::object input,
                                       api::Call call, const std::string& body, unsigned& status) {
  MemoryBody bytes(body);
  Outcome outcome;
  co_await operation.built->streaming(std::move(input), call, bytes, outcome);
  status = outcome.status();
  if (status >= 300) {
    throw ApiError(element(outcome.text(), "Code"), element(outcome.text(), "Message"), status);
  }
}

void RoleObjects::put(const Object& object, const std::string& body) {
  const auto began = std::chrono::steady_clock::now();
  const ServiceRegistry::Entry& s3 = *parts_.services.find("s3");
  const KnownOperation& operation = s3.operation(*s3.model->find_operation("PutObject"));
  const RequestHead head = put_request(object);
  const std::string request_id = random_uuid();
  const auto key = session(parts_, object);
  AuditNotes notes{.model = s3.model,
                   .operation = operation.model,
                   .key = key,
                   .claimed_key_id = {},
                   .region = object.region,
                   .parameters = {},
                   .resources = {},
                   .error_code = {},
                   .error_message = {}};
  std::exception_ptr thrown;
  try {
    json::object input =
        wire::decode_request(*s3.model, wire::Protocol::kRestXml, *operation.model, head,
                             {{"Bucket", object.bucket}, {"Key", object.key}}, {});
    parts_.audit.describe(notes, input);
    wire::validate(*s3.model, *operation.model, input);
    api::Call call{.model = *s3.model,
                   .operation = *operation.model,
                   .principal = *key->principal,
                   .account = object.account,
                   .region = object.region,
                   .request_id = request_id,
                   .now = parts_.clock.now(),
                   .request = head,
                   .authorizer = parts_.authorizer,
                   .body = {}};
    s3.service->authorize(input, call);
    const std::lock_guard lock(mutex_);
    asio::co_spawn(context_, run(operation, std::move(input), call, body, notes.status),
                   [&](std::exception_ptr error) { thrown = std::move(error); });
    context_.restart();
    context_.run();
    if (thrown) std::rethrow_exception(thrown);
  } catch (const ApiError& error) {
    thrown = std::current_exception();
    notes.status = error.status() != 0 ? error.status() : 400;
    notes.error_code = error.code();
    notes.error_message = error.what();
  } catch (const std::exception&) {
    thrown = std::current_exception();
    notes.status = 500;
    notes.error_code = "InternalError";
  }
  operation.counters->record(notes.status, std::chrono::steady_clock::now() - began);
  parts_.audit.record(head, request_id, std::move(notes));
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace clary::server
