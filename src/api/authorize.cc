#include "api/authorize.h"

#include <algorithm>

#include "api/access_rules.h"
#include "base/arn.h"

namespace clary::api {
namespace {

// Who assumes the roles that this service is handed.
std::string_view assuming_service(const wire::ServiceModel& model) {
  if (model.name() == "logs") return "logs.amazonaws.com";
  if (model.name() == "cloudwatch") return "cloudwatch.amazonaws.com";
  if (model.name() == "cloudtrail") return "cloudtrail.amazonaws.com";
  if (model.name() == "ecr") return "ecr.amazonaws.com";
  return "sagemaker.amazonaws.com";
}

bool has_tags(const OperationRule& rule, const json::object& input) {
  const json::value* const tags = rule.tags.empty() ? nullptr : input.if_contains(rule.tags);
  return tags != nullptr && ((tags->is_array() && !tags->as_array().empty()) ||
                             (tags->is_object() && !tags->as_object().empty()));
}

}  // namespace

std::string account_in_arn(std::string_view arn) {
  for (int field = 0; field < 4; ++field) {
    const auto colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  const std::string_view account = arn.substr(0, arn.find(':'));
  return account == "aws" || account == "*" ? std::string() : std::string(account);
}

void add_resource_tags(const std::map<std::string, std::string>& tags, std::string_view prefix,
                       identity::Context& context) {
  for (const auto& [key, value] : tags) {
    const std::string name = "resourcetag/" + to_lower(key);
    context["aws:" + name] = {value};
    context[std::string(prefix) + ":" + name] = {value};
  }
}

void require_pass_role(Call& call, const std::string& role_arn, std::string_view to_service) {
  identity::AccessRequest request;
  request.action = "iam:PassRole";
  request.resource = role_arn;
  const auto arn = parse_arn(role_arn);
  if (!arn || arn->account != call.principal.account) {
    identity::Verdict verdict;
    verdict.reason = "because a role is passed within its own account only";
    refuse_access(call, request, verdict);
  }
  request.context["iam:passedtoservice"] = {std::string(to_service)};
  require_access(call, std::move(request));
}

void authorize_by_rules(Service& service, const json::object& input, Call& call,
                        const FixResources& fix) {
  const OperationRule* const rule = AccessRules::get().find(call.model.name(), call.operation.name);
  if (rule == nullptr) {
    throw std::logic_error("no access rule for " + call.model.name() + "." + call.operation.name);
  }
  if (rule->free) return;
  auto resources = resources_of(*rule, input, call.region, call.account);
  if (call.model.signing_name() == "sagemaker") {
    for (std::string& resource : resources) resource = as_sagemaker_writes(std::move(resource));
  }
  if (fix) fix(resources);
  const auto require = [&](const std::string& action, const std::string& resource) {
    identity::AccessRequest request;
    request.action = action;
    request.resource = resource;
    request.resource_account = account_in_arn(resource);
    request.more_context = [&, resource](identity::Context& context) {
      add_input_keys(*rule, input, context);
      service.add_resource_context(resource, call, context);
    };
    require_access(call, std::move(request));
  };
  for (const std::string& resource : resources) require(rule->action, resource);
  if (!rule->add_tags.empty() && has_tags(*rule, input)) {
    require(rule->add_tags, resources.front());
  }
  if (!rule->pass_role) return;
  for (const std::string& role : roles_in(input)) {
    require_pass_role(call, role, assuming_service(call.model));
  }
}

void Service::authorize(const json::object& input, Call& call) {
  authorize_by_rules(*this, input, call);
}

}  // namespace clary::api
