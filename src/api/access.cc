#include "api/access.h"

namespace clary::api {
namespace {

std::string host_of(std::string_view peer) {
  const std::string_view host = peer.substr(0, peer.rfind(':'));
  return std::string(host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2)
                                                                  : host);
}

void add_request_keys(const Call& call, identity::Context& context) {
  context["aws:currenttime"] = {iso8601(call.now)};
  context["aws:epochtime"] = {std::to_string(static_cast<std::int64_t>(epoch_seconds(call.now)))};
  context["aws:securetransport"] = {call.request.tls ? "true" : "false"};
  context["aws:sourceip"] = {host_of(call.request.peer)};
  if (!call.region.empty()) context["aws:requestedregion"] = {std::string(call.region)};
  if (const auto agent = call.request.headers.find("User-Agent")) {
    context["aws:useragent"] = {std::string(*agent)};
  }
  if (const auto referer = call.request.headers.find("Referer")) {
    context["aws:referer"] = {std::string(*referer)};
  }
}

}  // namespace

identity::Verdict check_access(const Call& call, identity::AccessRequest request) {
  request.more_context = [&call, more = std::move(request.more_context)](identity::Context& keys) {
    add_request_keys(call, keys);
    if (more) more(keys);
  };
  return call.authorizer.decide(call.principal, request);
}

void refuse_access(const Call& call, const identity::AccessRequest& request,
                   const identity::Verdict& verdict) {
  const wire::Protocol protocol = call.model.protocol();
  const bool xml = protocol == wire::Protocol::kQuery || protocol == wire::Protocol::kRestXml;
  const std::string quote = protocol == wire::Protocol::kRestXml ? "\"" : "";
  std::string message = "User: " + call.principal.arn +
                        " is not authorized to perform: " + request.action +
                        " on resource: " + quote + request.resource + quote;
  if (!verdict.reason.empty()) message += " " + verdict.reason;
  throw wire::ApiError(xml ? "AccessDenied" : "AccessDeniedException", message);
}

void require_access(const Call& call, identity::AccessRequest request) {
  const identity::Verdict verdict = check_access(call, request);
  if (!verdict.allowed) refuse_access(call, request, verdict);
}

void Service::add_resource_context(const std::string&, const Call&, identity::Context&) {}

}  // namespace clary::api
