#include "api/access.h"

namespace clary::api {
namespace {

std::string host_of(std::string_view peer) {
  const std::string_view host = peer.substr(0, peer.rfind(':'));
  return std::string(host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2)
                                                                  : host);
}

}  // namespace

void require_access(Call& call, identity::AccessRequest request) {
  auto& context = request.context;
  context["aws:currenttime"] = {iso8601(call.now)};
  context["aws:epochtime"] = {std::to_string(static_cast<std::int64_t>(epoch_seconds(call.now)))};
  context["aws:securetransport"] = {call.request.tls ? "true" : "false"};
  context["aws:sourceip"] = {host_of(call.request.peer)};
  context["aws:requestedregion"] = {std::string(call.region)};
  const identity::Verdict verdict = call.authorizer.decide(call.principal, request);
  if (verdict.allowed) return;
  if (call.model.name() == "s3") throw wire::ApiError("AccessDenied", "Access Denied", 403);
  throw wire::ApiError("AccessDeniedException",
                       "User: " + call.principal.arn +
                           " is not authorized to perform: " + request.action +
                           " on resource: " + request.resource + " " + verdict.reason,
                       403);
}

void Service::authorize(const json::object&, Call&) {}

}  // namespace clary::api
