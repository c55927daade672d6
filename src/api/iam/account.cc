#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::PasswordPolicy;

identity::Account account_of(const IamStores& stores, const Call& call) {
  auto account = stores.accounts.find(call.account);
  if (account) return *std::move(account);
  identity::Account unknown;
  unknown.id = call.account;
  return unknown;
}

[[noreturn]] void throw_no_policy(const Call& call) {
  throw wire::ApiError("NoSuchEntity", "The Password Policy with domain name " +
                                           std::string(call.account) + " cannot be found.");
}

json::object shown(const PasswordPolicy& policy) {
  json::object object{{"MinimumPasswordLength", policy.minimum_length},
                      {"RequireSymbols", policy.symbols},
                      {"RequireNumbers", policy.numbers},
                      {"RequireUppercaseCharacters", policy.upper_case},
                      {"RequireLowercaseCharacters", policy.lower_case},
                      {"AllowUsersToChangePassword", policy.users_may_change},
                      {"ExpirePasswords", policy.max_age_days > 0}};
  if (policy.max_age_days > 0) object["MaxPasswordAge"] = policy.max_age_days;
  if (policy.reuse_prevention > 0) object["PasswordReusePrevention"] = policy.reuse_prevention;
  if (policy.hard_expiry) object["HardExpiry"] = true;
  return object;
}

}  // namespace

json::object get_account_summary(const IamStores& stores, const json::object&, Call& call) {
  const auto policies = stores.policies.list(call.account);
  std::size_t versions = 0;
  for (const auto& policy : policies) versions += policy.versions.size();
  const std::string root = "arn:aws:iam::" + std::string(call.account) + ":root";
  return {{"SummaryMap", json::object{{"Users", stores.users.count(call.account)},
                                      {"UsersQuota", 5000},
                                      {"Groups", stores.groups.count(call.account)},
                                      {"GroupsQuota", 300},
                                      {"Roles", stores.roles.count(call.account)},
                                      {"RolesQuota", 5000},
                                      {"InstanceProfiles", stores.profiles.count(call.account)},
                                      {"InstanceProfilesQuota", 1000},
                                      {"Policies", policies.size()},
                                      {"PoliciesQuota", 1500},
                                      {"PolicyVersionsInUse", versions},
                                      {"PolicyVersionsInUseQuota", 10000},
                                      {"Providers", stores.providers.list(call.account).size()},
                                      {"AccountAccessKeysPresent",
                                       stores.credentials.keys_of(root).empty() ? 0 : 1},
                                      {"AccountPasswordPresent", 0},
                                      {"AccountMFAEnabled", 0},
                                      {"AccountSigningCertificatesPresent", 0},
                                      {"MFADevices", 0},
                                      {"MFADevicesInUse", 0},
                                      {"ServerCertificates", 0},
                                      {"ServerCertificatesQuota", 0},
                                      {"SigningCertificatesPerUserQuota", 0},
                                      {"AccessKeysPerUserQuota", 2},
                                      {"GroupsPerUserQuota", 10},
                                      {"AttachedPoliciesPerUserQuota", 10},
                                      {"AttachedPoliciesPerGroupQuota", 10},
                                      {"AttachedPoliciesPerRoleQuota", 10},
                                      {"UserPolicySizeQuota", 2048},
                                      {"GroupPolicySizeQuota", 5120},
                                      {"RolePolicySizeQuota", 10240},
                                      {"AssumeRolePolicySizeQuota", 2048},
                                      {"PolicySizeQuota", 6144},
                                      {"VersionsPerPolicyQuota", 5},
                                      {"GlobalEndpointTokenVersion", 1}}}};
}

json::object create_account_alias(const IamStores& stores, const json::object& input, Call& call) {
  const std::string alias = required(input, "AccountAlias");
  if (!stores.accounts.set_alias(call.account, alias)) {
    throw wire::ApiError("EntityAlreadyExists", "The account alias " + alias + " already exists.");
  }
  return {};
}

json::object delete_account_alias(const IamStores& stores, const json::object& input, Call& call) {
  const std::string alias = required(input, "AccountAlias");
  if (account_of(stores, call).alias != alias || !stores.accounts.set_alias(call.account, "")) {
    throw wire::ApiError("NoSuchEntity", "The account alias " + alias + " cannot be found.");
  }
  return {};
}

json::object list_account_aliases(const IamStores& stores, const json::object&, Call& call) {
  json::array aliases;
  if (const std::string alias = account_of(stores, call).alias; !alias.empty()) {
    aliases.push_back(json::value(alias));
  }
  return {{"AccountAliases", std::move(aliases)}, {"IsTruncated", false}};
}

json::object get_account_password_policy(const IamStores& stores, const json::object&, Call& call) {
  const PasswordPolicy policy = account_of(stores, call).password_policy;
  if (!policy.custom) throw_no_policy(call);
  return {{"PasswordPolicy", shown(policy)}};
}

// Members that are left out go back to their defaults, as IAM documents it.
json::object update_account_password_policy(const IamStores& stores, const json::object& input,
                                            Call& call) {
  const auto flag = [&](std::string_view name) { return find_bool(input, name).value_or(false); };
  PasswordPolicy policy;
  policy.custom = true;
  policy.minimum_length = static_cast<int>(find_int(input, "MinimumPasswordLength").value_or(6));
  policy.symbols = flag("RequireSymbols");
  policy.numbers = flag("RequireNumbers");
  policy.upper_case = flag("RequireUppercaseCharacters");
  policy.lower_case = flag("RequireLowercaseCharacters");
  policy.users_may_change = flag("AllowUsersToChangePassword");
  policy.max_age_days = static_cast<int>(find_int(input, "MaxPasswordAge").value_or(0));
  policy.reuse_prevention =
      static_cast<int>(find_int(input, "PasswordReusePrevention").value_or(0));
  policy.hard_expiry = flag("HardExpiry");
  stores.accounts.set_password_policy(call.account, policy);
  return {};
}

json::object delete_account_password_policy(const IamStores& stores, const json::object&,
                                            Call& call) {
  if (!account_of(stores, call).password_policy.custom) throw_no_policy(call);
  stores.accounts.set_password_policy(call.account, {});
  return {};
}

}  // namespace clary::api::iam
