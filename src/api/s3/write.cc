// PutObject.
#include "api/s3/acl_requests.h"
#include "api/s3/encryption.h"
#include "api/s3/lifecycle.h"
#include "api/s3/object_lock.h"
#include "api/s3/payload_checks.h"
#include "api/s3/put_options.h"
#include "api/s3/receive.h"
#include "api/s3/request.h"
#include "api/s3/storage_class.h"
#include "api/s3/versioning.h"
#include "wire/codec.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;
using wire::ApiError;

asio::awaitable<void> put_object(Context& context, json::object input, Call& call, BodyReader& body,
                                 BodyWriter& response) {
  const auto bucket = bucket_of(context, input, call);
  const auto key = key_of(input);
  // Of an upload by form only its end tells how long the file was.
  if (call.request.method != "POST") check_length(body);
  auto options = put_options(call);
  options.storage_class = storage_class_of(input);
  options.requester = requester_of(call);
  read_lock(input, bucket, call.now, options);
  set_object_access(context, bucket, call, options.owner, options.acl);
  const auto choice = context.encryption.choose(input, call, bucket);
  const auto make = [&] { return context.encryption.make(choice, call, bucket.name, key); };
  auto keys = choice.uses_kms() ? co_await on_workers(context.workers, make) : make();
  options.encryption = std::move(keys.kept);
  PayloadChecks checks(call.request, std::nullopt);
  std::optional<objects::Outcome<objects::ObjectInfo>> outcome;
  co_await receive(context, body, checks, std::move(keys.write),
                   [&](objects::ObjectWriter& writer) {
                     options.checksums = checks.kept();
                     outcome = context.store.put(bucket.name, key, writer, std::move(options));
                   });
  if (!*outcome) {
    co_await answer_error(call, response, error_of(outcome->error(), input));
    co_return;
  }
  ResponseHead head;
  head.headers = {{"x-amz-request-id", std::string(call.request_id)},
                  {"ETag", in_quotes((*outcome)->etag)}};
  show_new_version(head, (*outcome)->version_id);
  show_expiration(head, bucket, **outcome);
  add_encryption(head.headers, input, (*outcome)->encryption);
  if (!choice.context.empty()) {
    head.headers.emplace_back("x-amz-server-side-encryption-context", base64(choice.context));
  }
  for (const auto& checksum : checks.kept()) {
    head.headers.emplace_back(wire::checksum_header(kind_of(checksum.algorithm)), checksum.value);
    head.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
  }
  co_await response.send(std::move(head), {});
}

}  // namespace

std::vector<OperationEntry> write_operations(Context& context) {
  return {
      {"PutObject",
       {},
       [&context](json::object input, Call& call, BodyReader& body, BodyWriter& response) {
         return put_object(context, std::move(input), call, body, response);
       }},
  };
}

}  // namespace clary::api::s3
