#include "api/ecr/access.h"

#include "api/authorize.h"
#include "base/text.h"

namespace clary::api::ecr {

std::string password_of(const identity::AccessKey& session, std::string_view region) {
  return base64(
      json::serialize(json::object{{"k", session.id}, {"s", session.secret}, {"r", region}}));
}

std::optional<Login> login_of(std::string_view password, identity::Credentials& credentials,
                              Timestamp now) {
  constexpr std::size_t kLongest = 4096;
  if (password.size() > kLongest) return std::nullopt;
  const std::optional<std::string> text = unbase64(password);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(*text, error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  Login login{credentials.find(string_or(*object, "k")), string_or(*object, "r")};
  if (login.key == nullptr || !login.key->active || login.region.empty()) return std::nullopt;
  if (!login.key->expires || *login.key->expires <= now) return std::nullopt;
  if (!equals_constant_time(login.key->secret, string_or(*object, "s"))) return std::nullopt;
  return login;
}

std::string repository_arn(const registry::RepositoryName& name) {
  return "arn:aws:ecr:" + name.region + ":" + name.account + ":repository/" + name.name;
}

identity::AccessRequest access_request(const registry::RepositoryName& name,
                                       const registry::Repository* repository, std::string action) {
  identity::AccessRequest request;
  request.action = std::move(action);
  request.resource = repository_arn(name);
  request.resource_account = name.account;
  if (repository == nullptr) return request;
  const std::string text = string_or(repository->settings, "policy");
  if (!text.empty()) {
    if (auto policy = identity::parse_policy(text, identity::PolicyKind::kTrust)) {
      // Statements of a repository's policy name no resource: they are about it alone.
      for (identity::PolicyStatement& statement : policy->statements) {
        if (statement.resources.empty()) statement.resources = {"*"};
      }
      request.resource_policy = std::make_shared<const identity::Policy>(std::move(*policy));
    }
  }
  if (const json::object* const tags = find_object(repository->settings, "tags")) {
    std::map<std::string, std::string> map;
    for (const auto& [key, value] : *tags) map[key] = value.as_string();
    request.more_context = [map = std::move(map)](identity::Context& context) {
      add_resource_tags(map, "ecr", context);
    };
  }
  return request;
}

}  // namespace clary::api::ecr
