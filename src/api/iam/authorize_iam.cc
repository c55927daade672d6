// What IAM's operations need permission for beyond their input: users and roles are named without
// their path, and one's own user need not be named at all.
#include "api/authorize.h"
#include "api/iam/iam_service.h"

namespace clary::api {
namespace {

using identity::Principal;

// The name in "arn:aws:iam::ACCOUNT:TYPE/[PATH/]NAME"; nullopt for another type.
std::optional<std::string_view> name_in(std::string_view arn, std::string_view type) {
  const auto colon = arn.rfind(':');
  std::string_view resource =
      colon == std::string_view::npos ? std::string_view() : arn.substr(colon + 1);
  if (!resource.starts_with(type) || resource.substr(type.size(), 1) != "/") return std::nullopt;
  return resource.substr(resource.rfind('/') + 1);
}

// The role or user behind an ARN, by its name in the caller's account.
std::optional<identity::PolicyHolder> holder_of(const IamStores& stores, std::string_view arn,
                                                std::string_view account) {
  if (const auto role = name_in(arn, "role")) {
    if (auto found = stores.roles.find(account, *role)) return *std::move(found);
  } else if (const auto user = name_in(arn, "user")) {
    if (auto found = stores.users.find(account, *user)) return *std::move(found);
  } else if (const auto group = name_in(arn, "group")) {
    if (auto found = stores.groups.find(account, *group)) return *std::move(found);
  }
  return std::nullopt;
}

// An account may let all its users change their own password, whatever their policies say but an
// explicit deny (AllowUsersToChangePassword).
bool allowed_by_account(const IamStores& stores, Call& call) {
  if (call.operation.name != "ChangePassword" || call.principal.kind != Principal::Kind::kUser) {
    return false;
  }
  const auto account = stores.accounts.find(call.account);
  if (!account || !account->password_policy.users_may_change) return false;
  identity::AccessRequest request;
  request.action = "iam:ChangePassword";
  request.resource = call.principal.arn;
  request.granted = true;
  require_access(call, std::move(request));
  return true;
}

}  // namespace

void IamService::authorize(const json::object& input, Call& call) {
  if (allowed_by_account(stores_, call)) return;
  const bool creates = call.operation.name.starts_with("Create") &&
                       call.operation.name != "CreateAccessKey" &&
                       call.operation.name != "CreateLoginProfile";
  authorize_by_rules(*this, input, call, [&](std::vector<std::string>& resources) {
    if (creates || call.principal.owner || call.principal.kind == Principal::Kind::kRoot) return;
    for (std::string& resource : resources) {
      if (resource.ends_with(":user/*") && call.principal.kind == Principal::Kind::kUser) {
        resource = call.principal.arn;
      } else if (const auto profile = name_in(resource, "instance-profile")) {
        if (const auto found = stores_.profiles.find(call.account, *profile)) {
          resource = found->arn;
        }
      } else if (const auto holder = holder_of(stores_, resource, call.account)) {
        resource = holder->arn;
      }
    }
  });
}

void IamService::add_resource_context(const std::string& resource_arn, const Call& call,
                                      identity::Context& context) {
  const auto holder = holder_of(stores_, resource_arn, call.account);
  if (!holder) return;
  add_resource_tags(holder->tags, "iam", context);
  if (!holder->permissions_boundary.empty()) {
    context.try_emplace("iam:permissionsboundary",
                        std::vector<std::string>{holder->permissions_boundary});
  }
}

}  // namespace clary::api
