// Authorization of an operation by its rule: what Service::authorize does by itself, for services
// that have something to add.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/access.h"

namespace clary::api {

// Puts right what the input alone cannot say about the resources (a role's path, the caller's own
// user); may be empty.
using FixResources = std::function<void(std::vector<std::string>& resources)>;

// Asks for the operation's action on each of its resources, for the action that tags need, and for
// iam:PassRole on every role in the input. Throws AccessDenied as require_access does.
void authorize_by_rules(Service& service, const json::object& input, Call& call,
                        const FixResources& fix = {});

// iam:PassRole for `role_arn` to the service that will assume it ("sagemaker.amazonaws.com"). A
// role of another account is never passed.
void require_pass_role(Call& call, const std::string& role_arn, std::string_view to_service);

// aws:ResourceTag/* and PREFIX:ResourceTag/* of a resource with these tags.
void add_resource_tags(const std::map<std::string, std::string>& tags, std::string_view prefix,
                       identity::Context& context);

// The account in an ARN; "" when it names none, or AWS itself.
std::string account_in_arn(std::string_view arn);

}  // namespace clary::api
