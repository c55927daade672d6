#include "server/role_calls.h"

#include "base/random.h"
#include "wire/validate.h"

namespace clary::server {
namespace {

using wire::ApiError;

std::shared_ptr<const identity::AccessKey> session(const RoleCallParts& parts,
                                                   const RoleCall& call) {
  auto principal = parts.sessions.principal(call.role, call.account);
  if (!principal) {
    const bool rest = call.service == "s3";  // whose code has no "Exception" in it
    throw ApiError(rest ? "AccessDenied" : "AccessDeniedException",
                   api::sagemaker::role_refused(call.role), rest ? 403 : 0);
  }
  auto key = std::make_shared<identity::AccessKey>();
  key->principal = std::make_shared<const identity::Principal>(*std::move(principal));
  key->created = parts.clock.now();
  return key;
}

}  // namespace

RequestHead role_call_head() {
  RequestHead head;
  head.headers.add("User-Agent", "sagemaker.amazonaws.com");
  head.peer = "127.0.0.1:0";
  head.tls = true;  // as safe as that: the bytes do not leave the process
  return head;
}

void call_as_role(const RoleCallParts& parts, const RoleCall& as, const RoleCallInput& input,
                  const RoleCallWork& work) {
  const auto began = std::chrono::steady_clock::now();
  const ServiceRegistry::Entry& service = *parts.services.find(as.service);
  const KnownOperation& operation = service.operation(*service.model->find_operation(as.operation));
  const std::string request_id = random_uuid();
  const auto key = session(parts, as);
  AuditNotes notes{.model = service.model,
                   .operation = operation.model,
                   .key = key,
                   .claimed_key_id = {},
                   .region = as.region,
                   .parameters = {},
                   .resources = {},
                   .error_code = {},
                   .error_message = {}};
  std::exception_ptr thrown;
  try {
    json::object given = input(service, operation);
    parts.audit.describe(notes, given);
    wire::validate(*service.model, *operation.model, given);
    api::Call call{.model = *service.model,
                   .operation = *operation.model,
                   .principal = *key->principal,
                   .account = as.account,
                   .region = as.region,
                   .request_id = request_id,
                   .now = parts.clock.now(),
                   .request = as.head,
                   .authorizer = parts.authorizer,
                   .body = {}};
    service.service->authorize(given, call);
    notes.status = work(operation, std::move(given), call);
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
  parts.audit.record(as.head, request_id, std::move(notes));
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace clary::server
