#include "api/iam/operations.h"

namespace clary::api::iam {
namespace {

using identity::LoginError;
using identity::Principal;
using identity::SignIn;

[[noreturn]] void throw_no_login(std::string_view user) {
  throw wire::ApiError("NoSuchEntity",
                       "Login Profile for User " + std::string(user) + " cannot be found.");
}

[[noreturn]] void throw_violation(std::string_view why) {
  throw wire::ApiError("PasswordPolicyViolation", std::string(why));
}

identity::Account account_of(const IamStores& stores, const Call& call) {
  auto account = stores.accounts.find(call.account);
  if (account) return *std::move(account);
  identity::Account unknown;
  unknown.id = call.account;
  return unknown;
}

void check_password(const identity::Account& account, std::string_view password) {
  if (!identity::conforms(account.password_policy, account, password)) {
    throw_violation("Password does not conform to the account password policy.");
  }
}

// The user that the input names, or the caller.
identity::User owner_in(const IamStores& stores, const json::object& input, const Call& call) {
  if (find_string(input, "UserName")) return user_or_throw(stores, input, call);
  if (call.principal.kind != Principal::Kind::kUser) {
    throw wire::ApiError("ValidationError",
                         "Must specify userName when calling with non-User credentials", 400);
  }
  return user_or_throw(stores, {{"UserName", call.principal.name}}, call);
}

json::object shown(const identity::User& user, const identity::Login& login) {
  return {{"UserName", user.name},
          {"CreateDate", epoch_seconds(login.created)},
          {"PasswordResetRequired", login.reset_required}};
}

void update_or_throw(const IamStores& stores, const identity::Account& account,
                     const identity::User& user, std::string_view password,
                     std::optional<bool> reset_required) {
  const auto updated = stores.logins.update(user.id, password, reset_required,
                                            account.password_policy.reuse_prevention);
  if (updated) return;
  if (updated.error() == LoginError::kAbsent) throw_no_login(user.name);
  throw_violation("Password has been used recently. Choose another one.");
}

}  // namespace

json::object create_login_profile(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User user = owner_in(stores, input, call);
  const std::string password = required(input, "Password");
  if (password.empty()) {
    throw wire::ApiError("ValidationError", "CreateLoginProfile needs a Password.", 400);
  }
  check_password(account_of(stores, call), password);
  const bool reset = find_bool(input, "PasswordResetRequired").value_or(false);
  if (!stores.logins.create(user.id, password, reset)) {
    throw wire::ApiError("EntityAlreadyExists",
                         "Login Profile for user " + user.name + " already exists.");
  }
  return {{"LoginProfile", shown(user, stores.logins.find(user.id).value())}};
}

json::object get_login_profile(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User user = owner_in(stores, input, call);
  const auto login = stores.logins.find(user.id);
  if (!login) throw_no_login(user.name);
  return {{"LoginProfile", shown(user, *login)}};
}

json::object update_login_profile(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User user = user_or_throw(stores, input, call);
  const identity::Account account = account_of(stores, call);
  const std::string password = string_or(input, "Password");
  if (!stores.logins.find(user.id)) throw_no_login(user.name);
  if (!password.empty()) check_password(account, password);
  update_or_throw(stores, account, user, password, find_bool(input, "PasswordResetRequired"));
  return {};
}

json::object delete_login_profile(const IamStores& stores, const json::object& input, Call& call) {
  const identity::User user = owner_in(stores, input, call);
  if (!stores.logins.remove(user.id)) throw_no_login(user.name);
  return {};
}

json::object change_password(const IamStores& stores, const json::object& input, Call& call) {
  if (call.principal.kind != Principal::Kind::kUser) {
    throw wire::ApiError("InvalidUserType", "Only IAM Users can change their own password.");
  }
  const identity::Account account = account_of(stores, call);
  const SignIn old = stores.logins.verify(call.account, call.principal.name,
                                          required(input, "OldPassword"), peer_host(call));
  switch (old.outcome) {
    case SignIn::Outcome::kThrottled:
      throw wire::ApiError("EntityTemporarilyUnmodifiable",
                           "Too many wrong passwords; try again later.");
    case SignIn::Outcome::kRefused:
      throw wire::ApiError("AccessDenied", "The old password was incorrect.", 403);
    case SignIn::Outcome::kLocked:
      throw wire::ApiError("AccessDenied",
                           "The password has expired. Ask an administrator for a new one.", 403);
    case SignIn::Outcome::kOk:
    case SignIn::Outcome::kExpired:
    case SignIn::Outcome::kResetRequired:
      break;
  }
  const std::string password = required(input, "NewPassword");
  check_password(account, password);
  update_or_throw(stores, account, old.user.value(), password, false);
  return {};
}

}  // namespace clary::api::iam
